// Whether an index that may be believed agrees with the segment files. One of another moment may pass
// for ours: a snapshot that was put back, a volume that was attached again while the system ran on.
import type { ChunkIndex, SegmentRow } from './chunk-index.ts'
import type { RecoverOptions, SegmentProblem } from './recovery-report.ts'
import { holdsMore, readSegmentHeader } from './scan-segment.ts'
import { parseSegmentFileName, type SegmentId } from './segment-format.ts'

export type Agreement =
  | { readonly is: 'agrees' }
  /** The index is to be built anew. `missing`: files that it knew, with chunks in them. */
  | { readonly is: 'disagrees'; readonly missing: readonly SegmentProblem[] }

type Options = Pick<RecoverOptions, 'vfs' | 'paths'>

/** For a start, before anybody appends. Looks into segments that were left open, and no others. */
export async function indexAgrees(options: Options, index: ChunkIndex): Promise<Agreement> {
  const { paths } = options
  const rows = index.segments()
  const files = await segmentIds(options)
  // A row is made before its file, and removed after it: so with chunks there was a file.
  const missing = rows
    .filter(({ id, state, chunks }) => state !== 'retired' && chunks > 0 && !files.has(id))
    .map(({ id, chunks }) => ({ file: paths.file(id), what: `is missing, with ${chunks} chunks` }))
  if (missing.length > 0) return { is: 'disagrees', missing }
  const known = new Set(rows.map(({ id }) => id))
  for (const id of files) if (!known.has(id)) return { is: 'disagrees', missing }
  for (const row of rows) {
    if (row.state === 'active' && files.has(row.id) && (await hasMore(options, row))) {
      return { is: 'disagrees', missing }
    }
  }
  return { is: 'agrees' }
}

export async function segmentIds({ vfs, paths }: Options): Promise<ReadonlySet<SegmentId>> {
  const names = await vfs.list(paths.segments)
  return new Set(names.flatMap((name) => parseSegmentFileName(name) ?? []))
}

/**
 * True when records lie behind the row's end. They may be no more than what a killed process had not
 * yet acknowledged; only a look at everything can tell.
 */
async function hasMore({ vfs, paths }: Options, row: SegmentRow): Promise<boolean> {
  const file = await vfs.open(paths.file(row.id), 'read')
  try {
    const header = await readSegmentHeader(file)
    // Without its header no record of it can be told; what the index knows still reads.
    return header !== undefined && (await holdsMore(file, { header, end: row.end }))
  } finally {
    await file.close()
  }
}
