// Which tasks a claim gets: a fair share of what is due, for each kind, and within it for each tenant. A lane
// is the tasks of one kind and tenant; what is not due in it costs no look.
import type { Tables } from './lmdb-environment.ts'
import { numberKey, rangeOf, successor } from './row-keys.ts'
import { dueOf, kindPrefix, laneOf } from './task-rows.ts'

/** Lanes with something due that share a claim; the next claim goes on behind them. */
const lanesMax = 256
/** Lanes that are looked into for that. */
const looksMax = 2048

/** What is remembered between claims: whose turn it is. Forgotten, somebody comes twice. */
export type Turns = {
  claims: number
  /** By kind: the lane that was served last. */
  readonly served: Map<string, Buffer>
}

export type Wanted = {
  readonly kinds: readonly string[]
  readonly nowMs: number
  readonly limit: number
}

/** Keys of tasks that are due. */
export function dueTasks(tables: Tables, wanted: Wanted, turns: Turns): readonly Buffer[] {
  const { kinds, limit } = wanted
  turns.claims += 1
  const first = turns.claims % Math.max(1, kinds.length)
  const inTurn = [...kinds.slice(first), ...kinds.slice(0, first)]
  const due = inTurn.map((kind) => dueOfKind(tables, kind, { ...wanted, turns }))
  return inRounds(due, limit)
}

export function isAnyDue(tables: Tables, { kinds, nowMs }: Omit<Wanted, 'limit'>): boolean {
  return kinds.some((kind) => dueLanes(tables, kind, { nowMs, lanes: 1 }).length > 0)
}

type OfKind = Omit<Wanted, 'kinds'> & { readonly turns: Turns }

function dueOfKind(tables: Tables, kind: string, wanted: OfKind): readonly Buffer[] {
  const { nowMs, limit, turns } = wanted
  const lanes = dueLanes(tables, kind, { nowMs, lanes: lanesMax, after: turns.served.get(kind) })
  const last = lanes[Math.min(limit, lanes.length) - 1]
  if (last === undefined) return []
  turns.served.set(kind, last)
  for (let share = Math.ceil(limit / lanes.length); ; share *= 2) {
    const due = lanes.map((lane) => dueInLane(tables, lane, { ...wanted, limit: share }))
    const count = due.reduce((sum, { length }) => sum + length, 0)
    // Those who have less than their share leave the rest to those who have more.
    if (count >= limit || due.every(({ length }) => length < share)) return inRounds(due, limit)
  }
}

/** The first of each, then the second of each, and so on. */
function inRounds(lists: readonly (readonly Buffer[])[], limit: number): readonly Buffer[] {
  const taken: Buffer[] = []
  const rounds = Math.max(0, ...lists.map(({ length }) => length))
  for (let round = 0; round < rounds; round += 1) {
    for (const list of lists) {
      const key = list[round]
      if (key !== undefined && taken.length < limit) taken.push(key)
    }
  }
  return taken
}

/** Lanes with something due, from behind the one named round to it. */
function dueLanes(
  tables: Tables,
  kind: string,
  { nowMs, lanes, after }: { nowMs: number; lanes: number; after?: Buffer | undefined },
): readonly Buffer[] {
  const { start, end } = rangeOf(kindPrefix(kind))
  const from = after === undefined ? start : successor(after)
  const due: Buffer[] = []
  let looks = 0
  for (const range of [
    { start: from, end },
    { start, end: from },
  ]) {
    let at = range.start
    while (due.length < lanes && looks < looksMax) {
      const [key] = tables.tasks.keys({ start: at, end: range.end, limit: 1 })
      if (key === undefined) break
      const lane = Buffer.from(laneOf(key))
      // Rows of a lane are in the order in which they are due.
      if (dueOf(key) <= nowMs) due.push(lane)
      at = successor(lane)
      looks += 1
    }
  }
  return due
}

/** Half of them new, half such as come back, as far as there are. */
function dueInLane(
  tables: Tables,
  lane: Buffer,
  { nowMs, limit, turns }: OfKind,
): readonly Buffer[] {
  const at = (dueMs: number) => Buffer.concat([lane, numberKey(dueMs)])
  const fresh = tables.tasks.keys({ start: at(0), end: at(1), limit })
  const late = tables.tasks.keys({ start: at(1), end: at(nowMs + 1), limit })
  const isLateFirst = turns.claims % 4 < 2
  const half = isLateFirst ? Math.ceil(limit / 2) : Math.floor(limit / 2)
  const lateTaken = late.slice(0, Math.max(half, limit - fresh.length))
  return [...fresh.slice(0, limit - lateTaken.length), ...lateTaken]
}
