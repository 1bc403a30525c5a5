// Cross-origin requests as browsers send them: preflights, which nobody signs, and what every reply says to the page
// that has sent the request, whatever the reply is.
import assert from 'node:assert'
import { presignUrl } from '../../protocol/s3/sigv4/sign-request.ts'
import {
  app,
  configuration,
  other,
  plain,
  preflight,
  putCors,
  said,
  shared,
  toAnybody,
  toReads,
  toUploads,
  withBuckets,
} from '../support/cors-client.ts'
import { describe } from '../support/describe.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { signedForm } from '../support/signed-form.ts'
import type { RunningServer } from '../support/start-server.ts'
import {
  exchange,
  exchangeBytes,
  signingContext,
  type WireRequest,
} from '../support/wire-request.ts'

function elementOf(response: RawResponse, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(response.body.toString())?.[1]
}

describe('a preflight', (test) => {
  let server: RunningServer
  test.before(async () => {
    server = await withBuckets({ domains: ['s3.test'] })
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  const ask = (target: string, asked: Parameters<typeof preflight>[2]) =>
    preflight(server.port, target, asked)

  test('is answered by the first rule that fits, without a signature', async () => {
    const headers = { 'access-control-request-headers': 'Content-Type, X-Amz-Date' }
    const response = await ask('/open/new', { origin: app, method: 'PUT', ...headers })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-length'), '0')
    assert.deepStrictEqual(shared(response), {
      ...toUploads,
      'allow-headers': 'content-type, x-amz-date',
    })
    const read = await ask('/open/k', { origin: app, method: 'GET' })
    assert.deepStrictEqual(shared(read), toReads(app))
    const anybody = await ask('/open/k', { origin: 'null', method: 'GET' })
    assert.deepStrictEqual([said(anybody), shared(anybody)], ['200', toAnybody])
  })

  test('is answered for a bucket, in path style and as a host, whatever the query', async () => {
    const form = { origin: app, method: 'POST' }
    const targets = ['/open', '/open/', '/open?delete', '/open/k?versionId=1&X-Amz-Signature=0']
    for (const target of targets) {
      assert.deepStrictEqual(shared(await ask(target, form)), toUploads, target)
    }
    for (const target of ['/', '/k', '/-/bundles', '/?uploads']) {
      const hosted = await ask(target, { ...form, host: 'open.s3.test:9000' })
      assert.deepStrictEqual(shared(hosted), toUploads, target)
    }
  })

  test('that no rule fits is forbidden, and tells what was asked', async () => {
    const refused = [
      ['/open/k', { origin: other, method: 'PUT' }],
      ['/open/k', { origin: app, method: 'HEAD', 'access-control-request-headers': 'range' }],
      ['/open/k', { origin: app, method: 'PUT', 'access-control-request-headers': 'x-other' }],
    ] as const
    for (const [target, asked] of refused) {
      const response = await ask(target, asked)
      assert.equal(said(response), '403 AccessForbidden')
      assert.match(elementOf(response, 'Message') ?? '', /^CORSResponse: This CORS request is not/)
      assert.equal(elementOf(response, 'Method'), asked.method)
      assert.equal(elementOf(response, 'ResourceType'), 'OBJECT')
      assert.deepStrictEqual(shared(response), {})
    }
    const ofBucket = await ask('/open', { origin: other, method: 'DELETE' })
    assert.equal(elementOf(ofBucket, 'ResourceType'), 'BUCKET')
  })

  test('of a bucket without rules, of none, and of the service is forbidden', async () => {
    const asked = { origin: app, method: 'GET' }
    const messages = [
      ['/bare/k', 'CORSResponse: CORS is not enabled for this bucket.'],
      ['/nothing/k', 'CORSResponse: Bucket not found'],
      ['/No_Name/k', 'CORSResponse: Bucket not found'],
      ['/', 'CORSResponse: Bucket not found'],
      ['/-', 'CORSResponse: Bucket not found'],
    ] as const
    for (const [target, message] of messages) {
      const response = await plain(server.port, 'OPTIONS', target, {
        ...{ host: '127.0.0.1', origin: app, 'access-control-request-method': asked.method },
      })
      assert.equal(said(response), '403 AccessForbidden', target)
      assert.equal(elementOf(response, 'Message'), message, target)
      assert.deepStrictEqual(shared(response), {})
    }
  })

  test('of a route of ours is forbidden, in JSON', async () => {
    const response = await plain(server.port, 'OPTIONS', '/-/bundles', {
      ...{ host: '127.0.0.1', origin: app, 'access-control-request-method': 'POST' },
    })
    assert.equal(response.status, 403)
    const { code, message, ResourceType } = JSON.parse(response.body.toString())
    assert.deepStrictEqual(
      [code, message, ResourceType],
      ['AccessForbidden', 'CORSResponse: CORS is not enabled for this route.', 'ROUTE'],
    )
  })

  test('that lacks what makes it one is a bad request, whatever it is of', async () => {
    for (const target of ['/open/k', '/bare', '/nothing', '/']) {
      const noOrigin = await ask(target, { method: 'PUT' })
      assert.equal(said(noOrigin), '400 BadRequest')
      assert.match(elementOf(noOrigin, 'Message') ?? '', /Origin request header needed\.$/)
      const noMethod = await ask(target, { origin: app })
      assert.equal(said(noMethod), '400 BadRequest')
      assert.match(elementOf(noMethod, 'Message') ?? '', /Access-Control-Request-Method: null$/)
      const odd = await ask(target, { origin: app, method: 'PATCH' })
      assert.match(elementOf(odd, 'Message') ?? '', /Access-Control-Request-Method: PATCH$/)
    }
  })

  test('takes effect with the next request when rules are set, replaced and removed', async () => {
    const asked = { origin: other, method: 'PUT' }
    const rules = (origin: string) =>
      `<CORSConfiguration><CORSRule><AllowedMethod>PUT</AllowedMethod><AllowedOrigin>${origin}</AllowedOrigin></CORSRule></CORSConfiguration>`
    const outcome = async () => said(await ask('/bare/k', asked))
    assert.equal(await outcome(), '403 AccessForbidden')
    await exchange(server.port, putCors('bare', rules(other)))
    assert.equal(await outcome(), '200')
    await exchange(server.port, putCors('bare', rules(app)))
    assert.equal(await outcome(), '403 AccessForbidden')
    await exchange(server.port, putCors('bare', rules('*')))
    assert.equal(await outcome(), '200')
    const removed = await exchange(server.port, { method: 'DELETE', target: '/bare?cors' })
    assert.equal(removed.status, 204)
    assert.equal(await outcome(), '403 AccessForbidden')
  })
})

describe('a reply to the page of another origin', (test) => {
  let server: RunningServer
  test.before(async () => {
    server = await withBuckets()
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  const from = (origin: string, request: WireRequest) =>
    exchange(server.port, { ...request, unsigned: { origin, ...request.unsigned } })

  test('says that the page may read it: objects, ranges, heads, listings, zips', async () => {
    const reads: readonly (readonly [WireRequest, number])[] = [
      [{ target: '/open/k' }, 200],
      [{ target: '/open/k', headers: { range: 'bytes=1-2' } }, 206],
      [{ method: 'HEAD', target: '/open/k' }, 200],
      [{ target: '/open?list-type=2' }, 200],
      [{ target: '/open/folder/?zip' }, 200],
      [{ method: 'HEAD', target: '/open?zip' }, 200],
      [{ target: '/open?cors' }, 200],
    ]
    for (const [request, status] of reads) {
      const response = await from(other, request)
      assert.equal(response.status, status, request.target)
      assert.deepStrictEqual(shared(response), toReads(other), request.target)
    }
    assert.deepStrictEqual(shared(await from('null', { target: '/open/k' })), toAnybody)
    const put = await from(app, { method: 'PUT', target: '/open/new', body: 'new' })
    assert.deepStrictEqual([put.status, shared(put)], [200, toUploads])
    assert.ok(put.headers.has('etag'))
  })

  test('says so of refusals too, also of those that come before the bucket is looked for', async () => {
    const refusals: readonly (readonly [WireRequest, string])[] = [
      [{ target: '/open/none' }, '404 NoSuchKey'],
      [{ target: '/open/k', headers: { 'if-none-match': '*' } }, '304 none'],
      [{ target: '/open/k', headers: { range: 'bytes=9-' } }, '416 InvalidRange'],
      [{ target: '/open?website' }, '501 NotImplemented'],
      [{ target: '/open/k', headers: { 'x-amz-expected-bucket-owner': '1' } }, '403 AccessDenied'],
      [
        { target: '/open/k', spoil: (head) => head.replace('/open/k', '/open/l') },
        '403 SignatureDoesNotMatch',
      ],
      [{ target: '/open/k', without: ['authorization'] }, '403 AccessDenied'],
      [{ target: '/open/k?partNumber=1&partNumber=2' }, '400 InvalidArgument'],
    ]
    for (const [request, code] of refusals) {
      const response = await from(other, request)
      assert.equal(said(response), code, request.target)
      assert.deepStrictEqual(shared(response), toReads(other), `${request.target}: ${code}`)
    }
    const wrong = {
      credentials: { accessKeyId: 'nobody', secretAccessKey: 'x', region: 'us-east-1' },
    }
    const unknown = await from(app, { method: 'PUT', target: '/open/k', body: '', context: wrong })
    assert.equal(said(unknown), '403 InvalidAccessKeyId')
    assert.deepStrictEqual(shared(unknown), toUploads)
  })

  test('says nothing where no rule fits, and what was asked is done', async () => {
    const foreign = await from('http://evil.test', { method: 'PUT', target: '/open/e', body: 'x' })
    assert.deepStrictEqual([foreign.status, shared(foreign)], [200, {}])
    const bare = await from(app, { method: 'PUT', target: '/bare/k', body: 'x' })
    assert.deepStrictEqual([bare.status, shared(bare)], [200, {}])
    const none = await from(app, { target: '/nothing/k' })
    assert.deepStrictEqual([said(none), shared(none)], ['404 NoSuchBucket', {}])
    const service = await from(app, { target: '/' })
    assert.deepStrictEqual([service.status, shared(service)], [200, {}])
    const empty = await from('', { target: '/open/k' })
    assert.deepStrictEqual([empty.status, shared(empty)], [200, {}])
  })

  test('says nothing to those who send no origin', async () => {
    for (const target of ['/open/k', '/open/none', '/open?list-type=2']) {
      assert.deepStrictEqual(shared(await exchange(server.port, { target })), {})
    }
  })

  test('says so of forms, done and refused', async () => {
    const post = (bytes: Buffer) => {
      const text = bytes.toString('latin1').replace('\r\n', `\r\nOrigin: ${app}\r\n`)
      return exchangeBytes(server.port, Buffer.from(text, 'latin1'), 'POST')
    }
    const form = signedForm({ bucket: 'open', fields: { key: 'form' } })
    const done = await post(form)
    assert.deepStrictEqual([done.status, shared(done)], [204, toUploads])
    const spoilt = form.toString('latin1').replace(/(x-amz-signature"\r\n\r\n)./, '$1_')
    const refused = await post(Buffer.from(spoilt, 'latin1'))
    assert.ok(refused.status >= 400, `${refused.status}`)
    assert.deepStrictEqual(shared(refused), toUploads)
  })

  test('says so of presigned requests, which pages send', async () => {
    const path = '/open/presigned'
    const url = presignUrl(
      { method: 'PUT', origin: 'http://s3.test', path, expiresSeconds: 60 },
      signingContext(),
    )
    const response = await exchangeBytes(
      server.port,
      `PUT ${url.slice('http://s3.test'.length)} HTTP/1.1\r\nhost: s3.test\r\norigin: ${app}\r\ncontent-length: 2\r\n\r\nhi`,
    )
    assert.deepStrictEqual([response.status, shared(response)], [200, toUploads])
  })

  test('says so when the bucket is made again, and when it is removed', async () => {
    const rules = configuration.replace(app, '*')
    assert.equal((await exchange(server.port, { method: 'PUT', target: '/brief' })).status, 200)
    await exchange(server.port, putCors('brief', rules))
    const again = await from(app, { method: 'PUT', target: '/brief' })
    assert.deepStrictEqual([again.status, shared(again)['allow-origin']], [200, '*'])
    const removed = await from(app, { method: 'DELETE', target: '/brief' })
    assert.deepStrictEqual([removed.status, shared(removed)['allow-origin']], [204, '*'])
    const gone = await from(app, { method: 'DELETE', target: '/brief' })
    assert.deepStrictEqual([said(gone), shared(gone)], ['404 NoSuchBucket', {}])
  })

  test('has no headers of rules that a page is not asked for: pages of ours, health', async () => {
    for (const target of ['/favicon.ico', '/minio/health/live']) {
      assert.deepStrictEqual(shared(await plain(server.port, 'GET', target, { origin: app })), {})
    }
  })
})
