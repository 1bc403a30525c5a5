// The nouns of a remote store, made from the table of verbs: each verb calls a service. A store that is limited by a
// signal makes a noun when it is asked for it, since most that are made for a request are asked for two or three.
import { setMaxListeners } from 'node:events'
import type { MetadataStore } from '../metadata-store.ts'
import { type ServedNouns, type ServedVerb, servedVerbs } from '../wire/verb-table.ts'
import type { CallVerb } from './call-verb.ts'

export type Calling = { readonly call: CallVerb; readonly signal?: AbortSignal }

const verbsByNoun: ReadonlyMap<string, readonly ServedVerb[]> = new Map(
  servedVerbs.map(({ noun }) => [noun, servedVerbs.filter((served) => served.noun === noun)]),
)

/** The table holds all verbs of the port and no others, by its type: so this is the noun. */
export function remoteNoun<Noun extends keyof ServedNouns>(
  noun: Noun,
  { call, signal }: Calling,
): ServedNouns[Noun] {
  const verbs: Record<string, (...args: readonly unknown[]) => Promise<unknown>> = {}
  for (const served of verbsByNoun.get(noun) ?? []) {
    verbs[served.verb] = (...args) => call(served, args, signal)
  }
  return verbs as unknown as ServedNouns[Noun]
}

type Limits = Calling & { readonly signal: AbortSignal }

/** `whole`: the store that it is a view of, which closes it. */
export function limitedStore(whole: Pick<MetadataStore, 'close'>, limits: Limits): MetadataStore {
  return new LimitedStore(whole, limits) as LimitedStore & Omit<ServedNouns, 'lineage'>
}

class LimitedStore {
  readonly #whole: Pick<MetadataStore, 'close'>
  readonly #limits: Limits
  readonly #made = new Map<string, object>()

  constructor(whole: Pick<MetadataStore, 'close'>, limits: Limits) {
    this.#whole = whole
    this.#limits = limits
    // Each call under way listens, however many there are.
    setMaxListeners(0, limits.signal)
  }

  within({ signal }: { readonly signal: AbortSignal }): MetadataStore {
    const { call, signal: outer } = this.#limits
    return limitedStore(this.#whole, { call, signal: AbortSignal.any([outer, signal]) })
  }

  close(): Promise<void> {
    return this.#whole.close()
  }

  noun(name: keyof ServedNouns): object {
    const known = this.#made.get(name)
    if (known !== undefined) return known
    const made = remoteNoun(name, this.#limits)
    this.#made.set(name, made)
    return made
  }
}

for (const { noun } of servedVerbs) {
  if (noun === 'lineage' || Object.hasOwn(LimitedStore.prototype, noun)) continue
  Object.defineProperty(LimitedStore.prototype, noun, {
    get(this: LimitedStore) {
      return this.noun(noun)
    },
  })
}
