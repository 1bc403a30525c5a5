import assert from 'node:assert'
import { ArchiveEtag } from '../../../protocol/zip/archive-sums.ts'
import type { ZipEntry } from '../../../protocol/zip/zip-entry.ts'
import { entryHeaders } from '../../../protocol/zip/zip-layout.ts'
import { describe } from '../../support/describe.ts'

type Row = readonly [entry: ZipEntry, offset: number, content: string]
const entry: ZipEntry = { name: 'a', size: 1, crc32: 2, modifiedMs: 3000 }
const row: Row = [entry, 0, 'row 1']

function etagOf(rows: readonly Row[], options = 'windows=no'): string {
  const etag = new ArchiveEtag(options)
  for (const [entry, offset, content] of rows) etag.add(entryHeaders(entry, offset), content)
  return etag.finish()
}

describe('the ETag of an archive', (test) => {
  test('is the same for the same rows', () => {
    assert.match(etagOf([row]), /^[0-9a-f]{32}$/)
    assert.equal(etagOf([row, row]), etagOf([row, row]))
  })

  test('changes with everything its bytes depend on', () => {
    const others: readonly (readonly Row[])[] = [
      [],
      [row, row],
      [[{ ...entry, name: 'b' }, 0, 'row 1']],
      [[{ ...entry, size: 2 }, 0, 'row 1']],
      [[{ ...entry, crc32: 3 }, 0, 'row 1']],
      [[{ ...entry, modifiedMs: 5000 }, 0, 'row 1']],
      [[entry, 1, 'row 1']],
      [[entry, 0, 'row 2']],
    ]
    const etags = new Set([
      etagOf([row]),
      etagOf([row], 'windows=yes'),
      ...others.map((rows) => etagOf(rows)),
    ])
    assert.equal(etags.size, others.length + 2)
  })

  test('does not confuse where one text ends and the next begins', () => {
    assert.notEqual(etagOf([[entry, 0, 'ab'], row]), etagOf([[entry, 0, 'a'], row]))
    assert.notEqual(etagOf([], 'ab'), etagOf([], 'a'))
  })
})
