// Uploads in aws-chunked over raw sockets: all its variants, and that nothing is stored when one is wrong.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { RunningServer } from '../support/start-server.ts'
import {
  type Chunked,
  codeOf,
  exchange,
  exchangeBytes,
  signedChunked,
} from '../support/wire-request.ts'

const random = seededBytes()
const data = random.bytes(300_000)
const large = random.bytes(9_500_000)
const crc = Buffer.alloc(4)
crc.writeUInt32BE(crc32(data))
const trailers = { 'x-amz-checksum-crc32': crc.toString('base64') }

const payloads = [
  { payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' },
  { payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', trailers },
  { payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', trailers },
] as const
type Variant = (typeof payloads)[number]

let server: RunningServer
let chunksBefore = 0

async function send(options: Partial<Chunked> & Pick<Chunked, 'payload'>): Promise<string> {
  const { bytes } = signedChunked({ target: '/bkt/k', data, chunkBytes: 65_536, ...options })
  const response = await exchangeBytes(server.port, bytes, 'PUT')
  return response.status === 200 ? '200' : `${response.status} ${codeOf(response)}`
}

async function storedAs(expected: Buffer | undefined): Promise<void> {
  const response = await exchange(server.port, { target: '/bkt/k' })
  if (expected === undefined) assert.equal(response.status, 404)
  else assert.ok(response.body.equals(expected), 'the object is what was sent')
}

/** Nothing is stored of a spoilt upload, under the key or of its chunks. */
async function refused(options: Partial<Chunked> & Pick<Chunked, 'payload'>): Promise<string> {
  const answer = await send(options)
  assert.notEqual(answer, '200')
  await storedAs(undefined)
  assert.deepStrictEqual(await server.kept(), { chunks: chunksBefore })
  return answer
}

/** Flips a bit in what `position` finds. */
function flip(position: (body: Buffer) => number): (body: Buffer) => Buffer {
  return (body) => {
    const spoilt = Buffer.from(body)
    const at = position(body)
    spoilt[at] = (spoilt[at] ?? 0) ^ 1
    return spoilt
  }
}

describe('uploads in aws-chunked', (test) => {
  test.before(async () => {
    server = await RunningServer.start()
    assert.equal((await exchange(server.port, { method: 'PUT', target: '/bkt' })).status, 200)
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })
  test.afterEach(async () => {
    await exchange(server.port, { method: 'DELETE', target: '/bkt/k' })
    chunksBefore = (await server.kept()).chunks
  })

  for (const variant of payloads) {
    test(`${variant.payload} stores what its chunks hold, whatever their size`, async () => {
      for (const chunkBytes of [300_000, 65_536, 8192, 4097]) {
        assert.equal(await send({ ...variant, chunkBytes }), '200')
        await storedAs(data)
      }
      assert.equal(
        await send({ payload: variant.payload, data: Buffer.alloc(0), ...trailersOf(variant, '') }),
        '200',
      )
      await storedAs(Buffer.alloc(0))
    })

    test(`${variant.payload} refuses framing that is broken anywhere`, async () => {
      const spoils: ((body: Buffer) => Buffer)[] = [
        (body) => body.subarray(0, body.length - 30),
        (body) => Buffer.concat([Buffer.from('x'), body]),
        (body) => Buffer.from(body.toString('latin1').replace('10000', '0000'), 'latin1'),
        (body) => Buffer.from(body.toString('latin1').replace('10000', '10001'), 'latin1'),
        (body) => Buffer.from(body.toString('latin1').replace('10000', '-1000'), 'latin1'),
        (body) => Buffer.from(body.toString('latin1').replace('10000', 'fffff'), 'latin1'),
      ]
      for (const spoil of spoils) {
        // The length that was signed stays, so the body is cut or filled up to it.
        const fitted = (body: Buffer) =>
          Buffer.concat([spoil(body), Buffer.alloc(64)]).subarray(0, body.length)
        assert.equal(
          await refused({ ...variant, spoil: fitted }),
          '400 IncompleteBody',
          String(spoil),
        )
      }
    })

    test(`${variant.payload} cut off anywhere is incomplete, whatever length was signed`, async () => {
      const short = {
        ...variant,
        data: Buffer.from('hello'),
        chunkBytes: 3,
        ...trailersOf(variant, 'hello'),
      }
      const whole = signedChunked({ target: '/bkt/k', ...short }).body.length
      for (let length = 0; length < whole; length += 1) {
        const headers = { 'content-length': String(length) }
        const spoil = (body: Buffer) => body.subarray(0, length)
        assert.equal(await send({ ...short, headers, spoil }), '400 IncompleteBody', `${length}`)
      }
      await storedAs(undefined)
      assert.equal(await send(short), '200')
      await storedAs(Buffer.from('hello'))
    })

    test(`${variant.payload} ends in an empty line and nothing else`, async () => {
      const short = {
        ...variant,
        data: Buffer.from('hello'),
        chunkBytes: 5,
        ...trailersOf(variant, 'hello'),
      }
      const ends = [
        ['\r\n', '\rX'],
        ['\r\n', 'XX'],
        ['\r\n', '\n\n'],
      ] as const
      for (const [end, other] of ends) {
        const spoil = (body: Buffer) =>
          Buffer.concat([body.subarray(0, body.length - end.length), Buffer.from(other)])
        assert.equal(await send({ ...short, spoil }), '400 IncompleteBody', JSON.stringify(other))
      }
      await storedAs(undefined)
    })

    test(`${variant.payload} must be as long as declared`, async () => {
      const answers = {
        ...{ '299999': 'IncompleteBody', '300001': 'IncompleteBody', '0': 'IncompleteBody' },
        ...{ '-1': 'InvalidArgument', x: 'InvalidArgument', '99999999999': 'EntityTooLarge' },
      }
      for (const [length, code] of Object.entries(answers)) {
        const headers = { 'x-amz-decoded-content-length': length }
        assert.equal(await refused({ ...variant, headers }), `400 ${code}`, length)
      }
    })
  }

  test('a chunk with a bad signature in mid-stream stores nothing, of large bodies either', async () => {
    const payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
    const spoils = [
      flip((body) => body.indexOf('chunk-signature=') + 20),
      flip((body) => body.lastIndexOf('chunk-signature=') + 20),
      flip((body) => Math.floor(body.length / 2)),
      flip((body) => body.length - 200),
    ]
    for (const spoil of spoils) {
      assert.equal(await refused({ payload, spoil }), '403 SignatureDoesNotMatch')
      const whole = { payload, data: large, chunkBytes: 1_000_000, spoil } as const
      assert.equal(await refused(whole), '403 SignatureDoesNotMatch')
    }
  })

  test('chunks cannot change places', async () => {
    const swap = (body: Buffer) => {
      const second = body.indexOf('10000;', 1000)
      const third = body.indexOf('10000;', second + 1000)
      return Buffer.concat([
        body.subarray(second, third),
        body.subarray(0, second),
        body.subarray(third),
      ])
    }
    const payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
    assert.equal(await refused({ payload, spoil: swap }), '403 SignatureDoesNotMatch')
  })

  test('a trailer that is wrong, missing, unsigned or not announced stores nothing', async () => {
    const signedTrailer = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'
    const unsignedTrailer = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
    const wrong = { 'x-amz-checksum-crc32': 'AAAAAA==' }
    for (const payload of [signedTrailer, unsignedTrailer] as const) {
      assert.equal(await refused({ payload, trailers: wrong }), '400 BadDigest')
      const notBase64 = { 'x-amz-checksum-crc32': 'nonsense' }
      assert.match(await refused({ payload, trailers: notBase64 }), /^400 /)
      const sha1 = { 'x-amz-checksum-sha1': createHash('sha1').update('other').digest('base64') }
      assert.equal(await refused({ payload, trailers: sha1 }), '400 BadDigest')
      const announced = { 'x-amz-trailer': 'x-amz-checksum-crc32c' }
      assert.equal(
        await refused({ payload, trailers, headers: announced }),
        '400 MalformedTrailerError',
      )
    }
    const spoil = flip((body) => body.indexOf('x-amz-trailer-signature:') + 30)
    assert.equal(
      await refused({ payload: signedTrailer, trailers, spoil }),
      '403 SignatureDoesNotMatch',
    )
    const changed = flip((body) => body.indexOf('x-amz-checksum-crc32:') + 22)
    assert.match(await refused({ payload: signedTrailer, trailers, spoil: changed }), /^40[03] /)
  })

  test('the encoding itself is not kept, others are', async () => {
    const headers = { 'content-encoding': 'gzip,aws-chunked' }
    assert.equal(await send({ payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', headers }), '200')
    const response = await exchange(server.port, { target: '/bkt/k' })
    assert.equal(response.headers.get('content-encoding'), 'gzip')
  })

  test('aws-chunked within HTTP chunks is decoded twice', async () => {
    const payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
    const options = { target: '/bkt/k', data, chunkBytes: 65_536, payload } as const
    const { head, body } = signedChunked({ ...options, inHttpChunks: true })
    const pieces: Buffer[] = [head]
    for (let at = 0; at < body.length; at += 50_000) {
      const piece = body.subarray(at, at + 50_000)
      pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
    }
    pieces.push(Buffer.from('0\r\n\r\n'))
    const response = await exchangeBytes(server.port, Buffer.concat(pieces), 'PUT')
    assert.equal(response.status, 200)
    await storedAs(data)
  })
})

/** Trailers of a short body, where the variant has any. */
function trailersOf(variant: Variant, body: string): Pick<Chunked, 'trailers'> {
  if (!('trailers' in variant)) return {}
  const digest = Buffer.alloc(4)
  digest.writeUInt32BE(crc32(body))
  return { trailers: { 'x-amz-checksum-crc32': digest.toString('base64') } }
}
