// Uploads and parts for the contract tests of an engine.
import assert from 'node:assert/strict'
import type { BucketRef, MetadataStore } from '../../metadata/metadata-store.ts'
import type { Upload } from '../../metadata/records.ts'
import type { NewUpload, UploadRef } from '../../metadata/upload-store.ts'
import { chunk, chunks, etagOf, newVersion } from './metadata-fixture.ts'

export function newUpload(key: string, initiatedMs = 1_700_000_000_000): NewUpload {
  return {
    key,
    initiatedMs,
    headers: { contentType: 'a/b' },
    userMetadata: { a: '1' },
    tags: [{ key: 't', value: 'v' }],
    storageClass: 'STANDARD',
    checksum: { algorithm: 'SHA256', type: 'COMPOSITE' },
  }
}

export async function begin(
  store: MetadataStore,
  bucket: BucketRef,
  key: string,
  initiatedMs?: number,
): Promise<Upload> {
  const made = await store.uploads.create(bucket, newUpload(key, initiatedMs))
  assert.ok(made.is === 'created')
  return made.upload
}

export function withoutData<P extends { readonly data: unknown }>(whole: P | undefined) {
  assert.ok(whole)
  const { data: _, ...listed } = whole
  return listed
}

/** A part of one chunk, or inline; its size is its number. */
export function part(number: number, options: { chunk?: string; body?: string } = {}) {
  const body = options.body ?? `${number}`
  return {
    number,
    size: number,
    etag: etagOf(body),
    crc32: number,
    modifiedMs: 5,
    data: options.chunk
      ? chunks(chunk(options.chunk, number))
      : { is: 'inline' as const, sealed: Buffer.from(body) },
  }
}

export async function pageOfParts(
  store: MetadataStore,
  { bucket, upload }: { readonly bucket: BucketRef; readonly upload: UploadRef },
  page = { after: 0, limit: 9 },
) {
  const listed = await store.uploads.listParts(bucket, upload, page)
  assert.ok(listed.is === 'listed')
  return listed
}

/** Of these parts, as they are now. */
export async function completion(
  store: MetadataStore,
  { bucket, upload }: { readonly bucket: BucketRef; readonly upload: UploadRef },
  numbers: readonly number[],
) {
  const listed = await store.uploads.listParts(bucket, upload, { after: 0, limit: 1 })
  const revision = listed.is === 'listed' ? listed.revision : 0
  const parts = numbers.map((number) => ({ number, size: number }))
  const { data: _, ...content } = newVersion(bucket, upload.key).content
  return { bucket, upload, revision, parts, content, nowMs: 1_700_000_000_000 }
}
