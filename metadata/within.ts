// `MetadataStore.within` for an engine whose verbs end at once: what was begun is not given up, and nothing is
// begun any more.
import type { MetadataStore, VerbLimits } from './metadata-store.ts'

export function storeWithin(store: MetadataStore, { signal }: VerbLimits): MetadataStore {
  return new Proxy(store, {
    get: (target, name, itself: MetadataStore) => {
      if (name === 'within') return (limits: VerbLimits) => storeWithin(itself, limits)
      const member: unknown = Reflect.get(target, name)
      if (typeof member === 'object' && member !== null) return verbsWithin(member, signal)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

function verbsWithin(noun: object, signal: AbortSignal): object {
  return new Proxy(noun, {
    get: (target, name) => {
      const verb: unknown = Reflect.get(target, name)
      if (typeof verb !== 'function') return verb
      return async (...args: readonly unknown[]) => {
        signal.throwIfAborted()
        return Reflect.apply(verb, target, args)
      }
    },
  })
}
