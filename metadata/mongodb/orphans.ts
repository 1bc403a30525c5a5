// Orphans that are set aside, a document each by the name of the blob, with the running time that says for how
// long. A generation is condemned in the document of its chunk, which every claim of it writes too: one of the
// two comes first, and the other finds what it did.
import type { AnyBulkWriteOperation } from 'mongodb'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import type { OrphanReview, OrphanStore } from '../orphan-store.ts'
import { documentsOfChunks, type Within } from './chunk-claims.ts'
import { blobDocumentId, chunkDocumentId, livesAs } from './chunk-documents.ts'
import type { ChunkDocument } from './documents.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'
import { RunningTime } from './running-time.ts'
import type { Shared } from './shared.ts'

/** Since when it is set aside, and when it was met last: milliseconds of running time. */
type OrphanDocument = { readonly _id: string; readonly since: number; readonly met: number }

export function mongoOrphans({ db }: Shared): OrphanStore {
  const orphans = db.collection<OrphanDocument>('orphans')
  const time = new RunningTime(db)
  return {
    served: (elapsedMs) => (elapsedMs === 0 ? time.nowMs() : time.add(elapsedMs)),

    review: async (blobs, times) => {
      const looked = await lookAt(db, blobs)
      const { known, fresh, waiting, due } = sorted(looked, times)
      const condemned = await condemn(db, due)
      const gone = [...known, ...condemned].map(blobDocumentId)
      const writes = [
        ...gone.map((_id) => ({ deleteOne: { filter: { _id } } })),
        ...[...fresh, ...waiting].map((blob) => asideWrite(blob, times.servedMs)),
      ]
      // All of it can be said again, as it is when somebody else sets the same ones aside.
      if (writes.length > 0) await db.retrying(() => orphans.bulkWrite(writes, { ordered: false }))
      return { condemned, setAside: fresh.length, known: known.length }
    },

    endPass: async (servedMs) => {
      await db.run(() => orphans.deleteMany({ met: { $lt: servedMs } }))
    },

    count: async () =>
      db.run(async () => {
        const estimate = await orphans.estimatedDocumentCount()
        if (estimate > 0) return estimate
        return (await orphans.findOne({})) === null ? 0 : 1
      }),

    deferDeletions: (ms) => time.deferDeletions(ms),
    defersDeletions: () => time.defersDeletions(),
  }
}

type Looked = {
  readonly blob: BlobRef
  readonly isReferenced: boolean
  readonly orphan: OrphanDocument | undefined
}

async function lookAt(db: MongoDatabase, blobs: readonly BlobRef[]): Promise<readonly Looked[]> {
  if (blobs.length === 0) return []
  const orphans = db.collection<OrphanDocument>('orphans')
  const _id = { $in: blobs.map(blobDocumentId) }
  const [chunks, set] = await db.run(() =>
    Promise.all([documentsOfChunks({ db }, blobs), orphans.find({ _id }).toArray()]),
  )
  const orphansByName = new Map(set.map((orphan) => [orphan._id, orphan]))
  return blobs.map((blob) => ({
    blob,
    isReferenced: livesAs(chunks.get(chunkDocumentId(blob.id)), blob),
    orphan: orphansByName.get(blobDocumentId(blob)),
  }))
}

type Sorted = Readonly<Record<'known' | 'fresh' | 'waiting' | 'due', readonly BlobRef[]>>

function sorted(
  looked: readonly Looked[],
  { servedMs, keepMs }: Parameters<OrphanStore['review']>[1],
): Sorted {
  const blobsOf = (wanted: readonly Looked[]) => wanted.map(({ blob }) => blob)
  const isDue = ({ orphan }: Looked) => servedMs - (orphan?.since ?? servedMs) >= keepMs
  const unknown = looked.filter(({ isReferenced }) => !isReferenced)
  const aside = unknown.filter((one) => !isDue(one))
  return {
    known: blobsOf(looked.filter((one) => one.isReferenced && one.orphan !== undefined)),
    due: blobsOf(unknown.filter(isDue)),
    fresh: blobsOf(aside.filter(({ orphan }) => orphan === undefined)),
    waiting: blobsOf(aside.filter(({ orphan }) => orphan !== undefined)),
  }
}

function asideWrite(blob: BlobRef, servedMs: number) {
  return {
    updateOne: {
      filter: { _id: blobDocumentId(blob) },
      update: { $set: { met: servedMs }, $setOnInsert: { since: servedMs } },
      upsert: true,
    },
  }
}

/** Those of them that no claim can bring to life any more. What was claimed since it was looked at stays. */
async function condemn(
  db: MongoDatabase,
  blobs: readonly BlobRef[],
): Promise<OrphanReview['condemned']> {
  if (blobs.length === 0) return []
  return db.transact(({ session }) => condemnWithin({ db, session }, blobs))
}

async function condemnWithin(
  { db, session }: Within,
  blobs: readonly BlobRef[],
): Promise<readonly BlobRef[]> {
  const documents = await documentsOfChunks({ db, session }, blobs)
  const condemned = blobs.filter((blob) => !livesAs(documents.get(chunkDocumentId(blob.id)), blob))
  const byChunk = new Map<string, number[]>()
  for (const { id, generation } of condemned) {
    const name = chunkDocumentId(id)
    byChunk.set(name, [...(byChunk.get(name) ?? []), generation])
  }
  const writes = [...byChunk].map(([name, generations]): AnyBulkWriteOperation<ChunkDocument> => {
    const before = documents.get(name)
    if (before === undefined) {
      return { insertOne: { document: { _id: name, condemned: generations } } }
    }
    const filter = { _id: name, g: before.g ?? { $exists: false } }
    return {
      updateOne: { filter, update: { $addToSet: { condemned: { $each: generations } } } },
    }
  })
  if (writes.length === 0) return []
  const done = await db.chunks.bulkWrite(writes, { session })
  if (done.matchedCount + done.insertedCount !== writes.length) throw new Conflict()
  return condemned
}
