// Objects: the verbs of `ObjectStore`. The versions of one key are `key-versions.ts`'s, listings are
// `object-listings.ts`'s.
import assert from 'node:assert'
import {
  bornOfContent,
  dataOfContent,
  encodeContent,
  placedData,
  versionIdOfRow,
} from '../codec/version-codec.ts'
import type { ChangeOptions, CommitId } from '../commit-id.ts'
import type { BucketRef, DeleteOutcome, ObjectStore } from '../metadata-store.ts'
import type { BucketId, ObjectData, ObjectVersion, VersionId } from '../records.ts'
import { timedCommit } from '../row-ids.ts'
import { refusalOf } from '../write-condition.ts'
import { mongoFreezer } from './frozen-objects.ts'
import { KeyChange, type KeyPlace } from './key-change.ts'
import { gravePlace, olderPlace, topPlace } from './key-places.ts'
import {
  addFollowUps,
  afterPlacing,
  makeChange,
  makeWithPiece,
  readKey,
  settleAll,
} from './key-verb.ts'
import {
  currentOf,
  namedVersion,
  placeMarker,
  placeObject,
  readTop,
  rowOfKey,
  type TopRead,
  takeOut,
  type VersionRead,
  versionByRow,
  wholeVersion,
} from './key-versions.ts'
import { lookAfterwards } from './live-bucket.ts'
import { Conflict } from './mongo-failures.ts'
import { listObjects, listObjectVersions } from './object-listings.ts'
import { madeBefore, recallInKey, rememberInKey } from './remembered-commits.ts'
import type { Shared } from './shared.ts'

/** Rows that one command asks for. */
const rowsAtOnce = 100

export function mongoObjects(shared: Shared): ObjectStore {
  const { db } = shared
  return {
    ...mongoFreezer(shared),
    commit: (version, options) => db.retrying(() => commitVersion(shared, version, options)),
    delete: (deletion, options) => db.retrying(() => deleteVersion(shared, deletion, options)),
    setTags: (ref, key, change, options) =>
      db.retrying(() => setTags(shared, ref, { key, ...change, ...options })),
    setGrants: (ref, key, change, options) =>
      db.retrying(() => setGrants(shared, ref, { key, ...change, ...options })),

    get: async (ref, key, versionId) => {
      const place = { bucketId: ref.id, key }
      const version =
        versionId === undefined
          ? await readTop(db, place)
          : await namedVersion(db, place, versionId)
      return version && wholeVersion(place, version)
    },

    list: (ref, query) => listObjects(db, ref.id, query),
    listVersions: (ref, query) => listObjectVersions(db, ref.id, query),

    getRow: async (bucketId, key, rowId) => {
      const place = { bucketId, key }
      const found = await rowOfKey(db, place, rowId)
      const version = found && wholeVersion(place, found)
      return version?.is === 'object' ? version : undefined
    },

    dataOfRows: async (bucketId, rows) => {
      const pages: (typeof rows)[] = []
      for (let at = 0; at < rows.length; at += rowsAtOnce)
        pages.push(rows.slice(at, at + rowsAtOnce))
      const found = await Promise.all(pages.map((page) => dataOfPage(shared, bucketId, page)))
      return found.flat()
    },
  }
}

type CommitAnswer = Awaited<ReturnType<ObjectStore['commit']>>
type TagsAnswer = Awaited<ReturnType<ObjectStore['setTags']>>

async function commitVersion(
  shared: Shared,
  version: Parameters<ObjectStore['commit']>[0],
  { commitId }: ChangeOptions = {},
): Promise<CommitAnswer> {
  const { db, random } = shared
  const { bucket: ref, key, content, condition, nowMs, followUps } = version
  const { live, top, place } = await readKey(shared, ref, key)
  if (live === undefined) return { is: 'noSuchBucket' }
  const { bucket, sealed: born } = live
  const { versioning } = bucket
  const before = await madeBefore(db, place, { is: 'committed', bucket, top, nowMs, commitId })
  if (before !== undefined) {
    if ((await lookAfterwards(db, ref)) === 'gone') return { is: 'noSuchBucket' }
    return {
      is: 'committed',
      versionId: before.versionId,
      modifiedMs: nowMs,
      versioning: before.versioning,
    }
  }
  const refused = refusalOf(condition, currentOf(top))
  if (refused) return refused
  const made = await makeWithPiece(shared, { live, data: content.data, commitId }, async (data) => {
    const change = new KeyChange(place)
    const whole = { ...content, data }
    const making = { bucket, born, top, nowMs, random, commitId }
    const planned = await placeObject(db, change, { ...making, content: whole })
    addFollowUps(change, { followUps, tenantId: bucket.tenantId, random })
    return { change, planned }
  })
  if (made.is !== 'made') return made
  const { versionId, rowId, buried } = made.planned
  await settleAll(shared, place, live, buried)
  const answer = { is: 'committed' as const, versionId, modifiedMs: nowMs, versioning }
  return afterPlacing(shared, { ref, place, live, rowId }, answer)
}

async function deleteVersion(
  shared: Shared,
  deletion: Parameters<ObjectStore['delete']>[0],
  { commitId }: ChangeOptions = {},
): Promise<DeleteOutcome> {
  const { db, random } = shared
  const { bucket: ref, key, versionId, condition, nowMs, followUps } = deletion
  const { live, top, place } = await readKey(shared, ref, key)
  if (live === undefined) return { is: 'noSuchBucket' }
  const { bucket, sealed: born } = live
  const { versioning, tenantId } = bucket
  const before = await madeBefore(db, place, { is: 'deleted', bucket, top, nowMs, commitId })
  if (before !== undefined) {
    const isGone = before.deleteMarker && (await lookAfterwards(db, ref)) === 'gone'
    return isGone ? { is: 'noSuchBucket' } : { ...before, is: 'deleted' }
  }
  const current = currentOf(top)
  const change = new KeyChange(place)
  if (versionId === undefined && versioning !== 'off') {
    const refused = refusalOf(condition, current)
    if (refused) return refused
    const marker = await placeMarker(db, change, { bucket, born, top, nowMs, random, commitId })
    addFollowUps(change, { followUps, tenantId, random })
    await makeChange(shared, change, commitId)
    await settleAll(shared, place, live, marker.buried)
    const placed = { ref, place, live, rowId: marker.rowId }
    const made = { is: 'deleted' as const, versioning, versionId: marker.versionId }
    return afterPlacing(shared, placed, { ...made, deleteMarker: true })
  }
  const named = versionId === undefined ? current : await namedVersion(db, place, versionId)
  const refused = refusalOf(condition, named)
  if (refused) return refused
  addFollowUps(change, { followUps, tenantId, random })
  if (named === undefined) {
    if (change.size > 0) await makeChange(shared, change)
    return { is: 'deleted', versioning, deleteMarker: false }
  }
  const buried = await takeOut(db, change, { version: named, top, bucket, nowMs })
  const removed = {
    is: 'deleted' as const,
    versioning,
    versionId: versionIdOfRow(named.rowId, named.head),
    deleteMarker: named.head.is === 'deleteMarker',
  }
  if (commitId !== undefined) rememberInKey(change, timedCommit(nowMs, commitId), removed)
  await makeChange(shared, change)
  await settleAll(shared, place, live, buried)
  return removed
}

type Tagging = Parameters<ObjectStore['setTags']>[2] & {
  readonly key: string
  readonly commitId?: CommitId
}

async function setTags(
  shared: Shared,
  ref: Parameters<ObjectStore['setTags']>[0],
  { key, versionId, tags, commitId }: Tagging,
): Promise<TagsAnswer> {
  const { db } = shared
  const { live, top, place } = await readKey(shared, ref, key)
  if (live === undefined) return { is: 'noSuchBucket' }
  const before = await recallInKey(db, place, { commitId, kind: 'tagged' })
  if (before !== undefined) return { is: 'done', versionId: before.versionId }
  const found = versionId === undefined ? top : await namedVersion(db, place, versionId)
  if (found === undefined) return { is: 'noSuchVersion' }
  const version = wholeVersion(place, found)
  if (version.is === 'deleteMarker') return { is: 'deleteMarker' }
  return describe(shared, ref, { place, top, found, version: { ...version, tags }, commitId })
}

type Granting = Parameters<ObjectStore['setGrants']>[2] & {
  readonly key: string
  readonly commitId?: CommitId
}

async function setGrants(
  shared: Shared,
  ref: Parameters<ObjectStore['setGrants']>[0],
  { key, rowId, grants, commitId }: Granting,
): Promise<Awaited<ReturnType<ObjectStore['setGrants']>>> {
  const { db } = shared
  const { live, top, place } = await readKey(shared, ref, key)
  if (live === undefined) return { is: 'noSuchBucket' }
  const before = await recallInKey(db, place, { commitId, kind: 'tagged' })
  if (before !== undefined) return { is: 'done', versionId: before.versionId }
  const found = top?.rowId === rowId ? top : await versionByRow(db, place, rowId)
  const version = found && wholeVersion(place, found)
  if (found === undefined || version?.is !== 'object') return { is: 'noSuchVersion' }
  const granted = { ...version, acl: { ...version.acl, grants } }
  return describe(shared, ref, { place, top, found, version: granted, commitId })
}

type Describing = {
  readonly place: KeyPlace
  readonly top: TopRead | undefined
  readonly found: VersionRead
  readonly version: ObjectVersion
  readonly commitId: CommitId | undefined
}

/** What is said of a version, in place of what was: neither its bytes nor its head change. */
async function describe(
  shared: Shared,
  ref: BucketRef,
  { place, top, found, version, commitId }: Describing,
): Promise<{ is: 'done'; versionId: VersionId } | { is: 'noSuchBucket' }> {
  const { db } = shared
  const { rowId, h, c, s } = found
  assert(c !== undefined, 'an object without its content')
  const change = new KeyChange(place)
  const isTop = s === topPlace
  const n = isTop ? top?.nullRowId : undefined
  // Of the top as it was read before, the null version may be another one.
  if (isTop && (top?.rowId !== rowId || top.x !== found.x)) throw new Conflict()
  change.replace(found, {
    ...{ r: rowId, h, c: encodeContent(version, bornOfContent(c)), v: true },
    ...(isTop ? { cur: true } : {}),
    ...(n === undefined ? {} : { n }),
  })
  rememberInKey(change, commitId, { is: 'tagged', versionId: version.versionId })
  await makeChange(shared, change)
  if ((await lookAfterwards(db, ref)) === 'gone') return { is: 'noSuchBucket' }
  return { is: 'done', versionId: version.versionId }
}

async function dataOfPage(
  { db }: Shared,
  bucketId: BucketId,
  rows: Parameters<ObjectStore['dataOfRows']>[1],
): Promise<readonly (ObjectData | undefined)[]> {
  const asked = rows.map(({ key, rowId }) => ({
    ...{ b: bucketId, k: key, r: rowId },
    s: { $in: [topPlace, olderPlace(rowId), gravePlace(rowId)] },
  }))
  const options = { projection: { _id: 0, k: 1, r: 1, c: 1 }, batchSize: rowsAtOnce + 1 }
  const found = await db.run(() => db.objects.find({ $or: asked }, options).toArray())
  const contents = new Map(found.map(({ k, r, c }) => [`${r} ${k}`, c]))
  return rows.map(({ key, rowId }) => {
    const content = contents.get(`${rowId} ${key}`)
    return content && placedData(dataOfContent(content), { bucketId, key })
  })
}
