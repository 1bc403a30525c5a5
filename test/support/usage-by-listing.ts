// What a bucket holds, by listing all of it: what counts are held against.
import assert from 'node:assert/strict'
import type { BucketRef, ListPosition, MetadataStore } from '../../metadata/metadata-store.ts'
import type { UploadId, VersionId } from '../../metadata/records.ts'
import type { UploadRef } from '../../metadata/upload-store.ts'
import { addUsage, noUsage, type Usage } from '../../metadata/usage.ts'

export async function usageByListing(store: MetadataStore, bucket: BucketRef): Promise<Usage> {
  const versions = await countVersions(store, bucket)
  return addUsage(versions, await countUploads(store, bucket))
}

async function countVersions(store: MetadataStore, bucket: BucketRef): Promise<Usage> {
  let usage: Usage = noUsage
  let position: { after: ListPosition; afterVersionId: VersionId } | undefined
  for (;;) {
    const query = { prefix: '', limit: 1000, ...position }
    const { entries, isTruncated } = await store.objects.listVersions(bucket, query)
    for (const entry of entries) {
      assert.ok(entry.is !== 'prefix')
      position = { after: { key: entry.key, group: false }, afterVersionId: entry.versionId }
      const objects = entry.is === 'object' && entry.isLatest ? 1 : 0
      usage =
        entry.is === 'object'
          ? addUsage(usage, { versions: 1, bytes: entry.size, objects })
          : addUsage(usage, { deleteMarkers: 1 })
    }
    if (!isTruncated) return usage
  }
}

async function countUploads(store: MetadataStore, bucket: BucketRef): Promise<Usage> {
  let usage: Usage = noUsage
  let position: { after: ListPosition; afterUploadId: UploadId } | undefined
  for (;;) {
    const query = { prefix: '', limit: 1000, ...position }
    const { entries, isTruncated } = await store.uploads.list(bucket, query)
    for (const entry of entries) {
      assert.ok(entry.is === 'upload')
      position = { after: { key: entry.key, group: false }, afterUploadId: entry.uploadId }
      const partBytes = await countParts(store, bucket, entry)
      usage = addUsage(usage, { uploads: 1, partBytes })
    }
    if (!isTruncated) return usage
  }
}

async function countParts(
  store: MetadataStore,
  bucket: BucketRef,
  upload: UploadRef,
): Promise<number> {
  const page = { after: 0, limit: 10_000 }
  const listed = await store.uploads.listParts(bucket, upload, page)
  if (listed.is !== 'listed') return 0
  return listed.parts.reduce((bytes, { size }) => bytes + size, 0)
}
