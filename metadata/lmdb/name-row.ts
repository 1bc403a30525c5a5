// What a row is of, in words for people: of a row that is damaged only the key is there to tell, and that
// may be what is damaged.

import { parseBucketId } from '../record-ids.ts'
import type { BucketId } from '../records.ts'
import { rowIdBytes } from '../row-ids.ts'
import { bucketIdBytes, rawKeyAt, rawKeyOfHistoryRow } from './row-keys.ts'
import type { TableName } from './tables.ts'

const ofKeys: readonly TableName[] = ['objects', 'nullVersions']
const ofOldKeys: readonly TableName[] = ['listing', 'nulls']
const ofHistories: readonly TableName[] = ['versions', 'graveyard', 'uploads']
const ofTexts: readonly TableName[] = ['tenants', 'tenantNames', 'accessKeys', 'meta', 'leases']

export type BucketNames = { get(id: BucketId): { readonly name: string } | undefined }

/** Bucket and key where the row is of one, and the whole key in hex. */
export function nameRow(table: TableName, key: Buffer, buckets: BucketNames): string {
  const hex = key.toString('hex')
  if (ofTexts.includes(table)) return `${key.toString()}, ${hex}`
  // Its length, a tenant, a name.
  if (table === 'buckets') return `${key.toString('utf8', 1 + (key[0] ?? 0))}, ${hex}`
  const raw = rawKeyOf(table, key)
  if (raw === undefined) return hex
  const id = parseBucketId(key.toString('hex', 0, bucketIdBytes))
  const bucket = id && buckets.get(id)
  return `${bucket?.name ?? 'a bucket that is not there'}/${raw.toString()}, ${hex}`
}

function rawKeyOf(table: TableName, key: Buffer): Buffer | undefined {
  if (ofKeys.includes(table)) return key.subarray(rawKeyAt)
  if (ofOldKeys.includes(table)) return key.subarray(bucketIdBytes)
  const isHistory = ofHistories.includes(table) && key.length > bucketIdBytes + rowIdBytes + 2
  return isHistory ? rawKeyOfHistoryRow(key) : undefined
}
