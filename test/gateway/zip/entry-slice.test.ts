// Steps of an archive: whatever their sizes, they cover the range without gap or overlap.
import assert from 'node:assert'
import { cutOf, type EntrySlice, stepsOf } from '../../../gateway/zip/entry-slice.ts'
import type { PlacedEntry } from '../../../gateway/zip/manifest-entries.ts'
import { largeBytesMin, stepEntriesMax } from '../../../gateway/zip/zip-limits.ts'
import { blockBytes } from '../../../protocol/chunks/chunk-ref.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'

const random = seededBytes()
const headerBytes = 40

function placedEntries(sizes: readonly number[]): readonly PlacedEntry[] {
  let offset = 0
  return sizes.map((size, index) => {
    const dataOffset = offset + headerBytes
    const entry = { name: `e${index}`, size, crc32: 0, modifiedMs: 0 }
    const placed = { entry, offset, dataOffset, end: dataOffset + size, centralOffset: index }
    offset = placed.end
    return placed
  })
}

async function* pagesOf(entries: readonly PlacedEntry[]) {
  for (let at = 0; at < entries.length; at += 7) yield entries.slice(at, at + 7)
}

describe('steps of an archive', (test) => {
  test('cover any range in order, without gap or overlap, whatever their sizes', async () => {
    for (let round = 0; round < 400; round += 1) {
      const sizes = Array.from({ length: 1 + random.integer(40) }, () => {
        const kind = random.integer(10)
        if (kind === 0) return largeBytesMin + random.integer(100)
        return random.integer(kind < 5 ? 50 : 300_000)
      })
      const entries = placedEntries(sizes)
      const end = entries.at(-1)?.end ?? 0
      const start = random.integer(end)
      const range = { start, end: start + 1 + random.integer(end - start) }
      let at = start
      const stepBytes = () => 1 + random.integer(round % 2 === 0 ? 500 : 200_000)
      const see = (slice: EntrySlice) => {
        assert.equal(slice.start, at)
        assert.ok(slice.start < slice.end)
        assert.ok(slice.placed.offset <= slice.start && slice.end <= slice.placed.end)
        at = slice.end
      }
      for await (const step of stepsOf(pagesOf(entries), range, stepBytes)) {
        if (step.is === 'large') see(step.slice)
        else {
          assert.ok(step.slices.length > 0 && step.slices.length <= stepEntriesMax)
          step.slices.forEach(see)
        }
      }
      assert.equal(at, range.end)
    }
  })

  test('end where a sealed block does, if one ends within', () => {
    const [placed] = placedEntries([10 * blockBytes])
    assert.ok(placed)
    const { dataOffset, end } = placed
    const cut = (start: number, bytes: number) => cutOf({ placed, start, end }, bytes)
    assert.equal(cut(0, 10), 10)
    assert.equal(cut(0, headerBytes), headerBytes)
    assert.equal(cut(0, headerBytes + 5), headerBytes)
    assert.equal(cut(0, 2 * blockBytes), dataOffset + blockBytes)
    assert.equal(cut(dataOffset, blockBytes), dataOffset + blockBytes)
    assert.equal(cut(dataOffset + 1, blockBytes), dataOffset + blockBytes)
    assert.equal(cut(dataOffset + 1, 5), dataOffset + 6)
    assert.equal(cut(dataOffset, 20 * blockBytes), end)
  })
})
