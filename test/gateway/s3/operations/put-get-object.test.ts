// PutObject, GetObject and HeadObject against the real embedded engines.

import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { UnreadableData } from '../../../../gateway/data/read/reader-deps.ts'
import { deleteObject } from '../../../../gateway/s3/operations/delete-object.ts'
import { getObject } from '../../../../gateway/s3/operations/get-object.ts'
import { headObject } from '../../../../gateway/s3/operations/head-object.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { defaultNamespace } from '../../../../metadata/namespaces.ts'
import { describe } from '../../../support/describe.ts'
import {
  bodyOfReply,
  GatewayHarness,
  type HarnessRequest,
  headerOf,
} from '../../../support/gateway-harness.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const random = seededBytes()
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')
const small = Buffer.from('0123456789')
const bucket = 'objects'

describe('PutObject and GetObject', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
    await harness.makeBucket('versioned', 'enabled')
  })
  test.after(() => harness.close())

  test('what was put is read back, inline or in chunks, whole or in ranges', async () => {
    for (const size of [0, 1, 4096, 4097, 65_536, 5 * 1024 * 1024 + 17]) {
      const body = random.bytes(size)
      const put = await harness.run(putObject, { bucket, key: `size/${size}`, body })
      assert.equal(put.status, 200)
      assert.equal(headerOf(put, 'ETag'), `"${md5(body)}"`)
      const got = await harness.run(getObject, { bucket, key: `size/${size}` })
      assert.equal(got.status, 200)
      assert.equal(headerOf(got, 'Content-Length'), String(size))
      assert.ok((await bodyOfReply(got)).equals(body))
      if (size === 0) continue
      const first = random.integer(size)
      const last = first + random.integer(size - first)
      const part = await harness.run(getObject, {
        bucket,
        key: `size/${size}`,
        headers: { range: `bytes=${first}-${last}` },
      })
      assert.equal(part.status, 206)
      assert.equal(headerOf(part, 'Content-Range'), `bytes ${first}-${last}/${size}`)
      assert.equal(headerOf(part, 'Content-Length'), String(last - first + 1))
      assert.ok((await bodyOfReply(part)).equals(body.subarray(first, last + 1)))
    }
  })

  test('GET and HEAD show the same headers', async () => {
    const key = 'headers'
    await harness.run(putObject, {
      bucket,
      key,
      body: small,
      headers: {
        'content-type': 'text/plain',
        'content-encoding': 'aws-chunked',
        'cache-control': 'max-age=60',
        'x-amz-meta-colour': 'red',
        'x-amz-tagging': 'a=1&b=2',
        'x-amz-storage-class': 'STANDARD_IA',
      },
    })
    const got = await harness.run(getObject, { bucket, key })
    const head = await harness.run(headObject, { bucket, key })
    assert.deepEqual(got.headers, head.headers)
    assert.equal(head.body, undefined)
    assert.deepEqual(
      { ...head.headers },
      {
        'Last-Modified': 'Sat, 21 Nov 2026 08:00:00 GMT',
        ETag: `"${md5(small)}"`,
        'Accept-Ranges': 'bytes',
        'x-amz-server-side-encryption': 'AES256',
        'Content-Length': 10,
        'x-amz-tagging-count': 2,
        'Content-Type': 'text/plain',
        'Cache-Control': 'max-age=60',
        'x-amz-storage-class': 'STANDARD_IA',
        'x-amz-meta-colour': 'red',
      },
    )
  })

  test('without a checksum of the client, CRC64NVME is computed, and shown to whoever asks', async () => {
    const key = 'crc64'
    const put = await harness.run(putObject, { bucket, key, body: '123456789' })
    assert.equal(headerOf(put, 'x-amz-checksum-crc64nvme'), 'rosUhgp5mIg=')
    assert.equal(headerOf(put, 'x-amz-checksum-type'), 'FULL_OBJECT')
    const silent = await harness.run(headObject, { bucket, key })
    assert.equal(headerOf(silent, 'x-amz-checksum-crc64nvme'), undefined)
    const headers = { 'x-amz-checksum-mode': 'ENABLED' }
    const told = await harness.run(getObject, { bucket, key, headers })
    assert.equal(headerOf(told, 'x-amz-checksum-crc64nvme'), 'rosUhgp5mIg=')
    const range = await harness.run(getObject, {
      bucket,
      key,
      headers: { ...headers, range: 'bytes=0-1' },
    })
    assert.equal(headerOf(range, 'x-amz-checksum-crc64nvme'), undefined)
  })

  test('checksums in header or trailer are compared, and a wrong one leaves nothing', async () => {
    const body = random.bytes(10_000)
    const value = Buffer.alloc(4)
    value.writeUInt32BE(crc32(body))
    const right = { 'x-amz-checksum-crc32': value.toString('base64') }
    const wrong = { 'x-amz-checksum-crc32': 'AAAAAA==' }
    for (const good of [{ headers: right }, { trailers: right }]) {
      const put = await harness.run(putObject, { bucket, key: 'checked', body, ...good })
      assert.equal(headerOf(put, 'x-amz-checksum-crc32'), right['x-amz-checksum-crc32'])
    }
    for (const bad of [{ headers: wrong }, { trailers: wrong }]) {
      const refusal = await harness.refusal(putObject, { bucket, key: 'unchecked', body, ...bad })
      assert.equal(refusal.code, 'BadDigest')
      assert.equal(
        refusal.message,
        'The CRC32 you specified did not match the calculated checksum.',
      )
    }
    assert.equal((await harness.refusal(getObject, { bucket, key: 'unchecked' })).code, 'NoSuchKey')
  })

  test('Content-MD5 and the signed SHA-256 are compared', async () => {
    const request = { bucket, key: 'digests', body: small }
    const withMd5 = (value: string) => ({ ...request, headers: { 'content-md5': value } })
    const right = createHash('md5').update(small).digest('base64')
    assert.equal((await harness.run(putObject, withMd5(right))).status, 200)
    const other = createHash('md5').update('other').digest('base64')
    assert.equal((await harness.refusal(putObject, withMd5(other))).code, 'BadDigest')
    for (const malformed of ['', 'x', 'AAAA']) {
      assert.equal((await harness.refusal(putObject, withMd5(malformed))).code, 'InvalidDigest')
    }
    assert.equal((await harness.run(putObject, { ...request, signedSha256: true })).status, 200)
    const signedSha256 = createHash('sha256').update('other').digest('hex')
    const refusal = await harness.refusal(putObject, { ...request, signedSha256 })
    assert.equal(refusal.code, 'XAmzContentSHA256Mismatch')
  })

  test('what the headers condemn is refused before the body is read', async () => {
    await harness.run(putObject, { bucket, key: 'taken', body: small })
    const before = harness.bodiesRead
    const cases: readonly [string, HarnessRequest][] = [
      ['NoSuchBucket', { bucket: 'nowhere', key: 'k' }],
      ['MissingContentLength', { bucket, key: 'k', withoutLength: true }],
      ['PreconditionFailed', { bucket, key: 'taken', headers: { 'if-none-match': '*' } }],
      ['PreconditionFailed', { bucket, key: 'taken', headers: { 'if-match': '"x"' } }],
      ['NoSuchKey', { bucket, key: 'missing', headers: { 'if-match': '"x"' } }],
      ['InvalidDigest', { bucket, key: 'k', headers: { 'content-md5': 'x' } }],
      ['InvalidStorageClass', { bucket, key: 'k', headers: { 'x-amz-storage-class': 'FAST' } }],
      ['InvalidTag', { bucket, key: 'k', headers: { 'x-amz-tagging': 'aws:x=1' } }],
      ['NotImplemented', { bucket, key: 'k', headers: { 'x-amz-write-offset-bytes': '0' } }],
    ]
    for (const [code, request] of cases) {
      assert.equal((await harness.refusal(putObject, request)).code, code)
    }
    assert.equal(harness.bodiesRead, before)
  })

  test('a key that is a folder, or has any characters, is a key', async () => {
    for (const key of ['folder/', 'a//b', '../x', 'ä😀', '\u0001', '.']) {
      await harness.run(putObject, { bucket, key, body: key })
      const got = await harness.run(getObject, { bucket, key })
      assert.equal((await bodyOfReply(got)).toString(), key)
    }
  })

  test('conditions of a put hold against the current object', async () => {
    const key = 'conditional'
    const make = { bucket, key, headers: { 'if-none-match': '*' }, body: 'one' }
    const etag = headerOf(await harness.run(putObject, make), 'ETag') ?? ''
    assert.equal((await harness.refusal(putObject, make)).status, 412)
    const change = { bucket, key, headers: { 'if-match': etag }, body: 'two' }
    assert.equal((await harness.run(putObject, change)).status, 200)
    assert.equal((await harness.refusal(putObject, change)).status, 412)
  })

  test('conditions of reads answer 304 and 412', async () => {
    const key = 'read-conditions'
    const etag = headerOf(await harness.run(putObject, { bucket, key, body: small }), 'ETag') ?? ''
    const unchanged = await harness.run(getObject, {
      bucket,
      key,
      headers: { 'if-none-match': etag },
    })
    assert.equal(unchanged.status, 304)
    assert.equal(unchanged.body, undefined)
    assert.equal(headerOf(unchanged, 'ETag'), etag)
    assert.ok(headerOf(unchanged, 'Last-Modified'))
    const failed = { bucket, key, headers: { 'if-match': '"x"' } }
    assert.equal((await harness.refusal(headObject, failed)).status, 412)
  })

  test('a range past the end answers 416 and the real size', async () => {
    const key = 'short'
    await harness.run(putObject, { bucket, key, body: small })
    const refusal = await harness.refusal(getObject, {
      bucket,
      key,
      headers: { range: 'bytes=10-' },
    })
    assert.equal(refusal.status, 416)
    assert.deepEqual(refusal.details, { RangeRequested: 'bytes=10-', ActualObjectSize: '10' })
    assert.equal(refusal.headers['Content-Range'], 'bytes */10')
  })

  test('a range is given whole when If-Range no longer holds', async () => {
    const key = 'if-range'
    await harness.run(putObject, { bucket, key, body: small })
    const headers = { range: 'bytes=0-1', 'if-range': '"x"' }
    const got = await harness.run(getObject, { bucket, key, headers })
    assert.equal(got.status, 200)
    assert.ok((await bodyOfReply(got)).equals(small))
  })

  test('an object put in one piece is its own first part', async () => {
    const key = 'one-part'
    await harness.run(putObject, { bucket, key, body: small })
    const got = await harness.run(getObject, { bucket, key, query: 'partNumber=1' })
    assert.equal(got.status, 206)
    assert.equal(headerOf(got, 'Content-Range'), 'bytes 0-9/10')
    assert.equal(headerOf(got, 'x-amz-mp-parts-count'), undefined)
    const second = await harness.refusal(getObject, { bucket, key, query: 'partNumber=2' })
    assert.equal(second.code, 'InvalidPartNumber')
    assert.equal(second.status, 416)
    const both = { bucket, key, query: 'partNumber=1', headers: { range: 'bytes=0-1' } }
    assert.equal((await harness.refusal(getObject, both)).code, 'InvalidRequest')
    for (const number of ['0', 'x', '10001', '-1', '']) {
      const query = `partNumber=${number}`
      assert.equal(
        (await harness.refusal(getObject, { bucket, key, query })).code,
        'InvalidArgument',
      )
    }
  })

  test('response overrides replace headers, and cannot smuggle any in', async () => {
    const key = 'overrides'
    await harness.run(putObject, { bucket, key, body: small })
    const got = await harness.run(getObject, {
      bucket,
      key,
      query: 'response-content-type=text%2Fhtml&response-content-disposition=%C3%A4',
    })
    assert.equal(headerOf(got, 'Content-Type'), 'text/html')
    assert.equal(headerOf(got, 'Content-Disposition'), Buffer.from('ä', 'utf8').toString('latin1'))
    const query = 'response-content-type=a%0d%0ab:c'
    assert.equal((await harness.refusal(getObject, { bucket, key, query })).code, 'InvalidArgument')
  })

  test('each version is read by its id, and only a versioned bucket shows one', async () => {
    const key = 'v'
    const versions: string[] = []
    for (const body of ['one', 'two']) {
      const put = await harness.run(putObject, { bucket: 'versioned', key, body })
      versions.push(headerOf(put, 'x-amz-version-id') ?? '')
    }
    const first = await harness.run(getObject, {
      bucket: 'versioned',
      key,
      query: `versionId=${versions[0]}`,
    })
    assert.equal((await bodyOfReply(first)).toString(), 'one')
    assert.equal(headerOf(first, 'x-amz-version-id'), versions[0])
    const current = await harness.run(getObject, { bucket: 'versioned', key })
    assert.equal((await bodyOfReply(current)).toString(), 'two')
    const plain = await harness.run(putObject, { bucket, key, body: 'x' })
    assert.equal(headerOf(plain, 'x-amz-version-id'), undefined)
    const unknown = { bucket: 'versioned', key, query: `versionId=${'0'.repeat(32)}` }
    assert.equal((await harness.refusal(getObject, unknown)).code, 'NoSuchVersion')
    const malformed = { bucket: 'versioned', key, query: 'versionId=x' }
    assert.equal((await harness.refusal(getObject, malformed)).code, 'InvalidArgument')
  })

  test('a key of the client means nothing to an object without one', async () => {
    const key = 'sse-c'
    await harness.run(putObject, { bucket, key, body: small })
    const headers = { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }
    assert.equal(
      (await harness.refusal(getObject, { bucket, key, headers })).code,
      'InvalidRequest',
    )
  })
})

describe('GetObject while the object goes', (test) => {
  let harness: GatewayHarness
  let inBetween: (() => Promise<void>) | undefined
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
    const { blobs } = harness.services
    const read = blobs.read.bind(blobs)
    // Between the look-up of the version and the first read of its data.
    blobs.read = async (...wanted) => {
      const run = inBetween
      inBetween = undefined
      await run?.()
      return read(...wanted)
    }
  })
  test.after(() => harness.close())

  test('one that was overwritten is read as it is now', async () => {
    const later = random.bytes(10_000)
    await harness.run(putObject, { bucket, key: 'k', body: random.bytes(10_000) })
    inBetween = async () => {
      await harness.run(putObject, { bucket, key: 'k', body: later })
      await harness.releaseAll()
    }
    const got = await harness.run(getObject, { bucket, key: 'k' })
    assert.ok((await bodyOfReply(got)).equals(later))
    assert.equal(headerOf(got, 'ETag'), `"${md5(later)}"`)
  })

  test('one that was deleted is not there', async () => {
    await harness.run(putObject, { bucket, key: 'k', body: random.bytes(10_000) })
    inBetween = async () => {
      await harness.run(deleteObject, { bucket, key: 'k' })
      await harness.releaseAll()
    }
    assert.equal((await harness.refusal(getObject, { bucket, key: 'k' })).code, 'NoSuchKey')
  })

  test('data that is lost is an error, and never an absent object', async () => {
    await harness.run(putObject, { bucket, key: 'k', body: random.bytes(10_000) })
    const found = await harness.services.metadata.buckets.get(defaultNamespace, bucket)
    assert(found !== undefined)
    const version = await harness.services.metadata.objects.get(found, 'k')
    assert(version?.is === 'object' && version.data.is === 'chunks')
    await harness.lose(version.data.chunks)
    await assert.rejects(harness.run(getObject, { bucket, key: 'k' }), UnreadableData)
  })
})

describe('reading without permission to list', (test) => {
  test('a missing key is not told from a forbidden one', async () => {
    const harness = await GatewayHarness.open({
      authorize: async ({ action }) => action !== 's3:ListBucket',
    })
    try {
      await harness.makeBucket(bucket)
      assert.equal((await harness.refusal(getObject, { bucket, key: 'x' })).code, 'AccessDenied')
    } finally {
      await harness.close()
    }
  })
})
