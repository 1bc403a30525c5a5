// What the AWS SDK really sends over a socket is verified and decoded.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { decodeAwsChunked } from '../../../../protocol/s3/body/aws-chunked-decoder.ts'
import { parseAwsChunkedOptions } from '../../../../protocol/s3/body/aws-chunked-options.ts'
import type { ChecksumAlgorithm } from '../../../../protocol/s3/checksums/checksum-algorithm.ts'
import { loadChecksums } from '../../../../protocol/s3/checksums/streaming-digest.ts'
import { parseCredentials } from '../../../../protocol/s3/sigv4/parse-credentials.ts'
import type { PayloadDeclaration } from '../../../../protocol/s3/sigv4/signed-request.ts'
import { verifySignature } from '../../../../protocol/s3/sigv4/verify-signature.ts'
import { describe } from '../../../support/describe.ts'
import * as aws from './aws-example.ts'

type Received = {
  readonly payload: PayloadDeclaration
  readonly data: Buffer
  readonly trailers: Readonly<Record<string, string>>
}

const options = () => aws.verifyOptions({ nowMs: Date.now() })

async function receive(incoming: IncomingMessage): Promise<Received> {
  const request = {
    method: incoming.method ?? '',
    target: incoming.url ?? '',
    rawHeaders: incoming.rawHeaders,
  }
  const presented = parseCredentials(request)
  if (presented === 'anonymous') throw new Error('the SDK has not signed')
  const { payload, chunkSigning } = verifySignature(request, presented, options())
  const header = (name: string) => presented.headers.get(name)
  const chunked = parseAwsChunkedOptions(
    payload,
    {
      'x-amz-decoded-content-length': header('x-amz-decoded-content-length'),
      'x-amz-trailer': header('x-amz-trailer'),
    },
    chunkSigning,
  )
  if (chunked === undefined) return { payload, data: await collect(incoming), trailers: {} }
  const decoded = decodeAwsChunked(incoming, chunked)
  const data = await collect(decoded.body)
  return { payload, data, trailers: Object.fromEntries(decoded.trailers()) }
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of source) pieces.push(piece)
  return Buffer.concat(pieces)
}

describe('requests of the AWS SDK for JavaScript', (test) => {
  let server: Server
  let client: S3Client
  const received: Received[] = []
  const failures: unknown[] = []

  test.before(async () => {
    server = createServer((incoming, outgoing) => {
      receive(incoming).then(
        (what) => {
          received.push(what)
          outgoing.end()
        },
        (error) => {
          failures.push(error)
          outgoing.writeHead(400).end()
        },
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    client = new S3Client({
      endpoint: `http://127.0.0.1:${portOf(server)}`,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: aws.accessKeyId, secretAccessKey: aws.secretAccessKey },
    })
  })

  test.after(async () => {
    client.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  test.beforeEach(() => {
    received.length = 0
    failures.length = 0
  })

  test('keys and parameters of every kind verify', async () => {
    const keys = [
      'plain',
      'a b+c',
      'ü/ß',
      "!'()*~",
      '../x/./',
      'a%2Fb',
      'a//b/',
      '&=?#',
      '\u{1f600}',
    ]
    for (const Key of keys) {
      await client.send(new GetObjectCommand({ Bucket: 'bucket', Key, Range: 'bytes=0-1' }))
      await client.send(new ListObjectsV2Command({ Bucket: 'bucket', Prefix: Key, Delimiter: '/' }))
    }
    assert.deepEqual(failures, [])
    assert.equal(received.length, 2 * keys.length)
  })

  test('a body in one piece is bound by its SHA-256', async () => {
    const Metadata = { note: 'two  blanks' }
    await client.send(new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'hello', Metadata }))
    assert.deepEqual(failures, [])
    assert.equal(received[0]?.payload.is, 'sha256')
    assert.equal(received[0]?.data.toString(), 'hello')
  })

  test('a stream comes in chunks with its checksum behind it, whatever the algorithm', async () => {
    const checksums = await loadChecksums()
    const data = Buffer.alloc(200_000, 'stream')
    const algorithms: readonly ChecksumAlgorithm[] = ['CRC32', 'CRC32C', 'SHA1', 'SHA256']
    for (const ChecksumAlgorithm of algorithms) {
      const Body = Readable.from([data.subarray(0, 70_000), data.subarray(70_000)])
      await client.send(
        new PutObjectCommand({
          Bucket: 'b',
          Key: 'k',
          Body,
          ContentLength: data.length,
          ChecksumAlgorithm,
        }),
      )
      const last = received.at(-1)
      assert.deepEqual(failures, [])
      assert.equal(last?.payload.is, 'unsignedTrailer')
      assert.deepEqual(last?.data, data)
      const digest = checksums.createDigest(ChecksumAlgorithm)
      digest.update(data)
      assert.deepEqual(Object.values(last?.trailers ?? {}), [digest.digest().toString('base64')])
    }
  })
})

function portOf(server: Server): number {
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return (address satisfies AddressInfo).port
}
