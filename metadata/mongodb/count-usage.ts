// From version 2 of the schema to version 3: what buckets hold is counted, once, from their documents; and each upload
// under way says what its parts come to. Nobody writes meanwhile: whoever brings a database forward has stopped all servers. A
// bucket that has a count is done, so that what was cut off goes on with the others.
import { type Db, MongoServerError } from 'mongodb'
import { parsePartHead } from '../codec/upload-codec.ts'
import { parseVersionHead } from '../codec/version-codec.ts'
import { addUsage, noUsage, type Usage, usageOfVersion } from '../usage.ts'
import type { BucketDocument, KeyDocument } from './documents.ts'
import { partsPlace, uploadIdAt } from './key-places.ts'
import type { UsageDocument } from './usage.ts'

const duplicateKey = 11_000
const readAtOnce = 1_000

export async function countUsage(db: Db): Promise<void> {
  const usage = db.collection<UsageDocument>('usage')
  const buckets = db.collection<BucketDocument>('buckets')
  for await (const { id } of buckets.find({}, { projection: { id: 1 } })) {
    if ((await usage.findOne({ _id: id })) !== null) continue
    const counted = await countBucket(db, id)
    try {
      await usage.insertOne({ _id: id, ...counted })
    } catch (cause) {
      // Another one has come to the same.
      if (!(cause instanceof MongoServerError && cause.code === duplicateKey)) throw cause
    }
  }
}

async function countBucket(db: Db, b: string): Promise<Usage> {
  const objects = db.collection<KeyDocument>('objects')
  let usage = noUsage
  const versions = objects.find(
    { b, v: true },
    { hint: 'versions', projection: { _id: 0, h: 1, cur: 1 }, batchSize: readAtOnce },
  )
  for await (const { h, cur } of versions) {
    if (h === undefined) continue
    usage = addUsage(usage, { ...usageOfVersion(parseVersionHead(h)), objects: cur ? 1 : 0 })
  }
  const uploads = objects.find(
    { b, u: { $exists: true } },
    { hint: 'uploads', projection: { k: 1, s: 1 }, batchSize: readAtOnce },
  )
  for await (const { _id, k, s } of uploads) {
    const partBytes = await bytesOfParts(db, { b, k, uploadId: uploadIdAt(s) })
    await objects.updateOne({ _id, b, k }, { $set: { pb: partBytes } })
    usage = addUsage(usage, { uploads: 1, partBytes })
  }
  return usage
}

async function bytesOfParts(
  db: Db,
  { b, k, uploadId }: { readonly b: string; readonly k: string; readonly uploadId: string },
): Promise<number> {
  const start = partsPlace(uploadId)
  const parts = db
    .collection<KeyDocument>('objects')
    .find(
      { b, k, s: { $gt: start, $lte: `${start}99999` } },
      { hint: 'place', projection: { _id: 0, c: 1 }, batchSize: readAtOnce },
    )
  let bytes = 0
  for await (const { c } of parts) bytes += c === undefined ? 0 : parsePartHead(c).size
  return bytes
}
