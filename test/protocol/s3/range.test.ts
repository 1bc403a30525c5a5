import assert from 'node:assert'
import { contentRange, parseRange, satisfyRange } from '../../../protocol/s3/range.ts'
import { describe } from '../../support/describe.ts'

function cut(header: string, size: number) {
  const range = parseRange(header)
  return range === undefined ? 'ignored' : satisfyRange(range, size)
}

describe('ranges', (test) => {
  test('a range has both ends inclusive', () => {
    assert.deepEqual(cut('bytes=0-9', 100), { start: 0, end: 10 })
    assert.deepEqual(cut('bytes=99-99', 100), { start: 99, end: 100 })
  })

  test('an open range goes to the end, and one too long is cut there', () => {
    assert.deepEqual(cut('bytes=90-', 100), { start: 90, end: 100 })
    assert.deepEqual(cut('bytes=90-1000', 100), { start: 90, end: 100 })
    assert.deepEqual(cut('bytes=0-99999999999999999999999', 100), { start: 0, end: 100 })
  })

  test('a suffix is the last bytes, at most all of them', () => {
    assert.deepEqual(cut('bytes=-10', 100), { start: 90, end: 100 })
    assert.deepEqual(cut('bytes=-1000', 100), { start: 0, end: 100 })
  })

  test('what lies past the end, an empty suffix, and anything of an empty object is unsatisfiable', () => {
    assert.equal(cut('bytes=100-', 100), 'unsatisfiable')
    assert.equal(cut('bytes=100-200', 100), 'unsatisfiable')
    assert.equal(cut('bytes=-0', 100), 'unsatisfiable')
    assert.equal(cut('bytes=0-', 0), 'unsatisfiable')
    assert.equal(cut('bytes=-1', 0), 'unsatisfiable')
  })

  test('several ranges, other units and malformed ones are ignored', () => {
    for (const header of [
      'bytes=0-1,3-4',
      'lines=0-1',
      'bytes=5-1',
      'bytes=-',
      'bytes=a-b',
      'bytes 0-1',
      'bytes=1.5-2',
      '',
    ]) {
      assert.equal(cut(header, 100), 'ignored', header)
    }
  })

  test('spaces and letter case of the unit do not matter', () => {
    assert.deepEqual(cut(' Bytes = 1 - 2 ', 100), { start: 1, end: 3 })
  })

  test('Content-Range names the last byte inclusively', () => {
    assert.equal(contentRange({ start: 0, end: 10 }, 100), 'bytes 0-9/100')
  })
})
