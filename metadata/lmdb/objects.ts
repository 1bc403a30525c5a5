// Objects: the verbs of `ObjectStore`. The versions of one key are `version-history.ts`'s, listings
// are `object-listings.ts`'s.
import { encodeObjectHead, encodeObjectRow, parseVersionRow } from '../codec/version-codec.ts'
import type { DeleteOutcome, NoSuchBucket, ObjectStore } from '../metadata-store.ts'
import { liveBucket, type Random } from './buckets.ts'
import { takePiece } from './chunk-claims.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { listObjects, listObjectVersions } from './object-listings.ts'
import { historyKey, historyRowKey, objectKey, rowIdBytes } from './row-keys.ts'
import {
  currentObject,
  historyOf,
  listingRow,
  namedVersion,
  newestVersion,
  placeMarker,
  placeObject,
  takeOut,
  versionIdOf,
} from './version-history.ts'
import { refusalOf } from './write-condition.ts'

export function lmdbObjects(env: LmdbEnvironment, random: Random): ObjectStore {
  return {
    commit: (version) => env.write((tables) => commitVersion(tables, version, random)),
    delete: (deletion) => env.write((tables) => deleteVersion(tables, deletion, random)),
    setTags: (ref, key, change) => env.write((tables) => setTags(tables, ref, { key, ...change })),

    get: async (ref, key, versionId) =>
      env.read((tables) => {
        if (versionId === undefined) {
          // The hot path: two gets, and only the version's own row is decoded.
          const listed = tables.listing.get(objectKey(ref.id, key))
          if (listed !== undefined) {
            return rowNamed(tables, 'versions', {
              bucketId: ref.id,
              key,
              rowId: listed.toString('hex', 0, rowIdBytes),
            })
          }
        }
        const history = historyOf(tables, { ...ref, versioning: 'enabled' }, key)
        const version =
          versionId === undefined ? newestVersion(history) : namedVersion(history, versionId)
        return (
          version && rowNamed(tables, 'versions', { bucketId: ref.id, key, rowId: version.rowId })
        )
      }),

    list: async (ref, query) => env.read((tables) => listObjects(tables, ref, query)),
    listVersions: async (ref, query) =>
      env.read((tables) => listObjectVersions(tables, ref, query)),

    getRow: async (bucketId, key, rowId) =>
      env.read((tables) => {
        const name = { bucketId, key, rowId }
        const version = rowNamed(tables, 'versions', name) ?? rowNamed(tables, 'graveyard', name)
        return version?.is === 'object' ? version : undefined
      }),
  }
}

type CommitAnswer = Awaited<ReturnType<ObjectStore['commit']>>

function commitVersion(
  tables: Tables,
  version: Parameters<ObjectStore['commit']>[0],
  random: Random,
): CommitAnswer {
  const { key, content, condition, nowMs } = version
  const bucket = liveBucket(tables, version.bucket)
  if (bucket === undefined) return { is: 'noSuchBucket' }
  const history = historyOf(tables, bucket, key)
  const current = currentObject(history)
  const refused = refusalOf(condition, current)
  if (refused) return refused
  const piece = takePiece(tables, bucket.tenantId, content.data)
  if (piece.is !== 'taken') return piece
  const whole = { ...content, data: piece.data }
  const { versionId } = placeObject(history, whole, { nowMs, random, current })
  return { is: 'committed', versionId, modifiedMs: nowMs, versioning: bucket.versioning }
}

function deleteVersion(
  tables: Tables,
  deletion: Parameters<ObjectStore['delete']>[0],
  random: Random,
): DeleteOutcome {
  const { key, versionId, condition, nowMs } = deletion
  const bucket = liveBucket(tables, deletion.bucket)
  if (bucket === undefined) return { is: 'noSuchBucket' }
  const { versioning } = bucket
  const history = historyOf(tables, bucket, key)
  const current = currentObject(history)
  if (versionId !== undefined || versioning === 'off') {
    const named = versionId === undefined ? current : namedVersion(history, versionId)
    const refused = refusalOf(condition, named)
    if (refused) return refused
    if (named === undefined) return { is: 'deleted', versioning, deleteMarker: false }
    takeOut(history, named)
    const deleteMarker = named.head.is === 'deleteMarker'
    return { is: 'deleted', versioning, versionId: versionIdOf(named), deleteMarker }
  }
  const refused = refusalOf(condition, current)
  if (refused) return refused
  const marker = placeMarker(history, { nowMs, random, current })
  return { is: 'deleted', versioning, versionId: marker, deleteMarker: true }
}

function setTags(
  tables: Tables,
  ref: Parameters<ObjectStore['setTags']>[0],
  { key, versionId, tags }: Parameters<ObjectStore['setTags']>[2] & { key: string },
): Awaited<ReturnType<ObjectStore['setTags']>> {
  const bucket = liveBucket(tables, ref)
  if (bucket === undefined) return { is: 'noSuchBucket' } satisfies NoSuchBucket
  const history = historyOf(tables, bucket, key)
  const version =
    versionId === undefined ? newestVersion(history) : namedVersion(history, versionId)
  const name = version && { bucketId: ref.id, key, rowId: version.rowId }
  const row = name && rowNamed(tables, 'versions', name)
  if (version === undefined || row === undefined) return { is: 'noSuchVersion' }
  if (row.is === 'deleteMarker') return { is: 'deleteMarker' }
  const head = encodeObjectHead(row)
  const rowKey = historyRowKey(history.historyKey, version.rowId)
  tables.versions.put(rowKey, encodeObjectRow(head, { ...row, tags }))
  if (currentObject(history)?.rowId === version.rowId) {
    tables.listing.put(history.listingKey, listingRow(version.rowId, head))
  }
  return { is: 'done', versionId: row.versionId }
}

function rowNamed(
  tables: Tables,
  table: 'versions' | 'graveyard',
  {
    bucketId,
    key,
    rowId,
  }: { bucketId: Parameters<typeof historyKey>[0]; key: string; rowId: string },
) {
  const row = tables[table].get(historyRowKey(historyKey(bucketId, key), rowId))
  return row && parseVersionRow(key, rowId, row)
}
