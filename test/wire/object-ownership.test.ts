// Whether a bucket has ACLs, and whose its objects are: GetBucketOwnershipControls, PutBucketOwnershipControls,
// DeleteBucketOwnershipControls.
import assert from 'node:assert/strict'
import { accountId } from '../../gateway/access/owner.ts'
import { AclClient, type By, policyDocument } from '../support/acl-client.ts'
import { describe } from '../support/describe.ts'

const denied = '403 AccessDenied'
const controls = (rule: string) =>
  `<OwnershipControls><Rule><ObjectOwnership>${rule}</ObjectOwnership></Rule></OwnershipControls>`

describe('buckets without ACLs', (test) => {
  let client: AclClient
  test.before(async () => {
    client = await AclClient.start()
  })
  test.after(() => client.stop())

  test('are what new ones are, and show what holds there', async () => {
    const bucket = await client.bucket(undefined)
    const shown = await client.sure('owner', { target: `/${bucket}?ownershipControls` })
    assert.match(shown.body.toString(), /<ObjectOwnership>BucketOwnerEnforced</)
    await client.put('owner', `/${bucket}/k`)
    assert.deepEqual(await client.acl(`/${bucket}?acl`), ['owner', 'owner FULL_CONTROL'])
    assert.deepEqual(await client.acl(`/${bucket}/k?acl`), ['owner', 'owner FULL_CONTROL'])
  })

  test('take no ACL but one that says so', async () => {
    const bucket = await client.bucket(undefined)
    await client.put('owner', `/${bucket}/k`)
    const refused = '400 AccessControlListNotSupported'
    const full = `id="${client.ownerId}"`
    const own = policyDocument(client.ownerId, [[client.ownerId, 'FULL_CONTROL']])
    const shared = policyDocument(client.ownerId, [[client.otherId, 'READ']])
    for (const [target, headers, body, answer] of [
      [`/${bucket}/k`, { 'x-amz-acl': 'private' }, 'x', '200'],
      [`/${bucket}/k`, { 'x-amz-acl': 'bucket-owner-full-control' }, 'x', '200'],
      [`/${bucket}/k`, { 'x-amz-grant-full-control': full }, 'x', '200'],
      [`/${bucket}/k`, { 'x-amz-grant-read': full }, 'x', refused],
      [`/${bucket}/k`, { 'x-amz-acl': 'public-read' }, 'x', refused],
      [`/${bucket}/k?acl`, { 'x-amz-acl': 'bucket-owner-full-control' }, '', '200'],
      [`/${bucket}/k?acl`, { 'x-amz-acl': 'private' }, '', refused],
      [`/${bucket}/k?acl`, {}, own, '200'],
      [`/${bucket}/k?acl`, {}, shared, refused],
      [`/${bucket}?acl`, {}, own, '200'],
      [`/${bucket}?acl`, {}, shared, refused],
      [`/${bucket}?acl`, { 'x-amz-acl': 'private' }, '', refused],
    ] as const) {
      const said = await client.ask('owner', { method: 'PUT', target, headers, body })
      assert.equal(said, answer, `${target} ${JSON.stringify(headers)} ${body}`)
    }
    assert.equal(await client.ask('anonymous', { target: `/${bucket}/k` }), denied)
  })

  test('belong to their owner with all that others write', async () => {
    const bucket = await client.bucket(undefined)
    const Principal = { AWS: accountId(client.other.tenantId) }
    await client.policy(bucket, { Principal, Action: ['s3:PutObject', 's3:PutObjectAcl'] })
    await client.put('other', `/${bucket}/k`, { 'x-amz-acl': 'bucket-owner-full-control' })
    assert.deepEqual(await client.acl(`/${bucket}/k?acl`), ['owner', 'owner FULL_CONTROL'])
    assert.equal(await client.ask('other', { target: `/${bucket}/k` }), denied)
    assert.equal(await client.ask('owner', { target: `/${bucket}/k` }), '200')
  })

  test('lose nothing that was granted before, and count none of it', async () => {
    const bucket = await client.bucket('ObjectWriter')
    await client.put('owner', `/${bucket}/k`, { 'x-amz-acl': 'public-read' })
    assert.equal(await client.ask('anonymous', { target: `/${bucket}/k` }), '200')
    const set = (rule: string) =>
      client.ask('owner', {
        ...{ method: 'PUT', target: `/${bucket}?ownershipControls`, body: controls(rule) },
      })
    assert.equal(await set('BucketOwnerEnforced'), '200')
    assert.equal(await client.ask('anonymous', { target: `/${bucket}/k` }), denied)
    assert.deepEqual(await client.acl(`/${bucket}/k?acl`), ['owner', 'owner FULL_CONTROL'])
    assert.equal(await set('BucketOwnerPreferred'), '200')
    assert.equal(await client.ask('anonymous', { target: `/${bucket}/k` }), '200')
  })

  test('are not made of those whose own ACL grants something to others', async () => {
    const bucket = await client.bucket('ObjectWriter', { 'x-amz-acl': 'public-read' })
    const body = controls('BucketOwnerEnforced')
    const request = { method: 'PUT', target: `/${bucket}?ownershipControls`, body }
    assert.equal(await client.ask('owner', request), '400 InvalidBucketAclWithObjectOwnership')
    await client.sure('owner', {
      ...{ method: 'PUT', target: `/${bucket}?acl`, headers: { 'x-amz-acl': 'private' } },
    })
    assert.equal(await client.ask('owner', request), '200')
  })
})

describe('object ownership', (test) => {
  let client: AclClient
  test.before(async () => {
    client = await AclClient.start({ objectOwnership: 'ObjectWriter' })
  })
  test.after(() => client.stop())

  test('of new buckets is set by the server, and by who makes one', async () => {
    const shown = async (bucket: string) => {
      const { body } = await client.sure('owner', { target: `/${bucket}?ownershipControls` })
      return /<ObjectOwnership>([^<]+)/.exec(body.toString())?.[1]
    }
    assert.equal(await shown(await client.bucket(undefined)), 'ObjectWriter')
    for (const rule of ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'] as const) {
      assert.equal(await shown(await client.bucket(rule)), rule)
    }
  })

  test('is changed and taken away, and then is as that of the writer', async () => {
    const bucket = await client.bucket('BucketOwnerEnforced')
    const target = `/${bucket}?ownershipControls`
    assert.equal(await client.ask('owner', { method: 'DELETE', target }), '204')
    assert.equal(await client.ask('owner', { target }), '404 OwnershipControlsNotFoundError')
    await client.put('owner', `/${bucket}/k`, { 'x-amz-acl': 'public-read' })
    assert.equal(await client.ask('anonymous', { target: `/${bucket}/k` }), '200')
    for (const body of ['', controls('Nobody'), '<OwnershipControls/>', '<Delete/>']) {
      assert.match(await client.ask('owner', { method: 'PUT', target, body }), /^400 M/, body)
    }
    for (const by of ['other', 'anonymous'] satisfies By[]) {
      assert.equal(await client.ask(by, { target }), denied)
      assert.equal(await client.ask(by, { method: 'DELETE', target }), denied)
      const body = controls('BucketOwnerEnforced')
      assert.equal(await client.ask(by, { method: 'PUT', target, body }), denied)
    }
  })

  test('of an object is the writer’s, or the bucket owner’s if the writer says so and that is preferred', async () => {
    for (const [rule, canned, acl] of [
      ['ObjectWriter', undefined, ['other', 'other FULL_CONTROL']],
      [
        ...(['ObjectWriter', 'bucket-owner-full-control'] as const),
        ['other', 'other FULL_CONTROL', 'owner FULL_CONTROL'],
      ],
      ['BucketOwnerPreferred', undefined, ['other', 'other FULL_CONTROL']],
      ['BucketOwnerPreferred', 'bucket-owner-full-control', ['owner', 'owner FULL_CONTROL']],
      [
        ...(['BucketOwnerPreferred', 'bucket-owner-read'] as const),
        ['other', 'other FULL_CONTROL', 'owner READ'],
      ],
    ] as const) {
      const bucket = await client.bucket(rule)
      const Principal = { AWS: accountId(client.other.tenantId) }
      await client.policy(bucket, { Principal })
      await client.put('other', `/${bucket}/k`, canned === undefined ? {} : { 'x-amz-acl': canned })
      const asker = canned?.endsWith('full-control') ? 'owner' : 'other'
      assert.deepEqual(await client.acl(`/${bucket}/k?acl`, asker), acl, `${rule} ${canned}`)
      const isRead = canned !== undefined
      const read = await client.ask('owner', { target: `/${bucket}/k` })
      assert.equal(read, isRead ? '200' : denied, `${rule} ${canned}`)
      const { body } = await client.sure('owner', {
        target: `/${bucket}?list-type=2&fetch-owner=true`,
      })
      const shown = acl[0] === 'owner' ? client.ownerId : client.otherId
      assert.match(body.toString(), new RegExp(`<Owner><ID>${shown}</ID>`))
      // What lies in his bucket, its owner can always be rid of.
      assert.equal(await client.ask('owner', { method: 'DELETE', target: `/${bucket}/k` }), '204')
    }
  })

  test('keeps the policy of the bucket from what others own', async () => {
    const bucket = await client.bucket('ObjectWriter', { 'x-amz-acl': 'public-read-write' })
    await client.put('other', `/${bucket}/theirs`)
    await client.put('owner', `/${bucket}/own`)
    await client.policy(bucket, { Action: 's3:GetObject' })
    assert.equal(await client.ask('anonymous', { target: `/${bucket}/own` }), '200')
    assert.equal(await client.ask('anonymous', { target: `/${bucket}/theirs` }), denied)
    assert.equal(await client.ask('owner', { target: `/${bucket}/theirs` }), denied)
    assert.equal(await client.ask('other', { target: `/${bucket}/theirs` }), '200')
    // A bundle of them is made for nobody who may not read each.
    const body = JSON.stringify({ bucket, entries: [{ key: 'own' }, { key: 'theirs' }] })
    assert.equal(
      (await client.reply('owner', { method: 'POST', target: '/-/bundles', body })).status,
      403,
    )
    assert.equal(await client.ask('owner', { target: `/${bucket}?zip` }), denied)
    await client.sure('other', {
      method: 'PUT',
      target: `/${bucket}/theirs?acl`,
      headers: { 'x-amz-acl': 'bucket-owner-read' },
    })
    assert.equal(await client.ask('owner', { target: `/${bucket}?zip` }), '200')
    await client.policy(bucket, { Effect: 'Deny', Action: 's3:GetObject' })
    assert.equal(await client.ask('other', { target: `/${bucket}/theirs` }), denied)
  })

  test('of what nobody has signed is everybody’s who has not', async () => {
    const bucket = await client.bucket('ObjectWriter', { 'x-amz-acl': 'public-read-write' })
    await client.put('anonymous', `/${bucket}/k`)
    assert.equal(await client.ask('anonymous', { target: `/${bucket}/k` }), '200')
    assert.equal(await client.ask('owner', { target: `/${bucket}/k` }), denied)
    assert.deepEqual(await client.acl(`/${bucket}/k?acl`, 'anonymous'), [
      '65a011a29cdf8ec533ec3d1ccaae921c',
      '65a011a29cdf8ec533ec3d1ccaae921c FULL_CONTROL',
    ])
    await client.block(bucket, '<IgnorePublicAcls>true</IgnorePublicAcls>')
    assert.equal(await client.ask('anonymous', { target: `/${bucket}/k` }), denied)
    assert.equal(await client.ask('anonymous', { target: `/${bucket}/k?acl` }), denied)
  })
})
