import assert from 'node:assert'
import { parsePartNumber } from '../../../protocol/s3/part-number.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

describe('a part number', (test) => {
  test('is a whole number from 1 to 10,000', () => {
    assert.equal(parsePartNumber('1'), 1)
    assert.equal(parsePartNumber('10000'), 10_000)
    assert.equal(parsePartNumber('007'), 7)
  })

  for (const raw of ['', '0', '10001', '-1', '1.5', '1e3', ' 1', 'one', '99999999999', undefined]) {
    test(`is not ${JSON.stringify(raw)}`, () => {
      assert.throws(
        () => parsePartNumber(raw),
        (error) =>
          error instanceof S3Error &&
          error.code === 'InvalidArgument' &&
          error.message === 'Part number must be an integer between 1 and 10000, inclusive' &&
          error.details.ArgumentName === 'partNumber' &&
          error.details.ArgumentValue === (raw ?? ''),
      )
    })
  }
})
