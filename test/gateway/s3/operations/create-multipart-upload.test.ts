// CreateMultipartUpload against the real embedded engines.
import assert from 'node:assert'
import { createMultipartUpload } from '../../../../gateway/s3/operations/create-multipart-upload.ts'
import { getObjectTagging } from '../../../../gateway/s3/operations/get-object-tagging.ts'
import { headObject } from '../../../../gateway/s3/operations/head-object.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'
import { element, MultipartClient } from '../../../support/multipart-client.ts'

const bucket = 'uploads'

describe('CreateMultipartUpload', (test) => {
  let harness: GatewayHarness
  const create = (headers: Record<string, string>, name = bucket) => ({
    bucket: name,
    key: 'a/b',
    query: 'uploads',
    headers,
  })
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
  })
  test.after(() => harness.close())

  test('answers with a new upload id each time', async () => {
    const first = await harness.run(createMultipartUpload, create({}))
    const second = await harness.run(createMultipartUpload, create({}))
    assert.equal(first.status, 200)
    assert.equal(element(first, 'Bucket'), bucket)
    assert.equal(element(first, 'Key'), 'a/b')
    assert.match(element(first, 'UploadId'), /^[0-9a-f]{32}$/)
    assert.notEqual(element(first, 'UploadId'), element(second, 'UploadId'))
    assert.equal(headerOf(first, 'x-amz-checksum-algorithm'), undefined)
  })

  test('shows the checksum it was asked for, with its type', async () => {
    const reply = await harness.run(
      createMultipartUpload,
      create({ 'x-amz-checksum-algorithm': 'CRC32C' }),
    )
    assert.equal(headerOf(reply, 'x-amz-checksum-algorithm'), 'CRC32C')
    assert.equal(headerOf(reply, 'x-amz-checksum-type'), 'COMPOSITE')
  })

  test('what it is given becomes the object with the completion', async () => {
    const target = { bucket, key: 'described' }
    const upload = await MultipartClient.begin(harness, target, {
      'content-type': 'text/x-test',
      'cache-control': 'no-cache',
      'x-amz-meta-colour': 'blue',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-tagging': 'a=1&b=2',
    })
    await upload.complete([await upload.put(1, Buffer.from('text'))])
    const head = await harness.run(headObject, target)
    assert.equal(headerOf(head, 'content-type'), 'text/x-test')
    assert.equal(headerOf(head, 'cache-control'), 'no-cache')
    assert.equal(headerOf(head, 'x-amz-meta-colour'), 'blue')
    assert.equal(headerOf(head, 'x-amz-storage-class'), 'STANDARD_IA')
    const tagging = await harness.run(getObjectTagging, { ...target, query: 'tagging' })
    assert.match(String(tagging.body), /<Key>a<\/Key><Value>1<\/Value>/)
  })

  test('refuses what it cannot promise', async () => {
    const code = async (headers: Record<string, string>) =>
      (await harness.refusal(createMultipartUpload, create(headers))).code
    assert.equal(await code({ 'x-amz-checksum-algorithm': 'MD4' }), 'InvalidRequest')
    assert.equal(await code({ 'x-amz-checksum-type': 'COMPOSITE' }), 'InvalidRequest')
    assert.equal(await code({ 'x-amz-storage-class': 'ATTIC' }), 'InvalidStorageClass')
    assert.equal(await code({ 'x-amz-server-side-encryption': 'aws:kms' }), 'NotImplemented')
    assert.equal(await code({ 'x-amz-tagging': 'a=1&a=2' }), 'InvalidArgument')
  })

  test('needs a bucket', async () => {
    const error = await harness.refusal(createMultipartUpload, create({}, 'elsewhere'))
    assert.equal(error.code, 'NoSuchBucket')
  })
})
