// Leases of the engine on MongoDB as a finite model, and a search through every order of its steps: two leases that
// see versions of one key and read them later; versions that are committed, removed and settled, by two at once who may
// stop between any two steps; leases that are sealed, narrowed, handed over and ended; and the sifting of what a life
// of a lease has held. The real steps are in `metadata/mongodb/` (`held-versions.ts`, `lease-documents.ts`,
// `sift-held.ts`), a command or a transaction each; each `flaw` breaks one of them, to show that the search sees it.
import { settlerSteps, siftSteps } from './mongo-lease-settling.ts'
import {
  at,
  idle,
  including,
  type Lease,
  type Life,
  type MongoLeaseFlaw,
  none,
  over,
  plain,
  put,
  replaced,
  type State,
  type Step,
  settle,
} from './mongo-lease-state.ts'

import { type Finding, type Model, type Search, searchStates, walkStates } from './search-states.ts'

/** Part of the protocol at a time: all at once would be too much to search. */
export type MongoLeaseScene =
  /** A version that is there, and which two settle at once. */
  | 'settling'
  /** One settler; leases that are narrowed. */
  | 'narrowing'
  /** One that is still to be committed, and one settler; leases that are sealed and handed over. */
  | 'sealing'
  /** All of it. */
  | 'whole'

type Rules = { readonly scene: MongoLeaseScene; readonly flaw: MongoLeaseFlaw | undefined }

export function searchMongoLeaseModel(scene: MongoLeaseScene, flaw?: MongoLeaseFlaw): Search {
  return searchStates(modelOf({ scene, flaw }))
}

/** One way through all of it. */
export function walkMongoLeaseModel(random: () => number): Finding | undefined {
  return walkStates(modelOf({ scene: 'whole', flaw: undefined }), { random, stepsMax: 120 })
}

function modelOf(rules: Rules): Model<State> {
  const { scene } = rules
  const unborn: Lease = { ...over, at: 'none' }
  const first: State = {
    last: 1,
    noted: 0,
    leases: [unborn, unborn],
    scopes: [],
    versions: [isSealing(scene) ? none : { ...none, is: 'current' }],
    settlers: scene === 'settling' || scene === 'whole' ? [idle, idle] : [idle],
    siftings: [],
  }
  const steps = (state: State) =>
    stepsFrom(state, rules).map(({ name, next }) => ({ name, next: plain(next) }))
  return { first, steps, broken: brokenInvariant }
}

function isSealing(scene: MongoLeaseScene): boolean {
  return scene === 'sealing' || scene === 'whole'
}

function brokenInvariant({ leases, scopes, versions, siftings }: State): string | undefined {
  const isOver = (n: number) => siftings.some((sifting) => sifting.n === n)
  for (const [number, lease] of leases.entries()) {
    const lost = lives(lease) && lease.snapshot.find((v) => at(versions, v).is === 'gone')
    if (typeof lost === 'number') return `version ${lost} is gone, and lease ${number} needs it`
  }
  for (const [number, { is, asks, upTo, held, kept }] of versions.entries()) {
    if (is !== 'grave' || asks) continue
    if (upTo === 0) return `version ${number} is to be released, and nobody does it`
    const life = lifeOf(leases, held)
    if (life === undefined && !isOver(held)) {
      return `version ${number} is held for ever: its lease has ended`
    }
    if (life !== undefined && life.since > kept) {
      return `version ${number} waits for a lease that was taken later`
    }
  }
  const left = scopes.find(({ n }) => lifeOf(leases, n) === undefined && !isOver(n))
  return left && `a scope of life ${left.n} is left behind`
}

function lives({ at: where }: Lease): boolean {
  return where !== 'none' && where !== 'drawn' && where !== 'ended'
}

function lifeOf(leases: readonly Lease[], n: number): Life | undefined {
  return leases.flatMap((lease) => lease.lives).find((life) => life.n === n)
}

function stepsFrom(state: State, rules: Rules): Step[] {
  const { flaw } = rules
  return [
    ...state.versions.flatMap((_, v) => versionSteps(state, v)),
    ...state.leases.flatMap((_, l) => leaseSteps(state, l, rules)),
    ...handOverSteps(state, rules),
    ...state.settlers.flatMap((_, s) => settlerSteps(state, s, flaw)),
    ...state.siftings.flatMap((sifting) => siftSteps(state, sifting)),
  ]
}

function versionSteps(state: State, v: number): Step[] {
  const version = at(state.versions, v)
  if (version.is === 'none') {
    // What it knows of seals, it has read before.
    const next = put(state, v, { ...version, is: 'coming', born: state.noted })
    return [{ name: `the commit of version ${v} begins`, next }]
  }
  if (version.is === 'coming') {
    const next = put(state, v, { ...version, is: 'current' })
    return [{ name: `version ${v} is committed`, next }]
  }
  if (version.is === 'current') {
    return buried(state, v).map((next) => ({ name: `version ${v} is deleted`, next }))
  }
  if (version.is === 'grave' && version.asks && version.upTo === 0) {
    const next = put(state, v, { ...none, is: 'gone' })
    return [{ name: `version ${v} is released`, next }]
  }
  return []
}

/** Whoever has removed it settles it; or stops, and leaves it to the release. */
function buried(state: State, v: number): readonly State[] {
  const grave = put(state, v, { ...at(state.versions, v), is: 'grave', asks: true })
  const free = state.settlers.findIndex((settler) => settler.at === 'idle')
  if (free < 0) return [grave]
  return [grave, settle(grave, free, { ...idle, isFresh: true, at: 'look', v })]
}

function leaseSteps(state: State, l: number, rules: Rules): Step[] {
  const { scene, flaw } = rules
  const lease = at(state.leases, l)
  const drawn = state.last + 1
  const change = (to: Partial<Lease>, rest: Partial<State> = {}): State => {
    return { ...state, ...rest, leases: replaced(state.leases, l, { ...lease, ...to }) }
  }
  const steps: Step[] = []
  if (lease.at === 'none') {
    const next = change({ at: 'drawn', drawn }, { last: drawn })
    if (scene !== 'whole') steps.push(...leaseSteps(next, l, rules))
    else steps.push({ name: `lease ${l} draws`, next })
  }
  if (lease.at === 'drawn') {
    const life = { n: lease.drawn, since: lease.drawn }
    const sealed = flaw === 'what is committed before the look is taken for later' ? lease.drawn : 0
    const noted = Math.max(state.noted, sealed)
    const next = change(
      { at: 'open', drawn: 0, lives: [life], sealed },
      { scopes: [...state.scopes, life], noted },
    )
    steps.push({ name: `lease ${l} is taken`, next })
  }
  if (lease.at === 'open') {
    const snapshot = state.versions.flatMap(({ is }, v) => (is === 'current' ? [v] : []))
    steps.push({ name: `lease ${l} looks`, next: change({ at: 'looked', snapshot }) })
  }
  if (isSealing(scene) && lease.at === 'looked' && lease.sealed === 0) {
    const next = change({ at: 'sealing', drawn }, { last: drawn })
    steps.push({ name: `lease ${l} draws the number of its seal`, next })
  }
  if (lease.at === 'sealing') {
    const sealed = lease.drawn
    const noted = Math.max(state.noted, sealed)
    const next = change({ at: 'sealed', drawn: 0, sealed }, { noted })
    steps.push({ name: `lease ${l} is sealed`, next })
  }
  if ((scene === 'narrowing' || scene === 'whole') && l === 0)
    steps.push(...narrowSteps(state, lease, flaw))
  if (lives(lease)) steps.push({ name: `lease ${l} ends`, next: ended(state, l, flaw) })
  return steps
}

/** To the versions that lease 0 has seen. */
function narrowSteps(state: State, lease: Lease, flaw: MongoLeaseFlaw | undefined): Step[] {
  const early = flaw === 'the old scopes of a narrowed lease go before the new ones are there'
  const put0 = (to: Lease) => replaced(state.leases, 0, to)
  if (lease.at === 'looked' || lease.at === 'sealed') {
    const n = state.last + 1
    const life = { n, since: Math.min(...lease.lives.map(({ since }) => since)) }
    const narrowing = { ...lease, at: 'narrowing' as const, lives: [...lease.lives, life] }
    const begun = { ...state, last: n, leases: put0(narrowing) }
    const scope = { ...life, rows: lease.snapshot }
    const next = early
      ? endLives({ ...begun, leases: put0({ ...narrowing, lives: [life] }) }, lease.lives, flaw)
      : { ...begun, scopes: [...state.scopes, scope] }
    return [{ name: 'the narrowing of lease 0 begins', next }]
  }
  if (lease.at !== 'narrowing') return []
  const life = at(lease.lives, lease.lives.length - 1)
  const narrowed = { ...state, leases: put0({ ...lease, at: 'narrowed', lives: [life] }) }
  const next = early
    ? { ...narrowed, scopes: [...state.scopes, { ...life, rows: lease.snapshot }] }
    : endLives(narrowed, lease.lives.slice(0, -1), flaw)
  return [{ name: 'the narrowing of lease 0 ends', next }]
}

function ended(state: State, l: number, flaw: MongoLeaseFlaw | undefined): State {
  const { lives: all } = at(state.leases, l)
  return endLives({ ...state, leases: replaced(state.leases, l, over) }, all, flaw)
}

function endLives(state: State, gone: readonly Life[], flaw: MongoLeaseFlaw | undefined): State {
  if (flaw === 'what a life has held is not sifted') {
    const scopes = state.scopes.filter((scope) => !gone.some(({ n }) => n === scope.n))
    return { ...state, scopes }
  }
  return { ...state, siftings: [...state.siftings, ...gone.map(({ n }) => ({ n }))] }
}

/** Lease 0 gives what it covers and holds to lease 1, and ends. */
function handOverSteps(state: State, { scene, flaw }: Rules): Step[] {
  const from = at(state.leases, 0)
  const to = at(state.leases, 1)
  if (!isSealing(scene)) return []
  if (from.at !== 'sealed' && from.at !== 'narrowed') return []
  if (to.at !== 'sealed') return []
  const isForgotten = flaw === 'a hand-over ends the lives that it gives away'
  const isOpen = from.sealed === 0 || to.sealed === 0
  const later = isOpen ? 0 : Math.max(from.sealed, to.sealed)
  const taker: Lease = {
    ...to,
    lives: isForgotten ? to.lives : [...to.lives, ...from.lives],
    sealed: flaw === 'a hand-over forgets how late the look was' ? to.sealed : later,
    snapshot: from.snapshot.reduce(including, to.snapshot),
  }
  const given = { ...state, leases: [over, taker] }
  const next = isForgotten ? endLives(given, from.lives, flaw) : given
  return [{ name: 'lease 0 is handed over to lease 1', next }]
}
