// What `initDatabase` makes, and which databases it and servers refuse.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { MaxKey, MinKey, MongoClient, MongoServerError } from 'mongodb'
import { databaseRole, renderDatabaseRole } from '../../metadata/mongodb/database-role.ts'
import { initDatabase, initDatabaseAt } from '../../metadata/mongodb/init-database.ts'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import { collectionPlans } from '../../metadata/mongodb/schema.ts'
import { bringForward, schemaSteps, schemaVersion } from '../../metadata/mongodb/schema-version.ts'
import {
  shardCommand,
  spreadCommands,
  zoneCommands,
} from '../../metadata/mongodb/sharding-commands.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { AccessKey, Tenant } from '../../metadata/records.ts'
import { noUsage } from '../../metadata/usage.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { makeBucket, put, remove, tenant, tenantId } from '../contracts/metadata-fixture.ts'
import { begin, part } from '../contracts/metadata-upload-fixture.ts'
import { freshMongoUri, type OpenedMongoStore, openMongoStore } from '../support/mongo-stores.ts'
import { describeOnMongo } from '../support/on-mongo.ts'
import { usageByListing } from '../support/usage-by-listing.ts'
import { asSchema1, asSchema2 } from './as-earlier-schema.ts'

async function withStore(body: (opened: OpenedMongoStore) => Promise<void>): Promise<void> {
  const opened = await openMongoStore()
  try {
    await body(opened)
  } finally {
    await opened.close()
  }
}

async function noteVersion({ store }: OpenedMongoStore, version: number): Promise<void> {
  const meta = store.database.collection<{ _id: string; version: number }>('meta')
  await meta.updateOne({ _id: 'schema' }, { $set: { version } })
}

const open = (uri: string) => MongoMetadataStore.open({ uri, random: randomBytes })

/** Collections with their indexes and rules, as the server tells them. */
async function asMade({ store }: OpenedMongoStore): Promise<unknown> {
  const { db } = store.database
  const collections = await db.listCollections({}, { nameOnly: false }).toArray()
  const made = collections.map(async ({ name, options }) => {
    const indexes = await db.collection(name).listIndexes().toArray()
    return { name, options, indexes: indexes.map((index) => JSON.stringify(index)).sort() }
  })
  return (await Promise.all(made)).sort((a, b) => (a.name < b.name ? -1 : 1))
}

describeOnMongo('mongodb: a database is made', (test) => {
  test('with every collection and index of the schema, and nothing else; again changes nothing', () =>
    withStore(async (opened) => {
      const { db } = opened.store.database
      const collections = await db.listCollections().toArray()
      const names = collectionPlans.map(({ name }) => name).sort()
      assert.deepEqual(collections.map(({ name }) => name).sort(), names)
      for (const { name, indexes } of collectionPlans) {
        const made = (await db.collection(name).listIndexes().toArray()).map((each) => each.name)
        assert.deepEqual(made.sort(), ['_id_', ...indexes.map((each) => each.name)].sort(), name)
      }
      const before = await asMade(opened)
      const bucket = await makeBucket(opened.store, 'kept')
      assert.deepEqual(await initDatabase(opened.store.database), opened.initialized)
      assert.deepEqual(await asMade(opened), before)
      assert.deepEqual(await opened.store.buckets.get(bucket.namespace, 'kept'), bucket)
    }))

  test('by several at once as by one', async () => {
    const uri = await freshMongoUri()
    const answers = await Promise.all([1, 2, 3].map(() => initDatabaseAt({ uri })))
    const store = await open(uri)
    try {
      for (const { schema, remarks } of answers) {
        assert.deepEqual([schema, remarks], [schemaSteps.length + 1, []])
      }
      await makeBucket(store, 'one')
    } finally {
      await store.database.db.dropDatabase()
      await store.close()
    }
  })

  test('such that documents lacking what they must have are refused by the server', () =>
    withStore(async ({ store }) => {
      const { db } = store.database
      const refused = (cause: unknown) => cause instanceof MongoServerError && cause.code === 121
      for (const { name, fields } of collectionPlans) {
        const [field, type] = Object.entries(fields?.required ?? {})[0] ?? []
        if (field === undefined) continue
        await assert.rejects(db.collection(name).insertOne({}), refused, name)
        const wrong = type === 'string' ? 5 : 'text'
        await assert.rejects(db.collection(name).insertOne({ [field]: wrong }), refused, name)
      }
      const { buckets } = store.database
      await makeBucket(store, 'one')
      await assert.rejects(buckets.updateOne({ name: 'one' }, { $unset: { c: true } }), refused)
    }))

  test('and rules that somebody took away are there again', () =>
    withStore(async (opened) => {
      const before = await asMade(opened)
      const { db } = opened.store.database
      await db.command({ collMod: 'buckets', validator: {} })
      await db.collection('buckets').dropIndex('owned')
      await initDatabase(opened.store.database)
      assert.deepEqual(await asMade(opened), before)
    }))
})

describeOnMongo('mongodb: versions of the schema', (test) => {
  test('a database that nobody has made is not opened, and the message says what to do', async () => {
    const uri = await freshMongoUri()
    await assert.rejects(open(uri), (cause) => {
      assert.ok(cause instanceof StoreRefused)
      assert.match(cause.message, /holdfast metadata init/)
      return true
    })
  })

  test('one of a later program is neither opened nor changed', () =>
    withStore(async (opened) => {
      await noteVersion(opened, 99)
      await opened.store.database.db.collection('buckets').dropIndex('owned')
      const before = await asMade(opened)
      const newer = (cause: unknown) =>
        cause instanceof StoreRefused && /version 99.*newer/.test(cause.message)
      await assert.rejects(open(opened.uri), newer)
      await assert.rejects(initDatabaseAt(opened), newer)
      assert.deepEqual(await asMade(opened), before)
    }))

  test('one of an earlier program is brought forward step by step, from where it stands', () =>
    withStore(async (opened) => {
      const { database } = opened.store
      const done: string[] = []
      const step = (name: string) => async () => {
        done.push(`${name} at ${await schemaVersion(database)}`)
      }
      const steps = [step('first'), step('second')]
      await noteVersion(opened, 2)
      assert.equal(await bringForward(database, steps), 3)
      await noteVersion(opened, 1)
      const failing = [steps[0] ?? step('none'), () => Promise.reject(new Error('cut off'))]
      await assert.rejects(bringForward(database, failing), /cut off/)
      assert.equal(await bringForward(database, steps), 3)
      assert.deepEqual(done, ['second at 2', 'first at 1', 'second at 2'])
      assert.equal(await bringForward(database, steps), 3)
      assert.equal(done.length, 3)
    }))

  test('one of version 1 gets names of tenants, their documents and indexes, and is as a new one', () =>
    withStore(async (opened) => {
      const { store, uri } = opened
      const fresh = await asMade(opened)
      const key: AccessKey = {
        ...{ accessKeyId: 'AKIA1', tenantId, userName: 'root', status: 'active', createdMs: 6 },
        sealedSecret: Buffer.from('secret'),
      }
      const root: Tenant = {
        ...{ id: tenantId, name: 'root', namespace: defaultNamespace, createdMs: 5 },
        ...{ revision: 1, status: 'active', quota: {}, sealedKey: Buffer.from('sealed') },
      }
      await store.tenants.create(root, key)
      await asSchema1(store.database)
      await assert.rejects(open(uri), /version 1 of the schema.*holdfast metadata init/)
      await Promise.all([initDatabaseAt({ uri }), initDatabaseAt({ uri })])
      assert.deepEqual(await asMade(opened), fresh)
      const again = await open(uri)
      try {
        assert.deepEqual(await again.tenants.byName('root'), root)
        assert.deepEqual(await again.tenants.listAccessKeys(tenantId, { limit: 9 }), [key])
        const other = { ...root, id: tenant('other') }
        const otherKey = { ...key, accessKeyId: 'AKIA2', tenantId: other.id }
        assert.deepEqual(await again.tenants.create(other, otherKey), { is: 'exists' })
        assert.deepEqual(await again.tenants.update({ ...root, revision: 2 }), { is: 'done' })
        const change = { ifRevision: 0, put: [], remove: [] }
        assert.equal((await again.identities.commit(tenantId, change)).is, 'done')
      } finally {
        await again.close()
      }
    }))

  test('one of version 2 has what its buckets hold counted, once', () =>
    withStore(async ({ store, uri }) => {
      const plain = await makeBucket(store, 'plain')
      const kept = await makeBucket(store, 'kept', 'enabled')
      await put(store, plain, 'a', { size: 5 })
      for (const size of [1, 20]) await put(store, kept, 'a', { size })
      await remove(store, kept, 'a')
      const upload = await begin(store, plain, 'u')
      for (const number of [3, 4]) await store.uploads.commitPart(plain, upload, part(number))
      await begin(store, plain, 'empty')
      await asSchema2(store.database)
      await assert.rejects(open(uri), /version 2 of the schema.*holdfast metadata init/)
      await Promise.all([initDatabaseAt({ uri }), initDatabaseAt({ uri })])
      const again = await open(uri)
      try {
        for (const bucket of [plain, kept]) {
          const listed = await usageByListing(again, bucket)
          assert.deepEqual(await again.usage.ofBucket(bucket), listed)
        }
        await again.uploads.abort(plain, upload)
        await remove(again, plain, 'a')
        const left = { ...noUsage, uploads: 1 }
        assert.deepEqual(await again.usage.ofBucket(plain), left)
        while ((await again.usage.fold(1)) > 0);
        assert.deepEqual(await again.usage.ofBucket(plain), left)
        // What is counted is not counted again.
        await asSchema2(store.database, { keepCounts: true })
        await initDatabaseAt({ uri })
        assert.deepEqual(await again.usage.ofBucket(plain), left)
      } finally {
        await again.close()
      }
    }))

  test('one of an earlier program is not opened before that', () =>
    withStore(async (opened) => {
      await noteVersion(opened, 0)
      await assert.rejects(open(opened.uri), /version 0.*holdfast metadata init/)
    }))
})

describeOnMongo('mongodb: what is asked of a sharded cluster', (test) => {
  const [min, max] = [new MinKey(), new MaxKey()]
  const plan = (name: string) => {
    const found = collectionPlans.find((each) => each.name === name)
    assert.ok(found)
    return found
  }

  test('objects are ranged by bucket and key', () => {
    assert.deepEqual(shardCommand('db', plan('objects')), {
      shardCollection: 'db.objects',
      key: { b: 1, k: 1 },
    })
  })

  test('what is ranged by random ids is cut into a piece a shard', () => {
    const [low, high] = [
      { b: '55', k: min },
      { b: 'ab', k: min },
    ]
    assert.deepEqual(spreadCommands('db', plan('objects'), ['x', 'y', 'z']), [
      { split: 'db.objects', middle: low },
      { split: 'db.objects', middle: high },
      { moveChunk: 'db.objects', bounds: [{ b: min, k: min }, low], to: 'x' },
      { moveChunk: 'db.objects', bounds: [low, high], to: 'y' },
      { moveChunk: 'db.objects', bounds: [high, { b: max, k: max }], to: 'z' },
    ])
    assert.deepEqual(spreadCommands('db', plan('objects'), ['x']), [])
    assert.deepEqual(spreadCommands('db', plan('buckets'), ['x', 'y']), [])
  })

  test('shards that were named get everything that is sharded', () => {
    const commands = zoneCommands('db', collectionPlans, ['x', 'y'])
    assert.deepEqual(commands.slice(0, 2), [
      { addShardToZone: 'x', zone: 'holdfast-db' },
      { addShardToZone: 'y', zone: 'holdfast-db' },
    ])
    const ranges = commands.slice(2)
    const sharded = collectionPlans.filter(({ shardKey }) => shardKey !== undefined)
    assert.equal(ranges.length, sharded.length)
    assert.deepEqual(ranges[0], {
      ...{ updateZoneKeyRange: 'db.objects', zone: 'holdfast-db' },
      ...{ min: { b: min, k: min }, max: { b: max, k: max } },
    })
  })

  test('an index that is sharded by comes with each plan, whole and in its order', () => {
    for (const { name, shardKey, indexes } of collectionPlans) {
      const fields = Object.keys(shardKey ?? {})
      if (fields.length === 0 || fields[0] === '_id') continue
      const serves = indexes.some(
        ({ key, partialFilterExpression }) =>
          partialFilterExpression === undefined &&
          fields.every((field, position) => Object.keys(key)[position] === field),
      )
      assert.ok(serves, `${name} has no index for what it is sharded by`)
    }
  })

  test('unique indexes begin with what a collection is sharded by, as shards ask for', () => {
    for (const { name, shardKey, indexes } of collectionPlans) {
      const fields = Object.keys(shardKey ?? {})
      for (const { key, unique } of indexes) {
        if (unique === true)
          assert.deepEqual(Object.keys(key).slice(0, fields.length), fields, name)
      }
    }
  })
})

describeOnMongo('mongodb: the role of a server', (test) => {
  test('reads and writes documents of every collection, and may do nothing else', () => {
    const { privileges, roles } = databaseRole('files')
    assert.deepEqual(roles, [])
    assert.deepEqual(
      privileges.map(({ resource }) => resource),
      collectionPlans.map(({ name }) => ({ db: 'files', collection: name })),
    )
    for (const { actions } of privileges) {
      assert.deepEqual(actions, ['find', 'insert', 'update', 'remove'])
    }
  })

  test('is a text that creates it, taken by the server as it stands', () =>
    withStore(async ({ uri, store }) => {
      const { db } = store.database
      const rendered = renderDatabaseRole(db.databaseName, 'reader "of" files')
      assert.match(rendered, /createRole\(\{ role: "reader \\"of\\" files"/)
      const privileges = JSON.parse(/const privileges = (\[[\s\S]*?\n\])/.exec(rendered)?.[1] ?? '')
      const { role, roles } = databaseRole(db.databaseName)
      assert.deepEqual(privileges, databaseRole(db.databaseName).privileges)
      const client = await new MongoClient(uri).connect()
      try {
        await client.db(db.databaseName).command({ createRole: role, privileges, roles })
        await client.db(db.databaseName).command({ dropRole: role })
      } finally {
        await client.close()
      }
    }))
})
