// What the engine on MongoDB notes of itself, and when its mark grows.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import {
  type CatalogLineage,
  compareLineage,
  nextLife,
  noteOf,
  parseLifeId,
  parseStoreId,
} from '../../protocol/store/lineage.ts'
import { makeBucket } from '../contracts/metadata-fixture.ts'
import { openMongoStore } from '../support/mongo-stores.ts'
import { describeOnMongo } from '../support/on-mongo.ts'

type Opening = { reopen(): Promise<MongoMetadataStore> }

async function withStore(body: (store: MongoMetadataStore, opening: Opening) => Promise<void>) {
  const { uri, store, close } = await openMongoStore()
  const others: MongoMetadataStore[] = []
  const reopen = async () => {
    const other = await MongoMetadataStore.open({ uri, random: randomBytes })
    others.push(other)
    return other
  }
  try {
    await body(store, { reopen })
  } finally {
    for (const each of others) await each.close()
    await close()
  }
}

function drawLineage({ mark }: Pick<CatalogLineage, 'mark'>): CatalogLineage {
  const storeId = parseStoreId(randomBytes(16).toString('hex'))
  const life = parseLifeId(randomBytes(16).toString('hex'))
  assert.ok(storeId && life)
  return { ...nextLife(undefined, { storeId, life }), isPaired: true, mark }
}

const catalogOf = async ({ lineage }: MongoMetadataStore) => {
  const noted = await lineage.get()
  assert.ok(noted)
  return { is: 'marked', lineage: noted, commits: await lineage.commits() } as const
}

const chunksOf = (lineage: CatalogLineage, commits: number) => ({
  ...{ note: noteOf(lineage, commits), holdsSegments: true, origins: [] },
})

describeOnMongo('mongodb: lineage', (test) => {
  test('nothing is noted of a new database; what is put comes back, in whatever process', () =>
    withStore(async (store, { reopen }) => {
      assert.equal(await store.lineage.get(), undefined)
      assert.equal(await store.lineage.commits(), 0)
      const lineage = drawLineage({ mark: 7 })
      await store.lineage.put(lineage)
      const { lineage: elsewhere } = await reopen()
      assert.deepEqual(await elsewhere.get(), lineage)
      assert.equal(await elsewhere.commits(), 7)
    }))

  test('the mark grows once for whatever was committed, by whatever process, and not otherwise', () =>
    withStore(async (store, { reopen }) => {
      await store.lineage.put(drawLineage({ mark: 0 }))
      const marks = [await store.lineage.advance()]
      // A server may write for itself at any time, which is a commit like any other: it is what is looked at that
      // must not be one.
      for (let look = 0; look < 20; look += 1) marks.push(await store.lineage.advance())
      const last = marks.at(-1) ?? Number.NaN
      assert.equal(marks[0], 1)
      assert.ok(last <= 3, `looking made it ${last}`)
      const other = await reopen()
      await makeBucket(other, 'one')
      const grown = await store.lineage.advance()
      assert.ok(grown > last)
      assert.equal((await store.lineage.get())?.mark, grown)
      assert.equal(await store.lineage.commits(), grown)
    }))

  test('one whose answer was lost is not made greater twice', () =>
    withStore(async (store) => {
      await store.lineage.put(drawLineage({ mark: 4 }))
      const { db } = store.database
      // As if the first had been stored, and nobody had been told.
      await db
        .collection<{ _id: string }>('meta')
        .updateOne({ _id: 'lineage' }, { $inc: { mark: 1 } })
      assert.equal(await store.lineage.advance(), 5)
      assert.equal(await store.lineage.advance(), 6)
    }))

  test('an older copy of the database is told by what the chunks have noted since', () =>
    withStore(async (store) => {
      const life = drawLineage({ mark: 0 })
      await store.lineage.put(life)
      await store.lineage.advance()
      const { db } = store.database
      const backup = await db.collection('meta').find().toArray()
      await makeBucket(store, 'after the backup')
      const mark = await store.lineage.advance()
      const commits = await store.lineage.commits()
      const chunks = chunksOf({ ...life, mark }, commits)
      assert.deepEqual(compareLineage(await catalogOf(store), chunks), {
        is: 'same',
        lineage: { ...life, mark },
      })
      for (const document of backup) {
        await db.collection('meta').replaceOne({ _id: document._id }, document)
      }
      assert.deepEqual(compareLineage(await catalogOf(store), chunks), {
        is: 'mismatch',
        why: 'catalogOlder',
      })
    }))
})
