import assert from 'node:assert'
import { checkObjectSize, parseObjectSize } from '../../../protocol/s3/expected-object.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

describe('the size a client expects of a completed object', (test) => {
  test('is optional, and a number of bytes', () => {
    assert.equal(parseObjectSize({}), undefined)
    assert.equal(parseObjectSize({ 'x-amz-mp-object-size': '5242880' }), 5_242_880)
  })

  for (const raw of ['size', '-1', '1.0', '1e6', '9999999999999999']) {
    test(`is not ${raw}`, () => {
      assert.throws(
        () => parseObjectSize({ 'x-amz-mp-object-size': raw }),
        (error) =>
          error instanceof S3Error &&
          error.code === 'InvalidRequest' &&
          error.message === `Value for x-amz-mp-object-size header is invalid: '${raw}'`,
      )
    })
  }

  test('must be the one computed', () => {
    checkObjectSize(undefined, 7)
    checkObjectSize(7, 7)
    assert.throws(
      () => checkObjectSize(8, 7),
      (error) => error instanceof S3Error && error.code === 'InvalidRequest',
    )
  })
})
