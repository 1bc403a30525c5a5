// More of `mongodb-write-verbs.ts`: leases, manifests, bundles, jobs, owners and tasks.
import assert from 'node:assert/strict'
import { bundleLeaseId } from '../../metadata/bundle-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Task } from '../../metadata/outbox-store.ts'
import { parseManifestId } from '../../metadata/record-ids.ts'
import { bundle, freeze } from '../contracts/metadata-bundles.ts'
import {
  chunk,
  chunks,
  makeBucket,
  newVersion,
  processOwner,
  put,
  remove,
  tenantId,
} from '../contracts/metadata-fixture.ts'
import { job } from '../contracts/metadata-jobs.ts'
import { below, everything, lease, ofKey } from '../contracts/metadata-lease-fixture.ts'
import { tenantVerbs } from './mongodb-tenant-verbs.ts'
import { named, nowMs, type WriteVerb } from './mongodb-write-verbs.ts'

const keepMs = 1_800_000_000_000

/** A lease of an owner that holds one removed version of a chunk. */
async function holding(store: MetadataStore) {
  const bucket = await makeBucket(store, 'b')
  await put(store, bucket, 'k', { data: chunks(chunk('held', 1)) })
  await store.leases.take({ ...lease('one', below(bucket, '')), owner: 'reader' })
  await remove(store, bucket, 'k')
  return bucket
}

const leases: readonly WriteVerb[] = [
  {
    name: 'leases.take',
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b')
      return (again) => again.leases.take(lease('one', everything, ofKey(bucket, 'k')))
    },
  },
  {
    name: 'leases.renew',
    prepare: async (store) => {
      await holding(store)
      return (again) => again.leases.renew('one', 5000)
    },
  },
  ...['k', 'other'].map((key) => ({
    name: `leases.narrow, to ${key}`,
    prepare: async (store: MetadataStore) => {
      const bucket = await holding(store)
      const narrowed = { leaseId: 'one', expiresMs: 7, scopes: [ofKey(bucket, key)] }
      return (again: MetadataStore) => again.leases.narrow(narrowed)
    },
  })),
  {
    name: 'leases.handOver',
    prepare: async (store) => {
      const bucket = await holding(store)
      await store.leases.take(lease('two', ofKey(bucket, 'x')))
      const id = named()
      return (again) => again.leases.handOver('one', 'two', id)
    },
  },
  {
    name: 'leases.letGo',
    prepare: async (store) => {
      await holding(store)
      return (again) => again.leases.letGo('one')
    },
  },
  {
    name: 'leases.letGoOf',
    prepare: async (store) => {
      await holding(store)
      return (again) => again.leases.letGoOf('reader')
    },
  },
  {
    name: 'leases.expire',
    prepare: async (store) => {
      await holding(store)
      return (again) => again.leases.expire(2000)
    },
  },
]

function manifestId(number: number) {
  const id = parseManifestId(number.toString(16).padStart(32, '0'))
  assert.ok(id)
  return id
}

const summary = {
  ...{ etag: 'a'.repeat(32), crc32: 1, entries: 1, totalBytes: 22, modifiedMs: nowMs },
  directory: { offset: 0, bytes: 0 },
}
const entry = { name: 'x', size: 1, crc32: 1, modifiedMs: nowMs }
const pages = [{ offset: 0, centralOffset: 0, entries: [entry] }]

async function begun(store: MetadataStore) {
  await store.manifests.begin({ manifestId: manifestId(1), tenantId, scope: 'all', nowMs })
  await store.manifests.putPages(manifestId(1), pages)
}

const manifests: readonly WriteVerb[] = [
  {
    name: 'manifests.begin',
    prepare: async () => (again) =>
      again.manifests.begin({ manifestId: manifestId(1), tenantId, scope: 'all', nowMs }),
  },
  {
    name: 'manifests.putPages',
    prepare: async (store) => {
      await begun(store)
      const more = [{ offset: 50, centralOffset: 50, entries: [entry] }]
      return (again) => again.manifests.putPages(manifestId(1), more)
    },
  },
  {
    name: 'manifests.seal',
    prepare: async (store) => {
      await begun(store)
      await store.leases.take(lease(manifestId(1), everything))
      return (again) => again.manifests.seal(manifestId(1), summary)
    },
  },
  {
    name: 'manifests.moveToScope',
    prepare: async (store) => {
      const id = await freeze(store, 1)
      const commit = named()
      const scopes = { from: 'bundle 1', to: 'other' }
      return (again) => again.manifests.moveToScope(id, scopes, commit)
    },
  },
  {
    name: 'manifests.touch',
    prepare: async (store) => {
      const id = await freeze(store, 1)
      return (again) => again.manifests.touch(id, keepMs)
    },
  },
  {
    name: 'manifests.remove',
    prepare: async (store) => {
      await begun(store)
      return (again) => again.manifests.remove(manifestId(1))
    },
  },
]

const bundles: readonly WriteVerb[] = [
  {
    name: 'bundles.create',
    again: ['exists'],
    prepare: async (store) => {
      const made = bundle(1, { states: [await freeze(store, 1)] })
      return (again) => again.bundles.create(made, keepMs)
    },
  },
  {
    name: 'bundles.put',
    again: ['changed'],
    prepare: async (store) => {
      await store.bundles.create(bundle(1, { states: [await freeze(store, 1)] }), keepMs)
      const next = bundle(1, { states: [await freeze(store, 2)], revision: 2 })
      return (again) => again.bundles.put(next, keepMs)
    },
  },
  {
    name: 'bundles.remove',
    prepare: async (store) => {
      const made = bundle(1, { states: [await freeze(store, 1)] })
      await store.bundles.create(made, keepMs)
      assert.deepEqual(await store.leases.renew(bundleLeaseId(made.bundleId), keepMs), {
        is: 'renewed',
      })
      return (again) => again.bundles.remove(made.bundleId)
    },
  },
]

const jobs: readonly WriteVerb[] = [
  ...[1, 2].map((revision) => ({
    name: `jobs.put, revision ${revision}`,
    again: ['changed'],
    prepare: async (store: MetadataStore) => {
      if (revision === 2) await store.jobs.put(job(1))
      return (again: MetadataStore) => again.jobs.put(job(1, { revision }))
    },
  })),
  {
    name: 'jobs.claimDue',
    // Whoever has claimed it keeps it until the claim ends.
    again: ['nothing'],
    prepare: async (store) => {
      await store.jobs.put(job(1))
      const claiming = { lane: 'small', owner: 'one', nowMs, untilMs: nowMs + 100, notOf: [] }
      return (again) => again.jobs.claimDue(claiming)
    },
  },
  {
    name: 'jobs.giveBackOf',
    prepare: async (store) => {
      await store.jobs.put(job(1, { state: 'running', owner: 'gone' }))
      return (again) => again.jobs.giveBackOf('gone', 9)
    },
  },
  {
    name: 'jobs.remove',
    prepare: async (store) => {
      await store.jobs.put(job(1))
      return (again) => again.jobs.remove(job(1))
    },
  },
]

const owners: readonly WriteVerb[] = [
  {
    name: 'owners.begin',
    prepare: async () => (again) => again.owners.begin('fresh', 1000),
  },
  {
    name: 'owners.beat',
    prepare: async () => (again) => again.owners.beat(processOwner, 1000),
  },
  {
    name: 'owners.end',
    prepare: async () => (again) => again.owners.end(processOwner),
  },
  {
    name: 'owners.endFormerLives',
    prepare: async () => (again) => again.owners.endFormerLives(),
  },
  {
    name: 'owners.forget',
    prepare: async (store) => {
      await store.owners.end(processOwner)
      return (again) => again.owners.forget(processOwner)
    },
  },
]

async function claimed(store: MetadataStore, kind: string): Promise<Task> {
  const [task] = await store.outbox.claim({ kinds: [kind], owner: 'p', leaseMs: 60_000, limit: 9 })
  assert.ok(task)
  return task
}

/** A note and a release of a chunk, of which nobody has claimed one. */
async function asked(store: MetadataStore): Promise<void> {
  const bucket = await makeBucket(store, 'b')
  const followUps = [{ kind: 'note', payload: 1 }]
  const data = chunks(chunk('old', 1), chunk('other', 1))
  await store.objects.commit({ ...newVersion(bucket, 'k', { data }), followUps })
  await remove(store, bucket, 'k')
}

function ofNote(
  name: string,
  call: (store: MetadataStore, note: Task) => Promise<unknown>,
): WriteVerb {
  return {
    name,
    prepare: async (store) => {
      await asked(store)
      const note = await claimed(store, 'note')
      return (again) => call(again, note)
    },
  }
}

const outbox: readonly WriteVerb[] = [
  {
    name: 'outbox.claim',
    prepare: async (store) => {
      await asked(store)
      const claim = { owner: 'p', leaseMs: 1, limit: 9 }
      return (again) => again.outbox.claim({ kinds: ['note', 'release'], ...claim })
    },
  },
  ofNote('outbox.done', ({ outbox }, note) => outbox.done([note])),
  ofNote('outbox.retryLater', ({ outbox }, note) =>
    outbox.retryLater([note], { afterMs: 0, cause: 'it failed' }),
  ),
  ofNote('outbox.bury', ({ outbox }, note) => outbox.bury(note, { cause: 'it is nonsense' })),
  {
    name: 'outbox.release, of a removed version',
    prepare: async (store) => {
      await asked(store)
      const task = await claimed(store, 'release')
      const release = { ...task, kind: 'release' as const, payload: undefined }
      return (again) => again.outbox.release(release)
    },
  },
  {
    name: 'outbox.release, of a bucket that is gone',
    prepare: async (store) => {
      const bucket = await makeBucket(store, 'b')
      await store.uploads.create(bucket, {
        ...{ key: 'k', initiatedMs: 1, headers: {}, userMetadata: {}, tags: [] },
        storageClass: 'STANDARD',
      })
      await store.buckets.delete(bucket)
      const task = await claimed(store, 'release')
      const release = { ...task, kind: 'release' as const, payload: undefined }
      return (again) => again.outbox.release(release)
    },
  },
]

export const otherWriteVerbs = [
  ...[...leases, ...manifests, ...bundles, ...jobs, ...owners, ...outbox, ...tenantVerbs],
]
