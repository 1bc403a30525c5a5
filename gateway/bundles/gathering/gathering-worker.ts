// Gathers what bundles wait for, for the one process of a server that does background work: some at a time,
// and of each tenant fewer, so that nobody waits for another's slow sources.
import type { TenantId } from '../../../metadata/records.ts'
import { onceItWorks } from '../../background/once-it-works.ts'
import type { RepeatingJob } from '../../background/repeating.ts'
import { gatheringsAtOnce, gatheringsOfTenantMax } from '../external/external-limits.ts'
import { keptUntil } from '../freeze-bundle.ts'
import { type GatheringDeps, runGathering } from './run-gathering.ts'

const lookEveryMs = 250
const requeuedAtOnce = 1_000

export function gatheringWork(deps: GatheringDeps): readonly RepeatingJob[] {
  const { bundles } = deps.metadata
  const underWay: TenantId[] = []
  const begin = onceItWorks(() => requeueAbandoned(deps))
  return Array.from({ length: gatheringsAtOnce }, (_, slot) => ({
    name: `bundles, gathering ${slot + 1}`,
    pauseMs: lookEveryMs,
    run: async (signal: AbortSignal) => {
      await begin()
      const bundle = await bundles.nextToGather(deps.now(), busyTenants(underWay))
      if (bundle === undefined) return 'idle' as const
      underWay.push(bundle.tenantId)
      try {
        await runGathering(deps, bundle, signal)
      } finally {
        underWay.splice(underWay.indexOf(bundle.tenantId), 1)
      }
      return 'again' as const
    },
  }))
}

function busyTenants(underWay: readonly TenantId[]): readonly TenantId[] {
  const times = (tenantId: TenantId) => underWay.filter((each) => each === tenantId).length
  return underWay.filter((tenantId) => times(tenantId) >= gatheringsOfTenantMax)
}

/** Nobody else gathers: what is under way was left by a process that died. */
async function requeueAbandoned({ metadata, now }: GatheringDeps): Promise<void> {
  for (const bundle of await metadata.bundles.gathering('running', requeuedAtOnce)) {
    if (bundle.gathering === undefined) continue
    const state = { is: 'queued', notBeforeMs: now() } as const
    const gathering = { ...bundle.gathering, state }
    const requeued = { ...bundle, gathering, revision: bundle.revision + 1 }
    await metadata.bundles.put(requeued, keptUntil(requeued))
  }
}
