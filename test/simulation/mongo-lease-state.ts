// What the model of leases on MongoDB (`mongo-lease-model.ts`) is made of: states, and when two of them are one.
import type { Step as StepOf } from './search-states.ts'

export type MongoLeaseFlaw =
  /** It is filed, and nobody looks whether the life has ended meanwhile. */
  | 'a lease is looked for before a version is filed, and not afterwards'
  /** Who stops between filing and looking again has left it to nobody. */
  | 'a version asks for nothing as soon as it is filed'
  | 'a life of a lease that was read as over is taken for the only one'
  | 'what covers a version is read at several moments'
  | 'the old scopes of a narrowed lease go before the new ones are there'
  | 'what a life has held is not sifted'
  | 'a hand-over ends the lives that it gives away'
  | 'a hand-over forgets how late the look was'
  | 'what is committed before the look is taken for later'
  | 'a release does not ask whether somebody was faster'
  | 'whenever a lease was taken, it holds what was removed before'
  /** It says the same as when it was read: but it was filed once more after the life was sifted. */
  | 'a version is known again by what it says'

export type Life = { readonly n: number; readonly since: number }
export type Lease = {
  readonly at:
    | 'none'
    | 'drawn'
    | 'open'
    | 'looked'
    | 'sealing'
    | 'sealed'
    | 'narrowing'
    | 'narrowed'
    | 'ended'
  /** The number that was drawn for its next change. */
  readonly drawn: number
  readonly lives: readonly Life[]
  /** What is committed from this number on is not covered; 0: that is, too. */
  readonly sealed: number
  /** Versions that were current as it looked: what must stay readable while it lives. */
  readonly snapshot: readonly number[]
}
/** `rows`: the versions that it covers; absent: whatever the key names. */
export type Scope = Life & { readonly rows?: readonly number[] }
export type Version = {
  readonly is: 'none' | 'coming' | 'current' | 'grave' | 'gone'
  readonly born: number
  /** It asks to be released. */
  readonly asks: boolean
  /** -1: nobody has settled it. */
  readonly upTo: number
  /** -1: not filed. */
  readonly held: number
  /** When it was held first: what was taken later must not hold it. */
  readonly kept: number
}
export type Settler = {
  /** Nobody has changed the version since it was read. */
  readonly isFresh: boolean
  readonly at:
    | 'idle'
    | 'look'
    | 'lookOn'
    | 'judge'
    | 'file'
    | 'number'
    | 'again'
    | 'keep'
    | 'release'
  readonly v: number
  readonly upTo: number
  readonly held: number
  readonly over: readonly number[]
  /** What it has found, or has chosen. */
  readonly lives: readonly number[]
  readonly number: number
}
/** Of a life that is over. `found`: the versions that are to be asked about again, once it has looked for them. */
export type Sifting = { readonly n: number; readonly found?: readonly number[] }
export type State = {
  readonly last: number
  /** The last seal, as commits know of it. */
  readonly noted: number
  readonly leases: readonly Lease[]
  readonly scopes: readonly Scope[]
  readonly versions: readonly Version[]
  readonly settlers: readonly Settler[]
  readonly siftings: readonly Sifting[]
}
export type Step = StepOf<State>
export const none: Version = { is: 'none', born: 0, asks: false, upTo: -1, held: -1, kept: -1 }
export const over: Lease = { at: 'ended', drawn: 0, lives: [], sealed: 0, snapshot: [] }
export const idle: Settler = {
  isFresh: false,
  at: 'idle',
  v: 0,
  upTo: -1,
  held: -1,
  over: [],
  lives: [],
  number: -1,
}

/**
 * States that differ in what nobody looks at any more are one: numbers are counted anew in their order, and of two
 * settlers it does not matter which is which.
 */
export function plain(state: State): State {
  const { leases, scopes, versions, siftings } = state
  const isThere = (n: number) => scopes.some((scope) => scope.n === n)
  const settlers = state.settlers.map((settler) => ({
    ...settler,
    over: settler.over.filter(isThere),
  }))
  const noted = versions.some(({ is }) => is === 'none') ? state.noted : 0
  const numbers = [
    0,
    state.last,
    noted,
    ...leases.flatMap(({ drawn, sealed, lives: all }) => [
      drawn,
      sealed,
      ...all.flatMap(({ n, since }) => [n, since]),
    ]),
    ...scopes.flatMap(({ n, since }) => [n, since]),
    ...versions.flatMap(({ born, upTo, held, kept }) => [born, upTo, held, kept]),
    ...settlers.flatMap(({ upTo, held, over: known, lives: all, number }) => [
      ...[upTo, held, number],
      ...known,
      ...all,
    ]),
    ...siftings.map(({ n }) => n),
  ].filter((number) => number >= 0)
  const sorted = [...new Set(numbers)].sort((a, b) => a - b)
  const rank = (number: number) => (number < 0 ? number : sorted.indexOf(number))
  const ranked = ({ n, since }: Life) => ({ n: rank(n), since: rank(since) })
  return {
    last: rank(state.last),
    noted: rank(noted),
    leases: leases.map((lease) => ({
      ...lease,
      drawn: rank(lease.drawn),
      sealed: rank(lease.sealed),
      lives: lease.lives.map(ranked),
    })),
    scopes: scopes
      .map(({ rows, ...life }) => ({ ...ranked(life), ...(rows && { rows }) }))
      .sort((a, b) => a.n - b.n),
    versions: versions.map((version) => ({
      ...version,
      born: rank(version.born),
      upTo: rank(version.upTo),
      held: rank(version.held),
      kept: rank(version.kept),
    })),
    settlers: settlers
      .map((settler) => ({
        ...settler,
        upTo: rank(settler.upTo),
        held: rank(settler.held),
        over: settler.over.map(rank),
        lives: settler.lives.map(rank),
        number: rank(settler.number),
      }))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    siftings: siftings
      .map((sifting) => ({ ...sifting, n: rank(sifting.n) }))
      .sort((a, b) => a.n - b.n),
  }
}

export function put(state: State, v: number, version: Version): State {
  return { ...state, versions: replaced(state.versions, v, version) }
}

export function settle(state: State, s: number, settler: Settler): State {
  return { ...state, settlers: replaced(state.settlers, s, settler) }
}

/** Sets are kept sorted, so that equal states have equal names. */
export function including(set: readonly number[], member: number): readonly number[] {
  return set.includes(member) ? set : [...set, member].sort((a, b) => a - b)
}

export function replaced<T>(list: readonly T[], index: number, value: T): readonly T[] {
  return list.map((old, i) => (i === index ? value : old))
}

export function at<T>(list: readonly T[], index: number): T {
  const value = list[index]
  if (value === undefined) throw new RangeError(`nothing at ${index}`)
  return value
}
