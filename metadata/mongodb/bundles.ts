// Bundles: a document each. The verb that writes one changes its lease, its manifests, and the job that gathers for it in
// the same transaction, which may span several shards: bundles are made by people.
import assert from 'node:assert'
import type { Bundle, BundleId, BundleStore, NothingToKeep } from '../bundle-store.ts'
import { bundleLeaseId } from '../bundle-store.ts'
import { encodeBundle, parseBundle } from '../codec/bundle-codec.ts'
import type { JobOf } from '../job-store.ts'
import type { ManifestId } from '../manifest-store.ts'
import type { Within } from './chunk-claims.ts'
import { putJobIn } from './job-documents.ts'
import {
  handLeaseOver,
  leaseAt,
  letLeaseGo,
  renewLease,
  takeEmptyLease,
} from './lease-documents.ts'
import { dropManifest, sealedManifest, touchManifest } from './manifest-documents.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'
import type { Shared } from './shared.ts'

export type BundleDocument = {
  readonly _id: string
  readonly tenant: string
  readonly expires: number
  readonly revision: number
  readonly c: Buffer
}

function bundlesIn(db: MongoDatabase) {
  return db.collection<BundleDocument>('bundles')
}

export function mongoBundles({ db }: Shared): BundleStore {
  return {
    create: (bundle, keepUntilMs, job) =>
      db.transact(async ({ session, undo }) => {
        const within = { db, session }
        if ((await bundleOf(within, bundle.bundleId)) !== undefined) return { is: 'exists' }
        const written = await putBundle(within, { before: undefined, bundle, keepUntilMs, job })
        if (written.is !== 'gone') return { is: 'created' }
        undo()
        return written
      }),

    put: (bundle, keepUntilMs, job) =>
      db.transact(async ({ session, undo }) => {
        const within = { db, session }
        const before = await bundleOf(within, bundle.bundleId)
        if (before === undefined) return { is: 'noSuchBundle' }
        if (before.revision !== bundle.revision - 1) return { is: 'changed' }
        const written = await putBundle(within, { before, bundle, keepUntilMs, job })
        if (written.is === 'gone') undo()
        return written
      }),

    get: async (bundleId) => {
      const found = await db.run(() => bundlesIn(db).findOne({ _id: bundleId }))
      return found === null ? undefined : parseBundle(found.c)
    },

    list: async (tenantId, { after, limit }) => {
      if (limit === 0) return []
      const behind = after === undefined ? {} : { _id: { $gt: after } }
      const found = await db.run(() =>
        bundlesIn(db)
          .find({ tenant: tenantId, ...behind })
          .sort({ tenant: 1, _id: 1 })
          .limit(limit)
          .toArray(),
      )
      return found.map(({ c }) => parseBundle(c))
    },

    remove: (bundleId) =>
      db.transact(async ({ session }) => {
        const within = { db, session }
        const bundle = await bundleOf(within, bundleId)
        if (bundle === undefined) return
        const filter = { _id: bundleId, revision: bundle.revision }
        const { deletedCount } = await bundlesIn(db).deleteOne(filter, { session })
        if (deletedCount !== 1) throw new Conflict()
        await letLeaseGo(within, bundleLeaseId(bundleId))
        for (const manifestId of manifestsOf(bundle)) await dropManifest(within, manifestId)
      }),

    expired: async ({ expiresBeforeMs, after, limit }) => {
      if (limit === 0) return []
      const behind = after === undefined ? {} : { _id: { $gt: after } }
      const found = await db.run(() =>
        bundlesIn(db)
          .find({ expires: { $lt: expiresBeforeMs }, ...behind })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray(),
      )
      return found.map(({ c }) => parseBundle(c))
    },
  }
}

async function bundleOf({ db, session }: Within, bundleId: BundleId): Promise<Bundle | undefined> {
  const found = await bundlesIn(db).findOne({ _id: bundleId }, { session })
  return found === null ? undefined : parseBundle(found.c)
}

function manifestsOf({ states, gathering }: Bundle): readonly ManifestId[] {
  return gathering === undefined ? states : [...states, gathering]
}

type Putting = {
  readonly before: Bundle | undefined
  readonly bundle: Bundle
  readonly keepUntilMs: number
  readonly job: JobOf<'gathering'> | undefined
}

/** `gone`: what was written until then is to be undone. */
async function putBundle(
  within: Within,
  putting: Putting,
): Promise<{ is: 'done' } | NothingToKeep> {
  const { db, session } = within
  const { before, bundle, job } = putting
  if (!(await keepNamed(within, putting))) return { is: 'gone' }
  const { bundleId, tenantId, expiresMs, revision } = bundle
  const fields = { tenant: tenantId, expires: expiresMs, revision, c: encodeBundle(bundle) }
  if (before === undefined) await bundlesIn(db).insertOne({ _id: bundleId, ...fields }, { session })
  else {
    const filter = { _id: bundleId, revision: before.revision }
    const { matchedCount } = await bundlesIn(db).replaceOne(filter, fields, { session })
    if (matchedCount !== 1) throw new Conflict()
  }
  if (job !== undefined) {
    assert(await putJobIn(db, session, job), 'a job of this manifest is there already')
  }
  const named = new Set(manifestsOf(bundle))
  for (const manifestId of before === undefined ? [] : manifestsOf(before)) {
    if (!named.has(manifestId)) await dropManifest(within, manifestId)
  }
  return { is: 'done' }
}

/** False: there is nothing to be kept. Whatever that rests on is written, so that it meets who lets go of it. */
async function keepNamed(
  within: Within,
  { before, bundle, keepUntilMs }: Putting,
): Promise<boolean> {
  const named = manifestsOf(bundle)
  const leaseId = bundleLeaseId(bundle.bundleId)
  if (named.length === 0) {
    await letLeaseGo(within, leaseId)
    return true
  }
  const known = before === undefined ? [] : manifestsOf(before)
  const fresh = named.filter((manifestId) => !known.includes(manifestId))
  for (const manifestId of fresh) if (!(await isHeld(within, manifestId))) return false
  if (known.length === 0 && (await leaseAt(within, leaseId)) === undefined) {
    await takeEmptyLease(within, { leaseId, purpose: 'bundle', expiresMs: keepUntilMs })
  } else if (!(await renewLease(within, leaseId, keepUntilMs))) return false
  // Of one without entries there may be no lease.
  for (const manifestId of fresh) await handLeaseOver(within, manifestId, leaseId)
  for (const manifestId of named) await touchManifest(within, manifestId, keepUntilMs)
  return true
}

/** What it refers to is there, and stays. */
async function isHeld(within: Within, manifestId: ManifestId): Promise<boolean> {
  const manifest = await sealedManifest(within, manifestId)
  if (manifest === undefined) return false
  return manifest.entries === 0 || (await leaseAt(within, manifestId)) !== undefined
}
