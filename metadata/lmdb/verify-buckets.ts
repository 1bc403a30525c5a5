// Whether buckets, what is set of them and the index of their owners agree, for `holdfast check`.
import { parseConfigKind } from '../bucket-config-kinds.ts'
import { parseBucket } from '../codec/tenancy-codec.ts'
import type { Bucket } from '../records.ts'
import { parseConfigRow } from './bucket-config-rows.ts'
import type { Tables } from './lmdb-environment.ts'
import { bucketIdBytes, bucketKey, everyRow, ownedBucketKey } from './row-keys.ts'

export function verifyBuckets(tables: Tables, tell: (what: string) => void): void {
  const owned = new Set<string>()
  const revisions = new Map<string, number>()
  for (const { key, value } of tables.buckets.intactRows(everyRow)) {
    let bucket: Bucket
    try {
      bucket = parseBucket(value)
    } catch {
      // Told of by its parser.
      continue
    }
    revisions.set(bucket.id, bucket.configRevision)
    if (!bucketKey(bucket.namespace, bucket.name).equals(key)) {
      tell(`a bucket has the key of another (${key.toString('hex')})`)
    }
    const ownedKey = ownedBucketKey(bucket)
    owned.add(ownedKey.toString('hex'))
    if (!tables.bucketsOfTenants.has(ownedKey)) {
      tell(`a bucket is missing among those of its tenant (${key.toString('hex')})`)
    }
  }
  for (const { key } of tables.bucketsOfTenants.intactRows(everyRow)) {
    if (owned.has(key.toString('hex'))) continue
    tell(`a tenant is said to own a bucket that is not there (${key.toString('hex')})`)
  }
  for (const row of tables.bucketConfigs.intactRows(everyRow)) {
    const wrong = wrongConfig(row, revisions)
    if (wrong !== undefined) tell(`a bucket config ${wrong} (${row.key.toString('hex')})`)
  }
}

function wrongConfig(
  { key, value }: { readonly key: Buffer; readonly value: Buffer },
  revisions: ReadonlyMap<string, number>,
): string | undefined {
  const newest = revisions.get(key.toString('hex', 0, bucketIdBytes))
  if (newest === undefined) return 'is of no bucket'
  const kind = parseConfigKind(key.toString('utf8', bucketIdBytes))
  if (kind === undefined) return 'is of a kind that is not known here'
  try {
    const { revision } = parseConfigRow(kind, value)
    return revision > newest ? 'is newer than its bucket knows' : undefined
  } catch (cause) {
    return `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}
