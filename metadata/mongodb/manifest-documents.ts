// Documents of manifests: heads, which stay on one shard since they are few and small, and pages, which are found by
// where they stand.
//
// Whoever adds pages writes the head too, so that it meets who seals or removes the manifest: no page is added
// to what is sealed, and none is left behind by a removal.
import { createHash } from 'node:crypto'
import {
  encodeManifestHead,
  type ManifestHead,
  manifestOf,
  parseManifestHead,
} from '../codec/manifest-codec.ts'
import type { Manifest, ManifestId } from '../manifest-store.ts'
import { parseManifestId } from '../record-ids.ts'
import type { TenantId } from '../records.ts'
import type { Reading, Within } from './chunk-claims.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'

export type HeadDocument = {
  readonly _id: string
  readonly state: ManifestHead['state']
  /** When it was last touched: what the record says of that is older. */
  readonly used: number
  readonly c: Buffer
  /** Of a sealed one: by what it is found. */
  readonly found?: { readonly tenant: string; readonly scope: string; readonly created: number }
  /** Counts the changes of it, and of its pages. */
  readonly touched: number
}

export type PageDocument = {
  readonly m: string
  readonly offset: number
  readonly central: number
  readonly c: Buffer
}

/** Pages that one step of a removal deletes. */
const removedAtOnce = 64

export function headsIn(db: MongoDatabase) {
  return db.collection<HeadDocument>('manifests')
}

export function pagesIn(db: MongoDatabase) {
  return db.collection<PageDocument>('manifestPages')
}

/** By it manifests of a scope are found, which may be of any length. */
export function scopeDigest(scope: string): string {
  return createHash('sha256').update(scope).digest('hex')
}

export function headOf({ c, used, state }: HeadDocument): ManifestHead {
  const head = { ...parseManifestHead(c), usedMs: used }
  return state === 'removed' ? { ...head, state } : head
}

export function headDocument(head: ManifestHead, touched: number): HeadDocument {
  const { manifestId, tenantId, scope, createdMs, usedMs, state } = head
  const document = { _id: manifestId, state, used: usedMs, c: encodeManifestHead(head), touched }
  if (state !== 'sealed') return document
  return {
    ...document,
    found: { tenant: tenantId, scope: scopeDigest(scope), created: createdMs },
  }
}

export async function readHead(
  { db, session }: Reading,
  manifestId: ManifestId,
): Promise<{ head: ManifestHead; touched: number } | undefined> {
  const found = await headsIn(db).findOne({ _id: manifestId }, session ? { session } : {})
  return found === null ? undefined : { head: headOf(found), touched: found.touched }
}

/** In the place of what was read. Throws `Conflict`. */
export async function replaceHead(
  { db, session }: Within,
  head: ManifestHead,
  touched: number,
): Promise<void> {
  const filter = { _id: head.manifestId, touched }
  const after = headDocument(head, touched + 1)
  const { matchedCount } = await headsIn(db).replaceOne(filter, after, { session })
  if (matchedCount !== 1) throw new Conflict()
}

/** The newest first. The digest stands for the scope; the head holds the scope itself. */
export async function sealedOfScope(
  { db, session }: Reading,
  { tenantId, scope }: { readonly tenantId: TenantId; readonly scope: string },
  limit: number,
): Promise<readonly Manifest[]> {
  if (limit === 0) return []
  const found = await headsIn(db)
    .find(
      { 'found.tenant': tenantId, 'found.scope': scopeDigest(scope) },
      session ? { session } : {},
    )
    .sort({ 'found.created': -1, _id: 1 })
    .limit(limit)
    .toArray()
  return found
    .map((document) => manifestOf(headOf(document)))
    .filter((each) => each.scope === scope)
}

export async function sealedManifest(
  reading: Reading,
  manifestId: ManifestId,
): Promise<Manifest | undefined> {
  const read = await readHead(reading, manifestId)
  return read?.head.state === 'sealed' ? manifestOf(read.head) : undefined
}

/** Says that it is used until then, at least. False: there is no such manifest. */
export async function touchManifest(
  { db, session }: Reading,
  manifestId: ManifestId,
  usedMs: number,
): Promise<boolean> {
  const { matchedCount } = await headsIn(db).updateOne(
    { _id: manifestId, state: { $ne: 'removed' } },
    { $max: { used: usedMs }, $inc: { touched: 1 } },
    session ? { session } : {},
  )
  return matchedCount === 1
}

/** From now on nobody finds it, and no page is added to it. */
export async function dropManifest(
  { db, session }: Reading,
  manifestId: ManifestId,
): Promise<void> {
  await headsIn(db).updateOne(
    { _id: manifestId, state: { $ne: 'removed' } },
    { $set: { state: 'removed' }, $unset: { found: '' }, $inc: { touched: 1 } },
    session ? { session } : {},
  )
}

/** As `ManifestStore.remove`. */
export async function removalStep(
  db: MongoDatabase,
  manifestId: ManifestId,
): Promise<{ is: 'more' } | { is: 'done' }> {
  await dropManifest({ db }, manifestId)
  // As of one moment, so that no transaction is met half which added pages before.
  const pages = await db.causally((session) =>
    pagesIn(db)
      .find(
        { m: manifestId },
        { session, readConcern: { level: 'snapshot' }, projection: { _id: 0, offset: 1 } },
      )
      .sort({ m: 1, offset: 1 })
      .limit(removedAtOnce)
      .toArray(),
  )
  if (pages.length > 0) {
    const offsets = pages.map(({ offset }) => offset)
    await pagesIn(db).deleteMany({ m: manifestId, offset: { $in: offsets } })
  }
  if (pages.length === removedAtOnce) return { is: 'more' }
  await headsIn(db).deleteOne({ _id: manifestId, state: 'removed' })
  return { is: 'done' }
}

export function requireManifestId(raw: string): ManifestId {
  const manifestId = parseManifestId(raw)
  if (manifestId === undefined) throw new RangeError(`no manifest id: ${raw}`)
  return manifestId
}
