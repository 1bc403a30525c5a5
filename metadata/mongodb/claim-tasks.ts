// Claiming: each task is changed on condition that it is as it was read, so that of two who want it one gets it. Which
// ones those are is `claimable-tasks.ts`'s; what becomes of claims, `outbox.ts`'s.
//
// A claim names when it ends, and is drawn anew for each: with it in the filter, nothing that is said of a claim
// touches a task that is claimed otherwise by now.
import { parseBlobRef } from '../codec/chunk-ref-codec.ts'
import { bytesAt, decodeRecord, RecordCorrupt } from '../codec/record-frame.ts'
import type { Task, TaskPayloads } from '../outbox-store.ts'
import { parseTenantId } from '../record-ids.ts'
import type { TenantId } from '../records.ts'
import { type DueTask, dueTasks, type Turns } from './claimable-tasks.ts'
import type { TaskFields } from './documents.ts'
import type { MongoDatabase } from './mongo-database.ts'
import type { Shared } from './shared.ts'
import {
  filterOf,
  holderFields,
  holdersIn,
  placeOf,
  type TaskHome,
  type TaskPlace,
  taskHomes,
  taskId,
} from './task-places.ts'

export type Claiming = {
  readonly kinds: readonly string[]
  readonly owner: string
  readonly leaseMs: number
  readonly limit: number
}

/** Later than every due task: what is buried is never due. */
const neverDue = Number.MAX_SAFE_INTEGER
/** How often somebody who loses tasks to others looks for more. */
const looksMax = 16
const untilDigits = 14
const tokenBytes = 8

/** What takes a task out of the way for good. */
export function burial(cause: string | undefined) {
  const buried = { 't.buried': true as const, 't.due': neverDue }
  return {
    $set: cause === undefined ? buried : { ...buried, 't.cause': cause },
    $unset: { 't.claim': '' as const, 't.owner': '' as const },
  }
}

/** When the lease of a claim ends: milliseconds of the server's clock. */
export function endOfClaim(claim: string): number {
  return Number.parseInt(claim.slice(0, untilDigits), 16)
}

export async function claimTasks(
  { db, clock, random }: Shared,
  { kinds, owner, leaseMs, limit }: Claiming,
  turns: Turns,
): Promise<readonly Task[]> {
  const claimed: Task[] = []
  for (let looks = 0; looks < looksMax && claimed.length < limit; looks += 1) {
    const nowMs = await clock.nowMs()
    const wanted = { kinds, nowMs, limit: limit - claimed.length, spread: 2 ** Math.min(looks, 4) }
    const due = await dueTasks(db, wanted, turns)
    const untilMs = Math.round(nowMs + leaseMs)
    const token = random(tokenBytes).toString('hex')
    const claim = `${untilMs.toString(16).padStart(untilDigits, '0')}${token}`
    const won = await claimThese(db, due, { owner, untilMs, claim })
    claimed.push(...won)
    if (won.length === due.length) break
  }
  return claimed
}

type OneClaim = { readonly owner: string; readonly untilMs: number; readonly claim: string }
type SoundTask = {
  readonly place: TaskPlace
  readonly tenantId: TenantId
  readonly kind: string
  readonly due: number
  readonly attempts: number
  readonly payload: unknown
}

async function claimThese(
  db: MongoDatabase,
  due: readonly DueTask[],
  one: OneClaim,
): Promise<readonly Task[]> {
  const sound: SoundTask[] = []
  for (const task of due) {
    try {
      sound.push(parseDue(task))
    } catch (cause) {
      if (!(cause instanceof RecordCorrupt)) throw cause
      await buryNonsense(db, task, cause.message)
    }
  }
  const won = await Promise.all(
    taskHomes.map((home) =>
      claimIn(
        db,
        sound.filter(({ place }) => place.home === home),
        one,
      ),
    ),
  )
  const ids = new Set(won.flat())
  return sound.flatMap(({ place, tenantId, kind, attempts, payload }): Task[] => {
    const id = taskId(place)
    if (!ids.has(id)) return []
    return [{ id, tenantId, kind, payload, attempts: attempts + 1, claim: one.claim }]
  })
}

/** The ids of those that are claimed now. */
async function claimIn(
  db: MongoDatabase,
  tasks: readonly SoundTask[],
  { owner, untilMs, claim }: OneClaim,
): Promise<readonly string[]> {
  const [first] = tasks
  if (first === undefined) return []
  const { home } = first.place
  const writes = tasks.map(({ place, kind, due, attempts }) => ({
    updateOne: {
      filter: { ...filterOf(place), 't.kind': kind, 't.due': due, 't.attempts': attempts },
      update: {
        $set: { 't.due': untilMs, 't.attempts': attempts + 1, 't.owner': owner, 't.claim': claim },
      },
    },
  }))
  const { matchedCount } = await holdersIn(db, home).bulkWrite(writes, { ordered: false })
  if (matchedCount === tasks.length) return tasks.map(({ place }) => taskId(place))
  return idsOfClaims(db, home, { tasks, claims: [claim] })
}

/** Of the tasks of a home, which have one of these claims. */
export async function idsOfClaims(
  db: MongoDatabase,
  home: TaskHome,
  among: {
    readonly tasks: readonly { readonly kind: string; readonly tenantId: TenantId }[]
    readonly claims: readonly string[]
  },
): Promise<readonly string[]> {
  const distinct = <T>(values: readonly T[]) => [...new Set(values)]
  const filter = {
    't.kind': { $in: distinct(among.tasks.map(({ kind }) => kind)) },
    't.tenant': { $in: distinct(among.tasks.map(({ tenantId }) => tenantId)) },
    't.due': { $in: distinct(among.claims.map(endOfClaim)) },
    't.claim': { $in: among.claims },
  }
  const options = { projection: holderFields, hint: 'tasks' }
  const holders = await holdersIn(db, home).find(filter, options).toArray()
  return holders.map((holder) => taskId(placeOf(home, holder)))
}

/** Throws `RecordCorrupt` for what makes no sense. */
function parseDue({ place, t }: DueTask): SoundTask {
  const { kind, tenant, due, attempts, body } = t
  const tenantId = typeof tenant === 'string' ? parseTenantId(tenant) : undefined
  if (tenantId === undefined) throw new RecordCorrupt('a task without its tenant')
  if (typeof kind !== 'string' || typeof due !== 'number' || !Number.isSafeInteger(attempts)) {
    throw new RecordCorrupt('a task without its kind, its time or its attempts')
  }
  const count = Number(attempts)
  return { place, tenantId, kind, due, attempts: count, payload: payloadOf(kind, body) }
}

function payloadOf(kind: string, body: unknown): unknown {
  if (kind === 'release') return undefined satisfies TaskPayloads['release']
  if (!(body instanceof Uint8Array)) throw new RecordCorrupt('a task without its payload')
  const fields = decodeRecord('task', body)
  if (kind !== 'deleteBlob') return fields[0]
  return { blob: parseBlobRef(bytesAt(fields, 0)) } satisfies TaskPayloads['deleteBlob']
}

/** It must not stand in the way of the others. */
async function buryNonsense(
  db: MongoDatabase,
  { place, t }: DueTask,
  cause: string,
): Promise<void> {
  const due = t.due as TaskFields['due']
  await holdersIn(db, place.home).updateOne({ ...filterOf(place), 't.due': due }, burial(cause))
}
