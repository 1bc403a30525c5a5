// The life of the chunks on a disk, as every store has one.
import type { Finding, StoreEngine } from '../../protocol/store/store-engine.ts'
import type { NodeProblem, OpenedNode } from '../blob-node.ts'

const upkeepMs = 10_000

export function diskEngine(store: OpenedNode): StoreEngine {
  return {
    findings: findingsOf(store.recovery?.problems ?? []),
    upkeep: [
      {
        name: 'segments',
        pauseMs: upkeepMs,
        run: async () => {
          await store.maintain()
          return 'idle'
        },
      },
    ],
    check: async ({ signal }) => {
      signal.throwIfAborted()
      await store.usage()
      return { takesWrites: !(await store.isFull()) }
    },
    recover: async (living) => findingsOf(await store.adoptOrphanSegments(living)),
    close: () => store.close(),
  }
}

function findingsOf(problems: readonly NodeProblem[]): readonly Finding[] {
  return problems.map((problem) => ({ what: 'damaged segment', details: { problem } }))
}
