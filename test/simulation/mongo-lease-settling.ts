// How a removed version is settled in the model of leases on MongoDB (`mongo-lease-model.ts`), step by step as
// `metadata/mongodb/held-versions.ts` does it, and sifted as `metadata/mongodb/sift-held.ts` does.
import {
  at,
  idle,
  including,
  type MongoLeaseFlaw,
  put,
  type Settler,
  type Sifting,
  type State,
  type Step,
  settle,
  type Version,
} from './mongo-lease-state.ts'

export function settlerSteps(state: State, s: number, flaw: MongoLeaseFlaw | undefined): Step[] {
  const settler = at(state.settlers, s)
  if (settler.at === 'idle') {
    return state.versions.flatMap((version, v) => {
      const { is, asks, upTo, held } = version
      if (is !== 'grave' || !asks || upTo === 0) return []
      const read = { ...idle, isFresh: true, at: 'look' as const, v, upTo, held }
      return [{ name: `settler ${s} reads version ${v}`, next: settle(state, s, read) }]
    })
  }
  const name = `settler ${s}, version ${settler.v}: ${settler.at}`
  const stops = { name: `settler ${s} stops`, next: settle(state, s, idle) }
  return [stops, ...settlerNexts(state, s, flaw).map((next) => ({ name, next }))]
}

function settlerNexts(state: State, s: number, flaw: MongoLeaseFlaw | undefined): readonly State[] {
  const settler = at(state.settlers, s)
  const { v, over: known } = settler
  const go = (to: Partial<Settler>) => settle(state, s, { ...settler, ...to })
  switch (settler.at) {
    case 'look': {
      if (flaw === 'what covers a version is read at several moments') {
        const rows = livesOver(state, settler).filter((n) => isOfRows(state, n))
        return [go({ at: 'lookOn', lives: rows })]
      }
      return [found(go, livesOver(state, settler), known)]
    }
    case 'lookOn': {
      const wide = livesOver(state, settler).filter((n) => !isOfRows(state, n))
      return [found(go, [...settler.lives, ...wide], known)]
    }
    case 'judge': {
      const holding = settler.lives.filter((n) => holds(state, n, v))
      const others = settler.lives.filter((n) => !holding.includes(n))
      const more = others.reduce(including, known)
      if (holding.length > 0) {
        const choices = holding.includes(settler.held) ? [settler.held] : holding
        return choices.map((n) => go({ at: 'file', over: more, lives: [n] }))
      }
      const once = flaw === 'a life of a lease that was read as over is taken for the only one'
      return [go({ at: once ? 'release' : 'look', over: more, lives: [] })]
    }
    case 'file': {
      const [n = -1] = settler.lives
      const asks = flaw !== 'a version asks for nothing as soon as it is filed'
      const kept = asks ? {} : { asks, kept: state.last }
      const filed =
        settler.held === n && asks ? state : changed(state, s, { to: { held: n, ...kept }, flaw })
      const isBlind = flaw === 'a lease is looked for before a version is filed, and not afterwards'
      const next = settler.upTo >= 0 || isBlind ? (isBlind ? 'keep' : 'again') : 'number'
      const number = isBlind ? state.last : settler.upTo
      return [
        filed === undefined
          ? go(idle)
          : settle(filed, s, { ...settler, at: next, held: n, number }),
      ]
    }
    case 'number':
      return [go({ at: 'again', number: state.last })]
    case 'again': {
      const [n = -1] = settler.lives
      if (holds(state, n, v)) return [go({ at: 'keep' })]
      return [go({ at: 'look', over: including(known, n), lives: [] })]
    }
    case 'keep': {
      const { kept } = at(state.versions, v)
      const late = flaw === 'whenever a lease was taken, it holds what was removed before'
      const upTo = late ? Number.MAX_SAFE_INTEGER : settler.number
      const held = { asks: false, upTo, kept: kept < 0 ? state.last : kept }
      return [settle(changed(state, s, { to: held, flaw }) ?? state, s, idle)]
    }
    case 'release': {
      if (flaw === 'a release does not ask whether somebody was faster') {
        const version = at(state.versions, v)
        if (version.is !== 'grave') return [go(idle)]
        return [settle(put(state, v, { ...version, upTo: 0, held: -1 }), s, idle)]
      }
      return [settle(changed(state, s, { to: { upTo: 0, held: -1 }, flaw }) ?? state, s, idle)]
    }
    default:
      return []
  }
}

function found(
  go: (to: Partial<Settler>) => State,
  all: readonly number[],
  known: readonly number[],
): State {
  const unknown = all.filter((n) => !known.includes(n))
  return unknown.length === 0
    ? go({ at: 'release', lives: [] })
    : go({ at: 'judge', lives: unknown })
}

/** Whoever was faster than the settler has left another grave: undefined. */
function changed(
  state: State,
  s: number,
  { to, flaw }: { readonly to: Partial<Version>; readonly flaw: MongoLeaseFlaw | undefined },
): State | undefined {
  const settler = at(state.settlers, s)
  const version = at(state.versions, settler.v)
  const { is, asks, upTo, held } = version
  const isKnown =
    flaw === 'a version is known again by what it says'
      ? upTo === settler.upTo && held === settler.held
      : settler.isFresh
  if (is !== 'grave' || !asks || !isKnown) return undefined
  const next = stale(put(state, settler.v, { ...version, ...to }), settler.v)
  return settle(next, s, settler)
}

/** The version was changed: whoever has read it before will find that out. */
function stale(state: State, v: number): State {
  const settlers = state.settlers.map((settler) =>
    settler.v === v ? { ...settler, isFresh: false } : settler,
  )
  return { ...state, settlers }
}

function livesOver({ scopes }: State, { v, upTo }: Settler): readonly number[] {
  return scopes
    .filter(({ since, rows }) => (upTo < 0 || since <= upTo) && (rows?.includes(v) ?? true))
    .map(({ n }) => n)
}

function isOfRows({ scopes }: State, n: number): boolean {
  return scopes.some((scope) => scope.n === n && scope.rows !== undefined)
}

function holds({ leases, versions }: State, n: number, v: number): boolean {
  const lease = leases.find((each) => each.lives.some((life) => life.n === n))
  return lease !== undefined && (lease.sealed === 0 || at(versions, v).born < lease.sealed)
}

/** Scopes first; then it looks for what is filed, and has that ask again, one version after the other. */
export function siftSteps(state: State, sifting: Sifting): Step[] {
  const { n, found: left } = sifting
  const others = state.siftings.filter((other) => other !== sifting)
  if (left === undefined) {
    const filed = state.versions.flatMap(({ is, held }, v) =>
      is === 'grave' && held === n ? [v] : [],
    )
    const scopes = state.scopes.filter((scope) => scope.n !== n)
    const removed = { name: `the scopes of life ${n} go`, next: { ...state, scopes } }
    if (scopes.length < state.scopes.length) return [removed]
    const next = { ...state, siftings: [...others, { n, found: filed }] }
    return [{ name: `what life ${n} has held is looked for`, next }]
  }
  const [v, ...rest] = left
  if (v === undefined)
    return [{ name: `life ${n} is sifted`, next: { ...state, siftings: others } }]
  const version = at(state.versions, v)
  const siftings = [...others, { n, found: rest }]
  const loose =
    version.held === n ? stale(put(state, v, { ...version, asks: true, held: -1 }), v) : state
  return [{ name: `version ${v} of life ${n} asks again`, next: { ...loose, siftings } }]
}
