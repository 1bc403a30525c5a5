// An index is believed as long as nothing but its store touched the segments. After anything else it is built
// anew, which reads every byte of them, and so finds what is damaged.
import { rm } from 'node:fs/promises'
import { segmentPaths } from '../../datanode/disk/segment-paths.ts'
import { chunksDirectory } from '../stores/store-paths.ts'

export async function forgetIndex(dataDirectory: string): Promise<void> {
  const { trust, index } = segmentPaths(chunksDirectory(dataDirectory))
  await rm(trust, { force: true })
  await rm(index, { recursive: true, force: true })
}
