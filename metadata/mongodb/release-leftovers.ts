// What is left under the id of a bucket that is gone: uploads that were under way, and versions of commits that died
// before they could take them back. Both are ended as a client would have ended them, and leave their own tasks.
import { type AnyBulkWriteOperation, ObjectId } from 'mongodb'
import { RecordCorrupt } from '../codec/record-frame.ts'
import { parseUpload } from '../codec/upload-codec.ts'
import type { BucketId, TenantId } from '../records.ts'
import type { Within } from './chunk-claims.ts'
import type { KeyDocument, TaskFields } from './documents.ts'
import { gravePlace, taskPlace } from './key-places.ts'
import { Conflict } from './mongo-failures.ts'
import { freshTask, releaseTask } from './task-fields.ts'

const uploadsAtOnce = 128
const versionsAtOnce = 64

type Write = AnyBulkWriteOperation<KeyDocument>

/** Whether nothing is left of it. */
export async function leftoversStep(
  within: Within,
  tenantId: TenantId,
  bucketId: BucketId,
): Promise<boolean> {
  const uploads = await uploadsOf(within, bucketId)
  await change(within, uploads.map(abortion))
  if (uploads.length === uploadsAtOnce) return false
  const versions = await versionsOf(within, bucketId)
  await change(
    within,
    versions.map((version) => burial(version, tenantId)),
  )
  return versions.length < versionsAtOnce
}

function uploadsOf({ db, session }: Within, bucketId: BucketId): Promise<readonly KeyDocument[]> {
  const options = { session, hint: 'uploads', limit: uploadsAtOnce }
  return db.objects.find({ b: bucketId, u: { $exists: true } }, options).toArray()
}

function versionsOf({ db, session }: Within, bucketId: BucketId): Promise<readonly KeyDocument[]> {
  const options = { session, hint: 'versions', limit: versionsAtOnce }
  return db.objects.find({ b: bucketId, v: true }, options).toArray()
}

function abortion(upload: KeyDocument): readonly Write[] {
  if (upload.parts === 0) return [removal(upload)]
  if (upload.c === undefined) throw new RecordCorrupt('an upload without its record')
  const { tenantId, ...place } = parseUpload(upload.c)
  const t = releaseTask(tenantId, { what: 'parts', place })
  return [removal(upload), insertion(upload, taskPlace(new ObjectId().toHexString()), { t })]
}

/** Of an object there stays a grave, and of a delete marker nothing. */
function burial(version: KeyDocument, tenantId: TenantId): readonly Write[] {
  const { r, h, c } = version
  if (r === undefined || h === undefined) throw new RecordCorrupt('a version without its head')
  if (c === undefined) return [removal(version)]
  const t = freshTask('release', tenantId)
  return [removal(version), insertion(version, gravePlace(r), { r, h, c, t })]
}

function removal({ b, k, s, x }: KeyDocument): Write {
  return { deleteOne: { filter: { b, k, s, x: x ?? { $exists: false } } } }
}

type Fields = { readonly t: TaskFields } & Pick<KeyDocument, 'r' | 'h' | 'c'>

function insertion({ b, k }: KeyDocument, s: string, fields: Fields): Write {
  return { insertOne: { document: { _id: new ObjectId(), b, k, s, ...fields } } }
}

/** Throws `Conflict`. */
async function change(
  { db, session }: Within,
  changes: readonly (readonly Write[])[],
): Promise<void> {
  const writes = changes.flat()
  if (writes.length === 0) return
  const { deletedCount, insertedCount } = await db.objects.bulkWrite(writes, { session })
  if (deletedCount + insertedCount !== writes.length) throw new Conflict()
}
