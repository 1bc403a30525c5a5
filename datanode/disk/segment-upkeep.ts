// What keeps a process's segments in order while it runs: it lets go of files that are no more, ends
// segments with space to give back, and those of processes that have died.
import type { NodeProblem } from '../blob-node.ts'
import type { ChunkIndex } from './chunk-index.ts'
import { isWorthSealing } from './reclaim-policy.ts'
import { takeOver } from './recover.ts'
import type { RecoverOptions } from './recovery-report.ts'
import type { SegmentFiles } from './segment-files.ts'
import type { SegmentId } from './segment-format.ts'
import type { SegmentLog } from './segment-log.ts'

type UpkeepDeps = Pick<RecoverOptions, 'vfs' | 'paths'> & {
  readonly index: ChunkIndex
  readonly files: SegmentFiles
  /** All that this process appends to. */
  readonly logs: readonly SegmentLog[]
  readonly processId: string
}

export class SegmentUpkeep {
  private readonly deps: UpkeepDeps
  /** Appends seen by the last `run`, by log. */
  private readonly seen = new Map<SegmentLog, number>()

  constructor(deps: UpkeepDeps) {
    this.deps = deps
  }

  async dropRetired(): Promise<void> {
    const { files, index } = this.deps
    const exists = (id: SegmentId): boolean => {
      const row = index.segment(id)
      return row !== undefined && row.state !== 'retired'
    }
    await files.dropRetired(exists)
  }

  /** Seals the segments of this process in which dead bytes wait to be reclaimed. */
  async sealWorthy(): Promise<void> {
    const { index, logs } = this.deps
    for (const log of logs) {
      log.endRows()
      const used = this.seen.get(log) === log.appendsSeen ? 'idle' : 'inUse'
      this.seen.set(log, log.appendsSeen)
      const row = log.active === undefined ? undefined : index.segment(log.active)
      if (row !== undefined && isWorthSealing(row, used)) await log.seal()
    }
  }

  /** As `OpenedNode.adoptOrphanSegments`. */
  async adopt(living: ReadonlySet<string>): Promise<readonly NodeProblem[]> {
    const { index, vfs, paths, processId } = this.deps
    const problems: NodeProblem[] = []
    index.dropDeadReaders()
    for (const row of index.segments()) {
      if (row.state !== 'active' || row.owner === processId || living.has(row.owner)) continue
      await takeOver({ vfs, paths }, index, { row, problems })
    }
    return problems
  }
}
