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
  /** Enters a chunk. False: it is there already, so the bytes at `place` are dead. */
  readonly add: (ref: BlobRef, place: Place) => boolean
  readonly remove: (ref: BlobRef) => void
  /** Compare and swap. False: the chunk is no longer at `from`, so the bytes at `to` are dead. */
  readonly move: (ref: BlobRef, from: Place, to: Place) => boolean
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
    assert(row !== undefined, 'a chunk lies in a segment that has no row')
    const bytes = chunks * recordBytes({ is: 'chunk', length: place.length })
    amend(row.id, { liveBytes: row.liveBytes + bytes, chunks: row.chunks + chunks })
  }
  const add = (ref: BlobRef, place: Place): boolean => {
    if (txn.find(ref) !== undefined) return false
    txn.put(ref, place)
    count(place, 1)
    return true
  }
  const remove = (ref: BlobRef): void => {
    const place = txn.find(ref)
    if (place === undefined) return
    txn.remove(ref)
    count(place, -1)
  }
  const move = (ref: BlobRef, from: Place, to: Place): boolean => {
    const place = txn.find(ref)
    if (place?.segment !== from.segment || place.offset !== from.offset) return false
    txn.put(ref, to)
    count(from, -1)
    count(to, 1)
    return true
  }
  const result = work({ find: txn.find, segment, amend, add, remove, move })
  for (const row of rows.values()) txn.putSegment(row)
  return result
}
