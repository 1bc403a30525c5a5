// Ways around ACLs, and around what blocks public ones, that somebody might try: all the doors by which a list comes in,
// odd spellings, lists that are too long or too deep, other owners.
import assert from 'node:assert/strict'
import {
  AclClient,
  allUsers,
  authenticatedUsers,
  grantee,
  groupGrantee,
  policyDocument,
} from '../support/acl-client.ts'
import { describe } from '../support/describe.ts'
import { signedForm } from '../support/signed-form.ts'
import { codeOf, exchangeBytes } from '../support/wire-request.ts'

const denied = '403 AccessDenied'

describe('a public ACL', (test) => {
  let client: AclClient
  test.before(async () => {
    client = await AclClient.start({ objectOwnership: 'ObjectWriter' })
  })
  test.after(() => client.stop())

  const publicHeaders = [
    { 'x-amz-acl': 'public-read' },
    { 'x-amz-acl': 'public-read-write' },
    { 'x-amz-acl': 'authenticated-read' },
    { 'x-amz-grant-read': `uri="${allUsers}"` },
    { 'X-Amz-Grant-Read-Acp': `uri=${authenticatedUsers}` },
    { 'x-amz-grant-full-control': 'id="65a011a29cdf8ec533ec3d1ccaae921c"' },
  ]

  test('is set by no door while it is blocked', async () => {
    const bucket = await client.bucket(undefined)
    await client.put('owner', `/${bucket}/k`)
    await client.block(bucket, '<BlockPublicAcls>true</BlockPublicAcls>')
    for (const headers of publicHeaders) {
      const copy = { ...headers, 'x-amz-copy-source': `${bucket}/k` }
      for (const request of [
        { method: 'PUT', target: `/${bucket}/new`, body: 'x', headers },
        { method: 'PUT', target: `/${bucket}/new`, headers: copy },
        { method: 'POST', target: `/${bucket}/new?uploads`, headers },
        { method: 'PUT', target: `/${bucket}/k?acl`, headers },
        { method: 'PUT', target: `/${bucket}?acl`, headers },
      ]) {
        assert.equal(await client.ask('owner', request), denied, JSON.stringify(request))
      }
    }
    const body = policyDocument(client.ownerId, [
      [client.ownerId, 'FULL_CONTROL'],
      [allUsers, 'READ_ACP'],
    ])
    for (const target of [`/${bucket}/k?acl`, `/${bucket}?acl`]) {
      assert.equal(await client.ask('owner', { method: 'PUT', target, body }), denied)
    }
    for (const fields of [{ acl: 'public-read' }, { 'x-amz-grant-read': `uri="${allUsers}"` }]) {
      const form = signedForm({ bucket, fields: { key: 'form', ...fields } })
      const response = await exchangeBytes(client.server.port, form, 'POST')
      assert.equal(`${response.status} ${codeOf(response)}`, denied, JSON.stringify(fields))
    }
    assert.equal(await client.ask('owner', { target: `/${bucket}/new` }), '404 NoSuchKey')
    assert.equal(await client.ask('owner', { target: `/${bucket}/form` }), '404 NoSuchKey')
    assert.deepEqual(await client.acl(`/${bucket}?acl`), ['owner', 'owner FULL_CONTROL'])
    assert.deepEqual(await client.acl(`/${bucket}/k?acl`), ['owner', 'owner FULL_CONTROL'])
  })

  test('that was set before counts no more once it is ignored', async () => {
    const bucket = await client.bucket(undefined, { 'x-amz-acl': 'public-read-write' })
    await client.put('owner', `/${bucket}/k`, {
      'x-amz-grant-read': `uri="${allUsers}", uri="${authenticatedUsers}", id="${client.otherId}"`,
      'x-amz-grant-write-acp': `uri="${authenticatedUsers}"`,
    })
    const requests = [
      { target: `/${bucket}` },
      { target: `/${bucket}?versions` },
      { method: 'PUT', target: `/${bucket}/new`, body: 'x' },
      { method: 'POST', target: `/${bucket}/new?uploads` },
    ]
    for (const request of requests) {
      assert.equal(await client.ask('anonymous', request), '200', request.target)
    }
    await client.block(bucket, '<IgnorePublicAcls>true</IgnorePublicAcls>')
    for (const by of ['anonymous', 'other'] as const) {
      for (const request of requests) {
        assert.equal(await client.ask(by, request), denied, request.target)
      }
      const set = { method: 'PUT', target: `/${bucket}/k?acl`, headers: { 'x-amz-acl': 'private' } }
      assert.equal(await client.ask(by, set), denied)
    }
    assert.equal(await client.ask('anonymous', { target: `/${bucket}/k` }), denied)
    // What is granted to one account is not public.
    assert.equal(await client.ask('other', { target: `/${bucket}/k` }), '200')
  })

  test('is not given to a new bucket whose access would be blocked', async () => {
    const blocking = await AclClient.start({
      ...{ objectOwnership: 'ObjectWriter', blockPublicAccess: true },
    })
    try {
      for (const headers of publicHeaders) {
        const said = await blocking.ask('owner', { method: 'PUT', target: '/made', headers })
        assert.equal(said, '400 InvalidBucketAclWithBlockPublicAccessError')
      }
      assert.equal(await blocking.ask('owner', { target: '/made' }), '404 NoSuchBucket')
    } finally {
      await blocking.stop()
    }
  })

  test('of a bucket is taken back by making it again without', async () => {
    const bucket = await client.bucket(undefined, { 'x-amz-acl': 'public-read' })
    assert.equal(await client.ask('anonymous', { target: `/${bucket}` }), '200')
    await client.sure('owner', { method: 'PUT', target: `/${bucket}` })
    assert.equal(await client.ask('anonymous', { target: `/${bucket}` }), denied)
    assert.deepEqual(await client.acl(`/${bucket}?acl`), ['owner', 'owner FULL_CONTROL'])
  })
})

describe('an ACL', (test) => {
  let client: AclClient
  let bucket: string
  test.before(async () => {
    client = await AclClient.start({ objectOwnership: 'ObjectWriter' })
    bucket = await client.bucket(undefined)
    await client.put('owner', `/${bucket}/k`)
  })
  test.after(() => client.stop())
  const places = () => [`/${bucket}?acl`, `/${bucket}/k?acl`]
  const put = async (body: string, headers: Record<string, string> = {}) => {
    const answers: string[] = []
    for (const target of places()) {
      answers.push(await client.ask('owner', { method: 'PUT', target, body, headers }))
    }
    assert.equal(answers[0], answers[1])
    return answers[0]
  }
  const documentOf = (who: string, permission = 'READ') =>
    `<AccessControlPolicy><Owner><ID>${client.ownerId}</ID></Owner><AccessControlList><Grant>${who}<Permission>${permission}</Permission></Grant></AccessControlList></AccessControlPolicy>`

  test('names groups letter for letter', async () => {
    for (const uri of [
      'https://acs.amazonaws.com/groups/global/AllUsers',
      'http://acs.amazonaws.com/groups/global/AllUsers/',
      'http://acs.amazonaws.com/groups/global/allusers',
      'http://acs.amazonaws.com/groups/global/%41llUsers',
      'HTTP://acs.amazonaws.com/groups/global/AllUsers',
      'http://acs.amazonaws.com:80/groups/global/AllUsers',
      'http://acs.amazonaws.com//groups/global/AllUsers',
      'AllUsers',
    ]) {
      assert.equal(await put(documentOf(groupGrantee(uri))), '400 InvalidArgument', uri)
      const byHeader = await put('', { 'x-amz-grant-read': `uri="${uri}"` })
      assert.equal(byHeader, '400 InvalidArgument', uri)
    }
    const blanks = documentOf(grantee(allUsers).replace(allUsers, ` ${allUsers}\n`))
    assert.equal(await put(blanks), '400 InvalidArgument')
  })

  test('grants nothing to accounts that are not there, and to nobody by e-mail', async () => {
    const unknown = 'f'.repeat(64)
    for (const id of [unknown, 'nobody', client.ownerId.toUpperCase(), '130350117572']) {
      assert.equal(await put(documentOf(grantee(id))), '400 InvalidArgument', id)
      assert.equal(await put('', { 'x-amz-grant-read': `id=${id}` }), '400 InvalidArgument', id)
    }
    const at = '<EmailAddress>a@b.example</EmailAddress>'
    const schema = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    const mail = `<Grantee ${schema} xsi:type="AmazonCustomerByEmail">${at}</Grantee>`
    assert.equal(await put(documentOf(mail)), '405 MethodNotAllowed')
    const byHeader = { 'x-amz-grant-read': 'emailAddress="a@b.example"' }
    assert.equal(await put('', byHeader), '405 MethodNotAllowed')
    assert.equal(
      await client.ask('owner', {
        method: 'PUT',
        target: `/${bucket}/new`,
        body: '',
        headers: byHeader,
      }),
      '405 MethodNotAllowed',
    )
  })

  test('keeps its owner', async () => {
    const theirs = policyDocument(client.otherId, [[client.otherId, 'FULL_CONTROL']])
    assert.equal(await put(theirs), denied)
    assert.equal(await put(policyDocument('nobody', [])), denied)
  })

  test('is in headers or in the body, whole and only once', async () => {
    assert.equal(await put(''), '400 MissingSecurityHeader')
    const own = policyDocument(client.ownerId, [[client.ownerId, 'FULL_CONTROL']])
    assert.equal(await put(own, { 'x-amz-acl': 'private' }), '400 UnexpectedContent')
    const both = { 'x-amz-acl': 'private', 'x-amz-grant-read': `id=${client.otherId}` }
    assert.equal(await put('', both), '400 InvalidRequest')
    const id = `id=${client.otherId}`
    for (const header of [
      ',',
      'id',
      'id=',
      '=x',
      `id="${client.otherId}`,
      `${id};`,
      `${id},`,
      'who="x"',
    ]) {
      assert.equal(await put('', { 'x-amz-grant-read': header }), '400 InvalidArgument', header)
    }
  })

  test('that is none is refused, and what was there stays', async () => {
    const mixed = grantee(allUsers).replace('Group', 'CanonicalUser')
    const untyped = `<Grantee><ID>${client.otherId}</ID></Grantee>`
    for (const body of [
      ...['<AccessControlPolicy/>', '<Delete/>', 'x', documentOf(mixed), documentOf(untyped)],
      documentOf(grantee(client.otherId), 'EVERYTHING'),
      documentOf(grantee(client.otherId), 'READ</Permission><Permission>WRITE'),
      documentOf(grantee(client.otherId) + grantee(allUsers)),
      documentOf('').replace('<Permission>READ</Permission>', ''),
      `<!DOCTYPE a [<!ENTITY b "c">]>${documentOf(grantee(client.otherId))}`,
      `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`,
    ]) {
      assert.equal(await put(body), '400 MalformedACLError', body.slice(0, 200))
    }
    const huge = documentOf(`<Grantee>${' '.repeat(200_000)}</Grantee>`)
    assert.equal(await put(huge), '400 MaxMessageLengthExceeded')
    for (const target of places()) {
      assert.deepEqual(await client.acl(target), ['owner', 'owner FULL_CONTROL'])
    }
  })

  test('has a hundred grants at most', async () => {
    const many = (count: number) =>
      policyDocument(
        client.ownerId,
        Array.from({ length: count }, () => [client.otherId, 'READ'] as const),
      )
    assert.equal(await put(many(100)), '200')
    assert.equal(await put(many(101)), '400 MalformedACLError')
    const inHeaders = (count: number) =>
      Array.from({ length: count }, () => `id=${client.otherId}`).join(',')
    assert.equal(await put('', { 'x-amz-grant-read': inHeaders(100) }), '200')
    const tooMany = { 'x-amz-grant-read': inHeaders(60), 'x-amz-grant-read-acp': inHeaders(41) }
    assert.equal(await put('', tooMany), '400 MalformedACLError')
    assert.equal((await client.acl(`/${bucket}?acl`)).length, 101)
    assert.equal(await put('', { 'x-amz-acl': 'private' }), '200')
  })

  test('is not set through a version that others have put in the place of one’s own', async () => {
    const shared = await client.bucket(undefined, { 'x-amz-acl': 'public-read-write' })
    const headers = { 'x-amz-acl': 'public-read' }
    const target = `/${shared}/k`
    for (let round = 0; round < 20; round += 1) {
      await client.put('other', target)
      // The owner's object takes the place of the other's, while that one makes his public.
      const [, said] = await Promise.all([
        client.put('owner', target),
        client.ask('other', { method: 'PUT', target: `${target}?acl`, headers }),
      ])
      assert.ok(['200', denied].includes(said), said)
      assert.deepEqual(await client.acl(`${target}?acl`), ['owner', 'owner FULL_CONTROL'])
      assert.equal(await client.ask('anonymous', { target }), denied)
    }
  })
})
