// Tenants, access keys and buckets as bytes.
import { parseBucketId, parseTenantId } from '../record-ids.ts'
import type { AccessKey, Bucket, Tag, Tenant, VersioningStatus } from '../records.ts'
import {
  array,
  bytesAt,
  count,
  decodeRecord,
  encodeRecord,
  id,
  RecordCorrupt,
  text,
  word,
} from './record-frame.ts'

const keyStatuses = ['active', 'inactive'] as const
const versioningStatuses: readonly VersioningStatus[] = ['off', 'enabled', 'suspended']

export function encodeTenant(tenant: Tenant): Buffer {
  return encodeRecord(1, [tenant.id, tenant.name, tenant.createdMs, tenant.sealedKey])
}

export function parseTenant(bytes: Uint8Array): Tenant {
  const fields = decodeRecord('tenant', bytes)
  return {
    id: id(parseTenantId, fields, 0),
    name: text(fields, 1),
    createdMs: count(fields, 2),
    sealedKey: bytesAt(fields, 3),
  }
}

export function encodeAccessKey(key: AccessKey): Buffer {
  return encodeRecord(1, [
    key.accessKeyId,
    key.tenantId,
    key.userName,
    keyStatuses.indexOf(key.status),
    key.createdMs,
    key.sealedSecret,
  ])
}

export function parseAccessKey(bytes: Uint8Array): AccessKey {
  const fields = decodeRecord('access key', bytes)
  return {
    accessKeyId: text(fields, 0),
    tenantId: id(parseTenantId, fields, 1),
    userName: text(fields, 2),
    status: word(keyStatuses, fields, 3),
    createdMs: count(fields, 4),
    sealedSecret: bytesAt(fields, 5),
  }
}

export function encodeBucket(bucket: Bucket): Buffer {
  return encodeRecord(1, [
    bucket.tenantId,
    bucket.name,
    bucket.id,
    bucket.region,
    bucket.createdMs,
    versioningStatuses.indexOf(bucket.versioning),
    flattenTags(bucket.tags),
  ])
}

export function parseBucket(bytes: Uint8Array): Bucket {
  const fields = decodeRecord('bucket', bytes)
  return {
    tenantId: id(parseTenantId, fields, 0),
    name: text(fields, 1),
    id: id(parseBucketId, fields, 2),
    region: text(fields, 3),
    createdMs: count(fields, 4),
    versioning: word(versioningStatuses, fields, 5),
    tags: parseTags(array(fields, 6)),
  }
}

/** Keys and values in turn; none when there are no tags. */
export function flattenTags(tags: readonly Tag[]): readonly string[] | undefined {
  return tags.length === 0 ? undefined : tags.flatMap(({ key, value }) => [key, value])
}

export function parseTags(flat: readonly unknown[]): readonly Tag[] {
  if (flat.length % 2 !== 0) throw new RecordCorrupt('tags: a key without a value')
  const tags: Tag[] = []
  for (let i = 0; i < flat.length; i += 2)
    tags.push({ key: text(flat, i), value: text(flat, i + 1) })
  return tags
}
