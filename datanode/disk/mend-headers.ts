// Headers of the segments of an index that is believed. The index finds chunks without them, and is derived:
// so they are put right at the start already, and not when they are needed.
import type { Findings, RecoverOptions } from './recovery-report.ts'
import { type SegmentId, segmentHeaderBytes } from './segment-format.ts'
import { findSegmentHeader, readSegmentHeader } from './segment-header.ts'
import { mendAndTell } from './settle-segments.ts'
import { errorCode } from './vfs.ts'

type Home = Pick<RecoverOptions, 'vfs' | 'paths'>

const filesAtOnce = 64

export type OddSegments = {
  /** Their headers are damaged. */
  readonly damaged: readonly SegmentId[]
  /** They are no files, or their headers are of another segment: only the segments can tell. */
  readonly strange: readonly SegmentId[]
}

export async function findOddSegments(home: Home, ids: Iterable<SegmentId>): Promise<OddSegments> {
  const damaged: SegmentId[] = []
  const strange: SegmentId[] = []
  const look = async (id: SegmentId): Promise<void> => {
    const is = await lookAtHeader(home, id)
    if (is === 'damaged') damaged.push(id)
    if (is === 'strange') strange.push(id)
  }
  const all = [...ids]
  for (let at = 0; at < all.length; at += filesAtOnce) {
    await Promise.all(all.slice(at, at + filesAtOnce).map(look))
  }
  return { damaged, strange }
}

async function lookAtHeader(
  { vfs, paths }: Home,
  id: SegmentId,
): Promise<'intact' | 'damaged' | 'strange'> {
  if ((await vfs.identify(paths.file(id))) === undefined) return 'strange'
  const file = await vfs.open(paths.file(id), 'read')
  try {
    const header = await readSegmentHeader(file)
    if (header !== undefined) return header.id === id ? 'intact' : 'strange'
    // Cut off in its making.
    return (await file.size()) <= segmentHeaderBytes ? 'intact' : 'damaged'
  } catch (cause) {
    // One bad sector says nothing of the records, nor of the index.
    if (errorCode(cause) !== 'EIO') throw cause
    return 'intact'
  } finally {
    await file.close()
  }
}

export async function mendHeaders(
  home: Home,
  damaged: readonly SegmentId[],
  findings: Findings,
): Promise<void> {
  for (const id of damaged) {
    const path = home.paths.file(id)
    const file = await home.vfs.open(path, 'read')
    const found = await findSegmentHeader(file, id).finally(() => file.close())
    if (found === undefined) {
      findings.problems.push({
        file: path,
        what: 'has a damaged header, and no record can be made out',
      })
    } else if (found.is === 'damaged' || found.is === 'misnamed') {
      await mendAndTell({ ...home, findings }, { path, found })
    }
  }
}
