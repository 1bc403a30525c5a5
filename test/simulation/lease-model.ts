// Leases as a finite model, and a search through every order of its steps: two snapshot leases whose
// scopes overlap, commits and deletions, a lease that is narrowed to what it reads or handed over to the
// other one, and the sifting of what an ended lease has held, which comes late and doubled. The real
// steps are in `metadata/lmdb/` (`lease-rows.ts`, `lease-scopes.ts`, `held-rows.ts`); each `flaw` breaks
// one of them, to show that the search sees it.

export type LeaseFlaw =
  /** Scopes are not looked at: whatever is deleted after a lease waits for it. */
  | 'one horizon holds for everybody'
  | 'the look comes before the lease'
  /** A lease covers only what was committed before it was taken, not up to the end of its look. */
  | 'what is committed before the look is taken for later'
  | 'what a lease has held goes with it, whoever else holds it'
  /** Scopes that are handed over count from the hand-over. */
  | 'a hand-over forgets since when'
  /** Its scopes are taken over, and the end of its look is not. */
  | 'a hand-over forgets how late the look was'
  | 'what was held before a lease was narrowed stays held'
  /** The rows stay under the number that is being sifted, and are met by no later sifting. */
  | 'a narrowed lease files where the sifting has been'

type Scope = { readonly key: number; readonly since: number }
type Lease = {
  readonly at: 'none' | 'open' | 'looked' | 'sealed' | 'narrowed' | 'ended'
  readonly scopes: readonly Scope[]
  /** What is committed from this number on is not covered; 0 while it is open. */
  readonly sealedNo: number
  readonly file: number
  /** Versions that were current as it looked: what must stay readable while it lives. */
  readonly snapshot: readonly number[]
}
type Version = {
  readonly is: 'none' | 'current' | 'held' | 'due' | 'gone'
  readonly born: number
  readonly buried: number
  readonly file: number
}
type State = {
  readonly last: number
  readonly leases: readonly Lease[]
  readonly versions: readonly Version[]
  /** Files whose rows are to be looked at again. */
  readonly sifting: readonly number[]
}
type Step = { readonly name: string; readonly next: State }
export type LeaseFinding = { readonly broken: string; readonly trace: readonly string[] }
export type LeaseSearch = { readonly states: number; readonly finding: LeaseFinding | undefined }

/** Versions 0 and 1 are of key 0, version 2 of key 1; 1 is still to be committed. */
const keyOf = [0, 0, 1] as const
/** Lease 0 covers key 0 alone, lease 1 both. */
const keysOfLease: readonly (readonly number[])[] = [[0], [0, 1]]

export function searchLeaseModel(flaw?: LeaseFlaw): LeaseSearch {
  const none: Version = { is: 'none', born: 0, buried: 0, file: 0 }
  const there: Version = { ...none, is: 'current' }
  const idle: Lease = { at: 'none', scopes: [], sealedNo: 0, file: 0, snapshot: [] }
  const first: State = {
    last: 0,
    leases: [idle, idle],
    versions: [there, none, there],
    sifting: [],
  }
  const cameFrom = new Map<string, { parent: string; name: string }>()
  cameFrom.set(JSON.stringify(first), { parent: '', name: '' })
  let frontier = [first]
  while (frontier.length > 0) {
    const found: State[] = []
    for (const state of frontier) {
      const parent = JSON.stringify(state)
      const broken = brokenInvariant(state)
      if (broken !== undefined) {
        return { states: cameFrom.size, finding: { broken, trace: traceTo(parent, cameFrom) } }
      }
      for (const step of stepsFrom(state, flaw)) {
        const { name } = step
        const next = plain(step.next)
        const id = JSON.stringify(next)
        if (cameFrom.has(id)) continue
        cameFrom.set(id, { parent, name })
        found.push(next)
      }
    }
    frontier = found
  }
  return { states: cameFrom.size, finding: undefined }
}

/**
 * States that differ in what nobody looks at any more are one: what is over is forgotten, and numbers are
 * counted anew in their order.
 */
function plain({ last, leases, versions, sifting }: State): State {
  const ended: Lease = { at: 'ended', scopes: [], sealedNo: 0, file: 0, snapshot: [] }
  const living = leases.map((lease) => (lease.at === 'ended' ? ended : lease))
  const counted = versions.map((version): Version => {
    const { is, born } = version
    if (is === 'held') return version
    return { is, born: is === 'current' ? born : 0, buried: 0, file: 0 }
  })
  const numbers = [
    0,
    last,
    ...living.flatMap(({ sealedNo, scopes }) => [sealedNo, ...scopes.map(({ since }) => since)]),
    ...counted.flatMap(({ born, buried }) => [born, buried]),
  ]
  const files = [
    0,
    ...living.map(({ file }) => file),
    ...counted.map(({ file }) => file),
    ...sifting,
  ]
  const rank = ranks([...numbers, ...files])
  return {
    last: rank(last),
    leases: living.map((lease) => ({
      ...lease,
      sealedNo: rank(lease.sealedNo),
      file: rank(lease.file),
      scopes: lease.scopes.map(({ key, since }) => ({ key, since: rank(since) })),
    })),
    versions: counted.map(({ is, born, buried, file }) => {
      return { is, born: rank(born), buried: rank(buried), file: rank(file) }
    }),
    sifting: sifting.map(rank),
  }
}

function ranks(numbers: readonly number[]): (number: number) => number {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b)
  return (number) => sorted.indexOf(number)
}

function brokenInvariant({ leases, versions, sifting }: State): string | undefined {
  for (const [number, lease] of leases.entries()) {
    const lost = lives(lease) && lease.snapshot.find((v) => at(versions, v).is === 'gone')
    if (typeof lost === 'number') return `version ${lost} is gone, and lease ${number} needs it`
  }
  for (const [number, version] of versions.entries()) {
    if (version.is !== 'held' || sifting.includes(version.file)) continue
    const names = (lease: Lease) =>
      lease.at === 'narrowed'
        ? lease.snapshot.includes(number)
        : lease.scopes.some(({ key }) => key === keyOf[number])
    if (!leases.some((lease) => lives(lease) && names(lease))) {
      return `version ${number} is held for ever: no lease names it`
    }
  }
  return undefined
}

function lives({ at }: Lease): boolean {
  return at !== 'none' && at !== 'ended'
}

function stepsFrom(state: State, flaw: LeaseFlaw | undefined): Step[] {
  return [
    ...[0, 1, 2].flatMap((v) => versionSteps(state, v, flaw)),
    ...[0, 1].flatMap((l) => leaseSteps(state, l, flaw)),
    ...handOverSteps(state, flaw),
    ...state.sifting.flatMap((file) => siftSteps(state, file, flaw)),
  ]
}

function versionSteps(state: State, v: number, flaw: LeaseFlaw | undefined): Step[] {
  const version = at(state.versions, v)
  const key = keyOf[v]
  if (version.is === 'none') {
    const made = put(state, v, { ...version, is: 'current', born: state.last })
    const replaced = state.versions.findIndex((old, i) => old.is === 'current' && keyOf[i] === key)
    const nexts = replaced < 0 ? [made] : bury(made, replaced, flaw)
    return nexts.map((next) => ({ name: `version ${v} is committed`, next }))
  }
  if (version.is === 'current') {
    return bury(state, v, flaw).map((next) => ({ name: `version ${v} is deleted`, next }))
  }
  if (version.is === 'due') {
    return [{ name: `version ${v} is released`, next: put(state, v, { ...version, is: 'gone' }) }]
  }
  return []
}

/** It is filed under any one of the leases that hold it. */
function bury(state: State, v: number, flaw: LeaseFlaw | undefined): readonly State[] {
  const buried: Version = { ...at(state.versions, v), buried: state.last }
  return filed(state, { v, version: buried }, flaw)
}

function filed(
  state: State,
  { v, version }: { v: number; version: Version },
  flaw: LeaseFlaw | undefined,
): readonly State[] {
  const holders = state.leases.filter((lease) => covers(lease, { v, version }, flaw))
  if (holders.length === 0) return [put(state, v, { ...version, is: 'due', file: 0 })]
  return holders.map(({ file }) => put(state, v, { ...version, is: 'held', file }))
}

function covers(
  lease: Lease,
  { v, version }: { v: number; version: Version },
  flaw: LeaseFlaw | undefined,
): boolean {
  if (!lives(lease)) return false
  if (lease.at === 'narrowed' && !lease.snapshot.includes(v)) return false
  if (lease.sealedNo !== 0 && version.born >= lease.sealedNo) return false
  return lease.scopes.some(
    ({ key, since }) =>
      since <= version.buried && (key === keyOf[v] || flaw === 'one horizon holds for everybody'),
  )
}

function leaseSteps(state: State, l: number, flaw: LeaseFlaw | undefined): Step[] {
  const lease = at(state.leases, l)
  const last = state.last + 1
  const move = (change: Partial<Lease>, rest: Partial<State> = {}): State => ({
    ...state,
    ...rest,
    leases: replaced(state.leases, l, { ...lease, ...change }),
  })
  const look = () =>
    state.versions.flatMap((version, v) =>
      version.is === 'current' && keysOfLease[l]?.includes(keyOf[v] ?? -1) ? [v] : [],
    )
  const steps: Step[] = []
  if (lease.at === 'none') {
    const scopes = (keysOfLease[l] ?? []).map((key) => ({ key, since: last }))
    const taken = { at: 'open', scopes, file: last } as const
    if (flaw === 'the look comes before the lease' && lease.snapshot.length === 0) {
      steps.push({ name: `lease ${l} looks`, next: move({ snapshot: look() }) })
    }
    const early =
      flaw === 'what is committed before the look is taken for later' ? { sealedNo: last } : {}
    steps.push({ name: `lease ${l} is taken`, next: move({ ...taken, ...early }, { last }) })
  }
  if (lease.at === 'open') {
    const seen = flaw === 'the look comes before the lease' ? lease.snapshot : look()
    steps.push({ name: `lease ${l} looks`, next: move({ at: 'looked', snapshot: seen }) })
  }
  if (lease.at === 'looked') {
    const sealedNo = lease.sealedNo === 0 ? last : lease.sealedNo
    steps.push({ name: `lease ${l} is sealed`, next: move({ at: 'sealed', sealedNo }, { last }) })
    if (l === 0) steps.push({ name: 'lease 0 is narrowed', next: narrow(state, l, flaw) })
  }
  if (lives(lease)) {
    const sifting = including(state.sifting, lease.file)
    steps.push({ name: `lease ${l} ends`, next: move({ at: 'ended' }, { sifting }) })
  }
  return steps
}

/** To the versions that it has seen; what it has held is sifted, and it files anew. */
function narrow(state: State, l: number, flaw: LeaseFlaw | undefined): State {
  const lease = at(state.leases, l)
  const last = state.last + 1
  const file = flaw === 'a narrowed lease files where the sifting has been' ? lease.file : last
  const leases = replaced<Lease>(state.leases, l, { ...lease, at: 'narrowed', file })
  const sifting =
    flaw === 'what was held before a lease was narrowed stays held'
      ? state.sifting
      : including(state.sifting, lease.file)
  return { ...state, last, leases, sifting }
}

/** Lease 0 gives what it covers to lease 1, and ends. */
function handOverSteps(state: State, flaw: LeaseFlaw | undefined): Step[] {
  const from = at(state.leases, 0)
  const to = at(state.leases, 1)
  if (from.at !== 'sealed' || to.at !== 'sealed') return []
  const since = flaw === 'a hand-over forgets since when' ? { since: state.last + 1 } : {}
  const sealedNo =
    flaw === 'a hand-over forgets how late the look was'
      ? to.sealedNo
      : Math.max(from.sealedNo, to.sealedNo)
  const taker: Lease = {
    ...to,
    scopes: [...to.scopes, ...from.scopes.map((scope) => ({ ...scope, ...since }))],
    sealedNo,
    snapshot: from.snapshot.reduce(including, to.snapshot),
  }
  const next = {
    ...state,
    last: state.last + 1,
    leases: [{ ...from, at: 'ended' as const }, taker],
    sifting: including(state.sifting, from.file),
  }
  return [{ name: 'lease 0 is handed over to lease 1', next }]
}

/** One row at a time; the task goes when none is left, and may be done again before that. */
function siftSteps(state: State, file: number, flaw: LeaseFlaw | undefined): Step[] {
  const rows = state.versions.flatMap((version, v) =>
    version.is === 'held' && version.file === file ? [v] : [],
  )
  const done = { ...state, sifting: state.sifting.filter((other) => other !== file) }
  if (rows.length === 0) return [{ name: `file ${file} is sifted`, next: done }]
  return rows.flatMap((v) => {
    const version = at(state.versions, v)
    const name = `version ${v} of file ${file} is sifted`
    if (flaw === 'what a lease has held goes with it, whoever else holds it') {
      return [{ name, next: put(state, v, { ...version, is: 'due' as const, file: 0 }) }]
    }
    const after = flaw === 'a narrowed lease files where the sifting has been' ? done : state
    return filed(after, { v, version }, flaw).map((next) => ({ name, next }))
  })
}

function traceTo(id: string, cameFrom: ReadonlyMap<string, { parent: string; name: string }>) {
  const trace: string[] = []
  for (let step = cameFrom.get(id); step && step.parent !== ''; step = cameFrom.get(step.parent)) {
    trace.unshift(step.name)
  }
  return trace
}

function put(state: State, v: number, version: Version): State {
  return { ...state, versions: replaced(state.versions, v, version) }
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
