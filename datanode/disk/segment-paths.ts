// Where things lie in a data node's directory.
import { join } from 'node:path'
import { type SegmentId, segmentFileName } from './segment-format.ts'

export type SegmentPaths = {
  readonly root: string
  readonly segments: string
  readonly index: string
  /** Says how far the index is to be trusted: `index-trust.ts`. */
  readonly trust: string
  /** Which store it is, and of what moment: `store-note.ts`. Among the segments, as it is missing with them. */
  readonly note: string
  /** Blocks kept for deletes and compaction: `segment-reserve.ts`. */
  readonly reserve: string
  readonly file: (id: SegmentId) => string
}

export function segmentPaths(root: string): SegmentPaths {
  const segments = join(root, 'segments')
  return {
    root,
    segments,
    index: join(root, 'index'),
    trust: join(root, 'index-trust'),
    note: join(segments, 'store-note'),
    reserve: join(segments, 'reserve'),
    file: (id) => join(segments, segmentFileName(id)),
  }
}
