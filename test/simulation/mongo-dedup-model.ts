// The deduplication protocol of one chunk id as the MongoDB engine does it (`metadata/mongodb/chunk-claims.ts`), where
// the chunk's document lies on another shard than the versions that name it. Every change is a transaction of
// snapshots: it decides by what it has read, what was only read may have changed when it commits, and it is undone
// only if somebody else has changed a document that it writes. Two gateways put equal content, their requests are
// doubled and their answers lost; versions are removed; two workers do one release; orphans are condemned;
// physical deletions come late and doubled. A gateway or worker that dies takes no more steps, which is so for each of
// them from every state on. Each `flaw` breaks one rule, to show that the search sees it.

import {
  type Finding,
  type Model,
  type Search,
  type Step as StepOf,
  searchStates,
  walkStates,
} from './search-states.ts'

export type MongoFlaw =
  | 'tombstones are documents of their own'
  | 'delete ignores the generation'
  | 'uploads of one id share a generation'
  | 'a claim is not read again in its transaction'
  | 'references are counted in documents of their own'
  | 'a grave is removed after its references were given back'
  | 'condemned generations are forgotten'
  | 'a commit that is repeated is done again'

/** What a transaction that has begun is going to write. Stale: somebody has changed one of its documents since. */
type Plan<T> = T & { readonly isStale: boolean }
type Claim = Plan<{ generation: number; references: number; inVain: number | null }>
type Release = Plan<{ version: number; references: number }>
type Condemnation = Plan<{ generation: number }>

type Gateway = {
  readonly at: 'start' | 'found' | 'missing' | 'stored' | 'done'
  /** The generation that its claim names. */
  readonly generation: number
  readonly stores: number
  /** Requests of one commit that are under way side by side. */
  readonly claims: readonly (Claim | null)[]
}
type Version = { readonly is: 'none' | 'live' | 'grave' | 'released'; readonly generation: number }
type State = {
  readonly gateways: readonly Gateway[]
  /** Version i is made by gateway i. What it was is remembered when it is gone. */
  readonly versions: readonly Version[]
  readonly chunk: { readonly generation: number; readonly references: number } | null
  readonly condemned: readonly number[]
  /** Generations of which there is the task of deleting them. */
  readonly tasks: readonly number[]
  readonly workers: readonly (Release | { readonly toRemove: number } | null)[]
  readonly sweep: Condemnation | null
  readonly physical: readonly number[]
  /** Generations that somebody was told to delete, who may do so now, later, and again. */
  readonly deletable: readonly number[]
  readonly deleted: readonly number[]
}
type Step = StepOf<State>
type Documents = { readonly chunk: boolean; readonly version?: number }

const storesMax = 2

/** All states with two gateways. */
export function searchMongoDedupModel(flaw?: MongoFlaw): Search {
  return searchStates(modelOf({ gateways: 2, requests: 1 }, flaw))
}

/** One way through the model with three gateways, whose requests are doubled, as `random` (0 to 1) has it. */
export function walkMongoDedupModel(random: () => number, flaw?: MongoFlaw): Finding | undefined {
  return walkStates(modelOf({ gateways: 3, requests: 2 }, flaw), { random, stepsMax: 200 })
}

type Size = { readonly gateways: number; readonly requests: number }

function modelOf(size: Size, flaw: MongoFlaw | undefined): Model<State> {
  const steps = (state: State) => stepsFrom(state, flaw)
  return { first: firstState(size), steps, broken: brokenInvariant }
}

function firstState(size: Size): State {
  const claims = Array.from({ length: size.requests }, () => null)
  const idle: Gateway = { at: 'start', generation: 0, stores: 0, claims }
  const none: Version = { is: 'none', generation: 0 }
  return {
    gateways: Array.from({ length: size.gateways }, () => idle),
    versions: Array.from({ length: size.gateways }, () => none),
    chunk: null,
    condemned: [],
    tasks: [],
    workers: [null, null],
    sweep: null,
    physical: [],
    deletable: [],
    deleted: [],
  }
}

function brokenInvariant({ versions, chunk, physical, deleted }: State): string | undefined {
  const held = versions.filter(({ is }) => is === 'live' || is === 'grave')
  for (const { generation } of held) {
    if (!physical.includes(generation)) {
      return `a version names generation ${generation}, which does not exist`
    }
    if (chunk?.generation !== generation) {
      return `a version names generation ${generation}, which does not live`
    }
  }
  if (chunk !== null && !physical.includes(chunk.generation)) {
    return `generation ${chunk.generation} lives, and does not exist`
  }
  if ((chunk?.references ?? 0) !== held.length) {
    return `${chunk?.references ?? 0} references are counted, and ${held.length} are there`
  }
  const back = deleted.find((generation) => physical.includes(generation))
  return back === undefined ? undefined : `deleted generation ${back} came back`
}

function stepsFrom(state: State, flaw: MongoFlaw | undefined): readonly Step[] {
  return [
    ...state.gateways.flatMap((_, i) => gatewaySteps(state, i, flaw)),
    ...state.versions.flatMap((_, i) => removal(state, i)),
    ...state.workers.flatMap((_, i) => workerSteps(state, i, flaw)),
    ...sweepSteps(state, flaw),
    ...state.deletable.map((generation) => physicalDelete(state, generation, flaw)),
    ...state.tasks
      .filter((generation) => state.deleted.includes(generation))
      .map((generation) => ({
        name: `the task of deleting generation ${generation} is done`,
        next: { ...state, tasks: state.tasks.filter((task) => task !== generation) },
      })),
  ]
}

function gatewaySteps(state: State, i: number, flaw: MongoFlaw | undefined): readonly Step[] {
  const gateway = at(state.gateways, i)
  const who = `gateway ${i}`
  const steps: Step[] = []
  const move = (change: Partial<Gateway>, rest: Partial<State> = {}): State => ({
    ...state,
    ...rest,
    gateways: replaced(state.gateways, i, { ...gateway, ...change }),
  })
  switch (gateway.at) {
    case 'start':
      steps.push({
        name: `${who} asks the catalog`,
        next:
          state.chunk === null
            ? move({ at: 'missing' })
            : move({ at: 'found', generation: state.chunk.generation }),
      })
      break
    case 'missing': {
      if (gateway.stores === storesMax) break
      const isShared = flaw === 'uploads of one id share a generation'
      const generation = isShared ? 1 : 1 + i * storesMax + gateway.stores
      const physical = including(state.physical, generation)
      const stored = { at: 'stored' as const, generation, stores: gateway.stores + 1 }
      steps.push({
        name: `${who} stores generation ${generation}`,
        next: move(stored, { physical }),
      })
      break
    }
    case 'found':
    case 'stored':
      gateway.claims.forEach((claim, request) => {
        if (claim !== null) return
        steps.push({
          name: `request ${request} of ${who} begins to commit`,
          next: beginCommit(state, { i, request, flaw }),
        })
      })
      break
    case 'done':
      break
    default:
      gateway.at satisfies never
  }
  // What it has sent goes on without it, and its answer may be lost: then it asks again.
  gateway.claims.forEach((claim, request) => {
    if (claim === null) return
    steps.push({
      name: `request ${request} of ${who} commits`,
      next: endCommit(state, { i, request, flaw }, claim),
    })
  })
  return steps
}

type Request = {
  readonly i: number
  readonly request: number
  readonly flaw: MongoFlaw | undefined
}

/** Reads the chunk and what is remembered of the commit, and decides. */
function beginCommit(state: State, { i, request, flaw }: Request): State {
  const gateway = at(state.gateways, i)
  const { chunk, condemned, tasks } = state
  const become = (change: Partial<Gateway>): State => ({
    ...state,
    gateways: replaced(state.gateways, i, { ...gateway, ...change }),
  })
  const isKnown = at(state.versions, i).is !== 'none'
  if (isKnown && flaw !== 'a commit that is repeated is done again')
    return become({ at: 'done', generation: 0, stores: 0 })
  const named = gateway.generation
  const isWritten = gateway.at === 'stored'
  const plan = (generation: number): State => {
    const inVain = isWritten && generation !== named ? named : null
    const references = (chunk?.references ?? 0) + 1
    const claim = { generation, references, inVain, isStale: false }
    return become({ claims: replaced(gateway.claims, request, claim) })
  }
  if (flaw === 'a claim is not read again in its transaction') return plan(named)
  if (chunk !== null) return plan(chunk.generation)
  const isOver = condemned.includes(named) || tasks.includes(named)
  return isWritten && !isOver ? plan(named) : become({ at: 'missing' })
}

function endCommit(state: State, { i, request, flaw }: Request, claim: Claim): State {
  const gateway = at(state.gateways, i)
  const ended = {
    ...state,
    gateways: replaced(state.gateways, i, {
      ...gateway,
      claims: replaced(gateway.claims, request, null),
    }),
  }
  if (claim.isStale) return ended
  const { generation, references, inVain } = claim
  const isApart = flaw === 'references are counted in documents of their own'
  const living =
    state.chunk === null && isApart && references > 1 ? null : { generation, references }
  const written = {
    ...ended,
    chunk: living,
    versions: replaced<Version>(ended.versions, i, { is: 'live', generation }),
    tasks: inVain === null ? state.tasks : including(state.tasks, inVain),
    deletable: inVain === null ? state.deletable : including(state.deletable, inVain),
  }
  return outdated(written, { chunk: !(isApart && references > 1), version: i }, flaw)
}

/** Removing a version changes its own document alone. */
function removal(state: State, i: number): readonly Step[] {
  const version = at(state.versions, i)
  if (version.is !== 'live') return []
  const versions = replaced<Version>(state.versions, i, { ...version, is: 'grave' })
  const next = outdated({ ...state, versions }, { chunk: false, version: i }, undefined)
  return [{ name: `version ${i} is removed`, next }]
}

function workerSteps(state: State, worker: number, flaw: MongoFlaw | undefined): readonly Step[] {
  const doing = state.workers[worker] ?? null
  const become = (what: State['workers'][number], rest: State = state): State => ({
    ...rest,
    workers: replaced(rest.workers, worker, what),
  })
  if (doing === null) {
    return state.versions.flatMap((version, i) => {
      if (version.is !== 'grave') return []
      const references = (state.chunk?.references ?? 0) - 1
      const release = { version: i, references, isStale: false }
      return [{ name: `worker ${worker} begins to release version ${i}`, next: become(release) }]
    })
  }
  if ('toRemove' in doing) {
    const i = doing.toRemove
    const versions = replaced<Version>(state.versions, i, {
      ...at(state.versions, i),
      is: 'released',
    })
    return [
      { name: `worker ${worker} removes grave ${i}`, next: become(null, { ...state, versions }) },
    ]
  }
  const name = `worker ${worker} gives back the references of version ${doing.version}`
  return [{ name, next: endRelease(state, { worker, flaw }, doing) }]
}

function endRelease(
  state: State,
  { worker, flaw }: { readonly worker: number; readonly flaw: MongoFlaw | undefined },
  release: Release,
): State {
  const isApart = flaw === 'a grave is removed after its references were given back'
  const next = isApart && !release.isStale ? { toRemove: release.version } : null
  const ended = { ...state, workers: replaced(state.workers, worker, next) }
  if (release.isStale) return ended
  const { version: i, references } = release
  const version = at(state.versions, i)
  const { generation } = version
  const isLast = references <= 0
  const written: State = {
    ...ended,
    chunk: isLast ? null : { generation, references },
    versions: isApart
      ? state.versions
      : replaced(state.versions, i, { ...version, is: 'released' }),
    tasks: isLast ? including(state.tasks, generation) : state.tasks,
    deletable: isLast ? including(state.deletable, generation) : state.deletable,
  }
  return outdated(written, isApart ? { chunk: true } : { chunk: true, version: i }, flaw)
}

function sweepSteps(state: State, flaw: MongoFlaw | undefined): readonly Step[] {
  const { sweep } = state
  const steps: Step[] = []
  if (flaw === 'condemned generations are forgotten' && state.condemned.length > 0) {
    steps.push({ name: 'condemned generations are forgotten', next: { ...state, condemned: [] } })
  }
  if (sweep === null) {
    for (const generation of state.physical) {
      if (state.chunk?.generation === generation || state.condemned.includes(generation)) continue
      const name = `the sweep finds nothing that refers to generation ${generation}`
      steps.push({ name, next: { ...state, sweep: { generation, isStale: false } } })
    }
    return steps
  }
  const ended = { ...state, sweep: null }
  const { generation, isStale } = sweep
  const written = {
    ...ended,
    condemned: including(state.condemned, generation),
    deletable: including(state.deletable, generation),
  }
  const isApart = flaw === 'tombstones are documents of their own'
  const next = isStale ? ended : outdated(written, { chunk: !isApart }, flaw)
  return [...steps, { name: `the sweep condemns generation ${generation}`, next }]
}

/** Whoever is about to write what was written just now will be undone. */
function outdated(state: State, written: Documents, flaw: MongoFlaw | undefined): State {
  const stale = <T extends { readonly isStale: boolean }>(plan: T, documents: Documents): T => {
    const meets =
      (written.chunk && documents.chunk) ||
      (written.version !== undefined && written.version === documents.version)
    return meets ? { ...plan, isStale: true } : plan
  }
  const areReferencesApart = flaw === 'references are counted in documents of their own'
  const areTombstonesApart = flaw === 'tombstones are documents of their own'
  const isGraveApart = flaw === 'a grave is removed after its references were given back'
  return {
    ...state,
    gateways: state.gateways.map((gateway, version) => ({
      ...gateway,
      claims: gateway.claims.map((claim) => {
        const chunk = !(areReferencesApart && (claim?.references ?? 0) > 1)
        return claim && stale(claim, { chunk, version })
      }),
    })),
    workers: state.workers.map((worker) => {
      if (worker === null || 'toRemove' in worker) return worker
      const { version } = worker
      return stale(worker, isGraveApart ? { chunk: true } : { chunk: true, version })
    }),
    sweep: state.sweep && stale(state.sweep, { chunk: !areTombstonesApart }),
  }
}

function physicalDelete(state: State, generation: number, flaw: MongoFlaw | undefined): Step {
  const gone = flaw === 'delete ignores the generation' ? state.physical : [generation]
  return {
    name: `the data node deletes generation ${generation}`,
    next: {
      ...state,
      physical: state.physical.filter((stored) => !gone.includes(stored)),
      deleted: gone.reduce(including, state.deleted),
    },
  }
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
