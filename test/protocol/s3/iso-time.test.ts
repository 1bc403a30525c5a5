import assert from 'node:assert/strict'
import { isoTime, makeIsoTime } from '../../../protocol/s3/iso-time.ts'
import { describe } from '../../support/describe.ts'

describe('times in XML', (test) => {
  test('have whole seconds and three zeros', () => {
    assert.equal(isoTime(Date.UTC(2026, 10, 21, 8, 5, 43, 999)), '2026-11-21T08:05:43.000Z')
    assert.equal(isoTime(0), '1970-01-01T00:00:00.000Z')
  })

  test('come out the same from the writer that remembers the day', () => {
    const write = makeIsoTime()
    for (const ms of [0, 1, 59_999, 86_399_999, 86_400_000, 1_795_248_343_512, 5, -1]) {
      assert.equal(write(ms), isoTime(ms))
    }
  })
})
