// The AWS SDK for JavaScript: multipart uploads, their checksums in both types, copies into parts.
import assert from 'node:assert'
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  paginateListParts,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { bodyOf, rejectsWith, sdkFor } from './aws-sdk-client.ts'
import { ClientServer, workerCounts } from './client-server.ts'

const random = seededBytes()
const Bucket = 'multipart'
const mib = 1024 * 1024
const kinds = [
  ['CRC32', 'COMPOSITE'],
  ['CRC32C', 'COMPOSITE'],
  ['SHA1', 'COMPOSITE'],
  ['SHA256', 'COMPOSITE'],
  ['CRC32', 'FULL_OBJECT'],
  ['CRC32C', 'FULL_OBJECT'],
  ['CRC64NVME', 'FULL_OBJECT'],
] as const

function multipartTests(workers: number): void {
  describe(`multipart uploads of the AWS SDK, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let sdk: S3Client
    const parts = [random.bytes(5 * mib), random.bytes(5 * mib + 1), random.bytes(99)]
    const whole = Buffer.concat(parts)
    test.before(async () => {
      server = await ClientServer.start(workers)
      sdk = sdkFor(server)
      await sdk.send(new CreateBucketCommand({ Bucket }))
    })
    test.after(async () => {
      sdk.destroy()
      await server.close()
    })

    async function begin(
      Key: string,
      rest: Partial<CreateMultipartUploadCommandInput> = {},
    ): Promise<{ Bucket: string; Key: string; UploadId: string }> {
      const { UploadId } = await sdk.send(
        new CreateMultipartUploadCommand({ Bucket, Key, ...rest }),
      )
      assert.ok(UploadId !== undefined)
      return { Bucket, Key, UploadId }
    }

    /** All parts at once, as upload managers do it. */
    async function sendParts(
      upload: { Bucket: string; Key: string; UploadId: string },
      rest: Partial<CreateMultipartUploadCommandInput> = {},
    ): Promise<CompletedPart[]> {
      const { ChecksumAlgorithm } = rest
      const sent = parts.map(async (Body, index) => {
        const PartNumber = index + 1
        const reply = await sdk.send(
          new UploadPartCommand({ ...upload, PartNumber, Body, ChecksumAlgorithm }),
        )
        const { ETag, ChecksumCRC32, ChecksumCRC32C } = reply
        const { ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 } = reply
        const sums = { ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1 }
        return { PartNumber, ETag, ...sums, ChecksumSHA256 }
      })
      return Promise.all(sent)
    }

    for (const [ChecksumAlgorithm, ChecksumType] of kinds) {
      test(`with ${ChecksumAlgorithm} of type ${ChecksumType}`, async () => {
        const Key = `${ChecksumAlgorithm} ${ChecksumType}`
        const upload = await begin(Key, { ChecksumAlgorithm, ChecksumType })
        const Parts = await sendParts(upload, { ChecksumAlgorithm })
        const completed = await sdk.send(
          new CompleteMultipartUploadCommand({
            ...upload,
            ChecksumType,
            MultipartUpload: { Parts },
            MpuObjectSize: whole.length,
          }),
        )
        assert.strictEqual(completed.ChecksumType, ChecksumType)
        assert.match(completed.ETag ?? '', /^"[0-9a-f]{32}-3"$/)
        const checksum = completed[`Checksum${ChecksumAlgorithm}`]
        assert.strictEqual(checksum?.endsWith('-3'), ChecksumType === 'COMPOSITE')
        const ChecksumMode = 'ENABLED'
        const got = await sdk.send(new GetObjectCommand({ Bucket, Key, ChecksumMode }))
        assert.strictEqual(got[`Checksum${ChecksumAlgorithm}`], checksum)
        assert.ok(whole.equals(await bodyOf(got)))
        const ObjectAttributes = ['ObjectParts', 'Checksum'] as const
        const attributes = await sdk.send(
          new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: [...ObjectAttributes] }),
        )
        assert.strictEqual(attributes.ObjectParts?.TotalPartsCount, 3)
        assert.deepStrictEqual(
          attributes.ObjectParts?.Parts?.map(({ Size }) => Size),
          parts.map(({ length }) => length),
        )
      })
    }

    test('the FULL_OBJECT checksum of parts is that of a single PUT', async () => {
      const ChecksumMode = 'ENABLED'
      const put = { Bucket, Key: 'single', Body: whole, ChecksumAlgorithm: 'CRC64NVME' } as const
      await sdk.send(new PutObjectCommand(put))
      const single = await sdk.send(new HeadObjectCommand({ Bucket, Key: 'single', ChecksumMode }))
      const Key = 'CRC64NVME FULL_OBJECT'
      const inParts = await sdk.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode }))
      assert.strictEqual(inParts.ChecksumCRC64NVME, single.ChecksumCRC64NVME)
    })

    test('metadata and tags are of the upload, single parts can be read', async () => {
      const Key = 'described'
      const upload = await begin(Key, { ContentType: 'a/b', Metadata: { m: '1' }, Tagging: 't=1' })
      const Parts = await sendParts(upload)
      await sdk.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
      const second = await sdk.send(new GetObjectCommand({ Bucket, Key, PartNumber: 2 }))
      assert.deepStrictEqual([second.ContentType, second.Metadata], ['a/b', { m: '1' }])
      assert.deepStrictEqual([second.PartsCount, second.TagCount], [3, 1])
      assert.ok(parts[1]?.equals(await bodyOf(second)))
      const fourth = new GetObjectCommand({ Bucket, Key, PartNumber: 4 })
      await rejectsWith(sdk.send(fourth), 'InvalidPartNumber', 416)
    })

    test('parts copied from objects, whole and in ranges', async () => {
      const source = await begin('source')
      const Parts = await sendParts(source)
      await sdk.send(new CompleteMultipartUploadCommand({ ...source, MultipartUpload: { Parts } }))
      const upload = await begin('assembled')
      const CopySource = `${Bucket}/source`
      const copies: CompletedPart[] = []
      const ranges = [`bytes=1-${5 * mib}`, undefined, 'bytes=0-9']
      for (const [index, CopySourceRange] of ranges.entries()) {
        const PartNumber = index + 1
        const copied = await sdk.send(
          new UploadPartCopyCommand({ ...upload, PartNumber, CopySource, CopySourceRange }),
        )
        copies.push({ PartNumber, ETag: copied.CopyPartResult?.ETag })
      }
      const MultipartUpload = { Parts: copies }
      await sdk.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }))
      const expected = [whole.subarray(1, 5 * mib + 1), whole, whole.subarray(0, 10)]
      const got = await sdk.send(new GetObjectCommand({ Bucket, Key: 'assembled' }))
      assert.ok(Buffer.concat(expected).equals(await bodyOf(got)))
      await sdk.send(new CopyObjectCommand({ Bucket, Key: 'once', CopySource }))
      const once = await sdk.send(new GetObjectCommand({ Bucket, Key: 'once' }))
      assert.ok(whole.equals(await bodyOf(once)))
    })

    test('uploads and parts are listed in pages, and aborted', async () => {
      const Prefix = 'listed/'
      const uploads = await Promise.all(
        ['a', 'b/x', 'b/y', 'ü'].map((name) => begin(Prefix + name)),
      )
      const listing = { Bucket, Prefix, Delimiter: '/' }
      const first = await sdk.send(new ListMultipartUploadsCommand({ ...listing, MaxUploads: 2 }))
      assert.deepStrictEqual(
        [first.Uploads?.map(({ Key }) => Key), first.CommonPrefixes?.map((group) => group.Prefix)],
        [['listed/a'], ['listed/b/']],
      )
      const KeyMarker = first.NextKeyMarker
      const UploadIdMarker = first.NextUploadIdMarker
      const second = await sdk.send(
        new ListMultipartUploadsCommand({ ...listing, KeyMarker, UploadIdMarker }),
      )
      assert.deepStrictEqual(
        second.Uploads?.map(({ Key }) => Key),
        ['listed/ü'],
      )
      const [upload] = uploads
      assert.ok(upload !== undefined)
      await sendParts(upload)
      const sizes: (number | undefined)[] = []
      for await (const page of paginateListParts({ client: sdk, pageSize: 2 }, upload)) {
        sizes.push(...(page.Parts ?? []).map(({ Size }) => Size))
      }
      assert.deepStrictEqual(
        sizes,
        parts.map(({ length }) => length),
      )
      for (const begun of uploads) await sdk.send(new AbortMultipartUploadCommand(begun))
      await rejectsWith(sdk.send(new ListPartsCommand(upload)), 'NoSuchUpload', 404)
      const left = await sdk.send(new ListMultipartUploadsCommand({ Bucket, Prefix }))
      assert.strictEqual(left.Uploads, undefined)
    })

    test('what is wrong with a completion has its own error', async () => {
      const upload = await begin('wrong')
      const [one, two] = await sendParts(upload)
      assert.ok(one !== undefined && two !== undefined)
      const complete = (Parts: CompletedPart[], rest = {}) =>
        sdk.send(
          new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...rest }),
        )
      await rejectsWith(complete([two, one]), 'InvalidPartOrder', 400)
      const absent = { PartNumber: 9, ETag: one.ETag }
      await rejectsWith(complete([one, absent]), 'InvalidPart', 400)
      const Body = 'short'
      const { ETag } = await sdk.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body }))
      await rejectsWith(complete([{ PartNumber: 1, ETag }, two]), 'EntityTooSmall', 400)
      await sdk.send(new PutObjectCommand({ Bucket, Key: 'wrong', Body }))
      await rejectsWith(complete([two], { IfNoneMatch: '*' }), 'PreconditionFailed', 412)
      await complete([{ PartNumber: 1, ETag }])
    })
  })
}

for (const workers of workerCounts) multipartTests(workers)
