// The row of what a bucket holds: it is there while the bucket is, and changes in the transaction of each change. Of a bucket
// that is gone nothing is counted any more: what is still to be released of it, nobody sees.
import { MetadataDamaged } from '../metadata-damaged.ts'
import type { Bucket, BucketId, TenantId } from '../records.ts'
import { noUsage, type Usage, type UsageChange, usageFields } from '../usage.ts'
import type { Tables } from './lmdb-environment.ts'
import type { LmdbTable } from './lmdb-table.ts'
import { bucketIdBytes } from './row-keys.ts'

type Place = { readonly tenantId: TenantId; readonly bucketId: BucketId }

const numberBytes = 8

/** tenant (its length first), bucket. Of each commit: in one buffer. Ids are ASCII. */
export function usageKey({ tenantId, bucketId }: Place): Buffer {
  const { length } = tenantId
  const key = Buffer.allocUnsafe(1 + length + bucketIdBytes)
  key[0] = length
  key.write(tenantId, 1, 'latin1')
  key.write(bucketId, 1 + length, 'hex')
  return key
}

export function beginUsage({ usage }: Tables, { tenantId, id }: Pick<Bucket, 'tenantId' | 'id'>) {
  usage.put(usageKey({ tenantId, bucketId: id }), encodeUsage(noUsage))
}

export function endUsage({ usage }: Tables, { tenantId, id }: Pick<Bucket, 'tenantId' | 'id'>) {
  usage.remove(usageKey({ tenantId, bucketId: id }))
}

/** A row that is damaged stays as it is and stops nobody: `holdfast check` finds and mends it. */
export function countChange({ usage }: Tables, place: Place, change: UsageChange): void {
  const key = usageKey(place)
  const row = intactRow(usage, key)
  if (row === undefined) return
  for (const [index, field] of usageFields.entries()) {
    const added = change[field]
    if (added) row.writeDoubleBE(row.readDoubleBE(index * numberBytes) + added, index * numberBytes)
  }
  usage.put(key, row)
}

function intactRow(usage: LmdbTable, key: Buffer): Buffer | undefined {
  try {
    return usage.get(key)
  } catch (cause) {
    if (cause instanceof MetadataDamaged) return undefined
    throw cause
  }
}

/** Whole numbers up to 2^53 are exact, and one that went below zero shows as what it is. */
export function encodeUsage(usage: Usage): Buffer {
  const row = Buffer.allocUnsafe(usageFields.length * numberBytes)
  let at = 0
  for (const field of usageFields) at = row.writeDoubleBE(usage[field], at)
  return row
}

export function parseUsage(row: Buffer): Usage {
  return {
    bytes: row.readDoubleBE(0),
    objects: row.readDoubleBE(numberBytes),
    versions: row.readDoubleBE(2 * numberBytes),
    deleteMarkers: row.readDoubleBE(3 * numberBytes),
    uploads: row.readDoubleBE(4 * numberBytes),
    partBytes: row.readDoubleBE(5 * numberBytes),
  }
}
