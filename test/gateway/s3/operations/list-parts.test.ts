// ListParts against the real embedded engines.
import assert from 'node:assert'
import { listParts } from '../../../../gateway/s3/operations/list-parts.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness } from '../../../support/gateway-harness.ts'
import { element, elements, MultipartClient } from '../../../support/multipart-client.ts'

const target = { bucket: 'uploads', key: 'k' }

describe('ListParts', (test) => {
  let harness: GatewayHarness
  let upload: MultipartClient
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(target.bucket)
    upload = await MultipartClient.begin(harness, target, {
      'x-amz-checksum-algorithm': 'CRC32',
      'x-amz-checksum-type': 'FULL_OBJECT',
    })
    for (const number of [10_000, 3, 1, 20]) await upload.put(number, Buffer.alloc(number, 1))
  })
  test.after(() => harness.close())

  test('shows the parts by number, with size and checksum', async () => {
    const reply = await harness.run(listParts, upload.request(''))
    assert.deepEqual(elements(reply, 'PartNumber'), ['1', '3', '20', '10000'])
    assert.deepEqual(elements(reply, 'Size'), ['1', '3', '20', '10000'])
    assert.equal(elements(reply, 'ChecksumCRC32').length, 4)
    assert.equal(element(reply, 'ChecksumType'), 'FULL_OBJECT')
    assert.equal(element(reply, 'IsTruncated'), 'false')
    assert.equal(element(reply, 'UploadId'), upload.uploadId)
  })

  test('goes on behind a part number', async () => {
    const page = await harness.run(listParts, upload.request('&max-parts=2&part-number-marker=1'))
    assert.deepEqual(elements(page, 'PartNumber'), ['3', '20'])
    assert.equal(element(page, 'IsTruncated'), 'true')
    assert.equal(element(page, 'NextPartNumberMarker'), '20')
    const rest = await harness.run(listParts, upload.request('&max-parts=2&part-number-marker=20'))
    assert.deepEqual(elements(rest, 'PartNumber'), ['10000'])
    assert.equal(element(rest, 'IsTruncated'), 'false')
    const none = await harness.run(listParts, upload.request('&max-parts=0'))
    assert.equal(element(none, 'IsTruncated'), 'false')
  })

  test('shows no parts of an upload that is complete', async () => {
    const done = await MultipartClient.begin(harness, target)
    await done.complete([await done.put(1, Buffer.from('x'))])
    assert.equal((await harness.refusal(listParts, done.request(''))).code, 'NoSuchUpload')
  })

  test('refuses numbers that are none', async () => {
    const request = upload.request('&max-parts=many')
    assert.equal((await harness.refusal(listParts, request)).code, 'InvalidArgument')
  })
})
