// An upload under way, as it is read: its record, and what has become of its parts, which every part changes.
import assert from 'node:assert'
import { parseUpload } from '../codec/upload-codec.ts'
import type { BucketId, Upload } from '../records.ts'
import type { UploadRef } from '../upload-store.ts'
import type { UsageChange } from '../usage.ts'
import { uploadPlace } from './key-places.ts'
import type { MongoDatabase } from './mongo-database.ts'

export type UploadRead = {
  readonly upload: Upload
  /** Another with every part that is committed. */
  readonly revision: number
  /** How many part numbers it has. */
  readonly parts: number
  /** What they come to. */
  readonly partBytes: number
  readonly noted: UsageChange | undefined
}

export async function readUpload(
  db: MongoDatabase,
  bucketId: BucketId,
  { key, uploadId }: UploadRef,
): Promise<UploadRead | undefined> {
  const filter = { b: bucketId, k: key, s: uploadPlace(uploadId) }
  const found = await db.run(() => db.objects.findOne(filter))
  if (found === null) return undefined
  const { c, x, parts, pb: partBytes = 0, d: noted } = found
  assert(c !== undefined && x !== undefined && parts !== undefined, 'half an upload')
  return { upload: parseUpload(c), revision: x, parts, partBytes, noted }
}
