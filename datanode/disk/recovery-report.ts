// What recovery is given, and what it tells. The steps: `recover.ts`, `rebuild-index.ts`.
import type { NodeProblem } from '../blob-node.ts'
import type { IndexHome } from './chunk-index.ts'
import type { SegmentPaths } from './segment-paths.ts'
import type { Vfs } from './vfs.ts'

export type RecoveryReport = {
  /** The index was built from the segments. */
  readonly rebuilt: boolean
  /** Segments that had not been sealed in good order. */
  readonly unsealed: number
  readonly problems: readonly NodeProblem[]
}
export type RecoverOptions = {
  readonly vfs: Vfs
  readonly paths: SegmentPaths
  readonly indexHome: IndexHome
  readonly randomBytes: (count: number) => Buffer
}
/** What a step found wrong or had to put right. */
export type Findings = { unsealed: number; readonly problems: NodeProblem[] }
