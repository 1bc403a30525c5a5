// Objects: the verbs of `ObjectStore`. The versions of one key are `version-history.ts`'s, listings
// are `object-listings.ts`'s.
import assert from 'node:assert'
import {
  bornOfContent,
  dataOfContent,
  encodeContent,
  placedData,
  versionIdOfRow,
} from '../codec/version-codec.ts'
import type { ChangeOptions, CommitId } from '../commit-id.ts'
import type { DeleteOutcome, ObjectStore } from '../metadata-store.ts'
import type { ObjectVersion, VersionId } from '../records.ts'
import { timedCommit } from '../row-ids.ts'
import { refusalOf } from '../write-condition.ts'
import { liveBucket, type Random } from './buckets.ts'
import { takePiece } from './chunk-claims.ts'
import { freezer } from './frozen-objects.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { madeBefore } from './made-before.ts'
import { listObjects, listObjectVersions } from './object-listings.ts'
import { recall, remember } from './remembered-commits.ts'
import { contentKey } from './row-keys.ts'
import { appendFollowUps } from './task-rows.ts'
import {
  buriedVersion,
  currentObject,
  historyOf,
  namedVersion,
  newestVersion,
  placeMarker,
  placeObject,
  readVersion,
  takeOut,
  versionByRow,
} from './version-history.ts'

export function lmdbObjects(env: LmdbEnvironment, random: Random): ObjectStore {
  return {
    ...freezer(env, random),
    commit: (version, options) =>
      env.add((tables) => commitVersion(tables, version, { random, commitId: options?.commitId })),
    delete: (deletion, options) =>
      env.write((tables) =>
        deleteVersion(tables, deletion, { random, commitId: options?.commitId }),
      ),
    setTags: (ref, key, change, options) =>
      env.write((tables) => setTags(tables, ref, { key, ...change, ...options })),
    setGrants: (ref, key, change, options) =>
      env.write((tables) => setGrants(tables, ref, { key, ...change, ...options })),

    get: async (ref, key, versionId) =>
      env.read((tables) => {
        const history = historyOf(tables, ref.id, key)
        const version =
          versionId === undefined ? newestVersion(history) : namedVersion(history, versionId)
        return version && readVersion(history, version)
      }),

    list: async (ref, query) => env.read((tables) => listObjects(tables, ref, query)),
    listVersions: async (ref, query) =>
      env.read((tables) => listObjectVersions(tables, ref, query)),

    getRow: async (bucketId, key, rowId) =>
      env.read((tables) => {
        const history = historyOf(tables, bucketId, key)
        const found = versionByRow(history, rowId) ?? buriedVersion(history, rowId)
        const version = found && readVersion(history, found)
        return version?.is === 'object' ? version : undefined
      }),

    dataOfRows: async (bucketId, rows) =>
      env.read((tables) =>
        rows.map(({ key, rowId }) => {
          const content = tables.contents.get(contentKey(rowId))
          return content && placedData(dataOfContent(content), { bucketId, key })
        }),
      ),
  }
}

type Making = { readonly random: Random; readonly commitId: CommitId | undefined }
type CommitAnswer = Awaited<ReturnType<ObjectStore['commit']>>
type TagsAnswer = Awaited<ReturnType<ObjectStore['setTags']>>

function commitVersion(
  tables: Tables,
  version: Parameters<ObjectStore['commit']>[0],
  { random, commitId }: Making,
): CommitAnswer {
  const { key, content, condition, nowMs } = version
  const bucket = liveBucket(tables, version.bucket)
  if (bucket === undefined) return { is: 'noSuchBucket' }
  const history = historyOf(tables, bucket.id, key)
  const before = madeBefore(history, 'committed', { bucket, nowMs, commitId })
  if (before !== undefined) {
    const { versionId, versioning } = before
    return { is: 'committed', versionId, modifiedMs: nowMs, versioning }
  }
  const current = currentObject(history)
  const refused = refusalOf(condition, current)
  if (refused) return refused
  const piece = takePiece(tables, bucket.tenantId, content.data)
  if (piece.is !== 'taken') return piece
  const whole = { ...content, data: piece.data }
  const { versionId } = placeObject(history, whole, {
    bucket,
    current,
    nowMs,
    random,
    commitId,
  })
  appendFollowUps(tables, bucket.tenantId, version.followUps)
  return { is: 'committed', versionId, modifiedMs: nowMs, versioning: bucket.versioning }
}

function deleteVersion(
  tables: Tables,
  deletion: Parameters<ObjectStore['delete']>[0],
  { random, commitId }: Making,
): DeleteOutcome {
  const { key, versionId, condition, nowMs, followUps } = deletion
  const bucket = liveBucket(tables, deletion.bucket)
  if (bucket === undefined) return { is: 'noSuchBucket' }
  const { versioning } = bucket
  const history = historyOf(tables, bucket.id, key)
  const before = madeBefore(history, 'deleted', { bucket, nowMs, commitId })
  if (before !== undefined) return { ...before, is: 'deleted' }
  const current = currentObject(history)
  if (versionId === undefined && versioning !== 'off') {
    const refused = refusalOf(condition, current)
    if (refused) return refused
    const marker = placeMarker(history, { bucket, current, nowMs, random, commitId })
    appendFollowUps(tables, bucket.tenantId, followUps)
    return { is: 'deleted', versioning, versionId: marker, deleteMarker: true }
  }
  const named = versionId === undefined ? current : namedVersion(history, versionId)
  const refused = refusalOf(condition, named)
  if (refused) return refused
  appendFollowUps(tables, bucket.tenantId, followUps)
  if (named === undefined) return { is: 'deleted', versioning, deleteMarker: false }
  takeOut(history, named, { bucket, nowMs })
  const removed = {
    is: 'deleted' as const,
    versioning,
    versionId: versionIdOfRow(named.rowId, named.head),
    deleteMarker: named.head.is === 'deleteMarker',
  }
  if (commitId !== undefined) remember(tables, timedCommit(nowMs, commitId), removed)
  return removed
}

function setTags(
  tables: Tables,
  ref: Parameters<ObjectStore['setTags']>[0],
  {
    key,
    versionId,
    tags,
    commitId,
  }: Parameters<ObjectStore['setTags']>[2] & ChangeOptions & { key: string },
): TagsAnswer {
  const bucket = liveBucket(tables, ref)
  if (bucket === undefined) return { is: 'noSuchBucket' }
  const before = recall(tables, commitId, 'tagged')
  if (before !== undefined) return { is: 'done', versionId: before.versionId }
  const history = historyOf(tables, bucket.id, key)
  const found = versionId === undefined ? newestVersion(history) : namedVersion(history, versionId)
  const version = found && readVersion(history, found)
  if (version === undefined) return { is: 'noSuchVersion' }
  if (version.is === 'deleteMarker') return { is: 'deleteMarker' }
  return describe(tables, { ...version, tags }, commitId)
}

function setGrants(
  tables: Tables,
  ref: Parameters<ObjectStore['setGrants']>[0],
  {
    key,
    rowId,
    grants,
    commitId,
  }: Parameters<ObjectStore['setGrants']>[2] & ChangeOptions & { key: string },
): Awaited<ReturnType<ObjectStore['setGrants']>> {
  const bucket = liveBucket(tables, ref)
  if (bucket === undefined) return { is: 'noSuchBucket' }
  const before = recall(tables, commitId, 'tagged')
  if (before !== undefined) return { is: 'done', versionId: before.versionId }
  const history = historyOf(tables, bucket.id, key)
  const found = versionByRow(history, rowId)
  const version = found && readVersion(history, found)
  if (version?.is !== 'object') return { is: 'noSuchVersion' }
  return describe(tables, { ...version, acl: { ...version.acl, grants } }, commitId)
}

/** What is said of a version, in place of what was: neither its bytes nor its head change. */
function describe(
  tables: Tables,
  version: ObjectVersion,
  commitId: CommitId | undefined,
): { is: 'done'; versionId: VersionId } {
  const row = contentKey(version.rowId)
  const old = tables.contents.get(row)
  assert(old !== undefined, 'a version without its content')
  tables.contents.put(row, encodeContent(version, bornOfContent(old)))
  remember(tables, commitId, { is: 'tagged', versionId: version.versionId })
  return { is: 'done', versionId: version.versionId }
}
