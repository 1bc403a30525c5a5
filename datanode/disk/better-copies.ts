// Of several records of one chunk, which a compaction that was cut off or a file that was copied leaves, the
// index is to know one that can be read: for the others are given up. Frames are looked at only here, where
// there is a choice.
import type { ChunkIndex, Place } from './chunk-index.ts'
import { withLedger } from './chunk-ledger.ts'
import { readsAt } from './read-record.ts'
import type { RecoverOptions } from './recovery-report.ts'
import type { ChunkRecord, RecordHeader, SegmentId } from './segment-format.ts'

type Found = { readonly id: SegmentId; readonly records: readonly RecordHeader[] }

/**
 * Those of the records of a segment that are bad copies of chunks in the index. Chunks of which the index
 * has a bad copy are noted as bad in it.
 */
export async function judgeCopies(
  home: Pick<RecoverOptions, 'vfs' | 'paths'>,
  index: ChunkIndex,
  { id, records }: Found,
): Promise<ReadonlySet<RecordHeader>> {
  const bad = new Set<RecordHeader>()
  for (const record of records) {
    const known = record.is === 'chunk' ? index.find(record.ref) : undefined
    if (record.is !== 'chunk' || known === undefined) continue
    const { ref, offset, length, writtenSec } = record
    if (!(await reads(home, ref, { segment: id, offset, length, writtenSec, isBad: false }))) {
      bad.add(record)
    }
    if (known.isBad || (await reads(home, ref, known))) continue
    index.transact((txn) => withLedger(txn, (ledger) => ledger.markBad(ref, known)))
  }
  return bad
}

async function reads(
  { vfs, paths }: Pick<RecoverOptions, 'vfs' | 'paths'>,
  ref: ChunkRecord['ref'],
  place: Place,
): Promise<boolean> {
  const file = await vfs.open(paths.file(place.segment), 'read')
  try {
    return await readsAt(file, ref, place)
  } finally {
    await file.close()
  }
}
