// The AWS SDK for JavaScript: listings with its paginators, over keys that are hard to carry.
import assert from 'node:assert'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3'
import { describe } from '../support/describe.ts'
import { bodyOf, sdkFor } from './aws-sdk-client.ts'
import { ClientServer, workerCounts } from './client-server.ts'

const Bucket = 'listings'
/** XML 1.0 cannot hold the last of these, so only `encoding-type=url` lists them. */
const oddKeys = [
  ' leading and trailing ',
  '.',
  '..',
  '../above',
  'a//b',
  'a/./b',
  'a/../b',
  '/at the root',
  'trailing/',
  '//',
  'plus+and%25percent%',
  'quotes"\'&<>',
  'question?versionId=null#fragment',
  'back\\slash|pipe^~`{}[]',
  'ümlaut-日本語-🎉-Ω',
  'e\u0301 decomposed',
  '\u{10FFFF} and \uFFFD',
  'x'.repeat(1024),
  'ü'.repeat(512),
  'tab\tnewline\nreturn\r',
  'control\u0001\u001f\u007f',
]

/** As S3 sorts: by the bytes of UTF-8. */
function inByteOrder(keys: readonly string[]): readonly string[] {
  return [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

function listingTests(workers: number): void {
  describe(`listings of the AWS SDK, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let sdk: S3Client
    test.before(async () => {
      server = await ClientServer.start(workers)
      sdk = sdkFor(server)
      await sdk.send(new CreateBucketCommand({ Bucket }))
    })
    test.after(async () => {
      sdk.destroy()
      await server.close()
    })

    test('odd keys are stored, read, listed in byte order and deleted', async () => {
      for (const Key of oddKeys) await sdk.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
      for (const Key of oddKeys) {
        const got = await sdk.send(new GetObjectCommand({ Bucket, Key }))
        assert.strictEqual(String(await bodyOf(got)), Key)
      }
      const listed: string[] = []
      const pages = paginateListObjectsV2(
        { client: sdk, pageSize: 3 },
        { Bucket, EncodingType: 'url' },
      )
      for await (const page of pages) {
        listed.push(...(page.Contents ?? []).map(({ Key = '' }) => decodeListed(Key)))
      }
      assert.deepStrictEqual(listed, inByteOrder(oddKeys))
      for (const Key of oddKeys) await sdk.send(new DeleteObjectCommand({ Bucket, Key }))
      const { KeyCount } = await sdk.send(new ListObjectsV2Command({ Bucket }))
      assert.strictEqual(KeyCount, 0)
    })

    test('keys that XML can hold are listed without encoding', async () => {
      const Prefix = 'plain/'
      const keys = oddKeys.filter((key) => !/[\0-\x1f]/.test(key) && key.length < 500)
      for (const key of keys) {
        await sdk.send(new PutObjectCommand({ Bucket, Key: Prefix + key, Body: 'x' }))
      }
      const { Contents } = await sdk.send(new ListObjectsV2Command({ Bucket, Prefix }))
      assert.deepStrictEqual(
        Contents?.map(({ Key }) => Key?.slice(Prefix.length)),
        inByteOrder(keys),
      )
    })

    test('a delimiter makes folders, start-after and both versions of the API page through', async () => {
      const Prefix = 'tree/'
      const names = ['a', 'b/1', 'b/2', 'c/d/e', 'f']
      for (const name of names) {
        await sdk.send(new PutObjectCommand({ Bucket, Key: Prefix + name, Body: name }))
      }
      const whole = { Bucket, Prefix, Delimiter: '/' }
      const { Contents, CommonPrefixes } = await sdk.send(new ListObjectsV2Command(whole))
      assert.deepStrictEqual(
        [Contents?.map(({ Key }) => Key), CommonPrefixes?.map((group) => group.Prefix)],
        [
          ['tree/a', 'tree/f'],
          ['tree/b/', 'tree/c/'],
        ],
      )
      assert.deepStrictEqual(
        [Contents?.[0]?.Size, Contents?.[0]?.StorageClass, Contents?.[0]?.ETag?.length],
        [1, 'STANDARD', 34],
      )
      const after = { ...whole, StartAfter: 'tree/b/1', FetchOwner: true }
      const rest = await sdk.send(new ListObjectsV2Command(after))
      assert.deepStrictEqual(
        rest.Contents?.map(({ Key }) => Key),
        ['tree/f'],
      )
      assert.ok(rest.Contents?.[0]?.Owner?.ID)
      const seen: (string | undefined)[] = []
      let Marker: string | undefined
      do {
        const page = await sdk.send(new ListObjectsCommand({ ...whole, Marker, MaxKeys: 1 }))
        seen.push(...(page.Contents ?? []).map(({ Key }) => Key))
        seen.push(...(page.CommonPrefixes ?? []).map((group) => group.Prefix))
        Marker = page.NextMarker
        assert.strictEqual(page.IsTruncated, Marker !== undefined)
      } while (Marker !== undefined)
      assert.deepStrictEqual(seen, ['tree/a', 'tree/b/', 'tree/c/', 'tree/f'])
    })

    test('more than a thousand keys need a second page', async () => {
      const Prefix = 'many/'
      const keys = Array.from({ length: 1203 }, (_, index) => `${Prefix}${10_000 + index}`)
      const waiting = [...keys]
      const send = async () => {
        for (let Key = waiting.pop(); Key !== undefined; Key = waiting.pop()) {
          await sdk.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
        }
      }
      await Promise.all(Array.from({ length: 16 }, send))
      const sizes: number[] = []
      const listed: (string | undefined)[] = []
      for await (const page of paginateListObjectsV2({ client: sdk }, { Bucket, Prefix })) {
        sizes.push(page.KeyCount ?? 0)
        listed.push(...(page.Contents ?? []).map(({ Key }) => Key))
      }
      assert.deepStrictEqual(sizes, [1000, 203])
      assert.deepStrictEqual(listed, keys)
    })

    test('versions are listed in pages, newest first within a key', async () => {
      const versioned = 'versioned'
      await sdk.send(new CreateBucketCommand({ Bucket: versioned }))
      const VersioningConfiguration = { Status: 'Enabled' } as const
      await sdk.send(new PutBucketVersioningCommand({ Bucket: versioned, VersioningConfiguration }))
      const expected: string[] = []
      for (const Key of ['a', 'b']) {
        const ids: string[] = []
        for (const Body of ['1', '2', '3']) {
          const put = await sdk.send(new PutObjectCommand({ Bucket: versioned, Key, Body }))
          ids.unshift(`${Key} ${put.VersionId}`)
        }
        expected.push(...ids)
      }
      const seen: string[] = []
      let marker: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {}
      let more = true
      while (more) {
        const query = { Bucket: versioned, MaxKeys: 2, ...marker }
        const page = await sdk.send(new ListObjectVersionsCommand(query))
        seen.push(...(page.Versions ?? []).map(({ Key, VersionId }) => `${Key} ${VersionId}`))
        marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
        more = page.IsTruncated === true
      }
      assert.deepStrictEqual(seen, expected)
    })
  })
}

function decodeListed(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '))
}

for (const workers of workerCounts) listingTests(workers)
