// Listings of current objects and of versions: each reads one index, in one range of the keys of a bucket.
import { parseVersionHead, versionIdOfRow } from '../codec/version-codec.ts'
import type { Listed, ListQuery } from '../metadata-store.ts'
import type { BucketId, ObjectSummary, VersionId, VersionSummary } from '../records.ts'
import type { KeyDocument } from './documents.ts'
import { afterVersions, olderPlace, topPlace } from './key-places.ts'
import { readTop, type VersionRead, versionOf } from './key-versions.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { keysWithin, walkKeys } from './walk-keys.ts'

type ObjectRow = { readonly k: string; readonly h: Buffer }

export function listObjects(
  db: MongoDatabase,
  bucketId: BucketId,
  query: ListQuery,
): Promise<Listed<ObjectSummary & { is: 'object' }>> {
  return walkKeys<ObjectRow, ObjectSummary & { is: 'object' }>({
    query,
    read: (range, limit, after) => {
      const within = after === undefined ? range : { ...range, from: after.k, isExclusive: true }
      return db.run(() =>
        db.objects
          .find<ObjectRow>(
            { b: bucketId, cur: true, k: keysWithin(within) },
            { projection: { _id: 0, k: 1, h: 1 }, hint: 'current', batchSize: limit + 1, limit },
          )
          .sort({ b: 1, k: 1 })
          .toArray(),
      )
    },
    entry: ({ k: key, h }) => summaryOfObject(key, h),
  })
}

function summaryOfObject(key: string, h: Buffer): ObjectSummary & { is: 'object' } {
  const head = parseVersionHead(h)
  if (head.is !== 'object') throw new TypeError('a delete marker among the current objects')
  const { size, etag, modifiedMs, storageClass, checksum, owner } = head
  const is = 'object' as const
  const summary = checksum
    ? { is, key, size, etag, modifiedMs, storageClass, checksum }
    : { is, key, size, etag, modifiedMs, storageClass }
  return owner === undefined ? summary : { ...summary, owner }
}

type VersionQuery = ListQuery & { afterVersionId?: VersionId }
type VersionRow = { readonly k: string; readonly version: VersionRead }

export async function listObjectVersions(
  db: MongoDatabase,
  bucketId: BucketId,
  query: VersionQuery,
): Promise<Listed<VersionSummary>> {
  return walkKeys<VersionRow, VersionSummary>({
    query,
    resumed: await restOfKey(db, bucketId, query),
    read: (range, limit, after) => readVersions(db, bucketId, { range, limit, after }),
    entry: ({ k, version }) => summaryOf(k, version),
  })
}

const versionFields = { _id: 0, k: 1, s: 1, r: 1, h: 1 }
const placeOrder = { b: 1, k: 1, s: 1 } as const

async function readVersions(
  db: MongoDatabase,
  bucketId: BucketId,
  reading: {
    readonly range: Parameters<typeof keysWithin>[0]
    readonly limit: number
    readonly after: VersionRow | undefined
  },
): Promise<readonly VersionRow[]> {
  const { range, limit, after } = reading
  const options = { projection: versionFields, hint: 'versions', batchSize: limit + 1 }
  const within =
    after === undefined
      ? []
      : await db.run(() =>
          db.objects
            .find({ b: bucketId, v: true, k: after.k, s: { $gt: after.version.s } }, options)
            .sort(placeOrder)
            .limit(limit)
            .toArray(),
        )
  const behind = after === undefined ? range : { ...range, from: after.k, isExclusive: true }
  const more =
    within.length === limit
      ? []
      : await db.run(() =>
          db.objects
            .find({ b: bucketId, v: true, k: keysWithin(behind) }, options)
            .sort(placeOrder)
            .limit(limit - within.length)
            .toArray(),
        )
  return [...within, ...more].map(rowOf)
}

function rowOf(document: KeyDocument): VersionRow {
  return { k: document.k, version: versionOf(document) }
}

/** What is left of `after.key` behind the version to go on from, be that there or not. */
async function restOfKey(
  db: MongoDatabase,
  bucketId: BucketId,
  { after, afterVersionId, prefix, limit }: VersionQuery,
): Promise<readonly VersionRow[] | undefined> {
  if (after === undefined || after.group || afterVersionId === undefined) return undefined
  if (!after.key.startsWith(prefix)) return undefined
  const { key } = after
  const top = await readTop(db, { bucketId, key })
  if (top === undefined) return undefined
  const row = afterVersionId === 'null' ? (top.nullRowId ?? '') : afterVersionId
  const older = await db.run(() =>
    db.objects
      .find(
        { b: bucketId, v: true, k: key, s: { $gt: olderPlace(row), $lt: afterVersions } },
        { projection: versionFields, hint: 'versions', batchSize: limit + 2, limit: limit + 1 },
      )
      .sort(placeOrder)
      .toArray(),
  )
  const rows = older.map(rowOf)
  return top.rowId > row ? [{ k: key, version: top }, ...rows] : rows
}

function summaryOf(key: string, { s, rowId, head }: VersionRead): VersionSummary {
  const versionId = versionIdOfRow(rowId, head)
  const isLatest = s === topPlace
  const { modifiedMs } = head
  if (head.is === 'deleteMarker') {
    const storageClass = 'STANDARD'
    return { is: 'deleteMarker', key, versionId, isLatest, modifiedMs, storageClass }
  }
  const { size, etag, storageClass, checksum, owner } = head
  const summary = { key, versionId, isLatest, modifiedMs, storageClass, size, etag }
  const whole = owner === undefined ? summary : { ...summary, owner }
  return checksum ? { is: 'object', ...whole, checksum } : { is: 'object', ...whole }
}
