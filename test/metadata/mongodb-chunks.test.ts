// Chunks on MongoDB that several processes claim, give back and condemn at the same time.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import { blobName, chunk, chunks, makeBucket, newVersion } from '../contracts/metadata-fixture.ts'
import { doTasks } from '../support/do-tasks.ts'
import { openMongoStore } from '../support/mongo-stores.ts'
import { describeOnMongo } from '../support/on-mongo.ts'
import { seededBytes } from '../support/seeded-bytes.ts'

/** Three processes on one database. */
async function withThree(
  body: (
    stores: readonly [MongoMetadataStore, MongoMetadataStore, MongoMetadataStore],
  ) => Promise<void>,
): Promise<void> {
  const { uri, store, close } = await openMongoStore()
  const second = await MongoMetadataStore.open({ uri, random: randomBytes })
  const third = await MongoMetadataStore.open({ uri, random: randomBytes })
  try {
    await body([store, second, third])
  } finally {
    await Promise.all([second.close(), third.close()])
    await close()
  }
}

const names = ['a', 'b', 'c']
const nowMs = 1_700_000_000_000

describeOnMongo('mongodb: chunks', (test) => {
  test('whatever several processes put, remove and condemn at once, what is named lives and exists', () =>
    withThree(async (stores) => {
      const { integer } = seededBytes()
      const [first] = stores
      const bucket = await makeBucket(first, 'one')
      const stored = new Set<string>()
      const deleted = new Set<string>()
      let generations = 0
      const deleteBlob = async (blob: Parameters<typeof blobName>[0]) => {
        const name = blobName(blob)
        assert.ok(!deleted.has(name) || !stored.has(name))
        stored.delete(name)
        deleted.add(name)
      }
      const putOne = async (store: MongoMetadataStore) => {
        const name = names[integer(names.length)] ?? 'a'
        const key = `k${integer(6)}`
        const [known] = await store.chunks.find(bucket.tenantId, [chunk(name, 0).id])
        let claim = known && chunk(name, known.generation, 'known')
        for (;;) {
          if (claim === undefined) {
            generations += 1
            claim = chunk(name, generations)
            stored.add(blobName(claim))
          }
          const version = newVersion(bucket, key, { data: chunks(claim) })
          const answer = await store.objects.commit(version)
          if (answer.is === 'committed') return
          assert.equal(answer.is, 'gone')
          claim = undefined
        }
      }
      const removeOne = async (store: MongoMetadataStore) => {
        await store.objects.delete({ bucket, key: `k${integer(6)}`, nowMs })
      }
      const condemnAll = async (store: MongoMetadataStore) => {
        const there = [...stored].map((name) => {
          const [id, generation] = name.split('/')
          const known = names.find((each) => blobName(chunk(each, 0)).startsWith(id ?? ''))
          assert.ok(known)
          return chunk(known, Number(generation))
        })
        const { condemned } = await store.orphans.review(there, { servedMs: 0, keepMs: 0 })
        for (const blob of condemned) await deleteBlob(blob)
      }
      const work = async (store: MongoMetadataStore) => {
        for (let i = 0; i < 25; i += 1) {
          await putOne(store)
          if (integer(2) === 0) await removeOne(store)
          if (integer(5) === 0) await condemnAll(store)
          if (integer(4) === 0) await doTasks(store.outbox, deleteBlob)
        }
      }
      await Promise.all(stores.map(work))
      await doTasks(first.outbox, deleteBlob)
      const counted = new Map<string, number>()
      for (let key = 0; key < 6; key += 1) {
        const found = await first.objects.get(bucket, `k${key}`)
        if (found?.is !== 'object' || found.data.is !== 'chunks') continue
        for (const ref of found.data.chunks) {
          assert.ok(stored.has(blobName(ref)), `${blobName(ref)} was deleted`)
          counted.set(blobName(ref), (counted.get(blobName(ref)) ?? 0) + 1)
        }
      }
      const living = await first.database.chunks.find({ g: { $exists: true } }).toArray()
      const references = living.map(({ _id, g, refs }) => [`${_id.slice(0, 8)}/${g}`, refs])
      assert.deepEqual(new Map(references as [string, number][]), new Map([...counted].sort()))
      assert.equal(await first.outbox.buriedEstimate(), 0)
      assert.equal(await first.outbox.depthEstimate(), 0)
    }))
})
