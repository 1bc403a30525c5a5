// The life of the notes by which metadata and chunks prove that they belong together, as every store has one.

import type { Log } from '../../gateway/log.ts'
import { MetadataFull } from '../../metadata/metadata-full.ts'
import type { StoreEngine } from '../../protocol/store/store-engine.ts'
import { followCommits } from './follow-commits.ts'
import type { LineageKeeper } from './lineage-keeper.ts'

/** How much older a copy of the metadata may be and still pass for theirs. */
const markPauseMs = 1000

export function lineageEngine(lineage: LineageKeeper, log: Pick<Log, 'error'>): StoreEngine {
  const keep = () => lineage.keep().catch(laterIfFull)
  return {
    findings: [],
    upkeep: [
      {
        name: 'marks',
        pauseMs: markPauseMs,
        run: async () => {
          await keep()
          return 'idle'
        },
      },
      followCommits(lineage),
    ],
    check: async () => ({ takesWrites: true }),
    recover: async () => [],
    close: async () => {
      // So that no copy from before this stop passes for what is there after it.
      await keep().catch((cause: unknown) => log.error('the last mark failed', { cause }))
      await lineage.close()
    },
  }
}

function laterIfFull(cause: unknown): void {
  if (!(cause instanceof MetadataFull)) throw cause
}
