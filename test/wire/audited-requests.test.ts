// The line of the audit log that comes of each request: of every operation there is, of our own routes, and of what is
// refused, cut off or cannot even be read.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import type { OperationRow } from '../../protocol/s3/operation-row.ts'
import { type OperationName, operations } from '../../protocol/s3/operations-table.ts'
import { AuditedServer, type Line } from '../gateway/audit/audited-fixture.ts'
import { describe } from '../support/describe.ts'
import { requestsOfOperations, send } from '../support/operation-requests.ts'
import { askPlain, askSigned, jsonOf, targetOf, textIn } from '../support/own-routes-client.ts'
import { RawConnection } from '../support/raw-connection.ts'
import { serverKey } from '../support/start-server.ts'
import { exchange, exchangeBytes, signed } from '../support/wire-request.ts'

describe('the audit log', (test) => {
  let server: AuditedServer
  test.before(async () => {
    server = await AuditedServer.start()
  })
  test.after(() => server.stop())

  const place = () => server.place()
  const lineOf = (work: () => Promise<unknown>) => server.lineOf(work)

  for (const name of Object.keys(operations) as OperationName[]) {
    const row: OperationRow = operations[name]
    test(`has one line of ${name}, with what it did to what, and why it might`, async () => {
      const there = await place()
      const request = await requestsOfOperations[name](there)
      let status = 0
      const line = await lineOf(async () => {
        status = (await send(server.port, request)).status
      })
      assert.deepEqual([line.schema, line.type, line.operation], [1, 'request', name])
      assert.equal(line.status, status)
      assert.ok(status < 300, `${status}`)
      assert.equal(line.method, row.method)
      assert.match(String(line.time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      assert.match(String(line.requestId), /^[0-9A-Z]{16,}$/)
      assert.deepEqual([line.sourceIp, line.protocol], ['127.0.0.1', 'HTTP/1.1'])
      assert.deepEqual(line.signature, {
        version: 4,
        by: name === 'PostObject' ? 'form' : 'header',
      })
      const { tenant, user, accessKeyId } = line.identity as Line
      assert.deepEqual([tenant, user, accessKeyId], ['root', 'root', serverKey.accessKeyId])
      const asked = row.needs.filter(({ whenSent, whenTagged }) => !whenSent && !whenTagged)
      assert.deepEqual(line.actions, [...new Set(asked.map(({ action }) => action))])
      assert.deepEqual([line.verdict, line.decidedBy], ['allowed', { type: 'root' }])
      const { bucket, key } = (line.resource ?? {}) as Line
      const target = 'form' in request ? `/${there.bucket}/form` : request.target.split('?')[0]
      // S3 Control speaks of no bucket.
      const path = row.control === undefined ? (target ?? '') : '/'
      const expected = /^\/([^/]*)(?:\/(.*))?$/.exec(path)
      assert.deepEqual([bucket, key], [expected?.[1] || undefined, expected?.[2] || undefined])
      assert.ok(Number(line.totalMs) >= Number(line.firstByteMs) && Number(line.firstByteMs) > 0)
      assert.equal(line.hungUp, undefined)
    })
  }

  test('names the statement of the policy that decided', async () => {
    const there = await place()
    const { bucket } = there
    const statement = (more: Line): Line => ({
      ...{ Principal: '*', Action: 's3:GetObject', Effect: 'Allow' },
      ...{ Resource: `arn:aws:s3:::${bucket}/*`, ...more },
    })
    const body = JSON.stringify({
      Statement: [
        statement({ Sid: 'Open' }),
        statement({ Effect: 'Deny', Resource: `arn:aws:s3:::${bucket}/kept` }),
      ],
    })
    await there.sure({ method: 'DELETE', target: `/${bucket}?publicAccessBlock` })
    await there.sure({ method: 'PUT', target: `/${bucket}?policy`, body })
    const get = (key: string) =>
      lineOf(() =>
        exchangeBytes(server.port, `GET ${there.at(key)} HTTP/1.1\r\nhost: s3.test\r\n\r\n`, 'GET'),
      )
    const ofPolicy = { type: 'statement', policy: 'bucket policy' }
    const open = await get('k')
    assert.deepEqual(
      [open.status, open.verdict, open.decidedBy],
      [200, 'allowed', { ...ofPolicy, sid: 'Open', index: 0 }],
    )
    const kept = await get('kept')
    assert.deepEqual(
      [kept.status, kept.verdict, kept.deniedAction, kept.decidedBy],
      [403, 'denied', 's3:GetObject', { ...ofPolicy, index: 1 }],
    )
  })

  test('names the versions that were asked for and written, and what is copied', async () => {
    const there = await place()
    const { bucket } = there
    await there.sure({
      method: 'PUT',
      target: `/${bucket}?versioning`,
      body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
    })
    const put = await lineOf(() =>
      there.sure({ method: 'PUT', target: there.at('a b'.replace(' ', '%20')), body: 'some' }),
    )
    const { versionId, ...rest } = put.resource as Line
    assert.deepEqual(rest, { bucket, tenant: 'root', key: 'a b' })
    assert.ok(versionId)
    const get = await lineOf(() =>
      there.sure({ target: `${there.at('a%20b')}?versionId=${versionId}` }),
    )
    assert.deepEqual(get.resource, { bucket, tenant: 'root', key: 'a b', versionId })
    assert.deepEqual(get.actions, ['s3:GetObjectVersion'])
    assert.deepEqual([get.bytesIn, get.bytesOut, put.bytesIn, put.bytesOut], [0, 4, 4, 0])
    const copy = await lineOf(() =>
      there.sure({
        method: 'PUT',
        target: there.at('copy'),
        headers: { 'x-amz-copy-source': `/${bucket}/a%20b?versionId=${versionId}` },
      }),
    )
    assert.deepEqual(copy.source, { bucket, key: 'a b', versionId })
    const list = await lineOf(() => there.sure({ target: `/${bucket}?list-type=2&prefix=a%2F` }))
    assert.deepEqual(list.resource, { bucket, tenant: 'root', prefix: 'a/' })
  })

  test('tells of each key of DeleteObjects what became of it', async () => {
    const there = await place()
    const missing = '0'.repeat(32)
    const body =
      '<Delete><Quiet>true</Quiet><Object><Key>k</Key></Object>' +
      `<Object><Key>kept</Key><VersionId>none</VersionId></Object>` +
      `<Object><Key>kept</Key><VersionId>${missing}</VersionId></Object></Delete>`
    const line = await lineOf(() =>
      there.sure({
        ...{ method: 'POST', target: `/${there.bucket}?delete`, body },
        headers: { 'content-md5': createHash('md5').update(body).digest('base64') },
      }),
    )
    assert.deepEqual(line.objects, [
      { key: 'k', outcome: 'deleted' },
      { key: 'kept', versionId: 'none', outcome: 'failed', errorCode: 'NoSuchVersion' },
      { key: 'kept', versionId: missing, outcome: 'deleted' },
    ])
    assert.deepEqual(line.actions, ['s3:DeleteObject', 's3:DeleteObjectVersion'])
  })

  test('tells who was refused, and that it was before anything was asked', async () => {
    const there = await place()
    const target = there.at('k')
    const spoilt = await lineOf(() =>
      exchange(server.port, {
        target,
        spoil: (head) => head.replace(/Signature=./, 'Signature=g'),
      }),
    )
    assert.deepEqual([spoilt.status, spoilt.errorCode], [403, 'SignatureDoesNotMatch'])
    assert.deepEqual([spoilt.verdict, spoilt.actions], ['notAsked', []])
    assert.deepEqual(spoilt.identity, { type: 'unproven', accessKeyId: serverKey.accessKeyId })
    assert.deepEqual([spoilt.operation, (spoilt.resource as Line).key], ['GetObject', 'k'])

    const credentials = {
      accessKeyId: 'AKIANOBODY',
      secretAccessKey: 'secret-key',
      region: 'us-east-1',
    }
    const unknown = await lineOf(() => exchange(server.port, { target, context: { credentials } }))
    assert.equal(unknown.errorCode, 'InvalidAccessKeyId')
    assert.deepEqual(unknown.identity, { type: 'unproven' })
    assert.ok(
      !JSON.stringify(unknown).includes('AKIANOBODY'),
      'it may be a secret in the wrong place',
    )

    const missing = await lineOf(() => exchange(server.port, { target: '/no-such-bucket/k' }))
    assert.deepEqual([missing.errorCode, missing.verdict], ['NoSuchBucket', 'notAsked'])
    assert.deepEqual(missing.resource, { bucket: 'no-such-bucket', key: 'k' })
  })

  test('tells what nobody may do who has not signed', async () => {
    const there = await place()
    const anonymous = async (target: string) =>
      lineOf(() => exchangeBytes(server.port, `GET ${target} HTTP/1.1\r\nHost: s3.test\r\n\r\n`))
    const get = await anonymous(there.at('k'))
    assert.deepEqual(get.identity, { type: 'anonymous' })
    assert.deepEqual([get.verdict, get.deniedAction], ['denied', 's3:GetObject'])
    assert.deepEqual(get.decidedBy, { type: 'nothing' })
    assert.equal(get.signature, undefined)
    const list = await anonymous('/')
    assert.deepEqual([list.operation, list.verdict], ['ListBuckets', 'denied'])
    const icon = await anonymous('/favicon.ico')
    assert.deepEqual([icon.operation, icon.status], ['GET /favicon.ico', 204])
    assert.equal(icon.verdict, 'notAsked')
  })

  test('leaves out probes of health, and nothing whose name is like theirs', async () => {
    const probe = 'GET /minio/health/live HTTP/1.1\r\nHost: s3.test\r\n\r\n'
    const line = await lineOf(async () => {
      assert.equal((await exchangeBytes(server.port, probe)).status, 200)
      await exchange(server.port, { target: '/minio/health/live' })
    })
    assert.equal(line.operation, 'GetObject')
    assert.equal((line.resource as Line).key, 'health/live')
  })

  test('has a line of what cannot be read as a request', async () => {
    const line = await lineOf(() => exchangeBytes(server.port, 'NO\u0001NSENSE / HTTP/1.1\r\n\r\n'))
    assert.deepEqual([line.operation, line.status, line.errorCode], ['unknown', 400, 'BadRequest'])
    assert.equal(line.sourceIp, '127.0.0.1')
    const target = await lineOf(() =>
      exchangeBytes(server.port, 'GET /bkt/%zz HTTP/1.1\r\nHost: s3.test\r\n\r\n'),
    )
    assert.equal(target.status, 400)
  })

  test('has a line of who hangs up while he sends, and of who does while he reads', async () => {
    const there = await place()
    const { head } = signed({
      ...{ method: 'PUT', target: there.at('cut'), payloadHash: 'UNSIGNED-PAYLOAD' },
      headers: { 'content-length': '1000' },
    })
    const sending = await lineOf(async () => {
      const connection = await RawConnection.open(server.port)
      await connection.send(Buffer.concat([head, Buffer.alloc(10)]))
      connection.close()
    })
    assert.deepEqual([sending.operation, sending.hungUp], ['PutObject', true])
    assert.deepEqual([sending.sourceIp, sending.status], ['127.0.0.1', undefined])

    const body = Buffer.alloc(32 * 1024 * 1024)
    await there.sure({ method: 'PUT', target: there.at('large'), body })
    const { bytes } = signed({ target: there.at('large') })
    const reading = await lineOf(async () => {
      const socket = connect({ port: server.port, host: '127.0.0.1' })
      await new Promise<void>((resolve) => socket.once('connect', resolve))
      socket.write(bytes)
      await new Promise<void>((resolve) => socket.once('readable', () => resolve()))
      socket.resetAndDestroy()
    })
    assert.deepEqual([reading.operation, reading.status, reading.hungUp], ['GetObject', 200, true])
    assert.ok(Number(reading.bytesOut) < body.length)
  })

  test('has lines of our own routes: which bundle or job, and by what it was opened', async () => {
    const there = await place()
    const { bucket } = there
    const json = { bucket, entries: [{ key: 'k' }] }
    let made: Line = {}
    const create = await lineOf(async () => {
      made = jsonOf(
        await askSigned(server.port, { method: 'POST', target: '/-/bundles', json }),
        201,
      )
    })
    assert.equal(create.operation, 'POST /-/bundles')
    assert.deepEqual(create.actions, ['holdfast:CreateBundle', 's3:GetObject'])
    assert.deepEqual(create.resource, { bucket, tenant: 'root' })
    const id = textIn(made, 'id')
    const target = targetOf(textIn(made, 'url'))
    const zip = await lineOf(() => askPlain(server.port, { target }))
    assert.equal(zip.operation, 'GET /-/bundles/:id/:fileName')
    assert.deepEqual(zip.identity, { type: 'bundleToken' })
    assert.deepEqual(zip.resource, { bucket, tenant: 'root', id })
    const wrong = await lineOf(() => askPlain(server.port, { target: `${target.slice(0, -1)}!` }))
    assert.deepEqual([wrong.status, wrong.identity], [403, { type: 'unproven' }])
    const headers = { 'x-holdfast-bundle-secret': textIn(made, 'secret') }
    const gone = await lineOf(() =>
      askPlain(server.port, { method: 'DELETE', target: `/-/bundles/${id}`, headers }),
    )
    assert.deepEqual([gone.status, gone.identity], [204, { type: 'bundleSecret' }])
    assert.deepEqual(gone.actions, ['holdfast:DeleteBundle'])
    const nowhere = await lineOf(() => askSigned(server.port, { target: '/-/nowhere' }))
    assert.deepEqual([nowhere.operation, nowhere.status], ['GET /-/', 405])
  })

  test('has a bounded user agent, and the identity by account', async () => {
    const headers = { 'user-agent': 'a'.repeat(5_000) }
    const line = await lineOf(() => exchange(server.port, { target: '/', headers }))
    assert.ok(String(line.userAgent).length < 300)
    assert.match(String((line.identity as Line).arn), /^arn:aws:iam::\d{12}:root$/)
  })
})
