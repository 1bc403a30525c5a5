// The outbox: what becomes of claims. How tasks are claimed: `claim-tasks.ts`; what a step of a release does:
// `release-task.ts`.
import type { AnyBulkWriteOperation } from 'mongodb'
import type { Outbox, Task } from '../outbox-store.ts'
import { burial, claimTasks, endOfClaim, idsOfClaims } from './claim-tasks.ts'
import type { Turns } from './claimable-tasks.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { releaseStepOf } from './release-task.ts'
import type { Shared } from './shared.ts'
import {
  filterOf,
  goesWithTask,
  holdersIn,
  parseTaskId,
  type TaskHolder,
  type TaskHome,
  type TaskPlace,
  taskHomes,
} from './task-places.ts'

const causeCharactersMax = 500

type Write = AnyBulkWriteOperation<TaskHolder>

export function mongoOutbox(shared: Shared): Outbox {
  const { db, clock } = shared
  const turns: Turns = { claims: 0, served: new Map() }
  return {
    claim: async <Kind extends string>(claiming: Parameters<Outbox['claim']>[0]) => {
      const claimed = await db.retrying(() => claimTasks(shared, claiming, turns))
      // Only kinds that were asked for are looked for.
      return claimed as readonly Task<Kind>[]
    },

    release: (task) => releaseStepOf(db, task),

    done: (tasks) => changeClaimed(db, tasks, doneWrite),

    retryLater: async (tasks, { afterMs, cause }) => {
      if (tasks.length === 0) return
      const due = Math.max(1, (await clock.nowMs()) + afterMs)
      const claimed = { 't.claim': '' as const, 't.owner': '' as const }
      const update =
        cause === undefined
          ? {
              $set: { 't.due': due, 't.attempts': 0 },
              $unset: { ...claimed, 't.cause': '' as const },
            }
          : { $set: { 't.due': due, 't.cause': textOf(cause) }, $unset: claimed }
      await changeClaimed(db, tasks, (_, filter) => ({ updateOne: { filter, update } }))
    },

    bury: (task, { cause }) =>
      changeClaimed(db, [task], (_, filter) => ({
        updateOne: { filter, update: burial(textOf(cause)) },
      })),

    unfinished: async (tasks) => {
      const nowMs = await clock.nowMs()
      const live = tasks.filter(({ claim }) => endOfClaim(claim) > nowMs)
      const byHome = inHomes(live)
      const found = await db.run(() =>
        Promise.all(
          [...byHome].map(([home, some]) => {
            const claims = [...new Set(some.map(({ claim }) => claim))]
            return idsOfClaims(db, home, { tasks: some, claims })
          }),
        ),
      )
      const ids = new Set(found.flat())
      return live.filter(({ id }) => ids.has(id))
    },

    depthEstimate: async () => {
      const [all, buried, held] = await db.run(() =>
        Promise.all([countTasks(db), countBuried(db), countHeld(db)]),
      )
      return Math.max(0, all - buried) + held
    },

    buriedEstimate: () => db.run(() => countBuried(db)),
  }
}

function doneWrite(place: TaskPlace, filter: NonNullable<unknown>): Write {
  if (goesWithTask(place)) return { deleteOne: { filter } }
  return { updateOne: { filter, update: { $unset: { t: '' } } } }
}

/** Changes tasks as far as these claims of them still hold. */
async function changeClaimed(
  db: MongoDatabase,
  tasks: readonly Task[],
  change: (place: TaskPlace, filter: NonNullable<unknown>) => Write,
): Promise<void> {
  await Promise.all(
    [...inHomes(tasks)].map(([home, some]) => {
      const writes = some.map(({ place, claim }) =>
        change(place, { ...filterOf(place), 't.claim': claim }),
      )
      return db.retrying(() => holdersIn(db, home).bulkWrite(writes, { ordered: false }))
    }),
  )
}

type Placed<T extends Task> = T & { readonly place: TaskPlace }

function inHomes<T extends Task>(tasks: readonly T[]): ReadonlyMap<TaskHome, readonly Placed<T>[]> {
  const byHome = new Map<TaskHome, Placed<T>[]>()
  for (const task of tasks) {
    const place = parseTaskId(task.id)
    const some = byHome.get(place.home) ?? []
    some.push({ ...task, place })
    byHome.set(place.home, some)
  }
  return byHome
}

async function countTasks(db: MongoDatabase): Promise<number> {
  return sumOfHomes((home) =>
    holdersIn(db, home).countDocuments({ 't.kind': { $gt: '' } }, { hint: 'tasks' }),
  )
}

async function countBuried(db: MongoDatabase): Promise<number> {
  return sumOfHomes((home) =>
    holdersIn(db, home).countDocuments({ 't.buried': true }, { hint: 'buried' }),
  )
}

/** Removed versions that leases hold: their releases wait, and are no tasks meanwhile. */
async function countHeld(db: MongoDatabase): Promise<number> {
  return db.objects.countDocuments({ held: { $exists: true } }, { hint: 'held' })
}

async function sumOfHomes(count: (home: TaskHome) => Promise<number>): Promise<number> {
  const counts = await Promise.all(taskHomes.map(count))
  return counts.reduce((sum, some) => sum + some, 0)
}

function textOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return text.slice(0, causeCharactersMax)
}
