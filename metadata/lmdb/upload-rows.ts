// Rows of uploads under way: an upload is one row by bucket and key, and one by the time it began.
import {
  encodeUpload,
  parseUpload,
  parseUploadState,
  type UploadState,
} from '../codec/upload-codec.ts'
import type { BucketId, Upload } from '../records.ts'
import type { UploadRef } from '../upload-store.ts'
import type { Tables } from './lmdb-environment.ts'
import { appendRelease } from './outbox-rows.ts'
import { historyKey, historyRowKey, rangeOf } from './row-keys.ts'
import { countChange } from './usage-rows.ts'

export function uploadKey(bucketId: BucketId, { key, uploadId }: UploadRef): Buffer {
  return historyRowKey(historyKey(bucketId, key), uploadId)
}

export function uploadAt(tables: Tables, bucketId: BucketId, ref: UploadRef): Upload | undefined {
  const row = tables.uploads.get(uploadKey(bucketId, ref))
  return row && parseUpload(row)
}

export function uploadStateAt(
  tables: Tables,
  bucketId: BucketId,
  ref: UploadRef,
): UploadState | undefined {
  const row = tables.uploads.get(uploadKey(bucketId, ref))
  return row && parseUploadState(row)
}

export function beginUpload(tables: Tables, upload: Upload): void {
  putUploadState(tables, { upload, revision: 0, parts: 0, partBytes: 0 })
  countChange(tables, upload, { uploads: 1 })
  const key = uploadKey(upload.bucketId, upload)
  tables.uploadTimes.put(Buffer.from(upload.uploadId, 'hex'), key)
}

export function putUploadState(tables: Tables, state: UploadState): void {
  tables.uploads.put(uploadKey(state.upload.bucketId, state.upload), encodeUpload(state))
}

/** Ends the upload; its parts stay where they are. */
export function closeUpload(tables: Tables, { upload, partBytes }: UploadState): void {
  countChange(tables, upload, { uploads: -1, partBytes: -partBytes })
  tables.uploads.remove(uploadKey(upload.bucketId, upload))
  tables.uploadTimes.remove(Buffer.from(upload.uploadId, 'hex'))
}

/** Ends the upload and has its parts released. */
export function removeUpload(tables: Tables, state: UploadState): void {
  closeUpload(tables, state)
  const { uploadId, tenantId } = state.upload
  if (tables.parts.isEmpty(rangeOf(Buffer.from(uploadId, 'hex')))) return
  appendRelease(tables, tenantId, { what: 'parts', uploadId })
}
