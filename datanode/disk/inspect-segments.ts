// What a check says of the files of a chunk store that is not in use: those that are not as a sealed segment
// is, and those that are none. What of it costs chunks, reading them tells. Reads only.

import { join } from 'node:path'
import type { NodeProblem } from '../blob-node.ts'
import type { RecoverOptions } from './recovery-report.ts'
import { scanSegment } from './scan-segment.ts'
import { parseSegmentFileName, type SegmentId, segmentHeaderBytes } from './segment-format.ts'
import { findSegmentHeader } from './segment-header.ts'
import { asideSuffix } from './settle-segments.ts'
import type { VfsFile } from './vfs.ts'

type Home = Pick<RecoverOptions, 'vfs' | 'paths'>

export async function* inspectSegments(home: Home): AsyncGenerator<NodeProblem> {
  const { vfs, paths } = home
  for (const name of (await vfs.list(paths.segments)).sort()) {
    const file = join(paths.segments, name)
    const id = parseSegmentFileName(name)
    if (id !== undefined) {
      const what = await problemOf(home, id)
      if (what !== undefined) yield { file, what }
    } else if (name.endsWith(asideSuffix)) {
      yield { file, what: 'was set aside: it is no segment that can be read (docs/recovery.md)' }
    } else if (name.includes('.seg') && !name.endsWith('.part') && !name.endsWith('.aside')) {
      // The two are of a backup or a restore that is under way, or was cut off.
      yield { file, what: 'is named like a segment, and is none (docs/recovery.md)' }
    }
  }
}

async function problemOf({ vfs, paths }: Home, id: SegmentId): Promise<string | undefined> {
  if ((await vfs.identify(paths.file(id))) === undefined) return 'is no file'
  const file = await vfs.open(paths.file(id), 'read')
  try {
    return await problemIn(file, id)
  } finally {
    await file.close()
  }
}

async function problemIn(file: VfsFile, id: SegmentId): Promise<string | undefined> {
  const bytes = await file.size()
  if (bytes <= segmentHeaderBytes) return undefined
  const found = await findSegmentHeader(file, id)
  if (found === undefined) return 'has a damaged header, and no record can be made out'
  if (found.is === 'damaged') return 'has a damaged header; its records are read without it'
  if (found.is === 'unreadable') return 'has a header that the disk cannot read; its records are'
  if (found.is === 'misnamed') return 'is a copy of another segment'
  const { header } = found
  const options = { header, syncedTo: segmentHeaderBytes, checkFrames: false }
  const { sealed, end } = await scanSegment(file, options)
  if (sealed || end === bytes) return undefined
  return `has a damaged footer: ${bytes - end} bytes at its end are no records, and count for nothing`
}
