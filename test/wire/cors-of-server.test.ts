// Cross-origin requests to what has no CORS rules of its own, where the server allows some origins; and what it costs to
// look for rules.
import assert from 'node:assert'
import {
  app,
  other,
  plain,
  preflight,
  putCors,
  said,
  shared,
  toReads,
  withBuckets,
} from '../support/cors-client.ts'
import { describe } from '../support/describe.ts'
import { askSigned } from '../support/own-routes-client.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import type { RunningServer } from '../support/start-server.ts'
import { Network } from '../support/unreachable-store.ts'
import { exchange, type WireRequest } from '../support/wire-request.ts'

describe('origins that the server allows', (test) => {
  let server: RunningServer
  test.before(async () => {
    server = await withBuckets({ corsOrigins: ['https://*.example.org'] })
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  const from = (origin: string, request: WireRequest) =>
    exchange(server.port, { ...request, unsigned: { origin } })
  const isShared = (response: RawResponse) => shared(response)['allow-origin'] === other

  test('may use what has no rules: buckets, the service, buckets to be made, our routes', async () => {
    const headers = { 'access-control-request-headers': 'authorization,x-amz-date' }
    for (const target of ['/bare', '/bare/k', '/', '/nothing/k', '/-/bundles', '/-/nowhere']) {
      const asked = { origin: other, method: 'PUT', ...headers }
      const response = await preflight(server.port, target, asked)
      assert.equal(response.status, 200, target)
      assert.ok(isShared(response), target)
      assert.equal(
        response.headers.get('access-control-allow-headers'),
        'authorization, x-amz-date',
      )
    }
    const requests: readonly (readonly [WireRequest, string])[] = [
      [{ target: '/' }, '200'],
      [{ method: 'PUT', target: '/made' }, '200'],
      [{ method: 'PUT', target: '/made/k', body: 'x' }, '200'],
      [{ target: '/made/none' }, '404 NoSuchKey'],
      [{ target: '/absent/k' }, '404 NoSuchBucket'],
    ]
    for (const [request, outcome] of requests) {
      const response = await from(other, request)
      assert.equal(said(response), outcome, request.target)
      assert.ok(isShared(response), request.target)
    }
    const exposed = (await from(other, { target: '/made/k' })).headers
    assert.match(exposed.get('access-control-expose-headers') ?? '', /\bETag\b.*x-amz-version-id/)
  })

  test('are not those of a bucket with rules of its own', async () => {
    const asked = { origin: other, method: 'PUT' }
    const response = await preflight(server.port, '/open/k', asked)
    assert.equal(said(response), '403 AccessForbidden')
    const put = await from(other, { method: 'PUT', target: '/open/x', body: 'x' })
    assert.deepStrictEqual([put.status, shared(put)], [200, {}])
    const refused = await from(other, { method: 'PUT', target: '/open/x', without: ['x-amz-date'] })
    assert.ok(refused.status >= 400)
    assert.deepStrictEqual(shared(refused), {})
  })

  test('are those alone', async () => {
    const asked = { origin: 'https://example.com', method: 'GET' }
    for (const target of ['/bare', '/', '/-/bundles']) {
      assert.equal((await preflight(server.port, target, asked)).status, 403, target)
    }
    const read = await from('https://example.com', { target: '/bare' })
    assert.deepStrictEqual([read.status, shared(read)], [200, {}])
  })

  test('may read what our routes answer, and why they refuse', async () => {
    const headers = { origin: other }
    const refused = await plain(server.port, 'GET', '/-/bundles', headers)
    assert.ok(refused.status >= 400)
    assert.ok(isShared(refused))
    const listed = await askSigned(server.port, { target: '/-/archives', headers })
    assert.deepStrictEqual([listed.status, isShared(listed)], [200, true])
  })
})

describe('what a reply to a page costs', (test) => {
  const network = new Network()
  let server: RunningServer
  test.before(async () => {
    // New buckets have no setting then.
    const blockPublicAccess = false
    server = await withBuckets({ blockPublicAccess, metadataFor: (store) => network.to(store) })
  })
  test.after(() => server.stop())

  const verbsOf = async (request: WireRequest) => {
    network.called.clear()
    await exchange(server.port, request)
    return network.called
  }

  test('no read of rules without an origin, and with one only when they may have changed', async () => {
    const page = { target: '/open/k', unsigned: { origin: app } }
    assert.ok(!(await verbsOf({ target: '/open/k' })).has('bucketConfigs.get'))
    await exchange(server.port, putCors('open'))
    assert.ok((await verbsOf(page)).has('bucketConfigs.get'))
    assert.ok(!(await verbsOf(page)).has('bucketConfigs.get'))
    const never = { target: '/bare/k', unsigned: { origin: app } }
    assert.ok(!(await verbsOf(never)).has('bucketConfigs.get'))
  })

  test('rules that cannot be read refuse the request before anything is done', async () => {
    await exchange(server.port, putCors('open'))
    const put = { method: 'PUT', target: '/open/undone', body: 'x', unsigned: { origin: app } }
    network.outage = { verb: 'bucketConfigs.get', lost: 'call' }
    assert.equal(said(await exchange(server.port, put)), '503 SlowDown')
    const asked = await preflight(server.port, '/open/k', { origin: app, method: 'PUT' })
    assert.equal(said(asked), '503 SlowDown')
    network.outage = undefined
    const undone = await exchange(server.port, { target: '/open/undone' })
    assert.equal(said(undone), '404 NoSuchKey')
    assert.equal((await exchange(server.port, put)).status, 200)
  })

  test('a failure that comes once the bucket is found is told to the page as well', async () => {
    const page = { target: '/open/k', unsigned: { origin: app } }
    await exchange(server.port, page)
    network.outage = { verb: 'objects.get', lost: 'call' }
    const failed = await exchange(server.port, page)
    network.outage = undefined
    assert.deepStrictEqual([said(failed), shared(failed)], ['503 SlowDown', toReads(app)])
  })
})
