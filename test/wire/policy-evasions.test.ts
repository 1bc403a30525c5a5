// Ways around a bucket policy that somebody might try: other spellings, other doors, parameters that mean nothing where
// they stand, and connections that are gone before they are judged.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { accountId } from '../../gateway/access/owner.ts'
import { describe } from '../support/describe.ts'
import { type AnotherTenant, addTenant } from '../support/more-tenants.ts'
import { signedForm } from '../support/signed-form.ts'
import { RunningServer } from '../support/start-server.ts'
import {
  codeOf,
  exchange,
  exchangeBytes,
  signingContext,
  type WireRequest,
} from '../support/wire-request.ts'

type Statement = Readonly<Record<string, unknown>>

const denied = '403 AccessDenied'
const versioning = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
const tagging = (value: string) =>
  `<Tagging><TagSet><Tag><Key>role</Key><Value>${value}</Value></Tag></TagSet></Tagging>`

describe('a bucket policy is not got around', (test) => {
  let server: RunningServer
  let other: AnotherTenant
  let buckets = 0
  test.before(async () => {
    server = await RunningServer.start({ blockPublicAccess: false })
    other = await addTenant(server, 'other')
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  const send = async (request: WireRequest) => {
    const response = await exchange(server.port, request)
    return response.status < 300
      ? String(response.status)
      : `${response.status} ${codeOf(response)}`
  }
  const asOther = (request: WireRequest) =>
    send({ ...request, context: signingContext({ credentials: other.credentials }) })
  const makeBucket = async () => {
    buckets += 1
    const name = `evaded-${buckets}`
    assert.equal(await send({ method: 'PUT', target: `/${name}` }), '200')
    return name
  }
  const put = async (bucket: string, key: string, headers: WireRequest['headers'] = {}) =>
    (
      await exchange(server.port, {
        method: 'PUT',
        target: `/${bucket}/${key}`,
        body: key,
        headers,
      })
    ).headers
  const say = async (bucket: string, ...statements: readonly Statement[]) => {
    const filled = statements.map((statement) => ({
      ...{ Effect: 'Allow', Principal: '*', Action: 's3:*' },
      ...{ Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`], ...statement },
    }))
    const body = JSON.stringify({ Version: '2012-10-17', Statement: filled })
    return send({ method: 'PUT', target: `/${bucket}?policy`, body })
  }
  const isThere = async (bucket: string, key: string) =>
    (await exchange(server.port, { method: 'HEAD', target: `/${bucket}/${key}` })).status === 200

  test('by a connection that is reset as soon as the request is sent', async () => {
    const bucket = await makeBucket()
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
    for (const key of keys) await put(bucket, key)
    const Condition = { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }
    await say(bucket, {}, { Effect: 'Deny', Action: 's3:DeleteObject', Condition })
    for (const key of keys) {
      const socket = connect(server.port, '127.0.0.1')
      socket.on('error', () => {})
      await once(socket, 'connect')
      const head = `DELETE /${bucket}/${key} HTTP/1.1\r\nhost: s3.test\r\n\r\n`
      await new Promise<void>((resolve) => socket.write(head, () => resolve()))
      socket.resetAndDestroy()
    }
    // Behind all of them.
    assert.equal(await send({ method: 'DELETE', target: `/${bucket}/k0` }), denied)
    for (const key of keys) assert.ok(await isThere(bucket, key), key)
  })

  test('by a version id where it means nothing', async () => {
    const bucket = await makeBucket()
    await send({ method: 'PUT', target: `/${bucket}?versioning`, body: versioning })
    const open = (await put(bucket, 'doc', { 'x-amz-tagging': 'open=yes' })).get('x-amz-version-id')
    await put(bucket, 'doc', { 'x-amz-tagging': 'open=no' })
    const Condition = { StringEquals: { 's3:ExistingObjectTag/open': 'yes' } }
    await say(bucket, {
      Effect: 'Deny',
      Action: 's3:GetObject',
      Condition: { StringNotEquals: Condition.StringEquals },
    })
    const body = JSON.stringify({ bucket, entries: [{ key: 'doc' }] })
    for (const query of ['', `?versionId=${open}`]) {
      const made = await exchange(server.port, {
        method: 'POST',
        target: `/-/bundles${query}`,
        body,
      })
      assert.equal(made.status, 403, query)
    }
  })

  test('by parameters of listings where nothing is listed', async () => {
    const bucket = await makeBucket()
    await put(bucket, 'home/a')
    const Condition = { StringNotEquals: { 's3:delimiter': '/' } }
    await say(bucket, { Effect: 'Deny', Action: 's3:ListBucket', Condition })
    assert.equal(await send({ target: `/${bucket}?delimiter=/` }), '200')
    assert.equal(await send({ target: `/${bucket}` }), denied)
    assert.equal(await send({ target: `/${bucket}?zip&delimiter=/` }), denied)
    const body = JSON.stringify({ bucket, entries: [{ prefix: '' }] })
    const made = await exchange(server.port, {
      ...{ method: 'POST', target: '/-/bundles?delimiter=/', body },
    })
    assert.equal(made.status, 403)
  })

  test('by tags that are not those which are stored', async () => {
    const bucket = await makeBucket()
    await put(bucket, 'k')
    await put(bucket, 'admin', { 'x-amz-tagging': 'role=admin' })
    const Principal = { AWS: accountId(other.tenantId) }
    const Condition = { StringEquals: { 's3:RequestObjectTag/role': 'admin' } }
    await say(bucket, { Principal }, { Effect: 'Deny', Action: 's3:PutObject*', Condition })
    const guest = { 'x-amz-tagging': 'role=guest' }
    const tag = (value: string, headers: WireRequest['headers'] = {}) =>
      asOther({ method: 'PUT', target: `/${bucket}/k?tagging`, body: tagging(value), headers })
    assert.equal(await tag('guest'), '200')
    assert.equal(await tag('admin'), denied)
    assert.equal(await tag('admin', guest), denied)
    const copy = (headers: WireRequest['headers']) =>
      asOther({
        ...{ method: 'PUT', target: `/${bucket}/copied` },
        headers: { 'x-amz-copy-source': `/${bucket}/admin`, ...headers },
      })
    assert.equal(await copy({}), denied)
    assert.equal(await copy(guest), denied)
    assert.equal(await copy({ ...guest, 'x-amz-tagging-directive': 'REPLACE' }), '200')
    const target = `/${bucket}/new`
    const twice = { 'x-amz-tagging': 'ROLE=guest&role=admin' }
    assert.equal(await asOther({ method: 'PUT', target, body: '', headers: twice }), denied)
  })

  test('by tags that only the name of a resource asks for', async () => {
    const bucket = await makeBucket()
    await put(bucket, 'red/k', { 'x-amz-tagging': 'team=red' })
    await put(bucket, 'blue/k', { 'x-amz-tagging': 'team=red' })
    const resource = `arn:aws:s3:::${bucket}/\${s3:ExistingObjectTag/team}/*`
    await say(bucket, { Effect: 'Deny', Action: 's3:GetObject', Resource: resource })
    assert.equal(await send({ target: `/${bucket}/red/k` }), denied)
    assert.equal(await send({ target: `/${bucket}/blue/k` }), '200')
  })

  test('by a form, which has the headers of its request, and by another spelling of what is copied', async () => {
    const bucket = await makeBucket()
    await put(bucket, 'secret/k')
    const Action = 's3:PutObject'
    const agent = { StringLike: { 'aws:UserAgent': '*bad*' } }
    const source = { StringLike: { 's3:x-amz-copy-source': `${bucket}/secret/*` } }
    await say(
      bucket,
      {},
      { Effect: 'Deny', Action, Condition: agent },
      { Effect: 'Deny', Action, Condition: source },
    )
    const form = signedForm({ bucket, fields: { key: 'form' } }).toString('latin1')
    const sent = form.replace('Host: s3.test', 'Host: s3.test\r\nUser-Agent: a bad one')
    const posted = await exchangeBytes(server.port, Buffer.from(sent, 'latin1'), 'POST')
    assert.equal(posted.status, 403)
    for (const path of [`/${bucket}/secret/k`, `${bucket}/%73ecret/k`, `/${bucket}/secret%2Fk`]) {
      const headers = { 'x-amz-copy-source': path }
      assert.equal(await send({ method: 'PUT', target: `/${bucket}/copied`, headers }), denied)
    }
  })

  test('by an action of ours, which policies cannot name', async () => {
    const bucket = await makeBucket()
    await put(bucket, 'k')
    await say(bucket, { Action: undefined, NotAction: 's3:DeleteBucket' })
    const body = JSON.stringify({ bucket, entries: [{ key: 'k' }] })
    const context = signingContext({ credentials: other.credentials })
    const request = { method: 'POST', target: '/-/bundles', body, context }
    assert.equal((await exchange(server.port, request)).status, 403)
    assert.equal(await asOther({ target: `/${bucket}/k` }), '200')
  })

  test('by a condition that this server does not know: such a policy is refused', async () => {
    const bucket = await makeBucket()
    for (const key of ['s3:TlsVersion', 's3:ObjectCreationOperation', 's3:object-lock-mode']) {
      const Condition = { Null: { [key]: 'true' } }
      assert.equal(
        await say(bucket, { Effect: 'Deny', Action: 's3:PutObject', Condition }),
        '400 MalformedPolicy',
        key,
      )
    }
    const Resource = `arn:aws:s3:::${bucket}/\${s3:TlsVersion}/*`
    assert.equal(await say(bucket, { Effect: 'Deny', Resource }), '400 MalformedPolicy')
    const known = { Null: { 'aws:SourceVpce': 'true' } }
    assert.equal(
      await say(bucket, { Effect: 'Deny', Action: 's3:PutObject', Condition: known }),
      '204',
    )
  })

  test('by somebody who calls himself anonymous: that fixes nobody', async () => {
    const bucket = await makeBucket()
    const target = `/${bucket}?publicAccessBlock`
    const body =
      '<PublicAccessBlockConfiguration><BlockPublicPolicy>true</BlockPublicPolicy></PublicAccessBlockConfiguration>'
    await send({ method: 'PUT', target, body })
    const Condition = { StringEquals: { 'aws:userid': 'anonymous' } }
    assert.equal(await say(bucket, { Action: 's3:GetObject', Condition }), denied)
  })
})
