// The AWS SDK for JavaScript: the five checksums, in headers (bodies it holds) and in trailers (streams).
import assert from 'node:assert'
import { Readable } from 'node:stream'
import {
  type ChecksumAlgorithm,
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { bodyOf, rejectsWith, sdkFor } from './aws-sdk-client.ts'
import { ClientServer, workerCounts } from './client-server.ts'

const random = seededBytes()
const Bucket = 'checksums'
const algorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const

/** Pieces of odd sizes, as streams have them. */
async function* pieces(body: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += 30_001) yield body.subarray(at, at + 30_001)
}

function checksumTests(workers: number): void {
  describe(`checksums of the AWS SDK, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let sdk: S3Client
    const body = random.bytes(5_000_003)
    test.before(async () => {
      server = await ClientServer.start(workers)
      sdk = sdkFor(server)
      await sdk.send(new CreateBucketCommand({ Bucket }))
    })
    test.after(async () => {
      sdk.destroy()
      await server.close()
    })

    async function checksumOf(algorithm: ChecksumAlgorithm, Key: string): Promise<string> {
      const head = await sdk.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
      assert.strictEqual(head.ChecksumType, 'FULL_OBJECT')
      const found = {
        CRC32: head.ChecksumCRC32,
        CRC32C: head.ChecksumCRC32C,
        CRC64NVME: head.ChecksumCRC64NVME,
        SHA1: head.ChecksumSHA1,
        SHA256: head.ChecksumSHA256,
      }
      return Object.entries(found).find(([name]) => name === algorithm)?.[1] ?? 'none'
    }

    for (const ChecksumAlgorithm of algorithms) {
      test(`${ChecksumAlgorithm} of a body and of a stream are the same, and are verified on the way back`, async () => {
        const held = `${ChecksumAlgorithm} header`
        const streamed = `${ChecksumAlgorithm} trailer`
        const put = { Bucket, ChecksumAlgorithm }
        await sdk.send(new PutObjectCommand({ ...put, Key: held, Body: body }))
        await sdk.send(
          new PutObjectCommand({
            ...put,
            Key: streamed,
            Body: Readable.from(pieces(body)),
            ContentLength: body.length,
          }),
        )
        const checksum = await checksumOf(ChecksumAlgorithm, held)
        assert.notStrictEqual(checksum, 'none')
        assert.strictEqual(await checksumOf(ChecksumAlgorithm, streamed), checksum)
        for (const Key of [held, streamed]) {
          // The SDK compares while it reads, and throws when they differ.
          const get = new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' })
          assert.ok(body.equals(await bodyOf(await sdk.send(get))))
        }
      })

      test(`a wrong ${ChecksumAlgorithm} is refused, and nothing is stored`, async () => {
        const wrong = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 } as const
        const value = Buffer.alloc(wrong[ChecksumAlgorithm]).toString('base64')
        const Key = `${ChecksumAlgorithm} wrong`
        const put = new PutObjectCommand({
          Bucket,
          Key,
          Body: 'x',
          [`Checksum${ChecksumAlgorithm}`]: value,
        })
        await rejectsWith(sdk.send(put), 'BadDigest', 400)
        await rejectsWith(sdk.send(new HeadObjectCommand({ Bucket, Key })), 'NotFound', 404)
      })
    }

    test('without an algorithm the SDK chooses one, and the server keeps one of its own without it', async () => {
      const Key = 'plain'
      const bare = sdkFor(server, {
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      })
      await bare.send(new PutObjectCommand({ Bucket, Key, Body: body }))
      assert.ok(body.equals(await bodyOf(await bare.send(new GetObjectCommand({ Bucket, Key })))))
      bare.destroy()
      assert.ok(body.equals(await bodyOf(await sdk.send(new GetObjectCommand({ Bucket, Key })))))
    })

    test('an MD5 is compared too', async () => {
      const put = { Bucket, Key: 'md5', Body: 'abc' }
      await sdk.send(new PutObjectCommand({ ...put, ContentMD5: 'kAFQmDzST7DWlj99KOF/cg==' }))
      const wrong = new PutObjectCommand({ ...put, ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' })
      await rejectsWith(sdk.send(wrong), 'BadDigest', 400)
    })
  })
}

for (const workers of workerCounts) checksumTests(workers)
