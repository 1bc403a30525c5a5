// What a range of an archive takes of its entries, cut into steps that are read one at a time.
import { blockBytes } from '../../protocol/chunks/chunk-ref.ts'
import type { HalfOpenRange } from '../../protocol/s3/range.ts'
import type { PlacedEntry } from './manifest-entries.ts'
import { largeBytesMin, stepEntriesMax } from './zip-limits.ts'

/** Part of an entry: some of its header, then some of its data. Either may be empty. */
export type EntrySlice = {
  readonly placed: PlacedEntry
  /** In the archive. */
  readonly start: number
  readonly end: number
}

export type Step =
  | { readonly is: 'slices'; readonly slices: readonly EntrySlice[] }
  /** One slice with many bytes, which is not to be read at once. */
  | { readonly is: 'large'; readonly slice: EntrySlice }

/**
 * Steps of the entries that the range covers, in order. `stepBytes` is asked at the beginning of each
 * step how long it may be.
 */
export async function* stepsOf(
  pages: AsyncIterable<readonly PlacedEntry[]>,
  range: HalfOpenRange,
  stepBytes: () => number,
): AsyncGenerator<Step, void, void> {
  let slices: EntrySlice[] = []
  let room = 0
  for await (const page of pages) {
    for (const placed of page) {
      if (placed.offset >= range.end) break
      let start = Math.max(placed.offset, range.start)
      const end = Math.min(placed.end, range.end)
      while (start < end) {
        const isLarge = end - start >= largeBytesMin
        if (slices.length > 0 && (isLarge || room === 0 || slices.length === stepEntriesMax)) {
          yield { is: 'slices', slices }
          slices = []
        }
        if (isLarge) {
          yield { is: 'large', slice: { placed, start, end } }
          break
        }
        if (slices.length === 0) room = stepBytes()
        const cut = cutOf({ placed, start, end }, room)
        slices.push({ placed, start, end: cut })
        room -= cut - start
        start = cut
      }
    }
    if ((page.at(-1)?.end ?? range.end) >= range.end) break
  }
  if (slices.length > 0) yield { is: 'slices', slices }
}

/**
 * Where a slice ends when it may have so many bytes: at the beginning of a sealed block if there is
 * one within, since blocks are read and opened whole.
 */
export function cutOf({ placed, start, end }: EntrySlice, bytes: number): number {
  const cut = start + bytes
  if (cut >= end) return end
  if (cut <= placed.dataOffset) return cut
  const aligned = cut - ((cut - placed.dataOffset) % blockBytes)
  return aligned > start ? aligned : cut
}

/** The data that a slice takes, as offsets in the object. */
export function dataOf({ placed, start, end }: EntrySlice): HalfOpenRange {
  const { dataOffset } = placed
  return { start: Math.max(start - dataOffset, 0), end: Math.max(end - dataOffset, 0) }
}
