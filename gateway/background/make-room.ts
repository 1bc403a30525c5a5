// What is given up when space is short, before writes are refused: idle downloads lose what they hold,
// the oldest first, and more of them with every look that finds space still short.
import type { BlobNode } from '../../datanode/blob-node.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Log } from '../log.ts'
import type { RepeatingJob } from './repeating.ts'

/** More of them are not counted for the log. */
const bundlesCounted = 1_000

export type MakeRoomDeps = {
  readonly metadata: Pick<MetadataStore, 'leases'>
  readonly node: Pick<BlobNode, 'usage'>
  /** Gives up the idle archives, at most `limit`, the oldest first; answers how many. */
  readonly dropIdle: (limit: number) => Promise<number>
  readonly log: Pick<Log, 'warn'>
}

const lookEveryMs = 5_000
/** Space is short when there is no room for a twentieth more than there is, within these bounds. */
const spareShare = 1 / 20
const spareBytesMin = 64 * 1024 * 1024
const spareBytesMax = 1024 * 1024 * 1024

export function makeRoom({ metadata, node, dropIdle, log }: MakeRoomDeps): RepeatingJob {
  let atOnce = 1
  let isTold = false
  return {
    name: 'room',
    pauseMs: lookEveryMs,
    run: async () => {
      if (await hasSpare(node)) {
        atOnce = 1
        isTold = false
        return 'idle'
      }
      const dropped = await dropIdle(atOnce)
      if (dropped > 0) log.warn('space is short: idle archives dropped', { dropped })
      atOnce *= 2
      // They are not ours to end: whoever runs the server may.
      const bundles = await metadata.leases.holding('bundle', { limit: bundlesCounted })
      if (bundles.length > 0 && !isTold) {
        log.warn('space is short: bundles hold what was deleted', { bundles: bundles.length })
        isTold = true
      }
      return 'idle'
    },
  }
}

async function hasSpare(node: MakeRoomDeps['node']): Promise<boolean> {
  const { diskBytes, roomBytes } = await node.usage()
  const spare = Math.min(Math.max(diskBytes * spareShare, spareBytesMin), spareBytesMax)
  return roomBytes >= spare
}
