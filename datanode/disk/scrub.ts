// Reads stored chunks again and compares them with their CRCs, a budget at a time, segment by segment.
import { type BlobRef, chunkBytesMax, sealedBytes } from '../../protocol/chunks/chunk-ref.ts'
import type { NodeProblem, Scrubbed } from '../blob-node.ts'
import type { ChunkIndex, SegmentRow } from './chunk-index.ts'
import { withLedger } from './chunk-ledger.ts'
import { mendHeaders } from './mend-headers.ts'
import { mendFooter, mendRecord } from './mend-segment.ts'
import { readWholeRecord } from './read-record.ts'
import type { Findings, RecoverOptions } from './recovery-report.ts'
import { type ReinstateParts, reinstate } from './reinstate.ts'
import type { SegmentScan } from './scan-segment.ts'
import { type ChunkRecord, recordBytes, type SegmentId } from './segment-format.ts'
import { findSegmentHeader } from './segment-header.ts'
import { DamagedSegment, isLive, recordsOf } from './segment-records.ts'
import { errorCode, type VfsFile } from './vfs.ts'

const cursorName = 'scrub'
type Cursor = { readonly segment: number; readonly offset: number }
export type ScrubParts = ReinstateParts & Pick<RecoverOptions, 'vfs' | 'paths'>

export async function scrub(parts: ScrubParts, budgetBytes: number): Promise<Scrubbed> {
  const { index, files } = parts
  const cursor = parseCursor(index.remembered(cursorName))
  // An active segment has its row before it has its file, but no chunk then.
  const rows = index.segments().filter(({ id, chunks }) => id >= cursor.segment && chunks > 0)
  const corrupt: BlobRef[] = []
  const findings: Findings = { unsealed: 0, problems: [] }
  const { problems } = findings
  const memory = Buffer.allocUnsafeSlow(sealedBytes(chunkBytesMax))
  let budget = budgetBytes
  for (const row of rows.sort((a, b) => a.id - b.id)) {
    const from = row.id === cursor.segment ? cursor.offset : 0
    const part = await unlessGone(index, row.id, () =>
      files.use(row.id, async (file) => {
        if (from === 0 && (await findSegmentHeader(file, row.id))?.is === 'damaged') {
          await mendHeaders(parts, [row.id], findings)
        }
        return scrubSegment(file, { parts, row, from, budget, memory, problems })
      }),
    )
    if (part === undefined) continue
    corrupt.push(...part.corrupt)
    budget -= part.bytes
    if (part.next !== undefined) {
      remember(index, { segment: row.id, offset: part.next })
      return { corrupt, wrapped: false, problems }
    }
  }
  remember(index, { segment: 0, offset: 0 })
  return { corrupt, wrapped: true, problems }
}

type Job = {
  readonly parts: ScrubParts
  readonly row: SegmentRow
  readonly from: number
  readonly budget: number
  /** Records are read into it, one after the other. */
  readonly memory: Buffer
  readonly problems: NodeProblem[]
}

async function scrubSegment(
  file: VfsFile,
  job: Job,
): Promise<{ corrupt: BlobRef[]; bytes: number; next?: number }> {
  const { parts, row } = job
  const { index } = parts
  const scan = await recordsOf(file, row)
  if (job.from === 0) {
    await reinstateMissing(parts, row, { file, scan })
    if ((await mendFooter(parts, row, { file, scan })) === 'mended') {
      const path = parts.paths.file(row.id)
      job.problems.push({ file: path, what: 'had a damaged footer, which was written anew' })
    }
  }
  const corrupt: BlobRef[] = []
  let bytes = 0
  for (const record of scan.records) {
    if (record.offset < job.from || record.is === 'delete') continue
    if (bytes >= job.budget) return { corrupt, bytes, next: record.offset }
    if (!isLive(index, row, record)) continue
    bytes += recordBytes(record)
    if (await isReadable(file, record, job.memory)) {
      await mendAndTell(job, { file, record, salt: scan.salt })
    } else if (isLive(index, row, record)) {
      corrupt.push(record.ref)
      markBad(index, record.ref)
    }
  }
  return { corrupt, bytes }
}

/** What the index does not know and metadata do is found out here before anybody misses it. */
async function reinstateMissing(
  parts: ReinstateParts,
  row: SegmentRow,
  { file, scan }: { file: VfsFile; scan: SegmentScan },
): Promise<void> {
  const chunks = scan.records.filter((record) => record.is === 'chunk')
  const records = chunks.filter(({ ref }) => parts.index.find(ref) === undefined)
  await reinstate(parts, row, { file, records, elsewhere: 'name' })
}

function markBad(index: ChunkIndex, ref: BlobRef): void {
  const place = index.find(ref)
  if (place === undefined || place.isBad) return
  index.transact((txn) => withLedger(txn, (ledger) => ledger.markBad(ref, place)))
}

/** The frames of the record are whole; its header may be so in the footer alone. */
async function mendAndTell(
  { parts, row, problems }: Job,
  found: { readonly file: VfsFile; readonly record: ChunkRecord; readonly salt: number },
): Promise<void> {
  const { file, record, salt } = found
  const path = parts.paths.file(row.id)
  const is = await mendRecord({ vfs: parts.vfs, path, file, salt }, record)
  if (is === 'sound') return
  const then = is === 'mended' ? 'written anew' : 'not to be written anew'
  const what = `had a damaged header of the record at ${record.offset}, which was ${then}`
  problems.push({ file: path, what })
}

/** A sector that the disk cannot read is as bad as one with wrong bytes. */
async function isReadable(file: VfsFile, record: ChunkRecord, memory: Buffer): Promise<boolean> {
  try {
    return (await readWholeRecord(file, record, memory)) !== undefined
  } catch (cause) {
    if (errorCode(cause) !== 'EIO') throw cause
    return false
  }
}

async function unlessGone<T>(
  index: ChunkIndex,
  id: SegmentId,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work()
  } catch (cause) {
    const row = index.segment(id)
    if (errorCode(cause) === 'ENOENT' && (row === undefined || row.state === 'retired')) {
      return undefined
    }
    if (cause instanceof DamagedSegment && row !== undefined) {
      // The others are verified all the same.
      index.transact((txn) => withLedger(txn, (ledger) => ledger.amend(id, { state: 'damaged' })))
      return undefined
    }
    throw cause
  }
}

function remember(index: ChunkIndex, cursor: Cursor): void {
  const text = `${cursor.segment} ${cursor.offset}`
  index.transact((txn) => txn.remember(cursorName, text))
}

function parseCursor(text: string | undefined): Cursor {
  const [segment, offset] = (text ?? '0 0').split(' ').map(Number)
  return { segment: segment ?? 0, offset: offset ?? 0 }
}
