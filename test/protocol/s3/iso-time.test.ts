import assert from 'node:assert/strict'
import { isoTime } from '../../../protocol/s3/iso-time.ts'
import { describe } from '../../support/describe.ts'

describe('times in XML', (test) => {
  test('have whole seconds and three zeros', () => {
    assert.equal(isoTime(Date.UTC(2026, 10, 21, 8, 5, 43, 999)), '2026-11-21T08:05:43.000Z')
    assert.equal(isoTime(0), '1970-01-01T00:00:00.000Z')
  })
})
