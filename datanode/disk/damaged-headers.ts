// Segments whose header is damaged: the index still finds what is in them, and is derived.
import { segmentIds } from './index-agrees.ts'
import { realVfs } from './real-vfs.ts'
import { readSegmentHeader } from './scan-segment.ts'
import { segmentHeaderBytes } from './segment-format.ts'
import { segmentPaths } from './segment-paths.ts'

export async function damagedHeaders(root: string): Promise<readonly string[]> {
  const home = { vfs: realVfs, paths: segmentPaths(root) }
  const damaged: string[] = []
  for (const id of await segmentIds(home)) {
    const path = home.paths.file(id)
    const file = await realVfs.open(path, 'read')
    try {
      const header = await readSegmentHeader(file)
      if (header?.id !== id && (await file.size()) > segmentHeaderBytes) damaged.push(path)
    } finally {
      await file.close()
    }
  }
  return damaged
}
