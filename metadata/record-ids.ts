// The spellings of the ids in `records.ts`: what is one, and what is not. Used where ids come in from
// outside (query strings) and out of stored rows.
import type { BundleId } from './bundle-store.ts'
import type { JobId } from './job-store.ts'
import type { ManifestId } from './manifest-store.ts'
import type { BucketId, ChunkListId, TenantId, UploadId, VersionId } from './records.ts'

const hex16 = /^[0-9a-f]{16}$/
const hex32 = /^[0-9a-f]{32}$/

/** 1 to 64 visible ASCII characters; undefined for anything else. */
export function parseTenantId(raw: string): TenantId | undefined {
  return /^[!-~]{1,64}$/.test(raw) ? (raw as TenantId) : undefined
}

export function parseBucketId(raw: string): BucketId | undefined {
  return hex16.test(raw) ? (raw as BucketId) : undefined
}

/** `null`, or 32 lower-case hex digits; undefined for what can be no version of ours. */
export function parseVersionId(raw: string): VersionId | undefined {
  return raw === 'null' || hex32.test(raw) ? (raw as VersionId) : undefined
}

export function parseUploadId(raw: string): UploadId | undefined {
  return hex32.test(raw) ? (raw as UploadId) : undefined
}

export function parseChunkListId(raw: string): ChunkListId | undefined {
  return hex32.test(raw) ? (raw as ChunkListId) : undefined
}

export function parseManifestId(raw: string): ManifestId | undefined {
  return hex32.test(raw) ? (raw as ManifestId) : undefined
}

export function parseBundleId(raw: string): BundleId | undefined {
  return hex32.test(raw) ? (raw as BundleId) : undefined
}

export function parseJobId(raw: string): JobId | undefined {
  return hex32.test(raw) ? (raw as JobId) : undefined
}
