// Which tasks a claim is to get: a fair share of what is due, for each kind, and within it for each tenant. A lane is
// the tasks of one kind and tenant, in the order in which they are due; what is not due in it costs no look, and
// which lanes have something due is a walk from lane to lane in the index (DISTINCT_SCAN).
//
// Others look at the same time, and find the same. Who has lost tasks to them looks further, and takes some of what
// he finds by chance.
import type { Document } from 'mongodb'
import type { MongoDatabase } from './mongo-database.ts'
import {
  holderFields,
  holdersIn,
  homesOf,
  placeOf,
  type TaskHolder,
  type TaskHome,
  type TaskPlace,
} from './task-places.ts'

/** Lanes that share a claim; the next claim goes on behind them. */
const lanesMax = 32

/** What is remembered between claims: whose turn it is. Forgotten, somebody comes twice. */
export type Turns = {
  claims: number
  /** By kind: the tenant that was served last. */
  readonly served: Map<string, string>
}

export type Wanted = {
  readonly kinds: readonly string[]
  readonly nowMs: number
  readonly limit: number
  /** How many times as many as are wanted are looked at. 1: none has been lost to others. */
  readonly spread: number
}

/** A task that is due, as it was read: nothing is known yet of what its fields hold. */
export type DueTask = { readonly place: TaskPlace; readonly t: Document }

export async function dueTasks(
  db: MongoDatabase,
  wanted: Wanted,
  turns: Turns,
): Promise<readonly DueTask[]> {
  const { kinds, limit } = wanted
  turns.claims += 1
  const first = turns.claims % Math.max(1, kinds.length)
  const inTurn = [...kinds.slice(first), ...kinds.slice(0, first)]
  const due = await Promise.all(
    inTurn.map((kind) =>
      dueOfKind(db, { ...wanted, kind, isLateFirst: turns.claims % 4 < 2 }, turns),
    ),
  )
  return inRounds(due, limit)
}

type OfKind = Omit<Wanted, 'kinds'> & { readonly kind: string; readonly isLateFirst: boolean }
/** A tenant's tasks of a kind, wherever they are due. */
type Lane = { readonly tenant: unknown; readonly homes: readonly TaskHome[] }

async function dueOfKind(
  db: MongoDatabase,
  wanted: OfKind,
  { served }: Turns,
): Promise<readonly DueTask[]> {
  const { kind, limit } = wanted
  const all = await dueLanes(db, wanted)
  const lanes = inTurn(all, served.get(kind)).slice(0, Math.min(limit, lanesMax))
  const last = lanes.at(-1)
  if (last === undefined) return []
  served.set(kind, nameOf(last))
  let share = Math.ceil(limit / lanes.length)
  let due = await Promise.all(lanes.map((lane) => dueInLane(db, lane, { ...wanted, limit: share })))
  for (;;) {
    const count = due.reduce((sum, { length }) => sum + length, 0)
    const full = new Set(lanes.filter((_, at) => due[at]?.length === share))
    // Those who have less than their share leave the rest to those who have more.
    if (count >= limit || full.size === 0) return inRounds(due, limit)
    share *= 2
    const more = { ...wanted, limit: share }
    due = await Promise.all(
      lanes.map((lane, at) => (full.has(lane) ? dueInLane(db, lane, more) : (due[at] ?? []))),
    )
  }
}

async function dueLanes(db: MongoDatabase, { kind, nowMs }: OfKind): Promise<readonly Lane[]> {
  const homes = homesOf(kind)
  const due = { 't.kind': kind, 't.due': { $lte: nowMs } }
  const found = await Promise.all(
    homes.map(
      async (home): Promise<readonly unknown[]> => holdersIn(db, home).distinct('t.tenant', due),
    ),
  )
  const lanes = new Map<unknown, TaskHome[]>()
  homes.forEach((home, at) => {
    for (const tenant of found[at] ?? []) {
      lanes.set(tenant, [...(lanes.get(tenant) ?? []), home])
    }
  })
  return [...lanes].map(([tenant, laneHomes]) => ({ tenant, homes: laneHomes }))
}

/** From behind the one that was served last, round to it. */
function inTurn(lanes: readonly Lane[], last: string | undefined): readonly Lane[] {
  const sorted = [...lanes].sort((a, b) => Buffer.compare(bytesOf(a), bytesOf(b)))
  if (last === undefined) return sorted
  const isBehind = (lane: Lane) => Buffer.compare(bytesOf(lane), Buffer.from(last)) > 0
  return [...sorted.filter(isBehind), ...sorted.filter((lane) => !isBehind(lane))]
}

function nameOf({ tenant }: Lane): string {
  return String(tenant)
}

function bytesOf(lane: Lane): Buffer {
  return Buffer.from(nameOf(lane))
}

async function dueInLane(
  db: MongoDatabase,
  { tenant, homes }: Lane,
  wanted: OfKind,
): Promise<readonly DueTask[]> {
  const due = await Promise.all(homes.map((home) => dueInHome(db, { home, tenant }, wanted)))
  return inRounds(due, wanted.limit)
}

/** Half of them new, half such as come back, as far as there are. */
async function dueInHome(
  db: MongoDatabase,
  { home, tenant }: { readonly home: TaskHome; readonly tenant: unknown },
  { kind, nowMs, limit, spread, isLateFirst }: OfKind,
): Promise<readonly DueTask[]> {
  const looked = limit * spread
  const between = async (due: Document): Promise<readonly DueTask[]> => {
    const holders = await holdersIn(db, home)
      .find<TaskHolder>({ 't.kind': kind, 't.tenant': tenant, 't.due': due } as Document, {
        projection: holderFields,
        hint: 'tasks',
        limit: looked,
      })
      .sort({ 't.kind': 1, 't.tenant': 1, 't.due': 1 })
      .toArray()
    return holders.map((holder) => ({ place: placeOf(home, holder), t: holder.t ?? {} }))
  }
  const first = await between({ $lte: nowMs })
  const isFresh = ({ t }: DueTask) => t.due === 0
  const areAllFresh = first.length === looked && first.every(isFresh)
  const late = areAllFresh
    ? await between({ $gt: 0, $lte: nowMs })
    : first.filter((task) => !isFresh(task))
  const some = spread === 1 ? inOrder : byChance
  const fresh = first.filter(isFresh)
  const half = isLateFirst ? Math.ceil(limit / 2) : Math.floor(limit / 2)
  const lateTaken = some(late).slice(0, Math.max(half, limit - fresh.length))
  return [...some(fresh).slice(0, limit - lateTaken.length), ...lateTaken]
}

function inOrder<T>(list: readonly T[]): readonly T[] {
  return list
}

function byChance<T>(list: readonly T[]): readonly T[] {
  return list
    .map((one) => ({ one, lot: Math.random() }))
    .sort((a, b) => a.lot - b.lot)
    .map(({ one }) => one)
}

/** The first of each, then the second of each, and so on. */
function inRounds<T>(lists: readonly (readonly T[])[], limit: number): readonly T[] {
  const taken: T[] = []
  const rounds = Math.max(0, ...lists.map(({ length }) => length))
  for (let round = 0; round < rounds; round += 1) {
    for (const list of lists) {
      const one = list[round]
      if (one !== undefined && taken.length < limit) taken.push(one)
    }
  }
  return taken
}
