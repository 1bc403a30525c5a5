// `MetadataStore.within` for an engine whose verbs wait for a server: what is under way when the signal comes is
// not waited for any more. It ends by itself, within the times that `mongo-connection.ts` gives it.
import type { MetadataStore, VerbLimits } from '../metadata-store.ts'
import { leave, storeWithin } from '../within.ts'

export function mongoWithin(store: MetadataStore, limits: VerbLimits): MetadataStore {
  return storeWithin(store, limits, leave)
}
