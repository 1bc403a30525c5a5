// Leases of the engine on MongoDB as a finite model, and a search through every order of its steps: two leases that
// see versions of one key and read them later; versions that are committed, removed and settled, by two at once who may
// stop between any two steps; leases that are sealed, narrowed, handed over and ended; and the sifting of what a life
// of a lease has held. The real steps are in `metadata/mongodb/` (`held-versions.ts`, `lease-documents.ts`,
// `sift-held.ts`), a command or a transaction each; each `flaw` breaks one of them, to show that the search sees it.

import {
  type Finding,
  type Model,
  type Search,
  type Step as StepOf,
  searchStates,
  walkStates,
} from './search-states.ts'

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

type Life = { readonly n: number; readonly since: number }
type Lease = {
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
type Scope = Life & { readonly rows?: readonly number[] }
type Version = {
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
type Settler = {
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
type Sifting = { readonly n: number; readonly found?: readonly number[] }
type State = {
  readonly last: number
  /** The last seal, as commits know of it. */
  readonly noted: number
  readonly leases: readonly Lease[]
  readonly scopes: readonly Scope[]
  readonly versions: readonly Version[]
  readonly settlers: readonly Settler[]
  readonly siftings: readonly Sifting[]
}
type Step = StepOf<State>
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

const none: Version = { is: 'none', born: 0, asks: false, upTo: -1, held: -1, kept: -1 }
const over: Lease = { at: 'ended', drawn: 0, lives: [], sealed: 0, snapshot: [] }
const idle: Settler = {
  isFresh: false,
  at: 'idle',
  v: 0,
  upTo: -1,
  held: -1,
  over: [],
  lives: [],
  number: -1,
}

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

function settlerSteps(state: State, s: number, flaw: MongoLeaseFlaw | undefined): Step[] {
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
function siftSteps(state: State, sifting: Sifting): Step[] {
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

/**
 * States that differ in what nobody looks at any more are one: numbers are counted anew in their order, and of two
 * settlers it does not matter which is which.
 */
function plain(state: State): State {
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

function put(state: State, v: number, version: Version): State {
  return { ...state, versions: replaced(state.versions, v, version) }
}

function settle(state: State, s: number, settler: Settler): State {
  return { ...state, settlers: replaced(state.settlers, s, settler) }
}

/** Sets are kept sorted, so that equal states have equal names. */
function including(set: readonly number[], member: number): readonly number[] {
  return set.includes(member) ? set : [...set, member].sort((a, b) => a - b)
}

function replaced<T>(list: readonly T[], index: number, value: T): readonly T[] {
  return list.map((old, i) => (i === index ? value : old))
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index]
  if (value === undefined) throw new RangeError(`nothing at ${index}`)
  return value
}
