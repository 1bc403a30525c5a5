// Contract of `BundleStore`.
import assert from 'node:assert/strict'
import type { Bundle, BundleId } from '../../metadata/bundle-store.ts'
import { bundleLeaseId } from '../../metadata/bundle-store.ts'
import type { JobOf } from '../../metadata/job-store.ts'
import type { ManifestId } from '../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import {
  parseBucketId,
  parseBundleId,
  parseJobId,
  parseManifestId,
} from '../../metadata/record-ids.ts'
import type { BucketId } from '../../metadata/records.ts'
import { describe } from '../support/describe.ts'
import {
  chunk,
  chunks,
  drain,
  makeBucket,
  type OpenStore,
  put,
  remove,
  tenant,
  tenantId,
  withStore,
} from './metadata-fixture.ts'

function bundleId(number: number): BundleId {
  const id = parseBundleId(number.toString(16).padStart(32, '0'))
  assert.ok(id)
  return id
}

function state(number: number): Bundle['states'][number] {
  const id = parseManifestId(number.toString(16).padStart(32, 'f'))
  assert.ok(id)
  return id
}

export function bundle(number: number, more: Partial<Bundle> = {}): Bundle {
  return {
    bundleId: bundleId(number),
    tenantId,
    bucketName: 'files',
    createdBy: { userName: 'root', accessKeyId: 'AKIA' },
    fileName: 'für dich.zip',
    secretHash: Buffer.alloc(32, 1),
    tokenHash: Buffer.alloc(32, 2),
    windows: true,
    createdMs: 1_700_000_000_000,
    expiresMs: 1_700_000_000_000 + number,
    states: [],
    revision: 1,
    ...more,
  }
}

const noBucket = requireBucketId('0123456789abcdef')

function requireBucketId(raw: string): BucketId {
  const id = parseBucketId(raw)
  assert.ok(id)
  return id
}

const keepUntilMs = 1_800_000_000_000

/** Sealed, with a lease of its own that covers the object `number` of the bucket. */
export async function freeze(
  store: MetadataStore,
  number: number,
  bucketId = noBucket,
): Promise<ManifestId> {
  const manifestId = state(number)
  const scope = `bundle ${number}`
  await store.manifests.begin({ manifestId, tenantId, scope, nowMs: number })
  await store.leases.take({
    leaseId: manifestId,
    purpose: 'zip',
    expiresMs: 1,
    scopes: [{ is: 'key', bucketId, key: String(number) }],
  })
  await store.manifests.seal(manifestId, {
    etag: `etag ${number}`,
    crc32: 0,
    entries: 1,
    totalBytes: 22,
    directory: { offset: 0, bytes: 0 },
    modifiedMs: 0,
  })
  return manifestId
}

/** Leases that live at this time; the others are let go on the way. */
async function isHeld(store: MetadataStore, number: number, nowMs: number): Promise<boolean> {
  await store.leases.expire(nowMs)
  const leaseId = bundleLeaseId(bundleId(number))
  return (await store.leases.renew(leaseId, keepUntilMs)).is === 'renewed'
}

/** Of a bundle that gathers for this manifest. */
function gathering(
  { bundleId, tenantId: ownerId }: Bundle,
  manifestId: ManifestId,
): JobOf<'gathering'> {
  const jobId = parseJobId(manifestId)
  assert.ok(jobId)
  return {
    kind: 'gathering',
    tenantId: ownerId,
    jobId,
    revision: 1,
    state: 'queued',
    next: { lane: 'gathering', dueMs: 5 },
    attempts: 0,
    progress: { items: 0, bytes: 0 },
    createdMs: 1,
    changedMs: 1,
    payload: { bundleId, sealedSources: Buffer.from('sealed') },
  }
}

export function bundlesContract(name: string, open: OpenStore): void {
  describe(`${name}: bundles`, (test) => {
    test('a bundle is read as it was created, and created once', () =>
      withStore(open, async ({ bundles }) => {
        assert.deepEqual(await bundles.create(bundle(1), keepUntilMs), { is: 'created' })
        const again = bundle(1, { fileName: 'x' })
        assert.deepEqual(await bundles.create(again, keepUntilMs), { is: 'exists' })
        assert.deepEqual(await bundles.get(bundleId(1)), bundle(1))
        assert.equal(await bundles.get(bundleId(2)), undefined)
      }))

    test('a bundle that gathers, or has failed to, is read as it was put', () =>
      withStore(open, async (store) => {
        const manifestId = await freeze(store, 1)
        const waiting = bundle(1, { gathering: manifestId })
        assert.deepEqual(await store.bundles.create(waiting, keepUntilMs), { is: 'created' })
        assert.deepEqual(await store.bundles.get(bundleId(1)), waiting)
        const failure = { manifestId, code: 'InvalidRequest', message: 'nothing there' } as const
        const failed = bundle(1, { failure, revision: 2 })
        assert.deepEqual(await store.bundles.put(failed, keepUntilMs), { is: 'done' })
        assert.deepEqual(await store.bundles.get(bundleId(1)), failed)
      }))

    test('a bundle is replaced by whoever has seen its last revision', () =>
      withStore(open, async ({ bundles }) => {
        await bundles.create(bundle(1), keepUntilMs)
        const second = bundle(1, { fileName: 'second.zip', revision: 2 })
        assert.deepEqual(await bundles.put(second, keepUntilMs), { is: 'done' })
        assert.deepEqual(await bundles.put(second, keepUntilMs), { is: 'changed' })
        const other = bundle(2, { revision: 2 })
        assert.deepEqual(await bundles.put(other, keepUntilMs), { is: 'noSuchBundle' })
        assert.deepEqual(await bundles.get(bundleId(1)), second)
      }))

    test('a bundle keeps its lease and the manifests that it names', () =>
      withStore(open, async (store) => {
        const { bundles, manifests } = store
        const states = [await freeze(store, 1)]
        const unheld = [await freeze(store, 2)]
        await store.leases.letGo(state(2))
        const lost = await bundles.create(bundle(1, { states: unheld }), keepUntilMs)
        assert.deepEqual(lost, { is: 'gone' })
        await manifests.remove(state(2))
        assert.equal(await bundles.get(bundleId(1)), undefined)
        const unknown = bundle(1, { states: [state(9)] })
        assert.deepEqual(await bundles.create(unknown, keepUntilMs), { is: 'gone' })
        const made = await bundles.create(bundle(1, { states }), keepUntilMs)
        assert.deepEqual(made, { is: 'created' })
        const before = { usedBeforeMs: keepUntilMs, limit: 10 }
        assert.deepEqual(await manifests.stale(before), [])
        assert.equal(await isHeld(store, 1, keepUntilMs - 1), true)
      }))

    test('what the leases of its manifests hold, a bundle holds until it is removed', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'files')
        for (const key of ['1', '2', '3']) {
          await put(store, bucket, key, { data: chunks(chunk(key, 1)) })
        }
        const first = await freeze(store, 1, bucket.id)
        await remove(store, bucket, '1')
        await store.bundles.create(bundle(1, { states: [first] }), keepUntilMs)
        const second = await freeze(store, 2, bucket.id)
        await store.bundles.put(bundle(1, { states: [second], revision: 2 }), keepUntilMs)
        for (const key of ['2', '3']) await remove(store, bucket, key)
        assert.equal((await drain(store)).length, 1)
        assert.equal(await store.leases.expire(2), 0)
        assert.deepEqual(await drain(store), [])
        await store.bundles.remove(bundleId(1))
        assert.equal((await drain(store)).length, 2)
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))

    test('what a bundle names no more is dropped, and its lease with the last', () =>
      withStore(open, async (store) => {
        const { bundles, manifests } = store
        const [first, second] = [await freeze(store, 1), await freeze(store, 2)]
        await bundles.create(bundle(1, { gathering: first }), keepUntilMs)
        const ready = bundle(1, { states: [second], revision: 2 })
        assert.deepEqual(await bundles.put(ready, keepUntilMs), { is: 'done' })
        assert.equal(await manifests.get(first), undefined)
        assert.equal((await manifests.get(second))?.manifestId, second)
        await bundles.put(bundle(1, { revision: 3 }), keepUntilMs)
        assert.equal(await manifests.get(second), undefined)
        assert.equal(await isHeld(store, 1, 0), false)
      }))

    test('a removed bundle leaves neither lease nor manifest', () =>
      withStore(open, async (store) => {
        const states = [await freeze(store, 1)]
        const pending = await freeze(store, 2)
        const made = bundle(1, { states, gathering: pending })
        await store.bundles.create(made, keepUntilMs)
        await store.bundles.remove(bundleId(1))
        assert.equal(await isHeld(store, 1, 0), false)
        assert.deepEqual((await store.manifests.ofTenant(tenantId, { limit: 9 })).manifests, [])
        assert.deepEqual(await store.bundles.list(tenantId, { limit: 10 }), [])
      }))

    test('a job that gathers for a bundle is there with it, or neither is', () =>
      withStore(open, async (store) => {
        const { bundles, jobs } = store
        const [first, second] = [await freeze(store, 1), await freeze(store, 2)]
        const made = bundle(1, { gathering: first })
        const job = gathering(made, first)
        assert.deepEqual(await bundles.create(made, keepUntilMs, job), { is: 'created' })
        assert.deepEqual(await jobs.get(job), job)
        const claim = { lane: 'gathering', owner: 'one', untilMs: 20, notOf: [] }
        assert.equal(await jobs.claimDue({ ...claim, nowMs: 4 }), undefined)
        assert.equal((await jobs.claimDue({ ...claim, nowMs: 5 }))?.jobId, job.jobId)

        const other = gathering(made, second)
        const again = await bundles.create(made, keepUntilMs, other)
        assert.deepEqual(again, { is: 'exists' })
        const early = bundle(1, { gathering: second, revision: 3 })
        assert.deepEqual(await bundles.put(early, keepUntilMs, other), { is: 'changed' })
        const unheld = bundle(1, { gathering: state(9), revision: 2 })
        const lost = gathering(made, state(9))
        assert.deepEqual(await bundles.put(unheld, keepUntilMs, lost), { is: 'gone' })
        const unknown = bundle(7, { gathering: second, revision: 2 })
        assert.deepEqual(await bundles.put(unknown, keepUntilMs, other), { is: 'noSuchBundle' })
        for (const each of [other, lost]) assert.equal(await jobs.get(each), undefined)

        const next = bundle(1, { gathering: second, revision: 2 })
        assert.deepEqual(await bundles.put(next, keepUntilMs, other), { is: 'done' })
        assert.deepEqual(await jobs.get(other), other)
      }))

    test('a tenant lists its own, in pages', () =>
      withStore(open, async ({ bundles }) => {
        for (const number of [3, 1, 2]) await bundles.create(bundle(number), keepUntilMs)
        await bundles.create(bundle(4, { tenantId: tenant('other') }), keepUntilMs)
        const first = await bundles.list(tenantId, { limit: 2 })
        assert.deepEqual(first, [bundle(1), bundle(2)])
        const rest = await bundles.list(tenantId, { after: bundleId(2), limit: 2 })
        assert.deepEqual(rest, [bundle(3)])
      }))

    test('expired ones are found until they are removed', () =>
      withStore(open, async ({ bundles }) => {
        for (const number of [1, 2, 3]) await bundles.create(bundle(number), keepUntilMs)
        const expiresBeforeMs = 1_700_000_000_003
        const page = { expiresBeforeMs, limit: 10 }
        assert.deepEqual(await bundles.expired(page), [bundle(1), bundle(2)])
        assert.deepEqual(await bundles.expired({ ...page, after: bundleId(1) }), [bundle(2)])
        await bundles.remove(bundleId(1))
        await bundles.remove(bundleId(1))
        assert.deepEqual(await bundles.expired(page), [bundle(2)])
        assert.deepEqual(await bundles.list(tenantId, { limit: 10 }), [bundle(2), bundle(3)])
      }))
  })
}
