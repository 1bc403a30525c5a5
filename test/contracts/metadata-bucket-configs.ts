// Contract of `BucketConfigStore`.
import assert from 'node:assert/strict'
import {
  type ConfigDocuments,
  type ConfigKind,
  configKinds,
} from '../../metadata/bucket-config-kinds.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { Bucket, Tag } from '../../metadata/records.ts'
import { describe } from '../support/describe.ts'
import { makeBucket, type OpenStore, tenantId, withStore } from './metadata-fixture.ts'

const tags = (value: string): readonly Tag[] => [{ key: 'k', value }]
/** Of each kind one. */
const samples: ConfigDocuments = {
  tagging: tags('of all kinds'),
  policy: `{"Id": "ü\n${'x'.repeat(20_000)}"}`,
  publicAccessBlock: {
    ...{ blockPublicAcls: true, ignorePublicAcls: false },
    ...{ blockPublicPolicy: false, restrictPublicBuckets: true },
  },
  quota: { bytes: 5 },
  ownership: 'BucketOwnerPreferred',
  acl: [
    { grantee: { is: 'account', id: 'a'.repeat(64) }, permission: 'FULL_CONTROL' },
    { grantee: { is: 'group', group: 'LogDelivery' }, permission: 'READ_ACP' },
  ],
  cors: [
    {
      ...{
        id: 'ü',
        allowedMethods: ['GET', 'PUT'],
        allowedOrigins: ['*', 'https://*.example.org'],
      },
      ...{ allowedHeaders: ['x-amz-*'], exposeHeaders: ['ETag'], maxAgeSeconds: 3000 },
    },
    { allowedMethods: ['HEAD'], allowedOrigins: ['*'], allowedHeaders: [], exposeHeaders: [] },
  ],
}
const gone = { is: 'noSuchBucket' }
const changed = { is: 'changed' }

/** Answers the revision of the bucket afterwards. */
async function putSample(
  { bucketConfigs }: MetadataStore,
  bucket: Bucket,
  kind: ConfigKind,
): Promise<number> {
  const put = await bucketConfigs.put(bucket, kind, { document: samples[kind] })
  assert.equal(put.is, 'done')
  return put.is === 'done' ? put.revision : 0
}

export function bucketConfigsContract(name: string, open: OpenStore): void {
  const withBucket = (
    body: (parts: {
      store: Parameters<Parameters<typeof withStore>[1]>[0]
      bucket: Bucket
      revision: () => Promise<number | undefined>
    }) => Promise<void>,
  ) =>
    withStore(open, async (store) => {
      const bucket = await makeBucket(store, 'one')
      const revision = async () =>
        (await store.buckets.get(defaultNamespace, 'one'))?.configRevision
      await body({ store, bucket, revision })
    })

  describe(`${name}: bucket configs`, (test) => {
    test('nothing is set of a new bucket, and deleting it is success', () =>
      withBucket(async ({ store: { bucketConfigs }, bucket, revision }) => {
        assert.equal(bucket.configRevision, 0)
        assert.equal(await bucketConfigs.get(bucket, 'tagging'), undefined)
        assert.deepEqual(await bucketConfigs.getMany(bucket, ['tagging']), {})
        assert.deepEqual(await bucketConfigs.delete(bucket, 'tagging'), { is: 'done' })
        assert.equal(await revision(), 0)
      }))

    test('a document comes back as it was put, alone and among others, until it is deleted', () =>
      withBucket(async ({ store: { bucketConfigs }, bucket }) => {
        const document = [...tags(''), { key: '', value: 'ü\u0000𝄞' }]
        const put = await bucketConfigs.put(bucket, 'tagging', { document })
        assert.deepEqual(put, { is: 'done', revision: 1 })
        const tagging = { document, revision: 1 }
        assert.deepEqual(await bucketConfigs.get(bucket, 'tagging'), tagging)
        assert.deepEqual(await bucketConfigs.getMany(bucket, ['tagging']), { tagging })
        assert.deepEqual(await bucketConfigs.getMany(bucket, []), {})
        assert.deepEqual(await bucketConfigs.delete(bucket, 'tagging'), { is: 'done' })
        assert.equal(await bucketConfigs.get(bucket, 'tagging'), undefined)
      }))

    test('each kind keeps its own document and its own revision beside the others', () =>
      withBucket(async ({ store, bucket }) => {
        const expected: Record<string, unknown> = {}
        for (const [at, kind] of configKinds.entries()) {
          const revision = await putSample(store, bucket, kind)
          assert.equal(revision, at + 1)
          expected[kind] = { document: samples[kind], revision }
        }
        assert.deepEqual(await store.bucketConfigs.getMany(bucket, configKinds), expected)
        for (const kind of configKinds) {
          assert.deepEqual(await store.bucketConfigs.get(bucket, kind), expected[kind])
          assert.deepEqual(await store.bucketConfigs.delete(bucket, kind), { is: 'done' })
          delete expected[kind]
          assert.deepEqual(await store.bucketConfigs.getMany(bucket, configKinds), expected)
        }
      }))

    test('all kinds are there from the first moment on, and go with the bucket', () =>
      withStore(open, async (store) => {
        const fresh = { namespace: defaultNamespace, tenantId, region: 'r', createdMs: 1 }
        const { bucket } = await store.buckets.create({ ...fresh, name: 'one', configs: samples })
        assert.equal(bucket.configRevision, 1)
        for (const kind of configKinds) {
          const found = await store.bucketConfigs.get(bucket, kind)
          assert.deepEqual(found, { document: samples[kind], revision: 1 })
        }
        assert.deepEqual(await store.buckets.delete(bucket), { is: 'deleted' })
        assert.deepEqual(await store.bucketConfigs.getMany(bucket, configKinds), {})
      }))

    test('is there from the first moment on when the bucket is made with it', () =>
      withStore(open, async (store) => {
        const fresh = { namespace: defaultNamespace, tenantId, region: 'r', createdMs: 1 }
        const configs = { tagging: tags('first') }
        const { bucket } = await store.buckets.create({ ...fresh, name: 'one', configs })
        assert.equal(bucket.configRevision, 1)
        assert.deepEqual(await store.buckets.get(defaultNamespace, 'one'), bucket)
        const tagging = { document: configs.tagging, revision: 1 }
        assert.deepEqual(await store.bucketConfigs.get(bucket, 'tagging'), tagging)
        const again = await store.buckets.create({
          ...fresh,
          name: 'one',
          configs: { tagging: [] },
        })
        assert.deepEqual(again, { is: 'exists', bucket })
        assert.deepEqual(await store.bucketConfigs.get(bucket, 'tagging'), tagging)
      }))

    test('every change raises the revision in the bucket’s row, and no revision comes back', () =>
      withBucket(async ({ store: { bucketConfigs }, bucket, revision }) => {
        await bucketConfigs.put(bucket, 'tagging', { document: tags('a') })
        assert.equal(await revision(), 1)
        await bucketConfigs.put(bucket, 'tagging', { document: tags('a') })
        assert.equal(await revision(), 2)
        await bucketConfigs.delete(bucket, 'tagging')
        assert.equal(await revision(), 3)
        const put = await bucketConfigs.put(bucket, 'tagging', { document: tags('a') })
        assert.deepEqual(put, { is: 'done', revision: 4 })
      }))

    test('a change on condition is made of the revision it names, and of no other', () =>
      withBucket(async ({ store: { bucketConfigs }, bucket, revision }) => {
        const put = (value: string, ifRevision: number) =>
          bucketConfigs.put(bucket, 'tagging', { document: tags(value), ifRevision })
        const remove = (ifRevision: number) =>
          bucketConfigs.delete(bucket, 'tagging', { ifRevision })
        assert.deepEqual(await put('a', 1), changed)
        assert.deepEqual(await remove(1), changed)
        assert.deepEqual(await remove(0), { is: 'done' })
        const first = await put('a', 0)
        assert.equal(first.is, 'done')
        assert.deepEqual(await put('b', 0), changed)
        const now = (await revision()) ?? 0
        assert.deepEqual(await remove(now + 1), changed)
        assert.equal((await put('b', now)).is, 'done')
        assert.deepEqual(await put('c', now), changed)
        assert.deepEqual((await bucketConfigs.get(bucket, 'tagging'))?.document, tags('b'))
        assert.deepEqual(await remove((await revision()) ?? 0), { is: 'done' })
        assert.equal(await bucketConfigs.get(bucket, 'tagging'), undefined)
      }))

    test('of changes at once on one condition, one is made', () =>
      withBucket(async ({ store: { bucketConfigs }, bucket, revision }) => {
        const values = Array.from({ length: 20 }, (_, index) => String(index))
        const outcomes = await Promise.all(
          values.map((value) =>
            bucketConfigs.put(bucket, 'tagging', { document: tags(value), ifRevision: 0 }),
          ),
        )
        const winners = values.filter((_, index) => outcomes[index]?.is === 'done')
        assert.equal(winners.length, 1)
        const found = await bucketConfigs.get(bucket, 'tagging')
        assert.deepEqual(found, { document: tags(winners[0] ?? ''), revision: await revision() })
      }))

    test('counters that are raised on condition by many at once lose no step', () =>
      withBucket(async ({ store: { bucketConfigs }, bucket }) => {
        const raise = async () => {
          for (;;) {
            const found = await bucketConfigs.get(bucket, 'tagging')
            const next = Number(found?.document[0]?.value ?? 0) + 1
            const change = { document: tags(String(next)), ifRevision: found?.revision ?? 0 }
            if ((await bucketConfigs.put(bucket, 'tagging', change)).is === 'done') return
          }
        }
        await Promise.all(Array.from({ length: 10 }, raise))
        assert.deepEqual((await bucketConfigs.get(bucket, 'tagging'))?.document, tags('10'))
      }))

    test('goes with its bucket, and a bucket made again has nothing of the old one', () =>
      withBucket(async ({ store, bucket }) => {
        const { bucketConfigs } = store
        await bucketConfigs.put(bucket, 'tagging', { document: tags('old') })
        assert.deepEqual(await store.buckets.delete(bucket), { is: 'deleted' })
        assert.equal(await bucketConfigs.get(bucket, 'tagging'), undefined)
        const fresh = await makeBucket(store, 'one')
        assert.equal(await bucketConfigs.get(fresh, 'tagging'), undefined)
        assert.deepEqual(await bucketConfigs.put(bucket, 'tagging', { document: tags('x') }), gone)
        assert.deepEqual(await bucketConfigs.delete(bucket, 'tagging'), gone)
        assert.deepEqual(await bucketConfigs.delete(bucket, 'tagging', { ifRevision: 0 }), gone)
        assert.equal(await bucketConfigs.get(fresh, 'tagging'), undefined)
      }))
  })
}
