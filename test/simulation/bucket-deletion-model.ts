// The deletion of a bucket whose objects lie on several shards, as `BucketStore.delete` prescribes it, in
// every order of its steps: two deletions, two commits on a shard each, somebody who makes the bucket
// again, and a crash of any of them anywhere. The row of the bucket is one place, that changes by
// compare-and-set; a shard is another, and no step touches both.

export type Flaw =
  | 'a commit looks at the row before it writes, and not after'
  | 'a commit leaves the mark in its place'
  | 'a deletion does not look again once it has marked'
  | 'a removal does not ask whether its own mark is there'

type CommitAt =
  | 'begun'
  | 'toWrite'
  | 'written'
  | 'marked'
  | 'toUndo'
  | 'committed'
  | 'refused'
  | 'dead'
type DeletionAt =
  | 'peek0'
  | 'peek1'
  | 'toMark'
  | 'look0'
  | 'look1'
  | 'toUnmark'
  | 'toRemove'
  | 'deleted'
  | 'notEmpty'
  | 'busy'
  | 'noSuchBucket'
  | 'dead'

type State = {
  /** The id of the bucket that has the name: 1 is the one in question, 2 the one made again. */
  readonly row: 0 | 1 | 2
  /** Whose mark stands in the row: of the first or the second deletion. */
  readonly mark: 0 | 1 | 2
  /** Which shards hold a version of bucket 1. */
  readonly versions: readonly [boolean, boolean]
  readonly commits: readonly [CommitAt, CommitAt]
  readonly deletions: readonly [DeletionAt, DeletionAt]
  /** Of a commit that saw a mark: which. */
  readonly seen: readonly [0 | 1 | 2, 0 | 1 | 2]
}

type Step = { readonly name: string; readonly next: State }
export type Finding = { readonly what: string; readonly trace: readonly string[] }

const first: State = {
  row: 1,
  mark: 0,
  versions: [false, false],
  commits: ['begun', 'begun'],
  deletions: ['peek0', 'peek0'],
  seen: [0, 0],
}
const both = [0, 1] as const
const ended: ReadonlySet<string> = new Set([
  ...['committed', 'refused', 'dead', 'deleted', 'notEmpty', 'busy', 'noSuchBucket'],
])

export function searchBucketDeletion(flaw?: Flaw): { states: number; finding?: Finding } {
  const seen = new Set([JSON.stringify(first)])
  let edge: { readonly state: State; readonly trace: readonly string[] }[] = [
    { state: first, trace: [] },
  ]
  while (edge.length > 0) {
    const further: typeof edge = []
    for (const { state, trace } of edge) {
      const what = violation(state)
      if (what !== undefined) return { states: seen.size, finding: { what, trace } }
      for (const { name, next } of stepsOf(state, flaw)) {
        const known = JSON.stringify(next)
        if (seen.has(known)) continue
        seen.add(known)
        further.push({ state: next, trace: [...trace, name] })
      }
    }
    edge = further
  }
  return { states: seen.size }
}

function violation(state: State): string | undefined {
  const { row, mark, versions, commits, deletions } = state
  for (const who of both) {
    if (commits[who] === 'committed' && row !== 1) return 'a committed version is in no bucket'
    if (commits[who] === 'committed' && !versions[who]) return 'a committed version is gone'
    if (deletions[who] === 'deleted' && row === 1) return 'a deleted bucket is there'
  }
  const all = [...commits, ...deletions]
  if (all.includes('dead') || !all.every((at) => ended.has(at))) return undefined
  if (row === 1 && mark !== 0) return 'a mark is left'
  if (row === 1 && commits.includes('refused')) return 'a bucket that stays has refused a commit'
  if (row !== 1 && versions.includes(true)) return 'a version is left behind'
  return undefined
}

function stepsOf(state: State, flaw: Flaw | undefined): readonly Step[] {
  const steps: Step[] = []
  if (state.row === 0) steps.push({ name: 'made again', next: { ...state, row: 2, mark: 0 } })
  for (const who of both) {
    const commit = state.commits[who]
    if (!ended.has(commit)) {
      steps.push({ name: `commit ${who} ${commit}`, next: stepCommit(state, who, flaw) })
      steps.push({ name: `commit ${who} dies`, next: withCommit(state, who, 'dead') })
    }
    const deletion = state.deletions[who]
    if (!ended.has(deletion)) {
      steps.push({ name: `deletion ${who} ${deletion}`, next: stepDeletion(state, who, flaw) })
      steps.push({ name: `deletion ${who} dies`, next: withDeletion(state, who, 'dead') })
    }
  }
  return steps
}

function stepCommit(state: State, who: 0 | 1, flaw: Flaw | undefined): State {
  const { row, mark, commits, seen } = state
  switch (commits[who]) {
    case 'begun': {
      const isRefused =
        flaw === 'a commit looks at the row before it writes, and not after' && row !== 1
      return withCommit(state, who, isRefused ? 'refused' : 'toWrite')
    }
    case 'toWrite': {
      const written = withVersion(state, who, true)
      const isDone = flaw === 'a commit looks at the row before it writes, and not after'
      return withCommit(written, who, isDone ? 'committed' : 'written')
    }
    case 'written':
      if (row !== 1) return withCommit(state, who, 'toUndo')
      if (mark === 0 || flaw === 'a commit leaves the mark in its place') {
        return withCommit(state, who, 'committed')
      }
      return withCommit({ ...state, seen: replaced(seen, who, mark) }, who, 'marked')
    case 'marked': {
      const forgotten = { ...state, seen: replaced(seen, who, 0) }
      const isThere = row === 1 && mark === seen[who]
      return isThere
        ? withCommit({ ...forgotten, mark: 0 }, who, 'committed')
        : withCommit(forgotten, who, 'written')
    }
    default:
      return withCommit(withVersion(state, who, false), who, 'refused')
  }
}

function stepDeletion(state: State, who: 0 | 1, flaw: Flaw | undefined): State {
  const { row, mark, versions, deletions } = state
  const own = who === 0 ? 1 : 2
  const asksForMark = flaw !== 'a removal does not ask whether its own mark is there'
  const go = (at: DeletionAt) => withDeletion(state, who, at)
  switch (deletions[who]) {
    case 'peek0':
      return go(versions[0] ? 'notEmpty' : 'peek1')
    case 'peek1':
      return go(versions[1] ? 'notEmpty' : 'toMark')
    case 'toMark': {
      if (row !== 1) return go('noSuchBucket')
      const looks = flaw !== 'a deletion does not look again once it has marked'
      return withDeletion({ ...state, mark: own }, who, looks ? 'look0' : 'toRemove')
    }
    case 'look0':
      return go(versions[0] ? 'toUnmark' : 'look1')
    case 'look1':
      return go(versions[1] ? 'toUnmark' : 'toRemove')
    case 'toUnmark': {
      const isOwn = row === 1 && mark === own
      return withDeletion(isOwn ? { ...state, mark: 0 } : state, who, 'notEmpty')
    }
    default: {
      const mayRemove = row === 1 && (mark === own || !asksForMark)
      return mayRemove ? withDeletion({ ...state, row: 0, mark: 0 }, who, 'deleted') : go('busy')
    }
  }
}

function withCommit(state: State, who: 0 | 1, at: CommitAt): State {
  return { ...state, commits: replaced(state.commits, who, at) }
}

function withDeletion(state: State, who: 0 | 1, at: DeletionAt): State {
  return { ...state, deletions: replaced(state.deletions, who, at) }
}

function withVersion(state: State, who: 0 | 1, isThere: boolean): State {
  return { ...state, versions: replaced(state.versions, who, isThere) }
}

function replaced<Value>(
  [zero, one]: readonly [Value, Value],
  who: 0 | 1,
  value: Value,
): readonly [Value, Value] {
  return who === 0 ? [value, one] : [zero, value]
}
