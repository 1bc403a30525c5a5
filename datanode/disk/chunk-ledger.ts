// Changes chunk places and the byte counts of segments together, inside one index transaction. A
// segment's row is read once and written once, when `settle` ends.
import { strict as assert } from 'node:assert'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import type { IndexTxn, Place, SegmentRow } from './chunk-index.ts'
import { recordBytes, type SegmentId } from './segment-format.ts'

export type Ledger = {
  readonly find: (ref: BlobRef) => Place | undefined
  readonly segment: (id: SegmentId) => SegmentRow | undefined
  /** Changes some fields of a segment's row, which must exist. */
  readonly amend: (id: SegmentId, change: Partial<SegmentRow>) => void
  /** Enters a chunk, also in place of a bad copy. A good one stays, and the bytes at `place` are dead. */
  readonly add: (ref: BlobRef, place: Place) => void
  /** The same for a record found in a scan: of two that are as good, the one written later stays. */
  readonly addFound: (ref: BlobRef, place: Place) => void
  /** Notes that a chunk's bytes are bad, unless it is no longer at `place`. */
  readonly markBad: (ref: BlobRef, place: Place) => void
  readonly remove: (ref: BlobRef) => void
  /** Compare and swap. False: the chunk is no longer at `from`, so the bytes at `to` are dead. */
  readonly move: (ref: BlobRef, from: Place, to: Place) => boolean
  /** The same for a chunk whose entry is missing (`from` undefined), or leads nowhere. */
  readonly restore: (ref: BlobRef, from: Place | undefined, to: Place) => boolean
}

export function withLedger<T>(txn: IndexTxn, work: (ledger: Ledger) => T): T {
  const rows = new Map<SegmentId, SegmentRow>()
  const segment = (id: SegmentId): SegmentRow | undefined => rows.get(id) ?? txn.segment(id)
  const amend = (id: SegmentId, change: Partial<SegmentRow>): void => {
    const row = segment(id)
    assert(row !== undefined, 'a segment has no row')
    rows.set(id, { ...row, ...change })
  }
  const count = (place: Place, chunks: 1 | -1): void => {
    const row = segment(place.segment)
    // Taken from a segment of which a damaged index has no row, it is counted nowhere.
    if (row === undefined && chunks < 0) return
    assert(row !== undefined, 'a chunk lies in a segment that has no row')
    const bytes = chunks * recordBytes({ is: 'chunk', length: place.length })
    // After damage to the index there may be fewer than there were: nothing is given up for that alone.
    amend(row.id, {
      liveBytes: Math.max(0, row.liveBytes + bytes),
      chunks: Math.max(0, row.chunks + chunks),
    })
  }
  const put = (ref: BlobRef, place: Place, before: Place | undefined): void => {
    txn.put(ref, place)
    if (before !== undefined) count(before, -1)
    count(place, 1)
  }
  const add = (ref: BlobRef, place: Place): void => {
    const before = txn.find(ref)
    if (before === undefined || before.isBad) put(ref, place, before)
  }
  const addFound = (ref: BlobRef, place: Place): void => {
    const before = txn.find(ref)
    const isBetter =
      before === undefined ||
      (before.isBad === place.isBad ? place.writtenSec > before.writtenSec : before.isBad)
    if (isBetter) put(ref, place, before)
  }
  const markBad = (ref: BlobRef, place: Place): void => {
    const now = txn.find(ref)
    if (now !== undefined && sameSpot(now, place)) txn.put(ref, { ...now, isBad: true })
  }
  const remove = (ref: BlobRef): void => {
    const place = txn.find(ref)
    if (place === undefined) return
    txn.remove(ref)
    count(place, -1)
  }
  const move = (ref: BlobRef, from: Place, to: Place): boolean => {
    const place = txn.find(ref)
    if (place === undefined || !sameSpot(place, from)) return false
    put(ref, to, place)
    return true
  }
  const restore = (ref: BlobRef, from: Place | undefined, to: Place): boolean => {
    const place = txn.find(ref)
    if (place === undefined ? from !== undefined : from === undefined || !sameSpot(place, from)) {
      return false
    }
    put(ref, to, place)
    return true
  }
  const result = work({
    find: txn.find,
    segment,
    amend,
    add,
    addFound,
    markBad,
    remove,
    move,
    restore,
  })
  for (const row of rows.values()) txn.putSegment(row)
  return result
}

function sameSpot(a: Place, b: Place): boolean {
  return a.segment === b.segment && a.offset === b.offset
}
