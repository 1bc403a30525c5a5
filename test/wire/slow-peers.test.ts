// Clients that stand still: a thousand stalled uploads neither take the server's memory nor hold up a fast
// one, and are cut off; readers that do not read cost little. The server is a process of its own, started by
// its command line, so that its memory can be measured.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe } from '../support/describe.ts'
import { RawConnection } from '../support/raw-connection.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { serverKey } from '../support/start-server.ts'
import { makeTemporaryDirectory, StartedServer } from '../support/started-server.ts'
import { codeOf, exchange, signed, signedChunked } from '../support/wire-request.ts'

const mib = 1024 * 1024
const random = seededBytes()
const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))

let server: StartedServer
let port = 0
let folder: ReturnType<typeof makeTemporaryDirectory>

/** Resident memory of the server, or nothing where the system does not tell it like Linux. */
function residentMib(): number | undefined {
  try {
    const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw cause
  }
}

async function put(key: string, body: Buffer): Promise<void> {
  const response = await exchange(port, { method: 'PUT', target: `/bkt/${key}`, body })
  assert.equal(response.status, 200, codeOf(response))
}

/** Begins an upload and stops sending after `count` bytes of its body. */
async function stall(bodyBytes: number, count: number): Promise<RawConnection> {
  const connection = await RawConnection.open(port)
  const headers = { 'content-length': String(bodyBytes) }
  const { head } = signed({
    method: 'PUT',
    target: '/bkt/stalled',
    headers,
    payloadHash: 'UNSIGNED-PAYLOAD',
  })
  await connection.send(Buffer.concat([head, random.bytes(count)]))
  return connection
}

describe('peers that stand still', (test) => {
  test.before(async () => {
    folder = makeTemporaryDirectory()
    server = new StartedServer({
      program,
      argv: [
        ...['server', '--data', join(folder.path, 'data'), '--workers', '1'],
        ...['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'],
        ...['--ingest-memory', '32MiB', '--upload-rate-window', '4s', '--upload-rate-min', '10KiB'],
      ],
      env: {
        HOLDFAST_ROOT_ACCESS_KEY: serverKey.accessKeyId,
        HOLDFAST_ROOT_SECRET_KEY: serverKey.secretAccessKey,
      },
    })
    port = Number(new URL((await server.listening()).s3).port)
    assert.equal((await exchange(port, { method: 'PUT', target: '/bkt' })).status, 200)
    // What an upload needs once and for all is not growth.
    for (let count = 0; count < 5; count += 1) await put('warm', random.bytes(20 * mib))
  })
  test.after(async () => {
    assert.equal(await server.stop(), 0)
    assert.doesNotMatch(server.output, /failed/)
    folder.remove()
  })

  test('a thousand stalled uploads let fast ones pass, take little memory, and are cut off', async () => {
    const before = residentMib()
    const stalled: RawConnection[] = []
    const counts = [0, 1, 1000, 4096, 4097, 65_536, 100_000, 300_000]
    for (let at = 0; at < 1000; at += 50) {
      const opened = Array.from({ length: 50 }, (_, n) =>
        stall(8 * mib, counts[(at + n) % counts.length] ?? 0),
      )
      stalled.push(...(await Promise.all(opened)))
    }
    const body = random.bytes(24 * mib)
    await put('fast', body)
    const during = residentMib()
    const got = await exchange(port, { target: '/bkt/fast' })
    assert.ok(got.body.equals(body), 'the fast upload is whole')
    if (before !== undefined && during !== undefined) {
      console.log(`resident: ${before.toFixed(0)} MiB before, ${during.toFixed(0)} MiB during`)
      assert.ok(during - before < 250, `${before} MiB grew to ${during} MiB`)
    }
    const answers = await Promise.all(
      stalled.map(async (connection) => {
        const response = await connection.response('PUT')
        connection.close()
        return `${response.status} ${codeOf(response)}`
      }),
    )
    assert.deepStrictEqual([...new Set(answers)], ['400 RequestTimeout'])
    assert.equal((await exchange(port, { target: '/bkt/stalled' })).status, 404)
    await put('after', body)
  })

  test('a sender that trickles is cut off, one that is slow and steady enough is not', async () => {
    const trickle = await stall(mib, 0)
    const steady = await RawConnection.open(port)
    const body = random.bytes(160_000)
    const request = signed({ method: 'PUT', target: '/bkt/steady', body })
    await steady.send(request.head)
    let sent = 0
    while (sent < body.length || !trickle.isEnded) {
      if (trickle.pending.length === 0) await trickle.send('x')
      else break
      await steady.send(body.subarray(sent, sent + 4000))
      sent += 4000
      await sleep(100)
    }
    assert.equal(codeOf(await trickle.response('PUT')), 'RequestTimeout')
    trickle.close()
    while (sent < body.length) {
      await steady.send(body.subarray(sent, sent + 4000))
      sent += 4000
      await sleep(100)
    }
    assert.equal((await steady.response('PUT')).status, 200)
    steady.close()
  })

  test('stalls within chunk headers, trailers and forms are cut off too', async () => {
    const data = random.bytes(100_000)
    const chunked = signedChunked({
      target: '/bkt/stalled',
      data,
      chunkBytes: 65_536,
      payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      trailers: { 'x-amz-checksum-crc32': 'AAAAAA==' },
    })
    const form =
      'POST /bkt HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9999\r\n\r\n--b\r\nContent-Disposition'
    const cuts = [
      chunked.bytes.subarray(0, chunked.head.length + 3),
      chunked.bytes.subarray(0, chunked.bytes.length - 10),
      Buffer.from(form),
      signed({
        method: 'POST',
        target: '/bkt?delete',
        body: '<Delete>',
        headers: { 'content-length': '5000', 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' },
      }).bytes,
    ]
    const answers = await Promise.all(
      cuts.map(async (bytes) => {
        const connection = await RawConnection.open(port)
        await connection.send(bytes)
        const response = await connection.response('PUT')
        connection.close()
        return codeOf(response)
      }),
    )
    assert.deepStrictEqual([...new Set(answers)], ['RequestTimeout'])
  })

  test('readers that do not read cost little memory, however large the object', async () => {
    await put('large', random.bytes(64 * mib))
    const before = residentMib()
    const readers: RawConnection[] = []
    for (let count = 0; count < 300; count += 1) {
      const connection = await RawConnection.open(port)
      connection.socket.pause()
      await connection.send(signed({ target: '/bkt/large' }).bytes)
      readers.push(connection)
    }
    await sleep(500)
    const body = random.bytes(mib)
    await put('meanwhile', body)
    assert.ok((await exchange(port, { target: '/bkt/meanwhile' })).body.equals(body))
    const during = residentMib()
    if (before !== undefined && during !== undefined) {
      console.log(`resident: ${before.toFixed(0)} MiB before, ${during.toFixed(0)} MiB during`)
      assert.ok(during - before < 400, `${before} MiB grew to ${during} MiB`)
    }
    for (const reader of readers) reader.close()
  })
})
