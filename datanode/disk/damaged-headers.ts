// Segments whose header is damaged: the index still finds what is in them, and is derived.
import { segmentIds } from './index-agrees.ts'
import type { RecoverOptions } from './recovery-report.ts'
import { readSegmentHeader } from './scan-segment.ts'
import { segmentHeaderBytes } from './segment-format.ts'

/** The paths of their files. */
export async function damagedHeaders(
  home: Pick<RecoverOptions, 'vfs' | 'paths'>,
): Promise<readonly string[]> {
  const { vfs, paths } = home
  const damaged: string[] = []
  for (const id of await segmentIds(home)) {
    const path = paths.file(id)
    const file = await vfs.open(path, 'read')
    try {
      const header = await readSegmentHeader(file)
      if (header?.id !== id && (await file.size()) > segmentHeaderBytes) damaged.push(path)
    } finally {
      await file.close()
    }
  }
  return damaged
}
