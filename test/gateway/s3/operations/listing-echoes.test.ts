// What listings repeat of the request, as AWS documents for each: as it was sent, or URL-encoded.
import assert from 'node:assert'
import type { BucketCall, Operation } from '../../../../gateway/s3/operation.ts'
import { createMultipartUpload } from '../../../../gateway/s3/operations/create-multipart-upload.ts'
import { listBuckets } from '../../../../gateway/s3/operations/list-buckets.ts'
import { listMultipartUploads } from '../../../../gateway/s3/operations/list-multipart-uploads.ts'
import { listObjectVersions } from '../../../../gateway/s3/operations/list-object-versions.ts'
import { listObjects } from '../../../../gateway/s3/operations/list-objects.ts'
import { listObjectsV2 } from '../../../../gateway/s3/operations/list-objects-v2.ts'
import { listParts } from '../../../../gateway/s3/operations/list-parts.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness } from '../../../support/gateway-harness.ts'
import { element, elements, MultipartClient } from '../../../support/multipart-client.ts'

const bucket = 'echoes'
// Each has something that XML escapes and something that only URLs encode.
const prefix = 'a&b ü/'
const delimiter = '<+>'
const marker = `${prefix}0 "é"`
const version = '0'.repeat(32)
const plainOf = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
const urlOf = (text: string) =>
  encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+')
const queryOf = (parameters: Readonly<Record<string, string>>) =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')

type Listing = {
  readonly operation: Operation<BucketCall>
  readonly parameters: Readonly<Record<string, string>>
  /** The elements in which a text comes back that may be encoded, and those in which one comes as it is. */
  readonly texts: Readonly<Record<string, string>>
  readonly others: Readonly<Record<string, string>>
}

const common = { prefix, delimiter }
const commonTexts = { Prefix: prefix, Delimiter: delimiter }

describe('listings repeat what was asked', (test) => {
  let harness: GatewayHarness
  let token = ''
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
    for (const key of ['1', '2', '3']) {
      await harness.run(putObject, { bucket, key: prefix + key, body: 'x' })
      await harness.run(createMultipartUpload, { bucket, key: prefix + key, query: 'uploads' })
    }
    const query = queryOf({ 'list-type': '2', 'max-keys': '1', prefix })
    token = element(await harness.run(listObjectsV2, { bucket, query }), 'NextContinuationToken')
  })
  test.after(() => harness.close())

  const listings = (): readonly Listing[] => [
    {
      operation: listObjects,
      parameters: { ...common, marker, 'max-keys': '2' },
      texts: { ...commonTexts, Marker: marker },
      others: { MaxKeys: '2', Name: bucket, IsTruncated: 'true' },
    },
    {
      operation: listObjectsV2,
      parameters: { ...common, 'list-type': '2', 'start-after': marker, 'max-keys': '2' },
      texts: { ...commonTexts, StartAfter: marker },
      others: { MaxKeys: '2', KeyCount: '2', Name: bucket },
    },
    {
      operation: listObjectsV2,
      parameters: {
        ...common,
        'list-type': '2',
        'start-after': marker,
        'continuation-token': token,
      },
      texts: { ...commonTexts, StartAfter: marker },
      others: { ContinuationToken: token, MaxKeys: '1000', KeyCount: '2' },
    },
    {
      operation: listObjectVersions,
      parameters: {
        ...common,
        'key-marker': marker,
        'version-id-marker': version,
        'max-keys': '9',
      },
      texts: { ...commonTexts, KeyMarker: marker },
      others: { VersionIdMarker: version, MaxKeys: '9', Name: bucket },
    },
    {
      operation: listMultipartUploads,
      parameters: {
        ...common,
        'key-marker': marker,
        'upload-id-marker': version,
        'max-uploads': '9',
      },
      texts: { ...commonTexts, KeyMarker: marker },
      others: { UploadIdMarker: version, MaxUploads: '9', Bucket: bucket },
    },
  ]

  test('as it was sent', async () => {
    for (const { operation, parameters, texts, others } of listings()) {
      const reply = await harness.run(operation, { bucket, query: queryOf(parameters) })
      for (const [name, text] of Object.entries(texts)) {
        assert.equal(element(reply, name), plainOf(text), name)
      }
      for (const [name, text] of Object.entries(others)) assert.equal(element(reply, name), text)
      assert.deepEqual(elements(reply, 'EncodingType'), [])
    }
  })

  test('URL-encoded, as are keys, when that is asked for', async () => {
    for (const { operation, parameters, texts, others } of listings()) {
      const query = queryOf({ ...parameters, 'encoding-type': 'url' })
      const reply = await harness.run(operation, { bucket, query })
      for (const [name, text] of Object.entries(texts))
        assert.equal(element(reply, name), urlOf(text))
      for (const [name, text] of Object.entries(others)) assert.equal(element(reply, name), text)
      assert.equal(element(reply, 'EncodingType'), 'url')
      for (const key of elements(reply, 'Key')) assert.ok(key.startsWith(urlOf(prefix)), key)
      assert.ok(elements(reply, 'Key').length >= 2)
    }
  })

  test('without markers and delimiter that were not sent', async () => {
    const v2 = await harness.run(listObjectsV2, { bucket, query: 'list-type=2' })
    for (const name of ['StartAfter', 'ContinuationToken', 'Delimiter', 'EncodingType']) {
      assert.deepEqual(elements(v2, name), [], name)
    }
    assert.equal(element(v2, 'Prefix'), '')
    const v1 = await harness.run(listObjects, { bucket })
    assert.deepEqual([element(v1, 'Marker'), element(v1, 'Prefix')], ['', ''])
  })

  test('of parts and of buckets too', async () => {
    const upload = await MultipartClient.begin(harness, { bucket, key: marker })
    const parts = await harness.run(listParts, upload.request('&part-number-marker=7&max-parts=8'))
    assert.equal(element(parts, 'PartNumberMarker'), '7')
    assert.equal(element(parts, 'MaxParts'), '8')
    assert.equal(element(parts, 'Key'), plainOf(marker))
    assert.equal(element(parts, 'UploadId'), upload.uploadId)
    const buckets = await harness.run(listBuckets, { query: 'prefix=ech&max-buckets=10' })
    assert.equal(element(buckets, 'Prefix'), 'ech')
    assert.deepEqual(elements(await harness.run(listBuckets, {}), 'Prefix'), [])
  })
})
