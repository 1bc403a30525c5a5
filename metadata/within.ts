// `MetadataStore.within` of engines: nothing is begun any more once the signal has come. What was begun is waited for
// by an engine whose verbs end at once, and left to itself by one that waits for others.
import type { MetadataStore, VerbLimits } from './metadata-store.ts'

/** What becomes of a verb that is under way. */
export type UnderWay = (verb: Promise<unknown>, signal: AbortSignal) => Promise<unknown>

const waitFor: UnderWay = (verb) => verb

export function storeWithin(
  store: MetadataStore,
  { signal }: VerbLimits,
  underWay: UnderWay = waitFor,
): MetadataStore {
  return new Proxy(store, {
    get: (target, name, itself: MetadataStore) => {
      if (name === 'within') return (limits: VerbLimits) => storeWithin(itself, limits, underWay)
      const member: unknown = Reflect.get(target, name)
      if (typeof member === 'object' && member !== null)
        return verbsWithin(member, signal, underWay)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

function verbsWithin(noun: object, signal: AbortSignal, underWay: UnderWay): object {
  return new Proxy(noun, {
    get: (target, name) => {
      const verb: unknown = Reflect.get(target, name)
      if (typeof verb !== 'function') return verb
      return async (...args: readonly unknown[]) => {
        signal.throwIfAborted()
        return underWay(Reflect.apply(verb, target, args), signal)
      }
    },
  })
}

/** Rejects with the signal's reason, whatever becomes of the verb. */
export const leave: UnderWay = (verb, signal) =>
  new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    const onEnd = () => signal.removeEventListener('abort', onAbort)
    signal.addEventListener('abort', onAbort)
    verb.then(resolve, reject).then(onEnd, onEnd)
  })
