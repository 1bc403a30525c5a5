// Uploads whose connection breaks: no object, no part, no chunk is left, and the memory that the upload had
// borrowed is there for the next. The server has one buffer to lend, so that one kept would stop the rest.
import assert from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from '../support/describe.ts'
import { RawConnection } from '../support/raw-connection.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { RunningServer } from '../support/start-server.ts'
import { exchange, type Signed, signed, signedChunked } from '../support/wire-request.ts'

const mib = 1024 * 1024
const random = seededBytes()
let server: RunningServer

/** Sends the first `count` bytes and breaks the connection, hard or with an orderly end. */
async function cut({ bytes }: Signed, count: number): Promise<void> {
  const connection = await RawConnection.open(server.port)
  await connection.send(bytes.subarray(0, count))
  if (random.integer(2) === 0) connection.socket.resetAndDestroy()
  else connection.close()
}

/** Fails unless, in a moment, the bucket is empty and no chunk is kept. */
async function assertNothingLeft(told: string): Promise<void> {
  const untilMs = Date.now() + 5_000
  for (;;) {
    const listed = await exchange(server.port, { target: '/bkt?versions' })
    assert.doesNotMatch(listed.body.toString(), /<Key>/, told)
    const { chunks } = await server.kept()
    if (chunks === 0) return
    assert.ok(Date.now() < untilMs, `${told}: ${chunks} chunks are left`)
    await sleep(10)
  }
}

/** Fails when the only buffer is still out. */
async function assertUploadsGoOn(): Promise<void> {
  const body = random.bytes(5 * mib)
  assert.equal(
    (await exchange(server.port, { method: 'PUT', target: '/other/k', body })).status,
    200,
  )
  const got = await exchange(server.port, { target: '/other/k' })
  assert.ok(got.body.equals(body))
  await exchange(server.port, { method: 'DELETE', target: '/other/k' })
}

/** Every place where something changes within the bytes, and a sample of the others. */
function places(request: Signed, samples: number): readonly number[] {
  const { bytes, head } = request
  const edges = [
    0,
    head.length,
    bytes.length,
    ...[64 * 1024, 4 * mib, 8 * mib].map((n) => head.length + n),
  ]
  const near = edges.flatMap((edge) => [edge - 1, edge, edge + 1])
  for (let at = bytes.indexOf('\r\n', head.length); at >= 0 && near.length < 60; ) {
    near.push(at, at + 1, at + 2)
    at = bytes.indexOf('\r\n', at + 2)
  }
  const sampled = Array.from({ length: samples }, () => random.integer(bytes.length))
  const all = new Set([...near, ...sampled].filter((n) => n > 0 && n < bytes.length))
  return [...all].sort((a, b) => a - b)
}

describe('an upload that is cut', (test) => {
  test.before(async () => {
    server = await RunningServer.start({ ingestMemoryBytes: 8 * mib })
    for (const target of ['/bkt', '/other']) {
      assert.equal((await exchange(server.port, { method: 'PUT', target })).status, 200)
    }
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  const uploads: readonly (readonly [string, () => Signed, number])[] = [
    ['small', () => signed({ method: 'PUT', target: '/bkt/k', body: random.bytes(3_000) }), 60],
    [
      'of 200 KB',
      () => signed({ method: 'PUT', target: '/bkt/k', body: random.bytes(200_000) }),
      40,
    ],
    ['of 9 MB', () => signed({ method: 'PUT', target: '/bkt/k', body: random.bytes(9 * mib) }), 12],
    [
      'in signed chunks',
      () =>
        signedChunked({
          target: '/bkt/k',
          data: random.bytes(200_000),
          chunkBytes: 65_536,
          payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        }),
      30,
    ],
    [
      'with a trailer',
      () =>
        signedChunked({
          target: '/bkt/k',
          data: Buffer.alloc(100_000),
          chunkBytes: 65_536,
          payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
          trailers: { 'x-amz-checksum-crc32': 'q8EGpg==' },
        }),
      30,
    ],
  ]
  for (const [name, make, samples] of uploads) {
    test(`${name}, at any byte, leaves nothing`, async () => {
      const request = make()
      const cuts = places(request, samples)
      // Several at once, as when a network fails; the bytes are the same and so are their chunks.
      for (let at = 0; at < cuts.length; at += 6) {
        await Promise.all(cuts.slice(at, at + 6).map((count) => cut(request, count)))
      }
      await assertNothingLeft(name)
      await assertUploadsGoOn()
      assert.deepStrictEqual(await server.kept(), { chunks: 0 })
    })
  }

  test('of a part leaves no part', async () => {
    const created = await exchange(server.port, { method: 'POST', target: '/bkt/k?uploads' })
    const uploadId = /<UploadId>([^<]+)/.exec(created.body.toString())?.[1] ?? ''
    const target = `/bkt/k?partNumber=1&uploadId=${encodeURIComponent(uploadId)}`
    const request = signed({ method: 'PUT', target, body: random.bytes(6 * mib) })
    for (const count of places(request, 8)) await cut(request, count)
    await assertNothingLeft('a part')
    const parts = await exchange(server.port, {
      target: `/bkt/k?uploadId=${encodeURIComponent(uploadId)}`,
    })
    assert.equal(parts.status, 200)
    assert.doesNotMatch(parts.body.toString(), /<Part>/)
    await exchange(server.port, {
      method: 'DELETE',
      target: `/bkt/k?uploadId=${encodeURIComponent(uploadId)}`,
    })
    await assertUploadsGoOn()
  })

  test('of a form leaves nothing', async () => {
    const boundary = 'edge'
    const head = `POST /bkt HTTP/1.1\r\nHost: s3.test\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: 1000000\r\n\r\n`
    const body = `--${boundary}\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`
    for (let count = 0; count < head.length + body.length; count += 17) {
      const connection = await RawConnection.open(server.port)
      await connection.send((head + body).slice(0, count))
      connection.close()
    }
    await assertNothingLeft('a form')
  })

  test('over an object leaves the object as it was', async () => {
    const before = random.bytes(100_000)
    const put = { method: 'PUT', target: '/other/kept', body: before }
    assert.equal((await exchange(server.port, put)).status, 200)
    const request = signed({ ...put, body: random.bytes(100_000) })
    for (const count of places(request, 20)) await cut(request, count)
    const got = await exchange(server.port, { target: '/other/kept' })
    assert.ok(got.body.equals(before))
    await exchange(server.port, { method: 'DELETE', target: '/other/kept' })
    await assertNothingLeft('an overwrite')
  })

  test('that ends its side early is told that its body is incomplete', async () => {
    const request = signed({ method: 'PUT', target: '/bkt/k', body: random.bytes(50_000) })
    const connection = await RawConnection.open(server.port, { allowHalfOpen: true })
    await connection.send(request.bytes.subarray(0, 40_000))
    connection.socket.end()
    const rest = (await connection.rest()).toString()
    assert.match(rest, /^($|HTTP\/1\.1 400 )/)
    connection.close()
    await assertNothingLeft('half open')
  })
})
