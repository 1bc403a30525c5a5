// What the S3 port answers to browsers and to health checks, and to nobody else.
import assert from 'node:assert'
import { createHealthApp } from '../../gateway/http/admin-health.ts'
import { watchHealth } from '../../gateway/http/health.ts'
import { describe } from '../support/describe.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { RunningServer } from '../support/start-server.ts'
import { codeOf, exchange, exchangeBytes } from '../support/wire-request.ts'

const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
let isWell = true

function ask(
  port: number,
  target: string,
  {
    method = 'GET',
    host = 's3.test',
    accept,
  }: { method?: string; host?: string; accept?: string } = {},
): Promise<RawResponse> {
  const line = accept === undefined ? '' : `accept: ${accept}\r\n`
  return exchangeBytes(port, `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\n${line}\r\n`, method)
}

function said(response: RawResponse): string {
  return `${response.status} ${codeOf(response)}`
}

describe('the S3 port without a signature', (test) => {
  let server: RunningServer
  test.before(async () => {
    server = await RunningServer.start({
      domains: ['s3.test'],
      check: async () => {
        if (!isWell) throw new Error('not well')
      },
    })
    for (const target of ['/minio', '/favicon.ico', '/minio/health/live', '/favicon.ico/k']) {
      const put = await exchange(server.port, { method: 'PUT', target, body: '' })
      assert.equal(put.status, 200, target)
    }
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('shows a browser a page that says what it is, and how to connect', async () => {
    const page = await ask(server.port, '/', { accept: browser })
    assert.equal(page.status, 200)
    assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/)
    assert.match(page.body.toString(), /aws --endpoint-url http:\/\/s3\.test s3 ls/)
    const odd = await ask(server.port, '/', { accept: browser, host: "a'&b" })
    assert.match(odd.body.toString(), /http:\/\/a&#39;&amp;b s3 ls/)
  })

  test('answers clients that list buckets as S3 does', async () => {
    for (const [target, options] of [
      ['/', {}],
      ['/', { accept: '*/*' }],
      ['/', { accept: 'application/xml' }],
      ['/?x-id=ListBuckets', { accept: browser }],
    ] as const) {
      const response = await ask(server.port, target, options)
      assert.equal(said(response), '403 AccessDenied', target)
      assert.equal(response.headers.get('content-type'), 'application/xml')
    }
    const signed = { target: '/', headers: { accept: browser } }
    assert.match((await exchange(server.port, signed)).body.toString(), /<ListAllMyBucketsResult/)
  })

  test('has no icon, and says so to whoever asks for that alone', async () => {
    for (const method of ['GET', 'HEAD']) {
      const icon = await ask(server.port, '/favicon.ico', { method })
      assert.equal(icon.status, 204)
      assert.equal(icon.body.length, 0)
    }
    assert.equal(said(await ask(server.port, '/favicon.ico?list-type=2')), '403 AccessDenied')
    assert.equal(said(await ask(server.port, '/favicon.ico/k')), '403 AccessDenied')
    assert.equal(
      said(await ask(server.port, '/favicon.ico', { method: 'DELETE' })),
      '403 AccessDenied',
    )
    const listed = await exchange(server.port, { target: '/favicon.ico' })
    assert.match(listed.body.toString(), /<Key>k<\/Key>/)
  })

  test('tells whether it is well by MinIO’s paths, once a moment', async () => {
    const paths = ['live', 'ready', 'cluster', 'cluster/read', 'cluster?maintenance=true']
    for (const path of paths) {
      for (const method of ['GET', 'HEAD']) {
        const response = await ask(server.port, `/minio/health/${path}`, { method })
        assert.deepStrictEqual([response.status, response.body.length], [200, 0], path)
      }
    }
    isWell = false
    let sick = await ask(server.port, '/minio/health/ready')
    while (sick.status === 200) sick = await ask(server.port, '/minio/health/ready')
    assert.equal(sick.status, 503)
    assert.equal((await ask(server.port, '/minio/health/cluster')).status, 503)
    assert.equal((await ask(server.port, '/minio/health/live')).status, 200)
    isWell = true
    while (sick.status === 503) sick = await ask(server.port, '/minio/health/ready')
    assert.equal(sick.status, 200)
  })

  test('leaves all else of a bucket called minio to S3', async () => {
    for (const target of ['/minio', '/minio/health', '/minio/health/', '/minio/health/live/x']) {
      assert.equal(said(await ask(server.port, target)), '403 AccessDenied', target)
    }
    const put = await ask(server.port, '/minio/health/live', { method: 'DELETE' })
    assert.equal(said(put), '403 AccessDenied')
    const got = await exchange(server.port, { target: '/minio/health/live' })
    assert.equal(got.headers.get('etag'), '"d41d8cd98f00b204e9800998ecf8427e"')
    const spoilt = await ask(server.port, '/minio/health/live?X-Amz-Signature=x')
    assert.equal(codeOf(spoilt), 'AuthorizationQueryParametersError')
  })

  test('leaves a bucket’s own host to S3', async () => {
    const host = 'minio.s3.test'
    for (const target of ['/', '/favicon.ico', '/minio/health/live']) {
      const response = await ask(server.port, target, { host, accept: browser })
      assert.equal(said(response), '403 AccessDenied', target)
    }
  })
})

describe('health that is asked for over and over', (test) => {
  test('is looked at once in a second, however many ask', async () => {
    let looked = 0
    let nowMs = 0
    const health = watchHealth(
      async () => {
        looked += 1
      },
      () => nowMs,
    )
    await Promise.all(Array.from({ length: 100 }, () => health.isWell()))
    assert.equal(looked, 1)
    nowMs = 1_000
    await health.isWell()
    assert.equal(looked, 2)
  })

  test('is not well when it does not answer, and is not looked at again meanwhile', async () => {
    let looked = 0
    let nowMs = 0
    let answer = () => {}
    const health = watchHealth(
      () => {
        looked += 1
        return new Promise((resolve) => {
          answer = resolve
        })
      },
      () => nowMs,
    )
    // What waits for it does not keep the process alive.
    const alive = setInterval(() => {}, 1_000)
    assert.equal(await health.isWell(), false)
    nowMs = 60_000
    assert.equal(await health.isWell(), false)
    assert.equal(looked, 1)
    answer()
    await new Promise((resolve) => setImmediate(resolve))
    const again = health.isWell()
    answer()
    assert.equal(await again, true)
    assert.equal(looked, 2)
    clearInterval(alive)
  })
})

describe('the admin port', (test) => {
  const app = createHealthApp(async () => ({ ready: true, details: {} }))

  test('shows a browser what there is, and tells all others in a line', async () => {
    const page = await app.request('/', { headers: { accept: browser } })
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
    assert.match(await page.text(), /href="\/healthz".*[\s\S]*href="\/readyz"/)
    const plain = await app.request('/')
    assert.match(await plain.text(), /^Holdfast, admin port: see \/healthz and \/readyz\n$/)
    assert.equal((await app.request('/favicon.ico')).status, 204)
    assert.equal((await app.request('/else')).status, 404)
  })
})
