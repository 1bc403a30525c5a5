// One verb on a key while another is done as a whole between two of its commands, at each of them: whatever has come
// first, the key is as if one had come after the other, its versions are found, and nothing is counted twice. Some of the
// pairs, by lot; all of them by hand, or those of one verb:
//   node dist/test/metadata/mongodb-interleaved.test.js --all --verb 'is tagged'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { initDatabaseAt } from '../../metadata/mongodb/init-database.ts'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import type { Bucket, VersionId } from '../../metadata/records.ts'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import { noUsage } from '../../metadata/usage.ts'
import {
  beginOwner,
  chunk,
  chunks,
  drain,
  makeBucket,
  newVersion,
  processOwner,
  put,
  remove,
} from '../contracts/metadata-fixture.ts'
import { begin, completion, part } from '../contracts/metadata-upload-fixture.ts'
import { describe } from '../support/describe.ts'
import { type Fate, MongoProxy } from '../support/mongo-proxy.ts'
import { type MongoServer, startOwnMongoServer } from '../support/mongo-server.ts'
import { emptyDatabase } from '../support/mongo-stores.ts'
import { onMongo } from '../support/on-mongo.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { usageByListing } from '../support/usage-by-listing.ts'
import { named } from './mongodb-write-verbs.ts'

const { values } = parseArgs({
  options: { all: { type: 'boolean' }, verb: { type: 'string' } },
  strict: false,
})
/** One of so many pairs is tried as part of the tests. */
const triedOneOf = 10
const giveUpMs = 20_000
/** How long a command is held up for what is to be done before it. */
const patienceMs = 100
const nowMs = 1_700_000_000_000

/** A key with two versions of ids, the null version between them, and chunks for each. */
type Scene = {
  readonly bucket: Bucket
  readonly oldest: VersionId
  readonly newest: VersionId
  readonly completion: Awaited<ReturnType<typeof completion>>
}
type Verb = readonly [name: string, call: (store: MetadataStore, scene: Scene) => Promise<unknown>]

async function prepare(store: MetadataStore): Promise<Scene> {
  const bucket = await makeBucket(store, 'b', 'enabled')
  const oldest = await put(store, bucket, 'k', { data: chunks(chunk('oldest', 1)) })
  await store.buckets.setVersioning(bucket, 'suspended')
  await put(store, bucket, 'k', { data: chunks(chunk('null', 1)) })
  await store.buckets.setVersioning(bucket, 'enabled')
  const newest = await put(store, bucket, 'k', { data: chunks(chunk('newest', 1)) })
  const upload = await begin(store, bucket, 'k')
  await store.uploads.commitPart(bucket, upload, part(1, { chunk: 'part' }))
  const wanted = await completion(store, { bucket, upload }, [1])
  const { versionId } = newest
  return { bucket, oldest: oldest.versionId, newest: versionId, completion: wanted }
}

function deletion(name: string, of: (scene: Scene) => VersionId): Verb {
  return [
    name,
    (store, scene) =>
      store.objects.delete({ bucket: scene.bucket, key: 'k', versionId: of(scene), nowMs }),
  ]
}

async function putSuspended(store: MetadataStore, { bucket }: Scene): Promise<void> {
  await store.buckets.setVersioning(bucket, 'suspended')
  await store.objects.commit(newVersion(bucket, 'k', { data: chunks(chunk('another', 1)) }))
}

const verbs: readonly Verb[] = [
  deletion('the newest is deleted', ({ newest }) => newest),
  deletion('the null version is deleted', () => 'null'),
  deletion('the oldest is deleted', ({ oldest }) => oldest),
  ['a null version is put', putSuspended],
  [
    'a version is put',
    (store, { bucket }) =>
      store.objects.commit(newVersion(bucket, 'k', { data: chunks(chunk('put', 1)) })),
  ],
  ['a marker is put', (store, { bucket }) => store.objects.delete({ bucket, key: 'k', nowMs })],
  [
    'the current one is tagged',
    (store, { bucket }) => store.objects.setTags(bucket, 'k', { tags: [{ key: 'a', value: 'b' }] }),
  ],
  [
    'the newest is tagged',
    (store, { bucket, newest: versionId }) =>
      store.objects.setTags(bucket, 'k', { versionId, tags: [{ key: 'a', value: 'b' }] }),
  ],
  ['an upload is completed', (store, scene) => store.uploads.complete(scene.completion)],
  ['what is noted is counted', (store) => store.usage.fold(99)],
  [
    'all are deleted, what they held is released, and one is put',
    async (store, { bucket }) => {
      await removeVersions(store, bucket)
      await drain(store)
      await store.objects.commit(newVersion(bucket, 'k', { data: chunks(chunk('afresh', 1)) }))
    },
  ],
]

async function versionsOf(store: MetadataStore, bucket: Bucket) {
  const { entries } = await store.objects.listVersions(bucket, { prefix: '', limit: 100 })
  return entries.flatMap((entry) => (entry.is === 'prefix' ? [] : [entry]))
}

async function removeVersions(store: MetadataStore, bucket: Bucket): Promise<void> {
  for (const { versionId } of await versionsOf(store, bucket)) {
    await remove(store, bucket, 'k', versionId)
  }
}

/** What is true of a key whatever was done to it. */
async function check(store: MongoMetadataStore, { bucket }: Scene): Promise<void> {
  await drain(store)
  const versions = await versionsOf(store, bucket)
  assert.deepEqual(
    versions.map(({ isLatest }) => isLatest),
    versions.map((_, at) => at === 0),
  )
  const current = await store.objects.get(bucket, 'k')
  assert.equal(current?.versionId, versions[0]?.versionId)
  const named = versions.find(({ versionId }) => versionId === 'null')
  assert.equal((await store.objects.get(bucket, 'k', 'null'))?.versionId, named?.versionId)
  for (const { versionId } of versions) {
    assert.ok(await store.objects.get(bucket, 'k', versionId), `${versionId} is listed`)
  }
  const usage = await usageByListing(store, bucket)
  assert.deepEqual(await store.usage.ofBucket(bucket), usage)
  await store.usage.fold(99)
  assert.deepEqual(await store.usage.ofBucket(bucket), usage)
  // Another null version takes the place of the one that is noted.
  await putSuspended(store, { bucket } as Scene)
  await removeVersions(store, bucket)
  await store.uploads.abortStale({ initiatedBeforeMs: nowMs + 1, limit: 9 })
  await drain(store)
  assert.deepEqual(await store.chunks.list({ limit: 99 }), [], 'chunks that nothing refers to')
  assert.equal(await store.outbox.depthEstimate(), 0)
  const { objects } = store.database
  assert.deepEqual(await objects.find({ v: true }).toArray(), [])
  assert.deepEqual(await store.usage.ofBucket(bucket), noUsage)
}

onMongo('mongodb: verbs between the commands of others', () => {
  describe('mongodb: verbs between the commands of others', (test) => {
    let server: MongoServer
    let proxy: MongoProxy
    let watched: MongoMetadataStore
    let other: MongoMetadataStore
    test.before(async () => {
      server = await startOwnMongoServer()
      const uri = server.forDatabase('interleaved')
      await initDatabaseAt({ uri })
      proxy = await MongoProxy.start(server.uri)
      other = await MongoMetadataStore.open({ uri, random: randomBytes })
      watched = await MongoMetadataStore.open({
        ...{ uri: proxy.uri('interleaved', giveUpMs), random: randomBytes },
      })
    })
    test.after(async () => {
      await watched.close()
      await other.close()
      await proxy.close()
      await server.stop()
    })

    const fresh = async () => {
      await emptyDatabase(other)
      await beginOwner(other, processOwner)
      return prepare(other)
    }

    /** Whether the verb came as far as this command. */
    const interleave = async ([, call]: Verb, [, between]: Verb, at: number): Promise<boolean> => {
      const scene = await fresh()
      let inBetween: Promise<unknown> | undefined
      proxy.decide(async (number): Promise<Fate> => {
        if (number !== at) return 'pass'
        inBetween = between(other, scene)
        // Of a transaction that has written, the other one waits for the end.
        await Promise.race([inBetween, sleep(patienceMs)])
        return 'pass'
      })
      await call(watched, scene)
      proxy.decide(() => 'pass')
      await inBetween
      await check(other, scene)
      return inBetween !== undefined
    }

    const random = seededBytes()
    const ofOne = (name: string) => name.includes(String(values.verb ?? ''))
    for (const verb of verbs.slice(0, -1).filter(([name]) => ofOne(name))) {
      for (const between of verbs) {
        if (!values.all && random.integer(triedOneOf) > 0) continue
        test(`${verb[0]}, and between two of its commands ${between[0]}`, async () => {
          for (let at = 1; await interleave(verb, between, at); at += 1);
        })
      }
    }

    test('a version whose writer was cut off before he could look is in a bucket that is there when he asks again', async () => {
      const { bucket } = await fresh()
      await removeVersions(other, bucket)
      const id = named()
      const version = newVersion(bucket, 'k')
      // The deletion has looked whether the bucket is empty, and is about to remove it.
      let goOn = () => {}
      const asked = new Promise<void>((resolve) => {
        goOn = resolve
      })
      const isMarked = new Promise<void>((resolve) => {
        proxy.decide(async (_, name): Promise<Fate> => {
          if (name !== 'delete') return 'pass'
          resolve()
          await asked
          return 'pass'
        })
      })
      const deletion = watched.buckets.delete(bucket)
      await isMarked
      const secondProxy = await MongoProxy.start(server.uri)
      const cutOff = await MongoMetadataStore.open({
        ...{ uri: secondProxy.uri('interleaved', 2000), random: randomBytes, verbMs: 300 },
      })
      let isWritten = false
      secondProxy.decide((_, name) => {
        if (isWritten) return 'cutBefore'
        isWritten = name === 'commitTransaction'
        return 'pass'
      })
      await assert.rejects(cutOff.objects.commit(version, id), StoreUnavailable)
      const answer = await other.objects.commit(version, id)
      assert.equal(answer.is, 'committed')
      goOn()
      assert.deepEqual(await deletion, { is: 'busy' })
      assert.ok(await other.objects.get(bucket, 'k'))
      proxy.decide(() => 'pass')
      await cutOff.close()
      await secondProxy.close()
    })
  })
})
