// `MetadataStore.within` for an engine whose verbs wait for a server: what is under way when the signal comes is
// not waited for any more.
import type { MetadataStore, VerbLimits } from '../metadata-store.ts'
import { storeWithin } from '../within.ts'

export function mongoWithin(store: MetadataStore, limits: VerbLimits): MetadataStore {
  return storeWithin(store, limits)
}
