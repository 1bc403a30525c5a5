// The metadata behind a network that fails on demand: a verb does not arrive, or is done and its answer is
// lost. Notes which verbs are called.
import type { MetadataStore, VerbLimits } from '../../metadata/metadata-store.ts'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import { storeWithin } from '../../metadata/within.ts'

export type Outage = {
  /** As `objects.commit`. */
  readonly verb: string
  readonly lost: 'call' | 'answer'
}

export class Network {
  /** Verbs called since it was emptied. */
  readonly called = new Set<string>()
  outage: Outage | undefined
  /** How often it was met. */
  met = 0

  /** What is seen of the store from the other side. */
  to(store: MetadataStore): MetadataStore {
    return new Proxy(store, {
      get: (target, name, itself: MetadataStore) => {
        if (name === 'within') return (limits: VerbLimits) => storeWithin(itself, limits)
        const member: unknown = Reflect.get(target, name)
        if (typeof member === 'function') return member.bind(target)
        return typeof member === 'object' && member !== null
          ? this.nounBehind(String(name), member)
          : member
      },
    })
  }

  private nounBehind(nounName: string, noun: object): object {
    return new Proxy(noun, {
      get: (target, name) => {
        const verb: unknown = Reflect.get(target, name)
        if (typeof verb !== 'function') return verb
        return async (...args: readonly unknown[]) => {
          const verbName = `${nounName}.${String(name)}`
          this.called.add(verbName)
          const { outage } = this
          if (outage?.verb !== verbName) return Reflect.apply(verb, target, args)
          this.met += 1
          if (outage.lost === 'answer') await Reflect.apply(verb, target, args)
          throw new StoreUnavailable()
        }
      },
    })
  }
}
