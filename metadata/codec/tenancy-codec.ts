// Tenants, access keys and buckets as bytes.
import { defaultNamespace, hiddenNamespace, parseNamespace } from '../namespaces.ts'
import { parseBucketId, parseTenantId } from '../record-ids.ts'
import type { AccessKey, Bucket, Tag, Tenant, TenantStatus, VersioningStatus } from '../records.ts'
import type { KeyUse } from '../tenant-store.ts'
import {
  array,
  bytesAt,
  count,
  decodeRecord,
  encodeRecord,
  id,
  type Migration,
  optionalCount,
  optionalText,
  RecordCorrupt,
  text,
  word,
} from './record-frame.ts'

const keyStatuses = ['active', 'inactive'] as const
const versioningStatuses: readonly VersioningStatus[] = ['off', 'enabled', 'suspended']

const tenantStatuses: readonly TenantStatus[] = ['active', 'suspended', 'deleting']

/** 2: with a namespace. There was one tenant before, so that its names are those of all. 3: with a state. */
const tenantMigrations: readonly Migration[] = [
  (fields) => [...[0, 1, 2, 3].map((index) => fields[index]), defaultNamespace],
  (fields) => [...[0, 1, 2, 3, 4].map((index) => fields[index]), 1, 0],
]

/**
 * 2: with a namespace. Names that no client could give were those of the server's own buckets. Tags,
 * which stood in the row, are a document of their own, of the first revision.
 */
const bucketMigrations: readonly Migration[] = [
  (fields) => {
    const isHidden = text(fields, 1).startsWith('-/')
    const namespace = isHidden ? hiddenNamespace(id(parseTenantId, fields, 0)) : defaultNamespace
    const configRevision = array(fields, 6).length === 0 ? 0 : 1
    return [...[0, 1, 2, 3, 4, 5].map((index) => fields[index]), configRevision, namespace]
  },
]

export function encodeTenant(tenant: Tenant): Buffer {
  const { quota } = tenant
  return encodeRecord(3, [
    tenant.id,
    tenant.name,
    tenant.createdMs,
    tenant.sealedKey,
    tenant.namespace,
    tenant.revision,
    tenantStatuses.indexOf(tenant.status),
    tenant.deleteAfterMs,
    tenant.region,
    quota.bytes,
    quota.objects,
    quota.buckets,
  ])
}

export function parseTenant(bytes: Uint8Array): Tenant {
  const fields = decodeRecord('tenant', bytes, tenantMigrations)
  const [deleteAfterMs, region] = [optionalCount(fields, 7), optionalText(fields, 8)]
  const [quotaBytes, objects, buckets] = [9, 10, 11].map((at) => optionalCount(fields, at))
  return {
    id: id(parseTenantId, fields, 0),
    name: text(fields, 1),
    createdMs: count(fields, 2),
    sealedKey: bytesAt(fields, 3),
    namespace: id(parseNamespace, fields, 4),
    revision: count(fields, 5),
    status: word(tenantStatuses, fields, 6),
    ...(deleteAfterMs === undefined ? {} : { deleteAfterMs }),
    ...(region === undefined ? {} : { region }),
    quota: {
      ...(quotaBytes === undefined ? {} : { bytes: quotaBytes }),
      ...(objects === undefined ? {} : { objects }),
      ...(buckets === undefined ? {} : { buckets }),
    },
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

export function encodeKeyUse({ usedMs, service, region }: KeyUse): Buffer {
  return encodeRecord(1, [usedMs, service, region])
}

export function parseKeyUse(bytes: Uint8Array): KeyUse {
  const fields = decodeRecord('use of an access key', bytes)
  return { usedMs: count(fields, 0), service: text(fields, 1), region: text(fields, 2) }
}

export function encodeBucket(bucket: Bucket): Buffer {
  return encodeRecord(2, [
    bucket.tenantId,
    bucket.name,
    bucket.id,
    bucket.region,
    bucket.createdMs,
    versioningStatuses.indexOf(bucket.versioning),
    bucket.configRevision,
    bucket.namespace,
  ])
}

export function parseBucket(bytes: Uint8Array): Bucket {
  const fields = decodeRecord('bucket', bytes, bucketMigrations)
  return {
    tenantId: id(parseTenantId, fields, 0),
    name: text(fields, 1),
    id: id(parseBucketId, fields, 2),
    region: text(fields, 3),
    createdMs: count(fields, 4),
    versioning: word(versioningStatuses, fields, 5),
    configRevision: count(fields, 6),
    namespace: id(parseNamespace, fields, 7),
  }
}

/** The tags that stand in the row of a bucket of format 1; none in later ones. */
export function tagsInBucketRow(bytes: Uint8Array): readonly Tag[] {
  let tags: readonly Tag[] = []
  decodeRecord('bucket', bytes, [
    (fields) => {
      tags = parseTags(array(fields, 6))
      return fields
    },
  ])
  return tags
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
