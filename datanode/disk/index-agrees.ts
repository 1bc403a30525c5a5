// Whether an index that may be believed agrees with the segment files. One of another moment may pass
// for ours: a snapshot that was put back, a volume that was attached again while the system ran on.
import type { NodeProblem } from '../blob-node.ts'
import type { ChunkIndex, SegmentRow } from './chunk-index.ts'
import { findOddSegments } from './mend-headers.ts'
import type { RecoverOptions } from './recovery-report.ts'
import { holdsMore } from './scan-segment.ts'
import { parseSegmentFileName, type SegmentId } from './segment-format.ts'
import { findSegmentHeader } from './segment-header.ts'
import { holdsReadableAside } from './settle-segments.ts'

export type Agreement =
  /** `damaged`: segments whose headers are. */
  | { readonly is: 'agrees'; readonly damaged: readonly SegmentId[] }
  /** The index is to be built anew. `missing`: files that it knew, with chunks in them. */
  | { readonly is: 'disagrees'; readonly missing: readonly NodeProblem[] }

type Options = Pick<RecoverOptions, 'vfs' | 'paths'>

/** For a start, before anybody appends. Looks at all headers, and into segments that were left open. */
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
  const { damaged, strange } = await findOddSegments(options, files)
  if (strange.length > 0 || (await holdsReadableAside(options))) return { is: 'disagrees', missing }
  for (const row of rows) {
    if (row.state === 'active' && files.has(row.id) && (await hasMore(options, row))) {
      return { is: 'disagrees', missing }
    }
  }
  return { is: 'agrees', damaged }
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
    const found = await findSegmentHeader(file, row.id)
    return found !== undefined && (await holdsMore(file, { header: found.header, end: row.end }))
  } finally {
    await file.close()
  }
}
