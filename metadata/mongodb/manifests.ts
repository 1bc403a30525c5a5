// Manifests: the verbs of `ManifestStore`. Their documents: `manifest-documents.ts`.
import assert from 'node:assert'
import { isDeepStrictEqual } from 'node:util'
import { manifestOf } from '../codec/manifest-codec.ts'
import { encodeManifestPage, parseManifestPage } from '../codec/manifest-page-codec.ts'
import type { Manifest, ManifestPage, ManifestStore } from '../manifest-store.ts'
import type { Within } from './chunk-claims.ts'
import { recallIn, rememberIn } from './commit-records.ts'
import { sealLease } from './lease-documents.ts'
import { drawNumber } from './lease-numbers.ts'
import {
  headDocument,
  headOf,
  headsIn,
  pagesIn,
  readHead,
  removalStep,
  replaceHead,
  requireManifestId,
  scopeDigest,
  sealedManifest,
  sealedOfScope,
  touchManifest,
} from './manifest-documents.ts'
import { isDuplicateKey } from './mongo-failures.ts'
import type { Shared } from './shared.ts'

const noSuchManifest = { is: 'noSuchManifest' } as const
const done = { is: 'done' } as const
/** Longer than a transaction may take. */
const sealingMs = 600_000

export function mongoManifests({ db }: Shared): ManifestStore {
  return {
    begin: async ({ nowMs, ...manifest }) => {
      const head = { ...manifest, createdMs: nowMs, usedMs: nowMs, state: 'open' as const }
      try {
        await db.run(() => headsIn(db).insertOne(headDocument(head, 0)))
      } catch (cause) {
        if (!isDuplicateKey(cause)) throw cause
        const before = await db.run(() => readHead({ db }, manifest.manifestId))
        const isOpen = before === undefined || before.head.state === 'open'
        assert(isOpen, 'a manifest begun after its sealing')
      }
    },

    putPages: async (manifestId, pages) => {
      const writes = pages.map((page) => ({
        replaceOne: {
          filter: { m: manifestId, offset: page.offset },
          replacement: {
            m: manifestId,
            offset: page.offset,
            central: page.centralOffset,
            c: encodeManifestPage(page),
          },
          upsert: true,
        },
      }))
      return db.transact(async ({ session }) => {
        const open = { _id: manifestId, state: 'open' as const }
        const touch = { $inc: { touched: 1 } }
        const { matchedCount } = await headsIn(db).updateOne(open, touch, { session })
        if (matchedCount === 0) return noSuchManifest
        if (writes.length > 0) await pagesIn(db).bulkWrite(writes, { session })
        return done
      })
    },

    seal: async (manifestId, summary) => {
      const number = await drawNumber(db)
      return db.transact(async ({ session }) => {
        const within = { db, session }
        const read = await readHead(within, manifestId)
        if (read === undefined) return noSuchManifest
        const { head, touched } = read
        if (head.state === 'sealed' && isDeepStrictEqual(head.summary, summary)) {
          return { is: 'sealed', manifest: manifestOf(head) }
        }
        if (head.state !== 'open') return noSuchManifest
        await meetSealers(within, head)
        const [newest] = await sealedOfScope(within, head, 1)
        if (newest?.etag === summary.etag) return { is: 'known', manifest: newest }
        // The order within a scope is that of sealing, whatever the clock says.
        const createdMs = Math.max(head.createdMs, (newest?.createdMs ?? 0) + 1)
        const sealed = { ...head, createdMs, state: 'sealed' as const, summary }
        await replaceHead(within, sealed, touched)
        await sealLease(within, manifestId, number)
        return { is: 'sealed', manifest: manifestOf(sealed) }
      })
    },

    get: (manifestId) => db.run(() => sealedManifest({ db }, manifestId)),
    ofScope: (tenantId, scope, limit) =>
      db.run(() => sealedOfScope({ db }, { tenantId, scope }, limit)),

    ofTenant: async (tenantId, { after, limit }) => {
      const behind = after === undefined ? {} : { _id: { $gt: after } }
      const found = await db.run(() =>
        headsIn(db)
          .find({ 'found.tenant': tenantId, ...behind }, { hint: 'tenants' })
          .sort({ 'found.tenant': 1, _id: 1 })
          .limit(limit)
          .toArray(),
      )
      const manifests = found.map((document) => manifestOf(headOf(document)))
      const last = found.length < limit ? undefined : found.at(-1)
      return last === undefined ? { manifests } : { manifests, next: last._id }
    },

    pageAt: async (manifestId, place) => {
      const reading = { db }
      const [manifest, page] = await db.run(() =>
        Promise.all([
          sealedManifest(reading, manifestId),
          'offset' in place
            ? pagesIn(db).findOne(
                { m: manifestId, offset: { $lte: place.offset } },
                { sort: { m: -1, offset: -1 }, hint: 'offsets' },
              )
            : pagesIn(db).findOne(
                { m: manifestId, central: { $lte: place.centralOffset } },
                { sort: { m: -1, central: -1 }, hint: 'centralOffsets' },
              ),
        ]),
      )
      return pageOf(manifest, page)
    },

    moveToScope: (manifestId, { from, to }, options) =>
      db.transact(async ({ session }) => {
        const within = { db, session }
        if (await recallIn(within, options?.commitId, 'moved')) return done
        const read = await readHead(within, manifestId)
        if (read?.head.state !== 'sealed' || read.head.scope !== from) return noSuchManifest
        await replaceHead(within, { ...read.head, scope: to }, read.touched)
        await rememberIn(within, options?.commitId, { is: 'moved' })
        return done
      }),

    touch: async (manifestId, nowMs) => {
      const isTouched = await db.retrying(() => touchManifest({ db }, manifestId, nowMs))
      return isTouched ? done : noSuchManifest
    },

    stale: async ({ usedBeforeMs, openBeforeMs = usedBeforeMs, limit }) => {
      const stale = [
        { state: 'removed' as const },
        { state: 'open' as const, used: { $lt: openBeforeMs } },
        { state: 'sealed' as const, used: { $lt: usedBeforeMs } },
      ]
      const found = await db.run(() =>
        headsIn(db)
          .find({ $or: stale }, { projection: { _id: 1 } })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray(),
      )
      return found.map(({ _id }) => requireManifestId(_id))
    },

    remove: (manifestId) => db.retrying(() => removalStep(db, manifestId)),
  }
}

/**
 * Of those who seal manifests of one scope at once, one runs anew: each rests on what is the newest of the scope. What is
 * written for that means nothing afterwards.
 */
async function meetSealers(
  { db, session }: Within,
  { tenantId, scope }: Pick<Manifest, 'tenantId' | 'scope'>,
): Promise<void> {
  const sealers = db.collection<{ _id: string; until: Date; touched: number }>('manifestSealers')
  const filter = { _id: `${tenantId} ${scopeDigest(scope)}` }
  const until = new Date(Date.now() + sealingMs)
  await sealers.updateOne(
    filter,
    { $set: { until }, $inc: { touched: 1 } },
    { session, upsert: true },
  )
}

function pageOf(
  manifest: Manifest | undefined,
  page: { readonly c: Buffer } | null,
): ManifestPage | undefined {
  return manifest === undefined || page === null ? undefined : parseManifestPage(page.c)
}
