// Compares what a store on MongoDB holds with what its clients were answered: versions, references of chunks, lists, and
// what is left to do.
import assert from 'node:assert'
import type { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import type { ObjectData, ObjectVersion } from '../../metadata/records.ts'
import type { BlobRef, ChunkRef } from '../../protocol/chunks/chunk-ref.ts'
import { nameOf, type StoredCopies } from './mongo-kills-model.ts'
import type { MongoWriters } from './mongo-writers.ts'

/** Everything that could be released has been. */
export async function checkStored(
  store: MongoMetadataStore,
  { writers, copies }: { readonly writers: MongoWriters; readonly copies: StoredCopies },
): Promise<{ versions: number; references: number }> {
  const references: ChunkRef[] = []
  let versions = 0
  for (const { bucket, key, known } of writers.keys) {
    const { entries } = await store.objects.listVersions(bucket, { prefix: key, limit: 1000 })
    const found = entries.flatMap((entry) => {
      if (entry.is === 'prefix' || entry.key !== key) return []
      return [{ versionId: entry.versionId, is: entry.is === 'object' ? entry.etag : 'marker' }]
    })
    assert.deepEqual(found, known.versions, `versions of ${key} in ${bucket.name}`)
    for (const { versionId } of found) {
      const version = await store.objects.get(bucket, key, versionId)
      assert(version !== undefined, 'a version that is listed')
      versions += 1
      if (version.is === 'object') references.push(...(await chunksOf(store, version)))
    }
  }
  await checkCounts(store, references)
  const lost = references.filter((blob) => !copies.has(blob)).map(nameOf)
  assert.deepEqual(lost, [], 'copies that were deleted and are referred to')
  return { versions, references: references.length }
}

/** What a version refers to, wherever that is noted. */
export async function chunksOf(
  store: MongoMetadataStore,
  { data }: ObjectVersion,
): Promise<readonly ChunkRef[]> {
  if (data.is !== 'parts') return chunksOfPiece(store, data)
  const numbers = data.parts.map(({ number }) => number)
  const parts = await store.uploads.readParts(data, numbers)
  const all = await Promise.all(parts.map((part) => chunksOfPiece(store, part.data)))
  return all.flat()
}

async function chunksOfPiece(
  store: MongoMetadataStore,
  data: Exclude<ObjectData, { is: 'parts' }>,
): Promise<readonly ChunkRef[]> {
  if (data.is === 'inline') return []
  if (data.is === 'chunks') return data.chunks
  return (await store.chunks.readList(data.listId, 0, 1000)).chunks
}

/** Each chunk is held exactly as often as it is referred to, and no other is there. */
export async function checkCounts(
  { database }: MongoMetadataStore,
  references: readonly BlobRef[],
): Promise<void> {
  const expected = new Map<string, number>()
  for (const blob of references) {
    const name = `${blob.id.toString('hex')} ${blob.generation}`
    expected.set(name, (expected.get(name) ?? 0) + 1)
  }
  const living = await database.chunks.find({ g: { $exists: true } }).toArray()
  const found = new Map(living.map(({ _id, g, refs }) => [`${_id} ${g}`, refs]))
  assert.deepEqual(new Map([...found].sort()), new Map([...expected].sort()), 'references')
}

/** What nothing names any more is gone. */
export async function checkNothingLeft({ database, usage }: MongoMetadataStore): Promise<void> {
  // Notes of what was counted go when they are added up.
  while ((await usage.fold(500)) > 0);
  const left = await database.objects
    .find({ s: { $not: { $regex: '^5' } } }, { projection: { _id: 0, k: 1, s: 1 } })
    .toArray()
  assert.deepEqual(left, [], 'what is left beside keys')
  assert.deepEqual(await database.chunks.find().toArray(), [], 'what is left of chunks')
  assert.deepEqual(await database.lists.find().toArray(), [], 'what is left of lists')
}
