// The index is a cache: what it lacks, and what it has in the wrong place, is put right from the segments,
// which say it all. Metadata decide which records are worth it: those of chunks that they refer to. Here
// is the step for some records of one segment; whoever would give bytes up, or call a chunk absent, takes
// it before: `reclaim.ts`, `lost-chunk-search.ts`, `scrub.ts`.
import type { IsReferenced } from '../blob-store.ts'
import type { ChunkIndex, Place, SegmentRow } from './chunk-index.ts'
import { withLedger } from './chunk-ledger.ts'
import { readsAt, readWholeRecord } from './read-record.ts'
import type { SegmentFiles } from './segment-files.ts'
import { type ChunkRecord, namesChunk, recordHeaderBytes } from './segment-format.ts'
import { errorCode, type VfsFile } from './vfs.ts'

const asked = 512

export type ReinstateParts = {
  readonly index: ChunkIndex
  readonly files: SegmentFiles
  readonly isReferenced: IsReferenced
}

/**
 * Enters those of the records of a segment that are referred to, intact, and to be had nowhere else by the
 * index; answers how many. `records` are of chunks, and the index does not point to them.
 */
export async function reinstate(
  parts: ReinstateParts,
  row: SegmentRow,
  found: {
    readonly file: VfsFile
    readonly records: readonly ChunkRecord[]
    /** How another place of a chunk is looked at: at its name alone, or at all of its frames. */
    readonly elsewhere: 'name' | 'frames'
  },
): Promise<number> {
  const { file, records, elsewhere } = found
  let entered = 0
  for (let at = 0; at < records.length; at += asked) {
    const group = records.slice(at, at + asked)
    // Looked up before it is asked: what is deleted in between is not brought back.
    const before = group.map(({ ref }) => parts.index.find(ref))
    const referred = await parts.isReferenced(group.map(({ ref }) => ref))
    for (const [i, record] of group.entries()) {
      if (referred[i] !== true) continue
      const missed = { file, record, before: before[i], elsewhere }
      if (await reinstateOne(parts, row, missed)) entered += 1
    }
  }
  return entered
}

type Missed = {
  readonly file: VfsFile
  readonly record: ChunkRecord
  /** Where the index had it. */
  readonly before: Place | undefined
  readonly elsewhere: 'name' | 'frames'
}

async function reinstateOne(
  { index, files }: ReinstateParts,
  row: SegmentRow,
  { file, record, before, elsewhere }: Missed,
): Promise<boolean> {
  const { ref, offset, length, writtenSec } = record
  if (before !== undefined && !before.isBad) {
    const look = { ref, elsewhere }
    if (await isAt(files, before, look)) return false
  }
  // A bad copy is of no use in place of another.
  if ((await readWholeRecord(file, record)) === undefined) return false
  const place: Place = { segment: row.id, offset, length, writtenSec, isBad: false }
  return index.transact((txn) =>
    withLedger(txn, (ledger) => {
      const now = ledger.segment(row.id)
      if (now === undefined || now.state === 'retired') return false
      return ledger.restore(ref, before, place)
    }),
  )
}

/** True when the record of this chunk is there. */
async function isAt(
  files: SegmentFiles,
  place: Place,
  { ref, elsewhere }: Pick<Missed, 'elsewhere'> & { readonly ref: ChunkRecord['ref'] },
): Promise<boolean> {
  try {
    return await files.use(place.segment, async (file) => {
      if (elsewhere === 'frames') return readsAt(file, ref, place)
      const header = Buffer.alloc(recordHeaderBytes)
      const got = await file.read(header, place.offset)
      return namesChunk(header.subarray(0, got), { ref, ...place })
    })
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw cause
    return false
  }
}
