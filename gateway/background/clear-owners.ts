// Clears away what owners that have ended had under way. Several servers may do so at once.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { RepeatingJob } from './repeating.ts'

const clearPauseMs = 5_000
const ownersAtOnce = 100
const listsAtOnce = 100
const jobsAtOnce = 100

export type Owned = Pick<MetadataStore, 'owners' | 'chunks' | 'leases' | 'jobs'>

export function clearOwners(metadata: Owned): RepeatingJob {
  const { owners } = metadata
  return {
    name: 'owners that have ended',
    pauseMs: clearPauseMs,
    run: async (signal) => {
      await owners.endOverdue()
      for (const owner of await owners.ended({ limit: ownersAtOnce })) {
        if (signal.aborted) return 'idle'
        await clearOwner(metadata, owner)
      }
      return 'idle'
    },
  }
}

/** Resolves when nothing of him is left. Harmless when repeated; of one that lives, nothing is touched. */
export async function clearOwner(metadata: Owned, owner: string): Promise<void> {
  const { owners, chunks, leases, jobs } = metadata
  while ((await chunks.abandonListsOf(owner, listsAtOnce)) === listsAtOnce);
  await leases.letGoOf(owner)
  while ((await jobs.giveBackOf(owner, jobsAtOnce)) === jobsAtOnce);
  await owners.forget(owner)
}
