// The AWS SDK for JavaScript: buckets, their tags and their versioning in its three states.
import assert from 'node:assert'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListBuckets,
  type S3Client,
  waitUntilBucketExists,
} from '@aws-sdk/client-s3'
import { describe } from '../support/describe.ts'
import { bodyOf, rejectsWith, sdkFor, withoutBody } from './aws-sdk-client.ts'
import { ClientServer, workerCounts } from './client-server.ts'

function bucketTests(workers: number): void {
  describe(`the AWS SDK on buckets, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let sdk: S3Client
    test.before(async () => {
      server = await ClientServer.start(workers)
      sdk = sdkFor(server)
    })
    test.after(async () => {
      sdk.destroy()
      await server.close()
    })

    test('a bucket is made, found, located, listed and deleted', async () => {
      const created = await sdk.send(new CreateBucketCommand({ Bucket: 'first' }))
      assert.strictEqual(created.Location, '/first')
      await waitUntilBucketExists({ client: sdk, maxWaitTime: 10 }, { Bucket: 'first' })
      const head = await sdk.send(new HeadBucketCommand({ Bucket: 'first' }))
      assert.strictEqual(head.BucketRegion, 'us-east-1')
      const location = await sdk.send(new GetBucketLocationCommand({ Bucket: 'first' }))
      assert.strictEqual(location.LocationConstraint, undefined)
      const { Buckets, Owner } = await sdk.send(new ListBucketsCommand({}))
      assert.deepStrictEqual(
        Buckets?.map(({ Name }) => Name),
        ['first'],
      )
      assert.ok(Buckets?.[0]?.CreationDate instanceof Date)
      assert.ok(Owner?.ID)
      await sdk.send(new DeleteBucketCommand({ Bucket: 'first' }))
      await rejectsWith(sdk.send(new HeadBucketCommand({ Bucket: 'first' })), 'NotFound', 404)
    })

    test('buckets are listed by prefix, in pages', async () => {
      for (let number = 10; number < 25; number += 1) {
        await sdk.send(new CreateBucketCommand({ Bucket: `paged-${number}` }))
      }
      await sdk.send(new CreateBucketCommand({ Bucket: 'other' }))
      const names: (string | undefined)[] = []
      let pages = 0
      for await (const page of paginateListBuckets(
        { client: sdk, pageSize: 4 },
        { Prefix: 'paged-' },
      )) {
        pages += 1
        names.push(...(page.Buckets ?? []).map(({ Name }) => Name))
      }
      assert.deepStrictEqual(
        names,
        Array.from({ length: 15 }, (_, index) => `paged-${index + 10}`),
      )
      assert.strictEqual(pages, 4)
    })

    test('what cannot be done with a bucket has its own error', async () => {
      const Bucket = 'errors'
      await sdk.send(new CreateBucketCommand({ Bucket }))
      await sdk.send(new PutObjectCommand({ Bucket, Key: 'in the way', Body: 'x' }))
      await rejectsWith(sdk.send(new DeleteBucketCommand({ Bucket })), 'BucketNotEmpty', 409)
      const absent = new DeleteBucketCommand({ Bucket: 'never-made' })
      await rejectsWith(sdk.send(absent), 'NoSuchBucket', 404)
      const bad = new CreateBucketCommand({ Bucket: 'Not_A_Bucket' })
      await rejectsWith(sdk.send(bad), 'InvalidBucketName', 400)
      const untagged = new GetBucketTaggingCommand({ Bucket })
      await rejectsWith(sdk.send(untagged), 'NoSuchTagSet', 404)
    })

    test('tags of a bucket are set, read and removed', async () => {
      const Bucket = 'tagged'
      await sdk.send(new CreateBucketCommand({ Bucket }))
      const TagSet = [
        { Key: 'cost', Value: 'a+b = ü' },
        { Key: 'empty', Value: '' },
      ]
      await sdk.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
      const read = await sdk.send(new GetBucketTaggingCommand({ Bucket }))
      assert.deepStrictEqual(read.TagSet, TagSet)
      await sdk.send(new DeleteBucketTaggingCommand({ Bucket }))
      await rejectsWith(sdk.send(new GetBucketTaggingCommand({ Bucket })), 'NoSuchTagSet', 404)
    })

    test('versioning goes through its three states', async () => {
      const Bucket = 'versions'
      const Key = 'k'
      await sdk.send(new CreateBucketCommand({ Bucket }))
      const status = async () => (await sdk.send(new GetBucketVersioningCommand({ Bucket }))).Status
      const become = (Status: 'Enabled' | 'Suspended') =>
        sdk.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }))
      const put = (Body: string) => sdk.send(new PutObjectCommand({ Bucket, Key, Body }))
      const get = async (VersionId?: string) =>
        String(await bodyOf(await sdk.send(new GetObjectCommand({ Bucket, Key, VersionId }))))

      assert.strictEqual(await status(), undefined)
      assert.strictEqual((await put('unversioned')).VersionId, undefined)
      await become('Enabled')
      assert.strictEqual(await status(), 'Enabled')
      const one = await put('one')
      const two = await put('two')
      assert.notStrictEqual(one.VersionId, two.VersionId)
      assert.deepStrictEqual(
        [await get('null'), await get(one.VersionId), await get(two.VersionId), await get()],
        ['unversioned', 'one', 'two', 'two'],
      )
      const marker = await sdk.send(new DeleteObjectCommand({ Bucket, Key }))
      assert.strictEqual(marker.DeleteMarker, true)
      await rejectsWith(sdk.send(new GetObjectCommand({ Bucket, Key })), 'NoSuchKey', 404)
      const VersionId = marker.VersionId
      const ofMarker = sdk.send(new HeadObjectCommand({ Bucket, Key, VersionId }))
      await rejectsWith(ofMarker, withoutBody, 405)

      await become('Suspended')
      assert.strictEqual((await put('suspended')).VersionId, undefined)
      assert.strictEqual(await get('null'), 'suspended')
      const listed = await sdk.send(new ListObjectVersionsCommand({ Bucket }))
      assert.deepStrictEqual(
        listed.Versions?.map((version) => [version.VersionId, version.IsLatest]),
        [
          ['null', true],
          [two.VersionId, false],
          [one.VersionId, false],
        ],
      )
      assert.deepStrictEqual(
        listed.DeleteMarkers?.map((version) => version.VersionId),
        [marker.VersionId],
      )
      const gone = await sdk.send(new DeleteObjectCommand({ Bucket, Key, VersionId: 'null' }))
      assert.strictEqual(gone.VersionId, 'null')
      await rejectsWith(sdk.send(new GetObjectCommand({ Bucket, Key })), 'NoSuchKey', 404)
      await sdk.send(new DeleteObjectCommand({ Bucket, Key, VersionId }))
      assert.strictEqual(await get(), 'two')
      const rest = [two.VersionId, one.VersionId].map((id) => ({ Key, VersionId: id }))
      const { Deleted } = await sdk.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects: rest } }),
      )
      assert.strictEqual(Deleted?.length, 2)
      await sdk.send(new DeleteBucketCommand({ Bucket }))
    })
  })
}

for (const workers of workerCounts) bucketTests(workers)
