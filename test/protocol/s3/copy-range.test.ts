import assert from 'node:assert'
import { checkCopyRange, parseCopyRange } from '../../../protocol/s3/range.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

describe('the range of a copied part', (test) => {
  test('names its first and its last byte', () => {
    assert.deepEqual(parseCopyRange('bytes=0-0'), { start: 0, end: 1 })
    assert.deepEqual(parseCopyRange('bytes=5-1023'), { start: 5, end: 1024 })
  })

  const malformed = [
    '',
    '0-5',
    'bytes=5',
    'bytes=5-',
    'bytes=-5',
    'bytes=5-2',
    'bytes=a-b',
    'bytes=0-2,3-5',
    'bytes=0-99999999999999999999',
    'Bytes=0-1',
  ]
  for (const raw of malformed) {
    test(`is not ${JSON.stringify(raw)}`, () => {
      assert.throws(
        () => parseCopyRange(raw),
        (error) =>
          error instanceof S3Error &&
          error.code === 'InvalidArgument' &&
          error.message.startsWith('The x-amz-copy-source-range value must be of the form') &&
          error.details.ArgumentValue === raw,
      )
    })
  }

  test('lies within the source, to its last byte and no further', () => {
    checkCopyRange({ start: 0, end: 100 }, 100, 'bytes=0-99')
    assert.throws(
      () => checkCopyRange({ start: 0, end: 101 }, 100, 'bytes=0-100'),
      (error) =>
        error instanceof S3Error &&
        error.code === 'InvalidArgument' &&
        error.message === 'Range specified is not valid for source object of size: 100',
    )
  })
})
