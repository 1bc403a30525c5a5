// What ACLs let whom do, asked of a server as clients ask it: GetBucketAcl, PutBucketAcl, GetObjectAcl,
// PutObjectAcl.
import assert from 'node:assert/strict'
import { accountId } from '../../gateway/access/owner.ts'
import {
  AclClient,
  allUsers,
  authenticatedUsers,
  logDelivery,
  policyDocument,
} from '../support/acl-client.ts'
import { describe } from '../support/describe.ts'

const denied = '403 AccessDenied'
const versioning = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
const controls = (rule: string) =>
  `<OwnershipControls><Rule><ObjectOwnership>${rule}</ObjectOwnership></Rule></OwnershipControls>`

describe('ACLs', (test) => {
  let client: AclClient
  test.before(async () => {
    client = await AclClient.start({ objectOwnership: 'ObjectWriter' })
  })
  test.after(() => client.stop())

  test('of each name grant what AWS says they grant', async () => {
    const bucket = await client.bucket(undefined)
    const added = {
      private: [],
      'public-read': ['AllUsers READ'],
      'public-read-write': ['AllUsers READ', 'AllUsers WRITE'],
      'authenticated-read': ['AuthenticatedUsers READ'],
      'aws-exec-read': ['6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c READ'],
      'bucket-owner-read': [],
      'bucket-owner-full-control': [],
      'log-delivery-write': ['LogDelivery WRITE', 'LogDelivery READ_ACP'],
    }
    await client.put('owner', `/${bucket}/set`)
    for (const [canned, grants] of Object.entries(added)) {
      const headers = { 'x-amz-acl': canned }
      const acl = ['owner', 'owner FULL_CONTROL', ...grants]
      const set = { method: 'PUT', target: `/${bucket}?acl`, headers }
      assert.equal(await client.ask('owner', set), '200', canned)
      assert.deepEqual(await client.acl(`/${bucket}?acl`), acl)
      const made = await client.bucket(undefined, headers)
      assert.deepEqual(await client.acl(`/${made}?acl`), acl)
      const put = { method: 'PUT', target: `/${bucket}/put`, body: '', headers }
      const setOne = { method: 'PUT', target: `/${bucket}/set?acl`, headers }
      const isOfBuckets = canned === 'log-delivery-write'
      for (const request of [put, setOne]) {
        const said = await client.ask('owner', request)
        assert.equal(said, isOfBuckets ? '400 InvalidArgument' : '200', canned)
      }
      if (isOfBuckets) continue
      assert.deepEqual(await client.acl(`/${bucket}/put?acl`), acl)
      assert.deepEqual(await client.acl(`/${bucket}/set?acl`), acl)
    }
  })

  test('are given with whatever writes an object, and never copied', async () => {
    const bucket = await client.bucket(undefined)
    const headers = { 'x-amz-acl': 'public-read' }
    const shared = ['owner', 'owner FULL_CONTROL', 'AllUsers READ']
    await client.put('owner', `/${bucket}/put`, headers)
    const source = { 'x-amz-copy-source': `${bucket}/put` }
    await client.sure('owner', { method: 'PUT', target: `/${bucket}/copy`, headers: source })
    assert.deepEqual(await client.acl(`/${bucket}/copy?acl`), ['owner', 'owner FULL_CONTROL'])
    const both = { ...source, ...headers }
    await client.sure('owner', { method: 'PUT', target: `/${bucket}/copy`, headers: both })
    assert.deepEqual(await client.acl(`/${bucket}/copy?acl`), shared)
    const target = `/${bucket}/parts?uploads`
    const begun = await client.sure('owner', { method: 'POST', target, headers })
    const uploadId = /<UploadId>([^<]+)/.exec(begun.body.toString())?.[1]
    const at = `/${bucket}/parts?uploadId=${uploadId}`
    const { headers: part } = await client.sure('owner', {
      ...{ method: 'PUT', target: `${at}&partNumber=1`, body: 'part' },
    })
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.get('etag')}</ETag></Part></CompleteMultipartUpload>`
    await client.sure('owner', { method: 'POST', target: at, body })
    assert.deepEqual(await client.acl(`/${bucket}/parts?acl`), shared)
    const form = [
      ...['--b', 'content-disposition: form-data; name="key"', '', 'form'],
      ...['--b', 'content-disposition: form-data; name="acl"', '', 'public-read'],
      ...['--b', 'content-disposition: form-data; name="file"; filename="f"', '', 'x', '--b--', ''],
    ].join('\r\n')
    await client.policy(bucket, { Action: ['s3:PutObject', 's3:PutObjectAcl'] })
    await client.sure('anonymous', {
      ...{ method: 'POST', target: `/${bucket}`, body: form },
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    })
    assert.equal(await client.ask('other', { target: `/${bucket}/form` }), '200')
    for (const key of ['put', 'copy', 'parts', 'form']) {
      assert.equal(await client.ask('anonymous', { target: `/${bucket}/${key}` }), '200', key)
    }
  })

  test('by headers grant what these say and nothing else', async () => {
    const bucket = await client.bucket(undefined)
    const { ownerId, otherId } = client
    await client.put('owner', `/${bucket}/k`, {
      'x-amz-grant-read': `id="${otherId}", uri="${logDelivery}"`,
      'x-amz-grant-read-acp': `id=${otherId}`,
      'x-amz-grant-full-control': `id="${ownerId}"`,
      'x-amz-grant-write-acp': `uri="${authenticatedUsers}"`,
      'x-amz-grant-write': `uri=${allUsers}`,
    })
    assert.deepEqual([...(await client.acl(`/${bucket}/k?acl`))].sort(), [
      ...['AllUsers WRITE', 'AuthenticatedUsers WRITE_ACP', 'LogDelivery READ'],
      ...['other READ', 'other READ_ACP', 'owner', 'owner FULL_CONTROL'],
    ])
    await client.put('owner', `/${bucket}/alone`, { 'x-amz-grant-read': `id="${otherId}"` })
    assert.deepEqual(await client.acl(`/${bucket}/alone?acl`), ['owner', 'other READ'])
    // Who owns bucket and object has what his own policies give him.
    assert.equal(await client.ask('owner', { target: `/${bucket}/alone` }), '200')
  })

  test('grant each permission to whom they say, and to nobody else', async () => {
    const bucket = await client.bucket(undefined)
    await client.put('owner', `/${bucket}/k`)
    const asked = {
      READ: { target: `/${bucket}/k` },
      READ_ACP: { target: `/${bucket}/k?acl` },
      WRITE_ACP: {
        ...{ method: 'PUT', target: `/${bucket}/k?acl`, headers: { 'x-amz-grant-read': 'none' } },
      },
    }
    const ofBucket = {
      READ: { target: `/${bucket}` },
      WRITE: { method: 'PUT', target: `/${bucket}/new`, body: '' },
      READ_ACP: { target: `/${bucket}?acl` },
      WRITE_ACP: {
        ...{ method: 'PUT', target: `/${bucket}?acl`, headers: { 'x-amz-grant-read': 'none' } },
      },
    }
    for (const [to, allowed] of [
      [allUsers, ['other', 'anonymous']],
      [authenticatedUsers, ['other']],
      [logDelivery, []],
      [client.otherId, ['other']],
    ] as const) {
      for (const granted of ['READ', 'WRITE', 'READ_ACP', 'WRITE_ACP', 'FULL_CONTROL']) {
        const body = policyDocument(client.ownerId, [
          [client.ownerId, 'FULL_CONTROL'],
          [to, granted],
        ])
        for (const [place, requests] of [
          [`/${bucket}/k?acl`, asked],
          [`/${bucket}?acl`, ofBucket],
        ] as const) {
          await client.sure('owner', { method: 'PUT', target: place, body })
          for (const [permission, request] of Object.entries(requests)) {
            for (const by of ['other', 'anonymous'] as const) {
              const isAllowed =
                allowed.some((one) => one === by) &&
                (granted === permission || granted === 'FULL_CONTROL')
              // Who may write an ACL comes as far as the header that is none.
              const passed = permission === 'WRITE_ACP' ? '400 InvalidArgument' : '200'
              const said = await client.ask(by, request)
              assert.equal(
                said,
                isAllowed ? passed : denied,
                `${place} ${to} ${granted}: ${by} ${permission}`,
              )
            }
          }
          const own = { method: 'PUT', target: place, headers: { 'x-amz-acl': 'private' } }
          await client.sure('owner', own)
        }
      }
    }
  })

  test('of a version are its own', async () => {
    const bucket = await client.bucket(undefined)
    await client.sure('owner', { method: 'PUT', target: `/${bucket}?versioning`, body: versioning })
    const headers = { 'x-amz-acl': 'public-read' }
    const first = (await client.put('owner', `/${bucket}/k`)).headers.get('x-amz-version-id')
    await client.put('owner', `/${bucket}/k`, headers)
    const read = (query: string) => client.ask('anonymous', { target: `/${bucket}/k${query}` })
    assert.equal(await read(''), '200')
    assert.equal(await read(`?versionId=${first}`), denied)
    const target = `/${bucket}/k?acl&versionId=${first}`
    const set = await client.sure('owner', { method: 'PUT', target, headers })
    assert.equal(set.headers.get('x-amz-version-id'), first)
    assert.equal(await read(`?versionId=${first}`), '200')
    await client.sure('owner', { method: 'DELETE', target: `/${bucket}/k` })
    assert.equal(await client.ask('owner', { target: `/${bucket}/k?acl` }), '404 NoSuchKey')
    const onMarker = { method: 'PUT', target: `/${bucket}/k?acl`, headers }
    assert.equal(await client.ask('owner', onMarker), '404 NoSuchKey')
    const gone = { target: `/${bucket}/k?acl&versionId=${'0'.repeat(32)}` }
    assert.equal(await client.ask('owner', gone), '404 NoSuchVersion')
  })

  test('let write, overwrite, and delete what is one’s own', async () => {
    const bucket = await client.bucket(undefined)
    const headers = { 'x-amz-grant-write': `id="${client.otherId}"` }
    await client.sure('owner', { method: 'PUT', target: `/${bucket}?acl`, headers })
    await client.put('owner', `/${bucket}/own`)
    await client.put('owner', `/${bucket}/kept`)
    await client.put('other', `/${bucket}/own`, { 'x-amz-acl': 'bucket-owner-read' })
    await client.put('other', `/${bucket}/new`)
    assert.equal(await client.ask('other', { target: `/${bucket}` }), denied)
    assert.equal(await client.ask('other', { method: 'DELETE', target: `/${bucket}/kept` }), denied)
    assert.equal(await client.ask('other', { method: 'DELETE', target: `/${bucket}/new` }), '204')
    assert.equal(await client.ask('owner', { target: `/${bucket}/own` }), '200')
  })

  test('tell that nothing is there to those alone who may list', async () => {
    const listed = await client.bucket(undefined, { 'x-amz-acl': 'public-read' })
    const closed = await client.bucket(undefined)
    assert.equal(await client.ask('anonymous', { target: `/${listed}/none` }), '404 NoSuchKey')
    assert.equal(await client.ask('anonymous', { target: `/${closed}/none` }), denied)
    await client.put('owner', `/${listed}/private`)
    assert.equal(await client.ask('anonymous', { target: `/${listed}/private` }), denied)
  })

  test('are no way around a denial', async () => {
    const bucket = await client.bucket(undefined, { 'x-amz-acl': 'public-read-write' })
    await client.put('owner', `/${bucket}/k`, { 'x-amz-acl': 'public-read' })
    await client.policy(bucket, {
      Effect: 'Deny',
      Principal: { AWS: accountId(client.other.tenantId) },
    })
    assert.equal(await client.ask('other', { target: `/${bucket}/k` }), denied)
    assert.equal(await client.ask('other', { target: `/${bucket}` }), denied)
    assert.equal(await client.ask('anonymous', { target: `/${bucket}/k` }), '200')
  })

  test('are what conditions of policies can ask for', async () => {
    const bucket = await client.bucket(undefined)
    const Principal = { AWS: accountId(client.other.tenantId) }
    const Condition = { StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' } }
    await client.policy(bucket, {
      Principal,
      Action: ['s3:PutObject', 's3:PutObjectAcl'],
      Condition,
    })
    const put = (headers: Record<string, string>) =>
      client.ask('other', { method: 'PUT', target: `/${bucket}/k`, body: '', headers })
    assert.equal(await put({}), denied)
    assert.equal(await put({ 'x-amz-acl': 'public-read' }), denied)
    assert.equal(await put({ 'x-amz-acl': 'bucket-owner-full-control' }), '200')
    const Ownership = { StringEquals: { 's3:x-amz-object-ownership': 'BucketOwnerEnforced' } }
    await client.policy(bucket, {
      Principal,
      Action: 's3:PutBucketOwnershipControls',
      Condition: Ownership,
    })
    const set = (rule: string) =>
      client.ask('other', {
        ...{ method: 'PUT', target: `/${bucket}?ownershipControls`, body: controls(rule) },
      })
    assert.equal(await set('ObjectWriter'), denied)
    assert.equal(await set('BucketOwnerEnforced'), '200')
  })
})
