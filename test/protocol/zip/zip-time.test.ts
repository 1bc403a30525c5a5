import assert from 'node:assert'
import { dosTime, hasTimeField, writeTimeField } from '../../../protocol/zip/zip-entry.ts'
import { describe } from '../../support/describe.ts'

describe('the time of an entry', (test) => {
  test('is UTC by two seconds, whatever the zone of the machine', () => {
    const { date, time } = dosTime(Date.UTC(2026, 10, 21, 8, 5, 43, 999))
    assert.equal(date, ((2026 - 1980) << 9) | (11 << 5) | 21)
    assert.equal(time, (8 << 11) | (5 << 5) | 21)
  })

  test('is held to the years that DOS knows', () => {
    assert.deepEqual(dosTime(0), { date: 0x21, time: 0 })
    assert.deepEqual(dosTime(Date.UTC(1980, 0, 1)), { date: 0x21, time: 0 })
    assert.deepEqual(dosTime(Date.UTC(2107, 11, 31, 23, 59, 59)), dosTime(Date.UTC(3000, 0, 1)))
    assert.equal(dosTime(Date.UTC(3000, 0, 1)).date, (127 << 9) | (12 << 5) | 31)
  })

  test('has seconds since 1970 too, as long as they fit', () => {
    assert.ok(hasTimeField(0))
    assert.ok(hasTimeField(-1000))
    assert.ok(hasTimeField((2 ** 31 - 1) * 1000 + 999))
    assert.ok(!hasTimeField(2 ** 31 * 1000))
    const field = Buffer.alloc(9)
    assert.equal(writeTimeField(field, 0, 1_000_000_000_999), 9)
    assert.equal(field.toString('hex'), '55540500010' + '0ca9a3b')
  })
})
