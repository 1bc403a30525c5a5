// How an upload becomes a version. Its parts stay in their documents, however many, and the version refers
// to them by the upload's id; those that it does not name are released by a task. All of it lies beside one key.
import assert from 'node:assert'
import { encodeCompletion, parseCompletion } from '../codec/upload-codec.ts'
import type { ChangeOptions } from '../commit-id.ts'
import type { BucketId, PartSize } from '../records.ts'
import type { UploadRef, UploadStore } from '../upload-store.ts'
import { refusalOf } from '../write-condition.ts'
import { KeyChange } from './key-change.ts'
import { completionPlace, taskPlace, uploadPlace } from './key-places.ts'
import { addFollowUps, afterPlacing, makeChange, readKey, settleAll } from './key-verb.ts'
import { currentOf, placeObject, versionByRow, wholeVersion } from './key-versions.ts'
import { lookAfterwards } from './live-bucket.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { madeBefore } from './remembered-commits.ts'
import type { Shared } from './shared.ts'
import { releaseTask } from './task-fields.ts'
import { readUpload } from './upload-read.ts'

type Completion = Parameters<UploadStore['complete']>[0]
type CompleteAnswer = Awaited<ReturnType<UploadStore['complete']>>

export async function completeUpload(
  shared: Shared,
  completion: Completion,
  { commitId }: ChangeOptions = {},
): Promise<CompleteAnswer> {
  const { db, random } = shared
  const { bucket: ref, upload: uploadRef, parts, content, condition, nowMs } = completion
  const [{ live, top, place }, state] = await Promise.all([
    readKey(shared, ref, uploadRef.key),
    readUpload(db, ref.id, uploadRef),
  ])
  if (live === undefined) return { is: 'noSuchBucket' }
  const { bucket, sealed: born } = live
  const { versioning, tenantId } = bucket
  const before = await madeBefore(db, place, { is: 'committed', bucket, top, nowMs, commitId })
  if (before !== undefined) {
    if ((await lookAfterwards(db, ref)) === 'gone') return { is: 'noSuchBucket' }
    const { versionId, versioning: then } = before
    return { is: 'committed', versionId, modifiedMs: nowMs, versioning: then }
  }
  if (state === undefined) {
    const answer = await repeated(db, ref.id, completion)
    const isGone = answer.is === 'committed' && (await lookAfterwards(db, ref)) === 'gone'
    return isGone ? { is: 'noSuchBucket' } : answer
  }
  const refused = refusalOf(condition, currentOf(top))
  if (refused) return refused
  if (state.revision !== completion.revision) return { is: 'partsChanged' }
  assert(state.parts >= parts.length, 'parts that were never committed')
  const { uploadId } = uploadRef
  const partsPlace = { ...place, uploadId }
  const change = new KeyChange(place)
  const { revision, noted, partBytes } = state
  change.remove({ s: uploadPlace(uploadId), x: revision, noted })
  change.count({ uploads: -1, partBytes: -partBytes })
  const making = { bucket, born, top, nowMs, random, commitId }
  const whole = { ...content, data: { is: 'parts' as const, parts, ...partsPlace } }
  const { versionId, rowId, buried } = await placeObject(db, change, { ...making, content: whole })
  if (state.parts !== parts.length) {
    const target = { what: 'unnamedParts' as const, place: partsPlace, rowId, after: 0 }
    change.insert(taskPlace(random(12).toString('hex')), { t: releaseTask(tenantId, target) })
  }
  addFollowUps(change, { followUps: completion.followUps, tenantId, random })
  const c = encodeCompletion({ bucketId: bucket.id, key: uploadRef.key, rowId, versioning })
  change.insert(completionPlace(uploadId), { c })
  await makeChange(shared, change)
  await settleAll(shared, place, live, buried)
  const answer = { is: 'committed' as const, versionId, modifiedMs: nowMs, versioning }
  return afterPlacing(shared, { ref, place, live, rowId }, answer)
}

/** The answer to a completion of an upload that is not under way. */
async function repeated(
  db: MongoDatabase,
  bucketId: BucketId,
  { upload: ref, parts, content }: Completion,
): Promise<CompleteAnswer> {
  const found = await completedVersion(db, bucketId, ref)
  if (found === undefined) return { is: 'noSuchUpload' }
  const { versionId, modifiedMs, data, etag } = found.version
  // The ETag is made of those of the parts.
  const isSame = data.is === 'parts' && etag === content.etag && isEqual(data.parts, parts)
  if (!isSame) return { is: 'noSuchUpload' }
  return { is: 'committed', versionId, modifiedMs, versioning: found.versioning }
}

/** The version that an upload became, while it is there. */
export async function completedVersion(db: MongoDatabase, bucketId: BucketId, ref: UploadRef) {
  const place = { bucketId, key: ref.key }
  const filter = { b: bucketId, k: ref.key, s: completionPlace(ref.uploadId) }
  const found = await db.run(() => db.objects.findOne(filter))
  if (found?.c === undefined) return undefined
  const { rowId, versioning } = parseCompletion(found.c)
  const read = await versionByRow(db, place, rowId)
  const version = read && wholeVersion(place, read)
  return version?.is === 'object' ? { version, versioning } : undefined
}

function isEqual(a: readonly PartSize[], b: readonly PartSize[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ number, size }, at) => b[at]?.number === number && b[at].size === size)
  )
}
