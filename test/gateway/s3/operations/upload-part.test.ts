// UploadPart against the real embedded engines.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { crc32 } from '@node-rs/crc32'
import { abortMultipartUpload } from '../../../../gateway/s3/operations/abort-multipart-upload.ts'
import { getObject } from '../../../../gateway/s3/operations/get-object.ts'
import { uploadPart } from '../../../../gateway/s3/operations/upload-part.ts'
import { describe } from '../../../support/describe.ts'
import { bodyOfReply, GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'
import { MultipartClient } from '../../../support/multipart-client.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const random = seededBytes()
const target = { bucket: 'uploads', key: 'k' }
const body = random.bytes(10_000)
const md5 = createHash('md5').update(body)
const crc32Text = (bytes: Buffer) => {
  const digest = Buffer.alloc(4)
  digest.writeUInt32BE(crc32(bytes))
  return digest.toString('base64')
}
const sha256Text = createHash('sha256').update(body).digest('base64')
const md5Hex = md5.digest('hex')

describe('UploadPart', (test) => {
  let harness: GatewayHarness
  const begin = (headers: Record<string, string> = {}) =>
    MultipartClient.begin(harness, target, headers)
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(target.bucket)
  })
  test.after(() => harness.close())

  test('answers with the ETag of the part, and no checksum that nobody asked for', async () => {
    const upload = await begin()
    const reply = await harness.run(uploadPart, upload.request('&partNumber=1', { body }))
    assert.equal(reply.status, 200)
    assert.equal(headerOf(reply, 'etag'), `"${md5Hex}"`)
    assert.equal(headerOf(reply, 'x-amz-checksum-crc64nvme'), undefined)
  })

  test('answers with the checksum that came, or that the upload asked for', async () => {
    const plain = await begin()
    const headers = { 'x-amz-checksum-sha256': sha256Text }
    const sent = await harness.run(uploadPart, plain.request('&partNumber=1', { body, headers }))
    assert.equal(headerOf(sent, 'x-amz-checksum-sha256'), sha256Text)
    const full = await begin({
      'x-amz-checksum-algorithm': 'CRC32',
      'x-amz-checksum-type': 'FULL_OBJECT',
    })
    const computed = await harness.run(uploadPart, full.request('&partNumber=1', { body }))
    assert.equal(headerOf(computed, 'x-amz-checksum-crc32'), crc32Text(body))
    assert.equal(headerOf(computed, 'x-amz-checksum-type'), undefined)
  })

  test('takes a checksum as a trailer too', async () => {
    const upload = await begin({ 'x-amz-checksum-algorithm': 'CRC32' })
    const right = { 'x-amz-checksum-crc32': crc32Text(body) }
    const reply = await harness.run(
      uploadPart,
      upload.request('&partNumber=1', { body, trailers: right }),
    )
    assert.equal(headerOf(reply, 'x-amz-checksum-crc32'), crc32Text(body))
    const wrong = { 'x-amz-checksum-crc32': crc32Text(Buffer.from('other')) }
    const request = upload.request('&partNumber=2', { body, trailers: wrong })
    assert.equal((await harness.refusal(uploadPart, request)).code, 'BadDigest')
  })

  test('replaces the part that has its number', async () => {
    const upload = await begin()
    await upload.put(1, random.bytes(9000))
    await upload.complete([await upload.put(1, body)])
    const reply = await harness.run(getObject, target)
    assert.ok((await bodyOfReply(reply)).equals(body))
  })

  test('refuses before the body is read', async () => {
    const composite = await begin({ 'x-amz-checksum-algorithm': 'SHA256' })
    const aborted = await begin()
    await harness.run(abortMultipartUpload, aborted.request(''))
    const before = harness.bodiesRead
    const code = async (upload: MultipartClient, query: string, headers = {}) =>
      (await harness.refusal(uploadPart, upload.request(query, { body, headers }))).code
    assert.equal(await code(composite, '&partNumber=0'), 'InvalidArgument')
    assert.equal(await code(composite, '&partNumber=10001'), 'InvalidArgument')
    assert.equal(await code(composite, '&partNumber=1'), 'InvalidRequest')
    assert.equal(
      await code(composite, '&partNumber=1', { 'x-amz-checksum-crc32': crc32Text(body) }),
      'InvalidRequest',
    )
    assert.equal(await code(aborted, '&partNumber=1'), 'NoSuchUpload')
    assert.equal(harness.bodiesRead, before)
  })

  test('finds an upload only under its own key and bucket', async () => {
    const upload = await begin()
    const code = async (more: object) =>
      (await harness.refusal(uploadPart, upload.request('&partNumber=1', more))).code
    assert.equal(await code({ key: 'other' }), 'NoSuchUpload')
    assert.equal(await code({ bucket: 'elsewhere' }), 'NoSuchBucket')
    assert.equal(await code({ query: 'partNumber=1&uploadId=x' }), 'NoSuchUpload')
  })

  test('keeps nothing of a part that fails its checks', async () => {
    const upload = await begin()
    const headers = { 'content-md5': createHash('md5').update('other').digest('base64') }
    const request = upload.request('&partNumber=1', { body, headers })
    assert.equal((await harness.refusal(uploadPart, request)).code, 'BadDigest')
    const error = await upload.completeRefused([{ number: 1, etag: md5Hex }])
    assert.equal(error.code, 'InvalidPart')
  })
})
