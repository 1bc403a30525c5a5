import assert from 'node:assert/strict'
import { parseCount } from '../../../protocol/s3/count-parameter.ts'
import { Query } from '../../../protocol/s3/request-target.ts'
import { describe } from '../../support/describe.ts'

const rule = { name: 'max-keys', absent: 1000, max: 1000, argumentName: 'maxKeys' }
const query = (value: string) => new Query([{ name: 'max-keys', value }])

describe('numbers in the query', (test) => {
  test('have a default, and are cut to what a page holds', () => {
    assert.equal(parseCount(new Query([]), rule), 1000)
    assert.equal(parseCount(query(''), rule), 1000)
    assert.equal(parseCount(query('0'), rule), 0)
    assert.equal(parseCount(query('17'), rule), 17)
    assert.equal(parseCount(query('2147483647'), rule), 1000)
  })

  test('that are no 32-bit integers are refused under the name of the parameter', () => {
    for (const value of [
      'abc',
      '1.5',
      '2147483648',
      '-2147483649',
      '1e3',
      '0x10',
      '9'.repeat(40),
    ]) {
      assert.throws(() => parseCount(query(value), rule), {
        code: 'InvalidArgument',
        message: 'Provided max-keys not an integer or within integer range',
        details: { ArgumentName: 'max-keys', ArgumentValue: value },
      })
    }
  })

  test('that are negative are refused under the name S3 gives them', () => {
    assert.throws(() => parseCount(query('-1'), rule), {
      code: 'InvalidArgument',
      message: 'Argument maxKeys must be an integer between 0 and 2147483647',
      details: { ArgumentName: 'maxKeys', ArgumentValue: '-1' },
    })
  })
})
