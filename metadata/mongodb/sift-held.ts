// What becomes of what a life of a lease has covered and held, once it is over: its scopes are removed, and each version
// that was filed under it is settled anew: another lease covers it, or it is released.
import assert from 'node:assert'
import { parseBucketId, parseTenantId } from '../record-ids.ts'
import type { KeyDocument } from './documents.ts'
import { type Grave, settle } from './held-versions.ts'
import { leaseScopes } from './lease-scopes.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { freshTask, ownTasks } from './task-fields.ts'

const siftedAtOnce = 256
const settledAtOnce = 16

/**
 * One step, safe to repeat; `more`: call again. Nothing is filed any more under a life that is over without being left
 * to the release (`held-versions.ts`), so that it comes to an end.
 */
export async function endedLifeStep(db: MongoDatabase, life: number): Promise<'more' | 'done'> {
  await db.run(() => leaseScopes(db).deleteMany({ life }))
  // As of one moment behind the end of the life, so that no transaction is met half.
  const filed = await db.run(() =>
    db.causally((session) =>
      db.objects
        .find(
          { held: life },
          {
            session,
            readConcern: { level: 'snapshot' },
            hint: 'held',
            projection: { b: 1, k: 1, s: 1, r: 1, t: 1, tenant: 1 },
          },
        )
        .limit(siftedAtOnce)
        .toArray(),
    ),
  )
  if (filed.length === 0) return 'done'
  const loosened = await db.run(() =>
    db.objects.bulkWrite(
      filed.map((grave) => loosening(life, grave)),
      { ordered: false },
    ),
  )
  const graves = filed.flatMap((grave) => graveOf(grave) ?? [])
  for (let at = 0; at < graves.length; at += settledAtOnce) {
    await Promise.all(graves.slice(at, at + settledAtOnce).map((grave) => settle(db, grave)))
  }
  return filed.length < siftedAtOnce && loosened.matchedCount === filed.length ? 'done' : 'more'
}

/** It asks to be released, as it did before it was held; one that still does needs no more than that. */
function loosening(life: number, { b, k, s, t, tenant }: KeyDocument) {
  const filter = { b, k, s, held: life }
  if (t !== undefined || tenant === undefined) {
    const update = { $unset: { held: '' as const }, $inc: { x: 1 } }
    return { updateOne: { filter: { ...filter, 't.kind': { $exists: true } }, update } }
  }
  const asking = { t: { ...freshTask('release', ownTasks), tenant } }
  const update = {
    $set: asking,
    $unset: { held: '' as const, tenant: '' as const },
    $inc: { x: 1 },
  }
  return { updateOne: { filter: { ...filter, t: { $exists: false } }, update } }
}

function graveOf({ b, k, r, t, tenant }: KeyDocument): Grave | undefined {
  const owner = tenant ?? t?.tenant
  if (r === undefined || owner === undefined) return undefined
  const bucketId = parseBucketId(b)
  const tenantId = parseTenantId(owner)
  assert(bucketId !== undefined && tenantId !== undefined)
  return { bucketId, key: k, rowId: r, tenantId }
}
