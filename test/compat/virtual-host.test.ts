// Buckets as host names, with `--domain localhost`: the AWS SDK as it addresses buckets by default.
import assert from 'node:assert'
import { Agent } from 'node:http'
import type { LookupFunction } from 'node:net'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe } from '../support/describe.ts'
import { bodyOf, rejectsWith, sdkFor } from './aws-sdk-client.ts'
import { ClientServer, workerCounts } from './client-server.ts'

/** Every name is this machine, as a wildcard record in DNS would say. */
const lookup: LookupFunction = (_name, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }])
  else callback(null, '127.0.0.1', 4)
}

function virtualHostTests(workers: number): void {
  describe(`buckets as host names, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let sdk: S3Client
    test.before(async () => {
      server = await ClientServer.start(workers, { argv: ['--domain', 'localhost'] })
      sdk = sdkFor(server, {
        endpoint: `http://localhost:${server.port}`,
        forcePathStyle: false,
        requestHandler: { httpAgent: new Agent({ keepAlive: true, lookup }) },
      })
    })
    test.after(async () => {
      sdk.destroy()
      await server.close()
    })

    test('buckets and objects work, and are the same as by path', async () => {
      const Bucket = 'hosted.with-dots'
      await sdk.send(new CreateBucketCommand({ Bucket }))
      await sdk.send(new HeadBucketCommand({ Bucket }))
      for (const Key of ['a', 'hosted.with-dots/a', '/x//y', 'ü + %25/../z']) {
        await sdk.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
        const reply = await sdk.send(new GetObjectCommand({ Bucket, Key }))
        assert.strictEqual(String(await bodyOf(reply)), Key)
      }
      const byPath = sdkFor(server)
      const { Contents } = await byPath.send(new ListObjectsV2Command({ Bucket }))
      assert.strictEqual(Contents?.length, 4)
      byPath.destroy()
      const { Buckets } = await sdk.send(new ListBucketsCommand({}))
      assert.deepStrictEqual(
        Buckets?.map(({ Name }) => Name),
        [Bucket],
      )
      const Objects = Contents.map(({ Key }) => ({ Key }))
      await sdk.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
      await sdk.send(new DeleteBucketCommand({ Bucket }))
      await rejectsWith(sdk.send(new ListObjectsV2Command({ Bucket })), 'NoSuchBucket', 404)
    })

    test('parts and copies', async () => {
      const Bucket = 'parts'
      await sdk.send(new CreateBucketCommand({ Bucket }))
      const { UploadId } = await sdk.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k' }))
      const upload = { Bucket, Key: 'k', UploadId }
      const { ETag } = await sdk.send(
        new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'the only part' }),
      )
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
      const done = await sdk.send(
        new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }),
      )
      assert.strictEqual(done.Location, `http://parts.localhost:${server.port}/k`)
      await sdk.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: 'parts/k' }))
      const copy = await sdk.send(new GetObjectCommand({ Bucket, Key: 'copy' }))
      assert.strictEqual(String(await bodyOf(copy)), 'the only part')
    })
  })
}

for (const workers of workerCounts) virtualHostTests(workers)
