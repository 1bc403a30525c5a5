import assert from 'node:assert'
import {
  parseListPartsQuery,
  parseListUploadsQuery,
} from '../../../protocol/s3/list-uploads-query.ts'
import { Query } from '../../../protocol/s3/request-target.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

const uploadId = '0123456789abcdef0123456789abcdef'
const query = (values: Readonly<Record<string, string>>) =>
  new Query(Object.entries(values).map(([name, value]) => ({ name, value })))
const uploads = (values: Readonly<Record<string, string>>) => parseListUploadsQuery(query(values))

describe('the parameters of ListMultipartUploads', (test) => {
  test('may all be absent', () => {
    assert.deepEqual(uploads({}), {
      prefix: '',
      delimiter: undefined,
      encodingType: undefined,
      maxUploads: 1000,
      keyMarker: '',
      uploadIdMarker: '',
      after: undefined,
      afterUploadId: undefined,
    })
  })

  test('a key marker alone passes over all uploads of that key', () => {
    const parsed = uploads({ 'key-marker': 'k' })
    assert.deepEqual(parsed.after, { key: 'k', group: false })
    assert.equal(parsed.afterUploadId, undefined)
  })

  test('with an upload id marker the listing goes on within the key', () => {
    const parsed = uploads({ 'key-marker': 'k', 'upload-id-marker': uploadId })
    assert.equal(parsed.afterUploadId, uploadId)
  })

  test('an upload id marker alone is ignored, whatever it is', () => {
    const parsed = uploads({ 'upload-id-marker': 'anything' })
    assert.equal(parsed.after, undefined)
    assert.equal(parsed.afterUploadId, undefined)
  })

  test('a key marker that is a common prefix passes over its whole group', () => {
    const parsed = uploads({ 'key-marker': 'a/', delimiter: '/', 'upload-id-marker': uploadId })
    assert.deepEqual(parsed.after, { key: 'a/', group: true })
    assert.equal(parsed.afterUploadId, undefined)
  })

  test('more than 1,000 uploads are cut to 1,000', () => {
    assert.equal(uploads({ 'max-uploads': '5000' }).maxUploads, 1000)
    assert.equal(uploads({ 'max-uploads': '0' }).maxUploads, 0)
  })

  const wrong: readonly Readonly<Record<string, string>>[] = [
    { 'max-uploads': 'x' },
    { 'max-uploads': '-1' },
    { 'max-uploads': '2147483648' },
    { 'encoding-type': 'base64' },
    { 'key-marker': 'k', 'upload-id-marker': 'x' },
  ]
  for (const values of wrong) {
    test(`${JSON.stringify(values)} is an invalid argument`, () => {
      assert.throws(
        () => uploads(values),
        (error) => error instanceof S3Error && error.code === 'InvalidArgument',
      )
    })
  }
})

describe('the parameters of ListParts', (test) => {
  const parts = (values: Readonly<Record<string, string>>) => parseListPartsQuery(query(values))

  test('may be absent', () => {
    assert.deepEqual(parts({}), { maxParts: 1000, after: 0 })
  })

  test('are a number of parts and a part to go on after', () => {
    assert.deepEqual(parts({ 'max-parts': '2', 'part-number-marker': '7' }), {
      maxParts: 2,
      after: 7,
    })
    assert.deepEqual(parts({ 'max-parts': '4000', 'part-number-marker': '2147483647' }), {
      maxParts: 1000,
      after: 10_000,
    })
  })

  test('must be 32-bit numbers, and not negative', () => {
    assert.throws(
      () => parts({ 'part-number-marker': '-2' }),
      (error) =>
        error instanceof S3Error &&
        error.message === 'Argument part-number-marker must be an integer between 0 and 2147483647',
    )
    assert.throws(() => parts({ 'max-parts': 'x' }), S3Error)
  })
})
