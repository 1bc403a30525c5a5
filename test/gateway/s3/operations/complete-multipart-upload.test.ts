// CompleteMultipartUpload against the real embedded engines.

import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { crc32 } from '@node-rs/crc32'
import { completeMultipartUpload } from '../../../../gateway/s3/operations/complete-multipart-upload.ts'
import { deleteObject } from '../../../../gateway/s3/operations/delete-object.ts'
import { getObject } from '../../../../gateway/s3/operations/get-object.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { defaultNamespace } from '../../../../metadata/namespaces.ts'
import { partBytesMin } from '../../../../protocol/s3/limits.ts'
import { describe } from '../../../support/describe.ts'
import { bodyOfReply, GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'
import { element, MultipartClient } from '../../../support/multipart-client.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const random = seededBytes()
const bucket = 'uploads'
const first = random.bytes(partBytesMin)
const last = random.bytes(12_345)
const whole = Buffer.concat([first, last])
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
const crc32Text = (bytes: Buffer) => {
  const digest = Buffer.alloc(4)
  digest.writeUInt32BE(crc32(bytes))
  return digest.toString('base64')
}

describe('CompleteMultipartUpload', (test) => {
  let harness: GatewayHarness
  const begin = (key: string, headers: Record<string, string> = {}) =>
    MultipartClient.begin(harness, { bucket, key }, headers)
  const read = async (key: string) => bodyOfReply(await harness.run(getObject, { bucket, key }))
  const put = async (upload: MultipartClient) => [
    await upload.put(1, first),
    await upload.put(5, last),
  ]

  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
    await harness.makeBucket('versions', 'enabled')
  })
  test.after(() => harness.close())

  test('makes an object of the parts, in one step', async () => {
    const upload = await begin('a b/c')
    const parts = await put(upload)
    const reply = await upload.complete(parts)
    assert.equal(reply.status, 200)
    assert.equal(element(reply, 'Location'), `http://127.0.0.1/${bucket}/a b/c`)
    assert.equal(element(reply, 'Bucket'), bucket)
    assert.equal(element(reply, 'Key'), 'a b/c')
    const md5s = [first, last].map((body) => createHash('md5').update(body).digest())
    const etag = `${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-2`
    assert.equal(element(reply, 'ETag'), `&quot;${etag}&quot;`)
    assert.equal(element(reply, 'ChecksumType'), 'FULL_OBJECT')
    assert.ok((await read('a b/c')).equals(whole))
  })

  test('stores the CRC-32 of the whole, whatever checksum was asked for', async () => {
    const upload = await begin('crc', { 'x-amz-checksum-algorithm': 'CRC64NVME' })
    await upload.complete(await put(upload))
    const { metadata } = harness.services
    const found = await metadata.buckets.get(defaultNamespace, bucket)
    assert(found !== undefined)
    const version = await metadata.objects.get(found, 'crc')
    assert(version?.is === 'object')
    assert.equal(version.crc32, crc32(whole))
    assert.equal(version.size, whole.length)
  })

  test('takes only the parts that are named', async () => {
    const upload = await begin('some')
    await upload.put(1, random.bytes(100))
    await upload.complete([await upload.put(7, last)])
    assert.ok((await read('some')).equals(last))
  })

  test('shows the version it made', async () => {
    const upload = await MultipartClient.begin(harness, { bucket: 'versions', key: 'v' })
    const reply = await upload.complete(await put(upload))
    assert.match(headerOf(reply, 'x-amz-version-id') ?? '', /^[0-9a-f]{32}$/)
  })

  test('repeated with the same parts, answers the same', async () => {
    const upload = await MultipartClient.begin(harness, { bucket: 'versions', key: 'again' })
    const parts = await put(upload)
    const reply = await upload.complete(parts, { 'if-none-match': '*' })
    const repeated = await upload.complete(parts, { 'if-none-match': '*' })
    assert.deepEqual(repeated, reply)
    const other = await upload.completeRefused(parts.slice(0, 1))
    assert.equal(other.code, 'NoSuchUpload')
    const versionId = headerOf(reply, 'x-amz-version-id')
    await harness.run(deleteObject, {
      bucket: 'versions',
      key: 'again',
      query: `versionId=${versionId}`,
    })
    assert.equal((await upload.completeRefused(parts)).code, 'NoSuchUpload')
  })

  test('two at once make one object, and both hear of it', async () => {
    const upload = await MultipartClient.begin(harness, { bucket: 'versions', key: 'twice' })
    const parts = await put(upload)
    const [a, b] = await Promise.all([upload.complete(parts), upload.complete(parts)])
    assert.deepEqual(a, b)
  })

  test('composite checksums are those of the parts, which it must name', async () => {
    const upload = await begin('composite', { 'x-amz-checksum-algorithm': 'SHA256' })
    const named = []
    for (const [number, body] of [first, last].entries()) {
      const value = sha256(body).toString('base64')
      const part = await upload.put(number + 1, body, { 'x-amz-checksum-sha256': value })
      named.push({ ...part, checksum: `<ChecksumSHA256>${value}</ChecksumSHA256>` })
    }
    const bare = named.map(({ number, etag }) => ({ number, etag }))
    assert.equal((await upload.completeRefused(bare)).code, 'InvalidRequest')
    const composite = sha256(Buffer.concat([sha256(first), sha256(last)])).toString('base64')
    const wrong = await upload.completeRefused(named, { 'x-amz-checksum-sha256': `${composite}-3` })
    assert.equal(wrong.code, 'BadDigest')
    const reply = await upload.complete(named, { 'x-amz-checksum-sha256': `${composite}-2` })
    assert.equal(element(reply, 'ChecksumSHA256'), `${composite}-2`)
    assert.equal(element(reply, 'ChecksumType'), 'COMPOSITE')
  })

  test('a checksum of the whole object is compared with the one sent along', async () => {
    const upload = await begin('full', {
      'x-amz-checksum-algorithm': 'CRC32',
      'x-amz-checksum-type': 'FULL_OBJECT',
    })
    const parts = await put(upload)
    const wrong = { 'x-amz-checksum-crc32': crc32Text(first) }
    assert.equal((await upload.completeRefused(parts, wrong)).code, 'BadDigest')
    const right = { 'x-amz-checksum-crc32': crc32Text(whole), 'x-amz-checksum-type': 'FULL_OBJECT' }
    const otherType = { ...right, 'x-amz-checksum-type': 'COMPOSITE' }
    assert.equal((await upload.completeRefused(parts, otherType)).code, 'InvalidRequest')
    const reply = await upload.complete(parts, right)
    assert.equal(element(reply, 'ChecksumCRC32'), crc32Text(whole))
  })

  test('the size sent along must be right', async () => {
    const upload = await begin('sized')
    const parts = await put(upload)
    const wrong = await upload.completeRefused(parts, { 'x-amz-mp-object-size': '1' })
    assert.equal(wrong.code, 'InvalidRequest')
    const right = { 'x-amz-mp-object-size': `${whole.length}` }
    assert.equal((await upload.complete(parts, right)).status, 200)
  })

  test('a refused completion leaves the upload as it was', async () => {
    const upload = await begin('refused')
    const parts = await put(upload)
    const [one, two] = parts
    assert(one !== undefined && two !== undefined)
    assert.equal((await upload.completeRefused([two, one])).code, 'InvalidPartOrder')
    assert.equal((await upload.completeRefused([one, one])).code, 'InvalidPartOrder')
    const missing = await upload.completeRefused([one, { number: 6, etag: two.etag }])
    assert.equal(missing.code, 'InvalidPart')
    const changed = await upload.completeRefused([{ number: 1, etag: two.etag }])
    assert.equal(changed.code, 'InvalidPart')
    assert.equal((await upload.completeRefused([])).code, 'MalformedXML')
    assert.equal((await upload.complete(parts)).status, 200)
  })

  test('a part that is too small is named', async () => {
    const upload = await begin('small')
    const parts = [await upload.put(1, last), await upload.put(2, first)]
    const error = await upload.completeRefused(parts)
    assert.equal(error.code, 'EntityTooSmall')
    assert.deepEqual(error.details, {
      ProposedSize: `${last.length}`,
      MinSizeAllowed: `${partBytesMin}`,
      PartNumber: '1',
      ETag: createHash('md5').update(last).digest('hex'),
    })
  })

  test('conditions are asked of the object there is', async () => {
    const key = 'conditional'
    const upload = await begin(key)
    const parts = await put(upload)
    const absent = await upload.completeRefused(parts, { 'if-match': '"x"' })
    assert.equal(absent.code, 'NoSuchKey')
    const stored = await harness.run(putObject, { bucket, key, body: 'there' })
    const exists = await upload.completeRefused(parts, { 'if-none-match': '*' })
    assert.equal(exists.code, 'PreconditionFailed')
    const other = await upload.completeRefused(parts, { 'if-match': '"x"' })
    assert.equal(other.code, 'PreconditionFailed')
    const match = { 'if-match': headerOf(stored, 'etag') ?? '' }
    assert.equal((await upload.complete(parts, match)).status, 200)
    assert.ok((await read(key)).equals(whole))
  })

  test('a body other than the signed one is refused', async () => {
    const upload = await begin('signed')
    const body = '<CompleteMultipartUpload/>'
    const signed = upload.request('', { body, signedSha256: '0'.repeat(64) })
    const error = await harness.refusal(completeMultipartUpload, signed)
    assert.equal(error.code, 'XAmzContentSHA256Mismatch')
    const md5 = { 'content-md5': createHash('md5').update('other').digest('base64') }
    const summed = upload.request('', { body, headers: md5 })
    assert.equal((await harness.refusal(completeMultipartUpload, summed)).code, 'BadDigest')
    const long = upload.request('', { body: Buffer.alloc(8 * 2 ** 20 + 1, ' ') })
    const tooLong = await harness.refusal(completeMultipartUpload, long)
    assert.equal(tooLong.code, 'MaxMessageLengthExceeded')
  })

  test('10,000 parts make an object', async () => {
    const upload = await begin('many')
    const { metadata } = harness.services
    const found = await metadata.buckets.get(defaultNamespace, bucket)
    const listed = found && (await metadata.uploads.list(found, { prefix: 'many', limit: 1 }))
    const entry = listed?.entries[0]
    assert(found !== undefined && entry?.is === 'upload')
    const etag = createHash('md5').digest('hex')
    const numbers = Array.from({ length: 10_000 }, (_, at) => at + 1)
    const part = { size: partBytesMin, etag, crc32: 0, modifiedMs: 0 }
    const data = { is: 'inline', sealed: new Uint8Array() } as const
    await Promise.all(
      numbers.map((number) => metadata.uploads.commitPart(found, entry, { ...part, number, data })),
    )
    const reply = await upload.complete(numbers.map((number) => ({ number, etag })))
    assert.match(element(reply, 'ETag'), /-10000&quot;$/)
  })
})
