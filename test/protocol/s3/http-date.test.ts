import assert from 'node:assert'
import { formatHttpDate, parseHttpDate } from '../../../protocol/s3/http-date.ts'
import { describe } from '../../support/describe.ts'

const ms = Date.UTC(1994, 10, 6, 8, 49, 37)

describe('HTTP dates', (test) => {
  test('a time is written in the one form RFC 9110 wants, without parts of a second', () => {
    assert.equal(formatHttpDate(ms + 999), 'Sun, 06 Nov 1994 08:49:37 GMT')
  })

  test('all three forms and ISO 8601 are read', () => {
    for (const raw of [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
      '1994-11-06T08:49:37Z',
      '1994-11-06T09:49:37.000+01:00',
    ]) {
      assert.equal(parseHttpDate(raw), ms, raw)
    }
  })

  test('what is no date is no date', () => {
    for (const raw of [
      '',
      'yesterday',
      '0',
      'Sun, 31 Feb 1994 08:49:37 GMT',
      'Sun, 06 Foo 1994 08:49:37 GMT',
      'Sun, 06 Nov 1994 25:49:37 GMT',
      '1994-13-06T08:49:37Z',
    ]) {
      assert.equal(parseHttpDate(raw), undefined, raw)
    }
  })
})
