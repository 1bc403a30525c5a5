// What an account blocks of public access to all its buckets: S3 Control's GetPublicAccessBlock, PutPublicAccessBlock and
// DeletePublicAccessBlock, which are GetAccountPublicAccessBlock, PutAccountPublicAccessBlock and
// DeleteAccountPublicAccessBlock here.
import assert from 'node:assert/strict'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { accountId } from '../../gateway/access/owner.ts'
import { AclClient, type By } from '../support/acl-client.ts'
import { describe } from '../support/describe.ts'
import type { WireRequest } from '../support/wire-request.ts'

const target = '/v20180820/configuration/publicAccessBlock'
const account = accountId(rootTenantId)
const denied = '403 AccessDenied'
const control = (method: string, body?: string, of = account): WireRequest => ({
  ...{ method, target, headers: { 'x-amz-account-id': of } },
  ...(body === undefined ? {} : { body }),
})
const blockOf = (...members: readonly string[]) => {
  const elements = members.map((member) => `<${member}>true</${member}>`)
  return `<PublicAccessBlockConfiguration xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">${elements.join('')}</PublicAccessBlockConfiguration>`
}

describe('the public access block of an account', (test) => {
  let client: AclClient
  test.before(async () => {
    client = await AclClient.start({ objectOwnership: 'ObjectWriter' })
  })
  test.after(() => client.stop())
  const block = (...members: readonly string[]) =>
    client.sure('owner', control('PUT', blockOf(...members)))
  const unblock = () => client.sure('owner', control('DELETE'))

  test('is put, shown and taken away', async () => {
    const missing = await client.reply('owner', control('GET'))
    assert.equal(missing.status, 404)
    // In the words of S3 Control, which wraps errors.
    assert.match(
      missing.body.toString(),
      new RegExp(
        `<ErrorResponse><Error><Code>NoSuchPublicAccessBlockConfiguration</Code>.*<AccountId>${account}</AccountId></Error>`,
      ),
    )
    await block('IgnorePublicAcls')
    const { body } = await client.sure('owner', control('GET'))
    assert.match(body.toString(), /xmlns="http:\/\/awss3control.amazonaws.com\/doc\/2018-08-20\/"/)
    assert.match(body.toString(), /<BlockPublicAcls>false<.*<IgnorePublicAcls>true</)
    assert.equal(await client.ask('owner', control('DELETE')), '204')
    assert.equal(await client.ask('owner', control('DELETE')), '204')
    assert.equal((await client.reply('owner', control('GET'))).status, 404)
  })

  test('is the account’s own: nobody else reads or changes it', async () => {
    for (const by of ['other', 'anonymous'] satisfies By[]) {
      for (const method of ['GET', 'DELETE']) {
        assert.equal(await client.ask(by, control(method)), denied)
      }
      assert.equal(await client.ask(by, control('PUT', blockOf('BlockPublicAcls'))), denied)
    }
    const unknown = control('PUT', blockOf('BlockPublicAcls'), '111122223333')
    assert.equal(await client.ask('owner', unknown), denied)
    for (const body of ['', '<Delete/>', blockOf()]) {
      assert.match(await client.ask('owner', control('PUT', body)), /^400 /)
    }
  })

  test('lets nothing be made public by ACL, in whatever bucket', async () => {
    const bucket = await client.bucket(undefined)
    await client.put('owner', `/${bucket}/k`)
    await block('BlockPublicAcls')
    const headers = { 'x-amz-acl': 'public-read' }
    for (const place of [`/${bucket}?acl`, `/${bucket}/k?acl`, `/${bucket}/new`, '/new-bucket']) {
      const request = { method: 'PUT', target: place, headers, body: '' }
      assert.equal(await client.ask('owner', request), denied, place)
    }
    const own = { method: 'PUT', target: `/${bucket}/k?acl`, headers: { 'x-amz-acl': 'private' } }
    assert.equal(await client.ask('owner', own), '200')
    await unblock()
    const open = { method: 'PUT', target: `/${bucket}/k?acl`, headers }
    assert.equal(await client.ask('owner', open), '200')
  })

  test('takes at once what ACLs and policies had made public, and gives it back', async () => {
    const byAcl = await client.bucket(undefined, { 'x-amz-acl': 'public-read' })
    const byPolicy = await client.bucket('BucketOwnerEnforced')
    await client.put('owner', `/${byAcl}/k`, { 'x-amz-acl': 'public-read' })
    await client.put('owner', `/${byPolicy}/k`)
    await client.policy(byPolicy, { Action: 's3:GetObject' })
    const places = [`/${byAcl}`, `/${byAcl}/k`, `/${byPolicy}/k`]
    const answers = () =>
      Promise.all(places.map((place) => client.ask('anonymous', { target: place })))
    assert.deepEqual(await answers(), ['200', '200', '200'])
    await block('IgnorePublicAcls')
    assert.deepEqual(await answers(), [denied, denied, '200'])
    await block('RestrictPublicBuckets')
    assert.deepEqual(await answers(), ['200', '200', denied])
    await unblock()
    assert.deepEqual(await answers(), ['200', '200', '200'])
  })

  test('lets no bucket have a public policy', async () => {
    const bucket = await client.bucket(undefined)
    await block('BlockPublicPolicy')
    const say = (principal: unknown) => {
      const statement = { Effect: 'Allow', Principal: principal, Action: 's3:GetObject' }
      const body = JSON.stringify({
        Version: '2012-10-17',
        Statement: { ...statement, Resource: `arn:aws:s3:::${bucket}/*` },
      })
      return client.ask('owner', { method: 'PUT', target: `/${bucket}?policy`, body })
    }
    assert.equal(await say('*'), denied)
    assert.equal(await say({ AWS: accountId(client.other.tenantId) }), '204')
    await unblock()
    assert.equal(await say('*'), '204')
  })

  test('is reached by the host that clients make of the account, which names a bucket otherwise', async () => {
    const hosted = await AclClient.start({ domains: ['s3.test'] })
    try {
      const host = `${account}.s3.test`
      const named = (request: WireRequest) => ({
        ...request,
        headers: { ...request.headers, host },
      })
      const put = named(control('PUT', blockOf('BlockPublicAcls')))
      assert.equal(await hosted.ask('owner', put), '200')
      assert.equal(await hosted.ask('owner', named(control('GET'))), '200')
      assert.equal(await hosted.ask('owner', named({ target })), '404 NoSuchBucket')
    } finally {
      await hosted.stop()
    }
  })

  test('is told from a bucket of that name by its header, and that only when it is signed', async () => {
    await client.sure('owner', { method: 'PUT', target: '/v20180820' })
    await client.put('owner', target)
    assert.equal((await client.sure('owner', { target })).body.toString(), 'of an object')
    const unsigned = { method: 'PUT', target, unsigned: { 'x-amz-account-id': account } }
    const body = blockOf('BlockPublicAcls')
    assert.equal(await client.ask('owner', { ...unsigned, body }), denied)
    assert.equal((await client.reply('owner', control('GET'))).status, 404)
    const unknown = { target: '/v20180820/jobs', headers: { 'x-amz-account-id': account } }
    assert.equal(await client.ask('owner', unknown), '405 MethodNotAllowed')
  })
})
