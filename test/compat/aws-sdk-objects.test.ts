// The AWS SDK for JavaScript: single objects, with their headers, ranges, conditions, copies and tags.
import assert from 'node:assert'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { bodyOf, rejectsWith, sdkFor, withoutBody } from './aws-sdk-client.ts'
import { ClientServer, workerCounts } from './client-server.ts'

const random = seededBytes()
const Bucket = 'objects'

function objectTests(workers: number): void {
  describe(`the AWS SDK on objects, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let sdk: S3Client
    const put = (Key: string, rest: Partial<PutObjectCommandInput> = {}) =>
      sdk.send(new PutObjectCommand({ Bucket, Key, ...rest }))
    const text = async (Key: string) =>
      String(await bodyOf(await sdk.send(new GetObjectCommand({ Bucket, Key }))))
    test.before(async () => {
      server = await ClientServer.start(workers)
      sdk = sdkFor(server)
      await sdk.send(new CreateBucketCommand({ Bucket }))
    })
    test.after(async () => {
      sdk.destroy()
      await server.close()
    })

    test('bodies of every size class come back equal', async () => {
      const mib = 1024 * 1024
      for (const bytes of [0, 1, 4096, 4097, 65_537, 4 * mib, 4 * mib + 1, 21 * mib + 5]) {
        const Body = random.bytes(bytes)
        await put(`size ${bytes}`, { Body })
        const reply = await sdk.send(new GetObjectCommand({ Bucket, Key: `size ${bytes}` }))
        assert.strictEqual(reply.ContentLength, bytes)
        assert.ok(Body.equals(await bodyOf(reply)), `${bytes} bytes`)
      }
    })

    test('headers and user metadata come back as sent', async () => {
      const sent = {
        ContentType: 'text/plain; charset=utf-8',
        CacheControl: 'max-age=60',
        ContentDisposition: 'attachment; filename="a b.txt"',
        ContentEncoding: 'gzip',
        ContentLanguage: 'de',
        Metadata: { one: '1', 'two-three': 'x  y' },
      } as const
      const Expires = new Date('2031-02-03T04:05:06Z')
      await put('headers', { ...sent, Expires, Body: 'x' })
      const head = await sdk.send(new HeadObjectCommand({ Bucket, Key: 'headers' }))
      const { ContentType, CacheControl, ContentDisposition } = head
      const { ContentEncoding, ContentLanguage, Metadata } = head
      const received = { ContentType, CacheControl, ContentDisposition }
      assert.deepStrictEqual(
        { ...received, ContentEncoding, ContentLanguage, Metadata },
        { ...sent, Metadata: { one: '1', 'two-three': 'x  y' } },
      )
      assert.strictEqual(head.ExpiresString, Expires.toUTCString())
      const overridden = await sdk.send(
        new GetObjectCommand({
          Bucket,
          Key: 'headers',
          ResponseContentType: 'application/x-other',
          ResponseContentDisposition: 'inline',
        }),
      )
      assert.strictEqual(overridden.ContentType, 'application/x-other')
      assert.strictEqual(overridden.ContentDisposition, 'inline')
    })

    test('ranges answer their piece, and one past the end its error', async () => {
      const Body = random.bytes(9_000_000)
      await put('ranged', { Body })
      const cases = [
        ['bytes=0-0', 0, 1],
        ['bytes=4194300-4194310', 4_194_300, 4_194_311],
        ['bytes=8999990-', 8_999_990, 9_000_000],
        ['bytes=-7', 8_999_993, 9_000_000],
        ['bytes=8999999-99999999', 8_999_999, 9_000_000],
      ] as const
      for (const [Range, from, to] of cases) {
        const reply = await sdk.send(new GetObjectCommand({ Bucket, Key: 'ranged', Range }))
        assert.strictEqual(reply.ContentRange, `bytes ${from}-${to - 1}/9000000`)
        assert.ok(Body.subarray(from, to).equals(await bodyOf(reply)), Range)
      }
      const past = new GetObjectCommand({ Bucket, Key: 'ranged', Range: 'bytes=9000000-' })
      await rejectsWith(sdk.send(past), 'InvalidRange', 416)
    })

    test('absent things have typed errors', async () => {
      const Key = 'absent'
      await rejectsWith(sdk.send(new GetObjectCommand({ Bucket, Key })), 'NoSuchKey', 404)
      await rejectsWith(sdk.send(new HeadObjectCommand({ Bucket, Key })), 'NotFound', 404)
      const elsewhere = new GetObjectCommand({ Bucket: 'no-such-bucket', Key })
      await rejectsWith(sdk.send(elsewhere), 'NoSuchBucket', 404)
      await sdk.send(new DeleteObjectCommand({ Bucket, Key }))
      const wrong = sdkFor(server, {
        credentials: { accessKeyId: 'compat-access-key', secretAccessKey: 'guessed' },
      })
      const get = wrong.send(new GetObjectCommand({ Bucket, Key }))
      await rejectsWith(get, 'SignatureDoesNotMatch', 403)
      wrong.destroy()
    })

    test('conditional reads and writes', async () => {
      const Key = 'conditional'
      const { ETag } = await put(Key, { Body: 'one', IfNoneMatch: '*' })
      await rejectsWith(put(Key, { Body: 'x', IfNoneMatch: '*' }), 'PreconditionFailed', 412)
      await rejectsWith(put(Key, { Body: 'x', IfMatch: '"0"' }), 'PreconditionFailed', 412)
      await put(Key, { Body: 'two', IfMatch: ETag })
      assert.strictEqual(await text(Key), 'two')
      const stale = new GetObjectCommand({ Bucket, Key, IfMatch: ETag })
      await rejectsWith(sdk.send(stale), 'PreconditionFailed', 412)
      const { ETag: second, LastModified } = await sdk.send(new HeadObjectCommand({ Bucket, Key }))
      const same = sdk.send(new GetObjectCommand({ Bucket, Key, IfNoneMatch: second }))
      await rejectsWith(same, withoutBody, 304)
      const since = new GetObjectCommand({ Bucket, Key, IfModifiedSince: LastModified })
      await rejectsWith(sdk.send(since), withoutBody, 304)
      const deletion = new DeleteObjectCommand({ Bucket, Key, IfMatch: ETag })
      await rejectsWith(sdk.send(deletion), 'PreconditionFailed', 412)
      await sdk.send(new DeleteObjectCommand({ Bucket, Key, IfMatch: second }))
    })

    test('copies take or replace metadata and tags, on conditions', async () => {
      const Metadata = { from: 'source' }
      const { ETag } = await put('a source +ü', { Body: 'copied', Metadata, Tagging: 'a=1&b=2' })
      const CopySource = `${Bucket}/${encodeURIComponent('a source +ü')}`
      const copied = await sdk.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }))
      assert.strictEqual(copied.CopyObjectResult?.ETag, ETag)
      assert.ok(copied.CopyObjectResult?.LastModified instanceof Date)
      const head = await sdk.send(new HeadObjectCommand({ Bucket, Key: 'copy' }))
      assert.deepStrictEqual(head.Metadata, Metadata)
      await sdk.send(
        new CopyObjectCommand({
          Bucket,
          Key: 'replaced',
          CopySource,
          MetadataDirective: 'REPLACE',
          Metadata: { from: 'copy' },
          ContentType: 'text/x-copy',
          TaggingDirective: 'REPLACE',
          Tagging: 'c=3',
        }),
      )
      const other = await sdk.send(new GetObjectCommand({ Bucket, Key: 'replaced' }))
      assert.deepStrictEqual([other.ContentType, other.TagCount], ['text/x-copy', 1])
      assert.strictEqual(String(await bodyOf(other)), 'copied')
      const failing = { Bucket, Key: 'copy', CopySource, CopySourceIfMatch: '"0"' }
      await rejectsWith(sdk.send(new CopyObjectCommand(failing)), 'PreconditionFailed', 412)
      const itself = { Bucket, Key: 'copy', CopySource: `${Bucket}/copy` }
      await rejectsWith(sdk.send(new CopyObjectCommand(itself)), 'InvalidRequest', 400)
      const absent = { Bucket, Key: 'copy', CopySource: `${Bucket}/never` }
      await rejectsWith(sdk.send(new CopyObjectCommand(absent)), 'NoSuchKey', 404)
    })

    test('tags of an object are set, read and removed', async () => {
      const Key = 'tags'
      await put(Key, { Tagging: 'first=a%20b', Body: 'x' })
      const read = async () => (await sdk.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet
      assert.deepStrictEqual(await read(), [{ Key: 'first', Value: 'a b' }])
      const TagSet = [
        { Key: 'x/y', Value: '+ - = . _ : / @' },
        { Key: 'ü', Value: '' },
      ]
      await sdk.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }))
      assert.deepStrictEqual(await read(), TagSet)
      await sdk.send(new DeleteObjectTaggingCommand({ Bucket, Key }))
      assert.deepStrictEqual(await read(), [])
      const tooMany = Array.from({ length: 11 }, (_, index) => ({ Key: `${index}`, Value: '' }))
      const eleven = new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: tooMany } })
      await rejectsWith(sdk.send(eleven), 'BadRequest', 400)
    })

    test('attributes of an object', async () => {
      const { ETag } = await put('attributes', { Body: 'abc', ChecksumAlgorithm: 'SHA256' })
      const attributes = await sdk.send(
        new GetObjectAttributesCommand({
          Bucket,
          Key: 'attributes',
          ObjectAttributes: ['ETag', 'Checksum', 'ObjectSize', 'StorageClass', 'ObjectParts'],
        }),
      )
      assert.strictEqual(`"${attributes.ETag}"`, ETag)
      assert.strictEqual(attributes.ObjectSize, 3)
      assert.strictEqual(attributes.StorageClass, 'STANDARD')
      assert.strictEqual(
        attributes.Checksum?.ChecksumSHA256,
        'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=',
      )
    })

    test('a thousand objects are deleted in one request', async () => {
      const keys = Array.from({ length: 20 }, (_, index) => `bulk/<${index}>&`)
      await Promise.all(keys.map((key) => put(key, { Body: key })))
      const absent = Array.from({ length: 980 }, (_, index) => `bulk/never ${index}`)
      const Objects = [...keys, ...absent].map((Key) => ({ Key }))
      const { Deleted, Errors } = await sdk.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects } }),
      )
      assert.deepStrictEqual([Deleted?.length, Errors], [1000, undefined])
      const get = sdk.send(new GetObjectCommand({ Bucket, Key: 'bulk/<3>&' }))
      await rejectsWith(get, 'NoSuchKey', 404)
      const quiet = { Objects: Objects.slice(0, 3), Quiet: true }
      const silent = await sdk.send(new DeleteObjectsCommand({ Bucket, Delete: quiet }))
      assert.strictEqual(silent.Deleted, undefined)
    })
  })
}

for (const workers of workerCounts) objectTests(workers)
