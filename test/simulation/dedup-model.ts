// The deduplication protocol of one chunk id as a finite model, and a search through every order of
// its steps: two PUTs of equal content, two DELETEs, the release worker, the orphan sweep, physical
// deletes that come late and doubled, and an uploader that dies anywhere. The real steps are in
// `metadata/lmdb/chunk-catalog.ts`; each `flaw` breaks one of them, to show that the search sees it.

export type Flaw =
  /** A commit trusts the generation it was given and does not look whether it still lives. */
  | 'commit does not validate its claim'
  | 'delete ignores the generation'
  | 'condemned orphans leave no tombstone'
  | 'tombstones are purged while uploads run'
  | 'uploads of one id share a generation'
  | 'the commit comes before the blob'

type Uploader = {
  readonly at: 'start' | 'found' | 'missing' | 'stored' | 'done' | 'dead'
  /** The generation the claim names. */
  readonly generation: number
  readonly stores: number
}
type Version = { readonly is: 'none' | 'live' | 'buried' | 'released'; readonly generation: number }
type State = {
  readonly uploaders: readonly Uploader[]
  /** Version i is made by uploader i, and may be deleted from then on. */
  readonly versions: readonly Version[]
  readonly row: { readonly generation: number; readonly count: number } | null
  readonly physical: readonly number[]
  readonly tombstones: readonly number[]
  /** Generations that some task says to delete; such a task can run now, later, and again. */
  readonly deletable: readonly number[]
  readonly deleted: readonly number[]
}
type Step = { readonly name: string; readonly next: State }

export type Finding = { readonly broken: string; readonly trace: readonly string[] }
export type Search = { readonly states: number; readonly finding: Finding | undefined }

const storesMax = 2

/** Walks all states breadth first, so that a finding's trace is a shortest one. */
export function searchDedupModel(flaw?: Flaw): Search {
  const idle: Uploader = { at: 'start', generation: 0, stores: 0 }
  const none: Version = { is: 'none', generation: 0 }
  const first: State = {
    uploaders: [idle, idle],
    versions: [none, none],
    row: null,
    physical: [],
    tombstones: [],
    deletable: [],
    deleted: [],
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
      for (const { name, next } of stepsFrom(state, flaw)) {
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

function brokenInvariant(state: State): string | undefined {
  for (const version of state.versions) {
    const readable = version.is === 'live' || version.is === 'buried'
    if (readable && !state.physical.includes(version.generation)) {
      return `a committed version points to generation ${version.generation}, which does not exist`
    }
  }
  if (state.row !== null && !state.physical.includes(state.row.generation)) {
    return `the catalog names generation ${state.row.generation}, which does not exist`
  }
  const back = state.deleted.find((generation) => state.physical.includes(generation))
  return back === undefined ? undefined : `deleted generation ${back} came back`
}

function stepsFrom(state: State, flaw: Flaw | undefined): Step[] {
  return [
    ...[0, 1].flatMap((i) => uploaderSteps(state, i, flaw)),
    ...[0, 1].flatMap((i) => versionSteps(state, i)),
    ...sweepSteps(state, flaw),
    ...state.deletable.map((generation) => physicalDelete(state, generation, flaw)),
  ]
}

function uploaderSteps(state: State, i: number, flaw: Flaw | undefined): Step[] {
  const uploader = at(state.uploaders, i)
  const move = (change: Partial<Uploader>, rest: Partial<State> = {}): State => ({
    ...state,
    ...rest,
    uploaders: replaced(state.uploaders, i, { ...uploader, ...change }),
  })
  const who = `uploader ${i}`
  const steps: Step[] = []
  switch (uploader.at) {
    case 'start':
      steps.push({
        name: `${who} asks the catalog`,
        next: state.row
          ? move({ at: 'found', generation: state.row.generation })
          : move({ at: 'missing' }),
      })
      break
    case 'missing': {
      if (uploader.stores === storesMax) break
      const fresh =
        flaw === 'uploads of one id share a generation' ? 1 : 1 + i * storesMax + uploader.stores
      const stored = { generation: fresh, stores: uploader.stores + 1 }
      const physical =
        flaw === 'the commit comes before the blob'
          ? state.physical
          : including(state.physical, fresh)
      steps.push({
        name: `${who} stores generation ${fresh}`,
        next: move({ at: 'stored', ...stored }, { physical }),
      })
      break
    }
    case 'found':
    case 'stored':
      steps.push({ name: `${who} commits`, next: commit(state, i, flaw) })
      break
    case 'done':
    case 'dead':
      break
    default:
      uploader.at satisfies never
  }
  if (uploader.at !== 'done' && uploader.at !== 'dead') {
    steps.push({ name: `${who} dies`, next: move({ at: 'dead' }) })
  }
  return steps
}

/** One transaction: checks the claim, counts the reference, writes the version. */
function commit(state: State, i: number, flaw: Flaw | undefined): State {
  const uploader = at(state.uploaders, i)
  const claim = uploader.generation
  const written = uploader.at === 'stored'
  const become = (generation: number, rest: Partial<State>): State => ({
    ...state,
    ...rest,
    row: { generation, count: (state.row?.count ?? 0) + 1 },
    versions: replaced(state.versions, i, { is: 'live', generation }),
    uploaders: replaced(state.uploaders, i, { ...uploader, at: 'done' }),
  })
  if (flaw === 'commit does not validate its claim') return become(claim, {})
  if (state.row?.generation === claim) return become(claim, {})
  if (state.row !== null) {
    const copy = written ? { deletable: including(state.deletable, claim) } : {}
    return become(state.row.generation, copy)
  }
  if (written && !state.tombstones.includes(claim)) return become(claim, {})
  const again: Uploader = { ...uploader, at: 'missing' }
  return { ...state, uploaders: replaced(state.uploaders, i, again) }
}

function versionSteps(state: State, i: number): Step[] {
  const version = at(state.versions, i)
  if (version.is === 'live') {
    const versions = replaced<Version>(state.versions, i, { ...version, is: 'buried' })
    return [{ name: `version ${i} is deleted`, next: { ...state, versions } }]
  }
  if (version.is === 'buried') {
    const versions = replaced<Version>(state.versions, i, { ...version, is: 'released' })
    const count = (state.row?.count ?? 0) - 1
    const rest: Partial<State> =
      count > 0 && state.row !== null
        ? { row: { ...state.row, count } }
        : { row: null, deletable: including(state.deletable, version.generation) }
    return [{ name: `version ${i} is released`, next: { ...state, ...rest, versions } }]
  }
  return []
}

function sweepSteps(state: State, flaw: Flaw | undefined): Step[] {
  const steps = state.physical
    .filter((generation) => state.row?.generation !== generation)
    .map((generation) => ({
      name: `the sweep condemns generation ${generation}`,
      next: {
        ...state,
        deletable: including(state.deletable, generation),
        tombstones:
          flaw === 'condemned orphans leave no tombstone'
            ? state.tombstones
            : including(state.tombstones, generation),
      },
    }))
  const uploadsRun = state.uploaders.some(({ at }) => at !== 'done' && at !== 'dead')
  if (state.tombstones.length > 0) {
    if (!uploadsRun || flaw === 'tombstones are purged while uploads run') {
      steps.push({ name: 'tombstones are purged', next: { ...state, tombstones: [] } })
    }
  }
  return steps
}

function physicalDelete(state: State, generation: number, flaw: Flaw | undefined): Step {
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

function traceTo(id: string, cameFrom: ReadonlyMap<string, { parent: string; name: string }>) {
  const trace: string[] = []
  for (let step = cameFrom.get(id); step && step.parent !== ''; step = cameFrom.get(step.parent)) {
    trace.unshift(step.name)
  }
  return trace
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
