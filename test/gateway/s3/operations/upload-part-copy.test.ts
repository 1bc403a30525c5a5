// UploadPartCopy against the real embedded engines.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { crc32 } from '@node-rs/crc32'
import { deleteObject } from '../../../../gateway/s3/operations/delete-object.ts'
import { getObject } from '../../../../gateway/s3/operations/get-object.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { uploadPartCopy } from '../../../../gateway/s3/operations/upload-part-copy.ts'
import { describe } from '../../../support/describe.ts'
import { bodyOfReply, GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'
import { element, type Headers, MultipartClient } from '../../../support/multipart-client.ts'
import { resourceName } from '../../../support/policy.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const random = seededBytes()
const bucket = 'copies'
const source = random.bytes(6 * 2 ** 20)
const etagOf = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')

describe('UploadPartCopy', (test) => {
  let harness: GatewayHarness
  let upload: MultipartClient
  const request = (number: number, headers: Headers) =>
    upload.request(`&partNumber=${number}`, {
      headers: { 'x-amz-copy-source': `${bucket}/source`, ...headers },
    })
  const copy = async (number: number, headers: Headers = {}) => {
    const reply = await harness.run(uploadPartCopy, request(number, headers))
    assert.equal(reply.status, 200)
    return { number, etag: element(reply, 'ETag'), reply }
  }
  const refusal = (headers: Headers) => harness.refusal(uploadPartCopy, request(1, headers))

  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
    await harness.run(putObject, { bucket, key: 'source', body: source })
  })
  test.after(() => harness.close())
  test.beforeEach(async () => {
    upload = await MultipartClient.begin(harness, { bucket, key: 'made' })
  })

  test('makes parts of objects and of ranges of them', async () => {
    const all = await copy(1)
    const range = await copy(2, { 'x-amz-copy-source-range': 'bytes=100-5000099' })
    assert.equal(range.etag, `&quot;${etagOf(source.subarray(100, 5_000_100))}&quot;`)
    assert.equal(element(range.reply, 'LastModified'), '2026-11-21T08:00:00.000Z')
    await upload.complete([all, range])
    const made = await bodyOfReply(await harness.run(getObject, { bucket, key: 'made' }))
    assert.ok(made.equals(Buffer.concat([source, source.subarray(100, 5_000_100)])))
  })

  test('what was copied outlives its source', async () => {
    const body = random.bytes(70_000)
    await harness.run(putObject, { bucket, key: 'brief', body })
    const part = await copy(1, { 'x-amz-copy-source': `${bucket}/brief` })
    await harness.run(deleteObject, { bucket, key: 'brief' })
    await upload.complete([part])
    const made = await harness.run(getObject, { bucket, key: 'made' })
    assert.ok((await bodyOfReply(made)).equals(body))
  })

  test('computes the checksum that the upload asked for', async () => {
    upload = await MultipartClient.begin(
      harness,
      { bucket, key: 'made' },
      {
        'x-amz-checksum-algorithm': 'CRC32',
      },
    )
    const { reply } = await copy(1, { 'x-amz-copy-source-range': 'bytes=0-9' })
    const digest = Buffer.alloc(4)
    digest.writeUInt32BE(crc32(source.subarray(0, 10)))
    assert.equal(element(reply, 'ChecksumCRC32'), digest.toString('base64'))
  })

  test('takes an empty source', async () => {
    await harness.run(putObject, { bucket, key: 'empty' })
    const { etag } = await copy(1, { 'x-amz-copy-source': `${bucket}/empty` })
    assert.equal(etag, `&quot;${etagOf(Buffer.alloc(0))}&quot;`)
  })

  test('names the version it copied from', async () => {
    await harness.makeBucket('versions', 'enabled')
    const old = { bucket: 'versions', key: 'v' }
    const put = await harness.run(putObject, { ...old, body: 'old' })
    await harness.run(putObject, { ...old, body: 'new' })
    const versionId = headerOf(put, 'x-amz-version-id')
    const { reply, etag } = await copy(1, {
      'x-amz-copy-source': `versions/v?versionId=${versionId}`,
    })
    assert.equal(headerOf(reply, 'x-amz-copy-source-version-id'), versionId)
    assert.equal(etag, `&quot;${etagOf(Buffer.from('old'))}&quot;`)
  })

  test('refuses ranges that are malformed or reach past the source', async () => {
    for (const range of ['0-5', 'bytes=5-', 'bytes=5-2', '', `bytes=0-${source.length}`]) {
      const error = await refusal({ 'x-amz-copy-source-range': range })
      assert.equal(error.code, 'InvalidArgument')
    }
  })

  test('refuses sources that are not there or do not meet the conditions', async () => {
    const code = async (headers: Headers) => (await refusal(headers)).code
    assert.equal(await code({ 'x-amz-copy-source': `${bucket}/nothing` }), 'NoSuchKey')
    assert.equal(await code({ 'x-amz-copy-source': 'nowhere/source' }), 'NoSuchBucket')
    assert.equal(await code({ 'x-amz-copy-source': 'source' }), 'InvalidArgument')
    assert.equal(await code({ 'x-amz-copy-source-if-match': '"other"' }), 'PreconditionFailed')
    assert.equal(
      await code({ 'x-amz-copy-source-if-none-match': `"${etagOf(source)}"` }),
      'PreconditionFailed',
    )
  })

  test('asks whether the caller may read the source', async () => {
    const asked: string[] = []
    const guarded = await GatewayHarness.open({
      authorize: ({ action, resource }) => {
        asked.push(`${action} ${resourceName(resource)}`)
        return action !== 's3:GetObject'
      },
    })
    await guarded.makeBucket(bucket)
    const begun = await MultipartClient.begin(guarded, { bucket, key: 'made' })
    const headers = { 'x-amz-copy-source': `${bucket}/secret` }
    const error = await guarded.refusal(uploadPartCopy, begun.request('&partNumber=1', { headers }))
    assert.equal(error.code, 'AccessDenied')
    assert.deepEqual(asked.slice(1), [
      `s3:PutObject ${bucket}/made`,
      `s3:GetObject ${bucket}/secret`,
    ])
    await guarded.close()
  })
})
