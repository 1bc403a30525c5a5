// What those who watch are told of each request, once it has ended.
import assert from 'node:assert'
import type { RequestRecord } from '../../gateway/http/request-record.ts'
import { describe } from '../support/describe.ts'
import { askSigned } from '../support/own-routes-client.ts'
import { RunningServer, serverKey } from '../support/start-server.ts'
import { exchange, exchangeBytes } from '../support/wire-request.ts'

describe('of every request', (test) => {
  const records: RequestRecord[] = []
  let server: RunningServer
  test.before(async () => {
    server = await RunningServer.start({ observe: (record) => records.push(record) })
    await exchange(server.port, { method: 'PUT', target: '/bkt' })
  })
  test.after(() => server.stop())

  /** The one that came of it. */
  async function observed(work: () => Promise<unknown>): Promise<RequestRecord> {
    records.length = 0
    await work()
    while (records.length === 0) await new Promise(setImmediate)
    assert.equal(records.length, 1)
    const [record] = records
    assert.ok(record !== undefined)
    assert.ok(record.totalMs >= record.headMs && record.headMs > 0)
    assert.equal(record.remoteAddress(), '127.0.0.1')
    return record
  }
  const target = '/bkt/some/key'
  const body = Buffer.alloc(10_000, 'x')

  test('a record tells operation, who, where, status and bytes', async () => {
    const put = await observed(() => exchange(server.port, { method: 'PUT', target, body }))
    assert.equal(put.operation, 'PutObject')
    assert.deepEqual(put.notes.identity, {
      is: 'user',
      tenantId: 'root',
      namespace: 'default',
      userName: 'root',
      accessKeyId: serverKey.accessKeyId,
    })
    assert.equal(put.notes.bucket?.name, 'bkt')
    assert.equal(put.notes.bucket?.tenantId, 'root')
    assert.deepEqual([put.status, put.bytesIn, put.bytesOut], [200, body.length, 0])
    const get = await observed(() => exchange(server.port, { method: 'GET', target }))
    assert.deepEqual([get.status, get.bytesIn, get.bytesOut], [200, 0, body.length])
    assert.match(get.requestId, /^[0-9A-Z]{16,}$/)
    const head = await observed(() => exchange(server.port, { method: 'HEAD', target }))
    assert.deepEqual([head.operation, head.bytesOut], ['HeadObject', 0])
  })

  test('a record tells why it was refused, and that this is no failure', async () => {
    const missing = await observed(() =>
      exchange(server.port, { method: 'GET', target: '/bkt/nothing' }),
    )
    assert.deepEqual([missing.status, missing.errorCode], [404, 'NoSuchKey'])
    assert.equal(missing.failure, undefined)
    assert.ok(missing.bytesOut > 100)
    const unsigned = 'GET /bkt/some/key HTTP/1.1\r\nHost: s3\r\n\r\n'
    const anonymous = await observed(() => exchangeBytes(server.port, Buffer.from(unsigned), 'GET'))
    assert.deepEqual(
      [anonymous.errorCode, anonymous.notes.identity],
      ['AccessDenied', { is: 'anonymous' }],
    )
  })

  test('below /-/ the route is told, and never an id or a secret', async () => {
    const listed = await observed(() => askSigned(server.port, { target: '/-/bundles?after=1' }))
    assert.equal(listed.operation, 'GET /-/bundles')
    const shown = await observed(() =>
      askSigned(server.port, { target: '/-/bundles/0123456789abcdef0123456789abcdef' }),
    )
    assert.deepEqual([shown.operation, shown.status], ['GET /-/bundles/:id', 404])
    const nowhere = await observed(() => askSigned(server.port, { target: '/-/nowhere' }))
    assert.deepEqual([nowhere.operation, nowhere.status], ['GET /-/', 405])
  })
})
