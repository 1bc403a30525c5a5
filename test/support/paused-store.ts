// The metadata as requests see them, with one verb that can be made to wait, and a list of all that are called:
// for tests of what happens meanwhile.
import type { MetadataStore, VerbLimits } from '../../metadata/metadata-store.ts'
import { storeWithin } from '../../metadata/within.ts'

export class PausedStore {
  /** As `objects.list`, in the order of the calls. */
  readonly called: string[] = []
  #pause: Pause | undefined

  /** What is seen of the store from the other side. */
  to(store: MetadataStore): MetadataStore {
    return new Proxy(store, {
      get: (target, name, itself: MetadataStore) => {
        if (name === 'within') return (limits: VerbLimits) => storeWithin(itself, limits)
        const member: unknown = Reflect.get(target, name)
        if (typeof member === 'function') return member.bind(target)
        return typeof member === 'object' && member !== null
          ? this.#noun(String(name), member)
          : member
      },
    })
  }

  /** From now on calls of the verb wait. `reached` resolves when so many do. */
  pause(verb: string, calls = 1): { readonly reached: Promise<void>; readonly goOn: () => void } {
    this.called.length = 0
    const pause = new Pause(verb, calls)
    this.#pause = pause
    return {
      reached: pause.reached,
      goOn: () => {
        this.#pause = undefined
        pause.goOn()
      },
    }
  }

  count(verb: string): number {
    return this.called.filter((called) => called === verb).length
  }

  #noun(nounName: string, noun: object): object {
    return new Proxy(noun, {
      get: (target, name) => {
        const verb: unknown = Reflect.get(target, name)
        if (typeof verb !== 'function') return verb
        return async (...args: readonly unknown[]) => {
          const verbName = `${nounName}.${String(name)}`
          this.called.push(verbName)
          if (this.#pause?.verb === verbName) await this.#pause.wait()
          return Reflect.apply(verb, target, args)
        }
      },
    })
  }
}

class Pause {
  readonly verb: string
  readonly reached: Promise<void>
  goOn: () => void = () => {}
  readonly #over: Promise<void>
  #awaited: number
  #tell: () => void = () => {}

  constructor(verb: string, calls: number) {
    this.verb = verb
    this.#awaited = calls
    this.reached = new Promise((resolve) => {
      this.#tell = resolve
    })
    this.#over = new Promise((resolve) => {
      this.goOn = resolve
    })
  }

  wait(): Promise<void> {
    this.#awaited -= 1
    if (this.#awaited === 0) this.#tell()
    return this.#over
  }
}
