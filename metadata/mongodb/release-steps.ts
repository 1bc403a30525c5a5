// One step of a release: gives back a page of references and removes the documents that named them, in one
// transaction, so that a step is never done twice: of two who do it, one finds what it was to remove changed. What
// is only read here does not change: which parts a version names, and what a version consists of.
import type { ChunkRef } from '../../protocol/chunks/chunk-ref.ts'
import type { StoredData } from '../codec/content-codec.ts'
import { RecordCorrupt } from '../codec/record-frame.ts'
import { parsePartData } from '../codec/upload-codec.ts'
import { dataOfContent } from '../codec/version-codec.ts'
import type { ChunkListId, PartsPlace, PieceData, TenantId } from '../records.ts'
import { giveBackChunks, type Within } from './chunk-claims.ts'
import { pagesFrom, removePages } from './chunk-lists.ts'
import type { KeyDocument } from './documents.ts'
import {
  completionPlace,
  gravePlace,
  olderPlace,
  partPlace,
  partsPlace,
  topPlace,
} from './key-places.ts'
import { Conflict } from './mongo-failures.ts'
import { leftoversStep } from './release-leftovers.ts'
import type { ReleaseTarget } from './release-target.ts'

/** With a target: what is left to do is another thing now, and is to be noted. */
export type StepOutcome = { readonly is: 'more'; readonly target?: ReleaseTarget } | { is: 'done' }
/** What a step can give back in its transaction: an ended lease is sifted in transactions of its own. */
export type StepTarget = Exclude<ReleaseTarget, { what: 'endedLife' }>

/** References and documents that one step may touch. */
const stepRefs = 512
const stepParts = 128
/** Behind all part numbers. */
const afterNumbers = ':'

const done: StepOutcome = { is: 'done' }
const more: StepOutcome = { is: 'more' }

export async function releaseStep(
  within: Within,
  tenantId: TenantId,
  target: StepTarget,
): Promise<StepOutcome> {
  switch (target.what) {
    case 'chunks':
      await giveBackChunks(within, tenantId, target.refs)
      return done
    case 'list':
      return releaseList(within, tenantId, target.listId)
    case 'parts':
      return releaseParts(within, tenantId, target.place)
    case 'unnamedParts':
      return releaseUnnamed(within, tenantId, target)
    case 'bucketLeftovers':
      return (await leftoversStep(within, tenantId, target.bucketId)) ? done : more
    default:
      return target satisfies never
  }
}

/** Of what a removed version consists of; its own document is the caller's to remove. */
export async function releaseData(
  within: Within,
  tenantId: TenantId,
  of: { readonly place: Omit<PartsPlace, 'uploadId'>; readonly data: StoredData },
): Promise<StepOutcome> {
  const { data } = of
  switch (data.is) {
    case 'inline':
      return done
    case 'chunks':
      await giveBackChunks(within, tenantId, data.chunks)
      return done
    case 'list':
      return releaseList(within, tenantId, data.listId)
    case 'parts': {
      const place = { ...of.place, uploadId: data.uploadId }
      const step = await releaseParts(within, tenantId, place)
      if (step.is === 'done') await removeCompletion(within, place)
      return step
    }
    default:
      return data satisfies never
  }
}

async function removeCompletion({ db, session }: Within, place: PartsPlace): Promise<void> {
  const s = completionPlace(place.uploadId)
  await db.objects.deleteOne({ b: place.bucketId, k: place.key, s }, { session })
}

async function releaseList(
  within: Within,
  tenantId: TenantId,
  listId: ChunkListId,
): Promise<StepOutcome> {
  const pages = await pagesFrom(within, listId, { fromOffset: 0, limit: stepRefs })
  const refs = pages.flatMap((page) => page.refs)
  await giveBackChunks(within, tenantId, refs)
  const isLast = refs.length < stepRefs
  await removePages(within, listId, { pages, isLast })
  return isLast ? done : more
}

async function releaseParts(
  within: Within,
  tenantId: TenantId,
  place: PartsPlace,
): Promise<StepOutcome> {
  const parts = await partsBehind(within, place, 0)
  const areWhole = await releasePartDocuments(within, tenantId, parts)
  return areWhole && parts.length < stepParts ? done : more
}

/** The whole of them goes with the version, if that is released meanwhile. */
async function releaseUnnamed(
  within: Within,
  tenantId: TenantId,
  target: Extract<ReleaseTarget, { what: 'unnamedParts' }>,
): Promise<StepOutcome> {
  const { place, rowId, after } = target
  const content = await contentOfRow(within, place, rowId)
  const data = content && dataOfContent(content)
  if (data?.is !== 'parts') return done
  const named = new Set(data.parts.map(({ number }) => partPlace(place.uploadId, number)))
  const parts = await partsBehind(within, place, after)
  const unnamed = parts.filter(({ s }) => !named.has(s))
  if (!(await releasePartDocuments(within, tenantId, unnamed))) return more
  const last = parts.at(-1)
  if (last === undefined || parts.length < stepParts) return done
  // What is named is not met again.
  const number = Number(last.s.slice(partsPlace(place.uploadId).length))
  return { is: 'more', target: { ...target, after: number } }
}

async function contentOfRow(
  { db, session }: Within,
  { bucketId, key }: PartsPlace,
  rowId: string,
): Promise<Buffer | undefined> {
  const s = { $in: [topPlace, olderPlace(rowId), gravePlace(rowId)] }
  const found = await db.objects.findOne({ b: bucketId, k: key, s, r: rowId }, { session })
  return found?.c
}

function partsBehind(
  { db, session }: Within,
  { bucketId, key, uploadId }: PartsPlace,
  after: number,
): Promise<readonly KeyDocument[]> {
  const s = { $gt: partPlace(uploadId, after), $lt: `${partsPlace(uploadId)}${afterNumbers}` }
  return db.objects
    .find({ b: bucketId, k: key, s }, { session, hint: 'place', limit: stepParts })
    .sort({ b: 1, k: 1, s: 1 })
    .toArray()
}

/** Whether it has released all of them. */
async function releasePartDocuments(
  within: Within,
  tenantId: TenantId,
  parts: readonly KeyDocument[],
): Promise<boolean> {
  const released: KeyDocument[] = []
  const refs: ChunkRef[] = []
  let isFull = false
  for (const part of parts) {
    if (isFull || refs.length >= stepRefs) break
    const data = dataOfPart(part)
    if (data.is === 'list') {
      // A list ends a step of its own: its pages first, the part's document when none is left.
      if (refs.length > 0) break
      if ((await releaseList(within, tenantId, data.listId)).is === 'more') break
      isFull = true
    }
    if (data.is === 'chunks') refs.push(...data.chunks)
    released.push(part)
  }
  await giveBackChunks(within, tenantId, refs)
  await removeDocuments(within, released)
  return released.length === parts.length
}

function dataOfPart({ s, c }: KeyDocument): PieceData {
  if (c === undefined) throw new RecordCorrupt(`part ${s} without its record`)
  return parsePartData(c)
}

async function removeDocuments(
  { db, session }: Within,
  documents: readonly KeyDocument[],
): Promise<void> {
  const [first] = documents
  if (first === undefined) return
  const filter = { b: first.b, k: first.k, s: { $in: documents.map(({ s }) => s) } }
  const { deletedCount } = await db.objects.deleteMany(filter, { session })
  if (deletedCount !== documents.length) throw new Conflict()
}
