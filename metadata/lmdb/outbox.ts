// The outbox: claims, what becomes of them, and the steps of a release. Rows of tasks: `task-rows.ts`; what a
// claim gets: `claimable-tasks.ts`; what a release gives back: `release-steps.ts`.
import assert from 'node:assert'
import { RecordCorrupt } from '../codec/record-frame.ts'
import { MetadataDamaged } from '../metadata-damaged.ts'
import type { Outbox, Task, TaskPayloads } from '../outbox-store.ts'
import { dueTasks, isAnyDue, type Turns } from './claimable-tasks.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import type { Row } from './lmdb-table.ts'
import { parseDeletion, parseRelease } from './outbox-rows.ts'
import { releaseStep } from './release-steps.ts'
import {
  encodeTaskRow,
  movedKey,
  parseTaskKey,
  parseTaskRow,
  type TaskRow,
  taskKey,
} from './task-rows.ts'

const causeCharactersMax = 500

export function lmdbOutbox(env: LmdbEnvironment, nowMs: () => number): Outbox {
  const turns: Turns = { claims: 0, served: new Map() }
  return {
    claim: ({ kinds, owner, leaseMs, limit }) =>
      withDamagedBuried(env, async () => {
        const now = nowMs()
        if (!env.read((tables) => isAnyDue(tables, { kinds, nowMs: now }))) return []
        return env.write((tables) =>
          dueTasks(tables, { kinds, limit, nowMs: now }, turns).flatMap((key) =>
            claimOrBury(tables, key, { kinds, owner, untilMs: now + leaseMs }),
          ),
        )
      }),

    release: async (task) => {
      let thrown: { readonly cause: unknown } | undefined
      try {
        return await env.write((tables) => {
          try {
            return { is: oneStep(tables, task) }
          } catch (cause) {
            thrown = { cause }
            throw cause
          }
        })
      } catch (failure) {
        // A step that throws is undone, and does so again; a commit that fails may yet succeed.
        if (thrown === undefined) throw failure
        return { is: 'broken', cause: thrown.cause }
      }
    },

    done: async (tasks) => {
      if (tasks.length === 0) return
      await env.write((tables) => {
        for (const task of tasks) takeOut(tables, task)
      })
    },

    retryLater: async (tasks, { afterMs, cause }) => {
      if (tasks.length === 0) return
      const dueMs = Math.max(1, nowMs() + afterMs)
      await env.write((tables) => {
        for (const task of tasks) {
          const row = takeOut(tables, task)
          if (row === undefined) continue
          const attempts = cause === undefined ? 0 : row.attempts
          const back = { ...row, attempts, owner: undefined, cause: textOf(cause) }
          tables.tasks.put(movedKey(keyOf(task), dueMs), encodeTaskRow(back))
        }
      })
    },

    bury: (task, { cause }) =>
      env.write((tables) => {
        const row = takeOut(tables, task)
        if (row === undefined) return
        tables.buriedTasks.put(keyOf(task), encodeTaskRow({ ...row, cause: textOf(cause) }))
      }),

    unfinished: async (tasks) => {
      const now = nowMs()
      const isLive = (task: Task) => partsOf(task.claim).untilMs > now
      return env.read((tables) =>
        tasks.filter((task) => isLive(task) && claimedRow(tables, task) !== undefined),
      )
    },

    depthEstimate: async () =>
      env.read(({ tasks, heldReleases }) => tasks.count() + heldReleases.count()),
    buriedEstimate: async () => env.read(({ buriedTasks }) => buriedTasks.count()),
  }
}

/**
 * A row with another bit is buried as it is, and the claim made anew: it must not stand in the way of the
 * others. A check finds it where it lies.
 */
async function withDamagedBuried<T>(env: LmdbEnvironment, claim: () => Promise<T>): Promise<T> {
  let buried: Buffer | undefined
  for (;;) {
    try {
      return await claim()
    } catch (failure) {
      if (!(failure instanceof MetadataDamaged) || failure.table !== 'tasks') throw failure
      const { key } = failure
      // A key that is damaged itself may be met on the way and yet not be found.
      if (buried?.equals(key)) throw failure
      buried = key
      await env.write(({ tasks, buriedTasks }) => {
        const stored = tasks.getStored(key)
        if (stored === undefined) return
        buriedTasks.putStored(key, stored)
        tasks.remove(key)
      })
    }
  }
}

type Claiming<Kind extends string> = {
  readonly kinds: readonly Kind[]
  readonly owner: string
  readonly untilMs: number
}

/** One that is as it was written and yet makes no sense goes the same way. */
function claimOrBury<Kind extends string>(
  tables: Tables,
  key: Buffer,
  claiming: Claiming<Kind>,
): readonly Task<Kind>[] {
  const bytes = tables.tasks.get(key)
  assert(bytes !== undefined, 'a task that is due')
  try {
    return [claimTask(tables, { key, value: bytes }, claiming)]
  } catch (cause) {
    if (!(cause instanceof RecordCorrupt)) throw cause
    tables.buriedTasks.put(key, bytes)
    tables.tasks.remove(key)
    return []
  }
}

function claimTask<Kind extends string>(
  tables: Tables,
  { key, value }: Row,
  { kinds, owner, untilMs }: Claiming<Kind>,
): Task<Kind> {
  const row = parseTaskRow(value)
  const { tenantId, seq, kind } = parseTaskKey(key)
  const attempts = row.attempts + 1
  const payload = payloadOf(kind, row)
  tables.tasks.remove(key)
  tables.tasks.put(movedKey(key, untilMs), encodeTaskRow({ ...row, attempts, owner }))
  const names = { id: spell(seq), claim: `${spell(untilMs)}${spell(attempts)}` }
  return parseTask(kinds, { ...names, tenantId, kind, attempts, payload })
}

/** Of one of these kinds, as it was looked for. */
function parseTask<Kind extends string>(kinds: readonly Kind[], task: Task): Task<Kind> {
  assert(
    kinds.some((kind) => kind === task.kind),
    'a task of a kind that was asked for',
  )
  return task as Task<Kind>
}

function payloadOf(kind: string, { fields }: TaskRow): unknown {
  switch (kind) {
    case 'release':
      return undefined satisfies TaskPayloads['release']
    case 'deleteBlob':
      return { blob: parseDeletion(fields) } satisfies TaskPayloads['deleteBlob']
    default:
      return fields[0]
  }
}

function oneStep(tables: Tables, task: Task<'release'>): 'more' | 'done' {
  const row = claimedRow(tables, task)
  if (row === undefined) return 'done'
  if (releaseStep(tables, task.tenantId, parseRelease(row.fields)) === 'more') return 'more'
  tables.tasks.remove(keyOf(task))
  return 'done'
}

/** Removes the row of a claim; undefined when it is claimed otherwise by now, or done. */
function takeOut(tables: Tables, task: Task): TaskRow | undefined {
  const row = claimedRow(tables, task)
  if (row !== undefined) tables.tasks.remove(keyOf(task))
  return row
}

/** Two claims may end in the same millisecond: then the attempt tells which one it is. */
function claimedRow(tables: Tables, task: Task): TaskRow | undefined {
  const bytes = tables.tasks.get(keyOf(task))
  const row = bytes && parseTaskRow(bytes)
  const isThisClaim = row?.owner !== undefined && row.attempts === partsOf(task.claim).attempts
  return isThisClaim ? row : undefined
}

/** Where its row is, as long as the claim lives. */
function keyOf({ kind, tenantId, claim, id }: Task): Buffer {
  return taskKey({ kind, tenantId, dueMs: partsOf(claim).untilMs, seq: numberIn(id) })
}

function partsOf(claim: string): { readonly untilMs: number; readonly attempts: number } {
  return { untilMs: numberIn(claim.slice(0, 16)), attempts: numberIn(claim.slice(16)) }
}

/** 16 hex digits. */
function spell(value: number): string {
  return value.toString(16).padStart(16, '0')
}

function numberIn(name: string): number {
  const value = Number.parseInt(name, 16)
  assert(Number.isSafeInteger(value), `a task named ${name}`)
  return value
}

function textOf(cause: unknown): string | undefined {
  if (cause === undefined) return undefined
  const text = cause instanceof Error ? cause.message : String(cause)
  return text.slice(0, causeCharactersMax)
}
