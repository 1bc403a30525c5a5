// A step of a release as the outbox is asked for it: whose claim it is, whether a lease holds it back, and the task
// that goes with the last step. What is given back: `release-steps.ts`.
//
// Each step reads the task in its own transaction. Two who do one step meet in what they remove; and with the last
// step they both remove the task.
import assert from 'node:assert'
import { MongoError } from 'mongodb'
import { dataOfContent } from '../codec/version-codec.ts'
import type { Outbox, Task } from '../outbox-store.ts'
import { parseBucketId } from '../record-ids.ts'
import { StoreUnavailable } from '../store-unavailable.ts'
import type { Within } from './chunk-claims.ts'
import type { KeyDocument } from './documents.ts'
import { settle } from './held-versions.ts'
import { gravePlace } from './key-places.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'
import { releaseData, releaseStep, type StepOutcome } from './release-steps.ts'
import { encodeReleaseTarget, parseReleaseTarget, type ReleaseTarget } from './release-target.ts'
import { endedLifeStep } from './sift-held.ts'
import {
  filterOf,
  goesWithTask,
  holdersIn,
  parseTaskId,
  type TaskHolder,
  type TaskPlace,
} from './task-places.ts'

type Step = 'more' | 'done'
type Release = Task<'release'>

export async function releaseStepOf(
  db: MongoDatabase,
  task: Release,
): ReturnType<Outbox['release']> {
  try {
    return { is: await step(db, task) }
  } catch (cause) {
    // Nobody was reached, or nobody can tell why it was refused: it may yet succeed.
    if (cause instanceof StoreUnavailable || cause instanceof MongoError) throw cause
    // A step that throws by contradiction is undone, and does so again.
    return { is: 'broken', cause }
  }
}

async function step(db: MongoDatabase, task: Release): Promise<Step> {
  const place = parseTaskId(task.id)
  if (isGrave(place)) return graveStep(db, task, place)
  const holder = await db.run(() =>
    holdersIn(db, place.home).findOne(claimed(place, task), { projection: { t: 1 } }),
  )
  if (holder === null) return 'done'
  const target = targetOf(holder)
  if (target.what === 'endedLife') {
    const is = await endedLifeStep(db, target.life)
    if (is === 'done') {
      await db.retrying(() => holdersIn(db, place.home).deleteOne(claimed(place, task)))
    }
    return is
  }
  return db.transact(async ({ session }) => {
    const within = { db, session }
    const now = await holdersIn(db, place.home).findOne(claimed(place, task), { session })
    if (now === null) return 'done'
    const current = targetOf(now)
    assert(current.what !== 'endedLife', 'a release that has become that of a lease')
    const outcome = await releaseStep(within, task.tenantId, current)
    await noteOutcome(within, { place, task, outcome })
    return outcome.is
  })
}

function targetOf({ t }: TaskHolder): ReleaseTarget {
  assert(t?.body !== undefined, 'a release that does not say of what')
  return parseReleaseTarget(t.body)
}

type Noted = { readonly place: TaskPlace; readonly task: Release; readonly outcome: StepOutcome }

async function noteOutcome(
  { db, session }: Within,
  { place, task, outcome }: Noted,
): Promise<void> {
  const holders = holdersIn(db, place.home)
  const filter = claimed(place, task)
  if (outcome.is === 'more') {
    if (outcome.target === undefined) return
    const body = encodeReleaseTarget(outcome.target)
    await holders.updateOne(filter, { $set: { 't.body': body } }, { session })
  } else if (goesWithTask(place)) {
    const { deletedCount } = await holders.deleteOne(filter, { session })
    if (deletedCount !== 1) throw new Conflict()
  } else {
    // The head of a list goes with its last page.
    await holders.updateOne(filter, { $unset: { t: '' } }, { session })
  }
}

type GravePlace = Extract<TaskPlace, { home: 'objects' }>

function isGrave(place: TaskPlace): place is GravePlace {
  return place.home === 'objects' && place.s.startsWith(gravePlace(''))
}

/** Of a removed version: nobody gives it back before it is settled that no lease can hold it any more. */
async function graveStep(db: MongoDatabase, task: Release, place: GravePlace): Promise<Step> {
  const { b, k, s } = place
  const grave = await db.run(() =>
    db.objects.findOne<Pick<KeyDocument, 'r' | 'upTo'>>(
      { b, k, s, 't.claim': task.claim },
      { projection: { r: 1, upTo: 1 } },
    ),
  )
  if (grave === null) return 'done'
  const bucketId = parseBucketId(b)
  assert(bucketId !== undefined && grave.r !== undefined, 'a grave without bucket or row id')
  if (grave.upTo !== 0) {
    const version = { bucketId, key: k, rowId: grave.r, tenantId: task.tenantId }
    if ((await settle(db, version)) !== 'due') return 'done'
  }
  return db.transact(async ({ session }) => {
    const within = { db, session }
    const filter = { b, k, s, 't.claim': task.claim }
    const now = await db.objects.findOne(filter, { session })
    if (now === null || now.upTo !== 0) return 'done'
    assert(now.c !== undefined, 'a version to release that has no content')
    const of = { place: { bucketId, key: k }, data: dataOfContent(now.c) }
    const { is } = await releaseData(within, task.tenantId, of)
    if (is === 'more') return is
    const { deletedCount } = await db.objects.deleteOne(filter, { session })
    if (deletedCount !== 1) throw new Conflict()
    return is
  })
}

function claimed(place: TaskPlace, { claim }: Release) {
  return { ...filterOf(place), 't.claim': claim }
}
