// What leases cover: a row for each scope, found by what it covers. Who asks has one key of one bucket, and
// pays for the scopes above that key, however many there are beside it.
//
// A scope belongs to a life of a lease, and counts from a number (`lease-rows.ts`). It ends with its life;
// its row is removed a little later.
import type { LeaseScope } from '../lease-store.ts'
import type { BucketId } from '../records.ts'
import type { Tables } from './lmdb-environment.ts'
import {
  bucketIdBytes,
  historyBound,
  historyKey,
  numberKey,
  numberOfKey,
  rangeOf,
  unescapeNuls,
} from './row-keys.ts'

/** Longer ones begin no key. */
const prefixBytesMax = 1024
const kinds = ['everything', 'prefix', 'key'] as const
const numberBytes = 8
const terminatorBytes = 2
const removedAtOnce = 256
/** Its kind, and filler: a shorter key could not be split from longer ones (`row-bounds.ts`). */
export const everythingPlace = Buffer.alloc(5)

export type CoveredRow = {
  readonly bucketId: BucketId
  readonly key: string
  readonly rowId: string
}

export function putScope(
  tables: Tables,
  scope: LeaseScope,
  { life, since }: { readonly life: number; readonly since: number },
): void {
  const place = placeOf(scope)
  if (place === undefined) return
  const rowId = scope.is === 'row' ? Buffer.from(scope.rowId, 'hex') : Buffer.alloc(0)
  // The newest first, so that those from after a deletion are not met.
  const key = Buffer.concat([place, newestFirst(since), numberKey(life), rowId])
  tables.leaseScopes.put(key, Buffer.alloc(0))
  tables.leaseScopesOf.put(Buffer.concat([numberKey(life), key]), Buffer.alloc(0))
}

/** Lives whose scopes cover a row that was deleted at this number: the closest first, then the newest. */
export function* livesOver(tables: Tables, row: CoveredRow, deleted: number): Generator<number> {
  const exact = kindPlace('key', historyKey(row.bucketId, row.key))
  for (const numbers of numbersAt(tables, exact, deleted)) {
    const rowId = numbers.toString('hex', 2 * numberBytes)
    if (rowId === '' || rowId === row.rowId) yield lifeOf(numbers)
  }
  for (const place of prefixPlacesOver(tables, row)) {
    for (const numbers of numbersAt(tables, place, deleted)) yield lifeOf(numbers)
  }
  for (const numbers of numbersAt(tables, everythingPlace, deleted)) yield lifeOf(numbers)
}

/** Removes some of the rows of a life that is over; false: there may be more. Safe to repeat. */
export function removeScopes(tables: Tables, life: number): boolean {
  const ofLife = rangeOf(numberKey(life))
  const keys = tables.leaseScopesOf.keys({ ...ofLife, limit: removedAtOnce })
  for (const key of keys) {
    tables.leaseScopes.remove(key.subarray(numberBytes))
    tables.leaseScopesOf.remove(key)
  }
  return keys.length < removedAtOnce
}

/**
 * Places of the prefixes that begin this key, the longest first. The last prefix at or before the key is
 * one of them, or shares with the key all that any of them can have.
 */
function* prefixPlacesOver(tables: Tables, { bucketId, key }: CoveredRow): Generator<Buffer> {
  const bucket = kindPlace('prefix', Buffer.from(bucketId, 'hex'))
  const raw = Buffer.from(key)
  let end = behind(kindPlace('prefix', historyKey(bucketId, key)))
  for (;;) {
    const last = tables.leaseScopes.last({ start: bucket, end })
    if (last === undefined) return
    const place = last.key.subarray(0, last.key.length - 2 * numberBytes)
    const prefix = rawOfPlace(place)
    const common = commonBytes(prefix, raw)
    if (common === prefix.length) {
      yield place
      if (common === 0) return
      end = place
    } else {
      end = behind(kindPlace('prefix', historyKeyOfRaw(bucketId, prefix.subarray(0, common))))
    }
  }
}

/** What stands behind a place: since when, of which life, and of which row if it is but one. */
function* numbersAt(tables: Tables, place: Buffer, deleted: number): Generator<Buffer> {
  const { end } = rangeOf(place)
  const start = Buffer.concat([place, newestFirst(deleted)])
  for (const { key } of tables.leaseScopes.rows({ start, end })) yield key.subarray(place.length)
}

function lifeOf(numbers: Buffer): number {
  return numberOfKey(numbers.subarray(numberBytes))
}

/** Behind all rows of a place. */
function behind(place: Buffer): Buffer {
  return Buffer.concat([place, Buffer.of(0xff)])
}

function newestFirst(since: number): Buffer {
  return numberKey(Number.MAX_SAFE_INTEGER - since)
}

function placeOf(scope: LeaseScope): Buffer | undefined {
  switch (scope.is) {
    case 'everything':
      return everythingPlace
    case 'prefix':
      if (Buffer.byteLength(scope.prefix) > prefixBytesMax) return undefined
      return kindPlace('prefix', historyKey(scope.bucketId, scope.prefix))
    case 'key':
    case 'row':
      return kindPlace('key', historyKey(scope.bucketId, scope.key))
    default:
      return scope satisfies never
  }
}

function kindPlace(kind: (typeof kinds)[number], rest: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.of(kinds.indexOf(kind)), rest])
}

/** The prefix itself, out of its place: kind, bucket, escaped prefix, terminator. */
function rawOfPlace(place: Buffer): Buffer {
  return unescapeNuls(place.subarray(1 + bucketIdBytes, place.length - terminatorBytes))
}

function historyKeyOfRaw(bucketId: BucketId, raw: Buffer): Buffer {
  return Buffer.concat([historyBound(bucketId, raw), Buffer.alloc(terminatorBytes)])
}

function commonBytes(a: Buffer, b: Buffer): number {
  const limit = Math.min(a.length, b.length)
  let at = 0
  while (at < limit && a[at] === b[at]) at += 1
  return at
}
