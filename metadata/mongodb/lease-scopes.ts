// What leases cover: a document for each scope, found by what it covers. Who asks has one key of one bucket, and names
// the few places at which a scope over it can be.
//
// A scope belongs to a *life* of a lease, and counts from a number (`lease-documents.ts`). It covers something while
// a lease has that life; its document is removed a little later.
import { type ClientSession, type Filter, ObjectId } from 'mongodb'
import type { LeaseScope } from '../lease-store.ts'
import type { BucketId } from '../records.ts'
import type { MongoDatabase } from './mongo-database.ts'

export type ScopeDocument = {
  readonly _id: ObjectId
  /** `everywhere`, or the bucket with a key or a prefix behind it. */
  readonly at: string
  readonly life: number
  readonly since: number
  /** Of a scope that is one version: its row. */
  readonly r?: string
}

export type CoveredRow = {
  readonly bucketId: BucketId
  readonly key: string
  readonly rowId: string
}

/** No bucket id begins so. */
const everywhere = '*'
/** Longer ones begin no key. */
const prefixBytesMax = 1024
/** A key of so many bytes has its prefixes named one by one. */
const namedBytesMax = 256

export function leaseScopes(db: MongoDatabase) {
  return db.collection<ScopeDocument>('leaseScopes')
}

/** In whose buckets they lie; `everywhere` among them for all. */
export function bucketsOf(scopes: readonly LeaseScope[]): readonly string[] {
  return [
    ...new Set(scopes.map((scope) => (scope.is === 'everything' ? everywhere : scope.bucketId))),
  ]
}

/** Buckets, as `bucketsOf` has told them, by their ids. */
export function bucketFilter(buckets: readonly string[]): { id?: { $in: string[] } } {
  return buckets.includes(everywhere) ? {} : { id: { $in: [...buckets] } }
}

export function scopeDocuments(
  scopes: readonly LeaseScope[],
  life: { readonly n: number; readonly since: number },
): ScopeDocument[] {
  return scopes.flatMap((scope) => {
    const at = placeOf(scope)
    if (at === undefined) return []
    const document = { _id: new ObjectId(), at, life: life.n, since: life.since }
    return [scope.is === 'row' ? { ...document, r: scope.rowId } : document]
  })
}

/**
 * Lives whose scopes cover a row and count from `upTo` or before; whether leases have them, and are sealed, is not asked
 * here. As of one moment: a scope that takes the place of another is met, or the other one is.
 */
export async function livesOver(
  db: MongoDatabase,
  session: ClientSession,
  { row, upTo }: { readonly row: CoveredRow; readonly upTo: number | undefined },
): Promise<readonly number[]> {
  const found = await leaseScopes(db)
    .find(
      {
        ...placesOver(row),
        r: { $in: [null, row.rowId] as string[] },
        ...(upTo === undefined ? {} : { since: { $lte: upTo } }),
      },
      {
        session,
        readConcern: { level: 'snapshot' },
        projection: { _id: 0, at: 1, life: 1 },
      },
    )
    .toArray()
  const lives = found.filter(({ at }) => isOver(at, row)).map(({ life }) => life)
  return [...new Set(lives)]
}

/**
 * Prefixes of a long key would come to more than the question is worth: for one, the prefixes in its bucket that are
 * before it are met, which are those of leases.
 */
function placesOver({ bucketId, key }: CoveredRow): Filter<ScopeDocument> {
  const exact = [everywhere, keyPlace(bucketId, key)]
  if (Buffer.byteLength(key) > namedBytesMax) {
    const before = { $gte: prefixPlace(bucketId, ''), $lte: prefixPlace(bucketId, key) }
    return { $or: [{ at: { $in: exact } }, { at: before }] }
  }
  const prefixes = ['']
  // By characters: half a pair of surrogates begins no key.
  for (const character of key) prefixes.push((prefixes.at(-1) ?? '') + character)
  return { at: { $in: [...exact, ...prefixes.map((prefix) => prefixPlace(bucketId, prefix))] } }
}

function isOver(at: string, { bucketId, key }: CoveredRow): boolean {
  return (
    at === everywhere || at === keyPlace(bucketId, key) || prefixPlace(bucketId, key).startsWith(at)
  )
}

function placeOf(scope: LeaseScope): string | undefined {
  switch (scope.is) {
    case 'everything':
      return everywhere
    case 'prefix':
      if (Buffer.byteLength(scope.prefix) > prefixBytesMax) return undefined
      return prefixPlace(scope.bucketId, scope.prefix)
    case 'key':
    case 'row':
      return keyPlace(scope.bucketId, scope.key)
    default:
      return scope satisfies never
  }
}

function keyPlace(bucketId: BucketId, key: string): string {
  return `${bucketId}k${key}`
}

function prefixPlace(bucketId: BucketId, prefix: string): string {
  return `${bucketId}p${prefix}`
}
