// Paged chunk lists: a head each, which says how far the pages reach, and whose the list is as long as no version
// or part has taken it over; and pages by plaintext offset. All that becomes of a list writes its head: of an
// extension, a commit that takes the list over and its abandonment, two never pass each other by.
import { type Filter, ObjectId } from 'mongodb'
import type { ChunkRef } from '../../protocol/chunks/chunk-ref.ts'
import { encodeChunkRefs, parseChunkRefs } from '../codec/chunk-ref-codec.ts'
import { RecordCorrupt } from '../codec/record-frame.ts'
import type { ChunkListId, TenantId } from '../records.ts'
import type { Reading, Within } from './chunk-claims.ts'
import type { ListDocument } from './documents.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'
import { releaseTask } from './task-fields.ts'

/** Where a list's head is, before its first page. */
const headAt = -1
/** References a page holds. */
const pageRefsMax = 256
/** Pages that come with one answer. */
const pagesAtOnce = 16

export function headOf({ db, session }: Within, listId: ChunkListId): Promise<ListDocument | null> {
  return db.lists.findOne({ list: listId, at: headAt }, { session })
}

/**
 * Takes the list from its owner; false, and nothing written, when it has none, or is another tenant's. Of two who
 * take it, or of one who takes and one who abandons it, one meets a conflict, or finds it without owner.
 */
export async function takeOverList(
  { db, session }: Within,
  tenantId: TenantId,
  listId: ChunkListId,
): Promise<boolean> {
  const owned = { list: listId, at: headAt, tenant: tenantId, owner: { $exists: true } }
  const { matchedCount } = await db.lists.updateOne(owned, { $unset: { owner: '' } }, { session })
  return matchedCount === 1
}

/** Has the list released, unless it was taken over. One document changes, so that it needs no transaction. */
export async function abandon(
  db: MongoDatabase,
  tenantId: TenantId,
  listId: ChunkListId,
): Promise<void> {
  const owned = { list: listId, at: headAt, tenant: tenantId, owner: { $exists: true } }
  const t = releaseTask(tenantId, { what: 'list', listId })
  await db.run(() => db.lists.updateOne(owned, { $unset: { owner: '' }, $set: { t } }))
}

/** Lists that an owner has begun and nothing has taken over, from all shards. */
export function listsOfOwner(
  db: MongoDatabase,
  owner: string,
  limit: number,
): Promise<readonly ListDocument[]> {
  return db.run(() => db.lists.find({ owner }, { limit, hint: 'owners' }).toArray())
}

export type Extension = {
  readonly head: Pick<ListDocument, 'list' | 'tenant' | 'owner'>
  /** The head as it was read; null when the list begins. */
  readonly before: ListDocument | null
  readonly offset: number
  readonly refs: readonly ChunkRef[]
}

/** Adds pages at the list's end. Throws `Conflict`. */
export async function addPages({ db, session }: Within, extension: Extension): Promise<void> {
  const { head, before, refs } = extension
  const pages: ListDocument[] = []
  let { offset } = extension
  for (let at = 0; at < refs.length; at += pageRefsMax) {
    const some = refs.slice(at, at + pageRefsMax)
    pages.push({ _id: new ObjectId(), list: head.list, at: offset, c: encodeChunkRefs(some) })
    offset += some.reduce((sum, { length }) => sum + length, 0)
  }
  const inserts = pages.map((document) => ({ insertOne: { document } }))
  const newHead = { _id: new ObjectId(), ...head, at: headAt, end: offset }
  const done = await db.lists.bulkWrite(
    [
      before === null
        ? { insertOne: { document: newHead } }
        : {
            updateOne: {
              filter: { list: head.list, at: headAt, end: endOf(before), owner: head.owner ?? '' },
              update: { $set: { end: offset } },
            },
          },
      ...inserts,
    ],
    { session },
  )
  if (done.insertedCount + done.matchedCount !== pages.length + 1) throw new Conflict()
}

/** Plaintext bytes that the list covers; 0 when there is no such list. */
export function endOf(head: ListDocument | null): number {
  return head?.end ?? 0
}

export type ListPage = {
  /** Plaintext offset of the first chunk. */
  readonly offset: number
  readonly refs: readonly ChunkRef[]
}

/** Pages from the one that covers `fromOffset` on, until they hold `limit` references. */
export async function pagesFrom(
  reading: Reading,
  listId: ChunkListId,
  { fromOffset, limit }: { readonly fromOffset: number; readonly limit: number },
): Promise<readonly ListPage[]> {
  const first = fromOffset === 0 ? undefined : await pageOver(reading, listId, fromOffset)
  const pages = first === undefined ? [] : [first]
  let held = pages.reduce((sum, { refs }) => sum + refs.length, 0)
  if (held >= limit) return pages
  const at = first === undefined ? { $gte: 0 } : { $gt: first.offset }
  const rest = pageCursor(reading, { list: listId, at }).sort({ list: 1, at: 1 }).limit(limit)
  try {
    for await (const document of rest) {
      const page = pageOf(document)
      pages.push(page)
      held += page.refs.length
      if (held >= limit) break
    }
  } finally {
    await rest.close()
  }
  return pages
}

async function pageOver(
  reading: Reading,
  listId: ChunkListId,
  offset: number,
): Promise<ListPage | undefined> {
  const [document] = await pageCursor(reading, { list: listId, at: { $gte: 0, $lte: offset } })
    .sort({ list: -1, at: -1 })
    .limit(1)
    .toArray()
  return document && pageOf(document)
}

function pageCursor({ db, session }: Reading, filter: Filter<ListDocument>) {
  return db.lists.find(filter, { batchSize: pagesAtOnce, ...(session && { session }) })
}

function pageOf({ list, at, c }: ListDocument): ListPage {
  if (c === undefined) throw new RecordCorrupt(`list ${list}: a page at ${at} without references`)
  return { offset: at, refs: parseChunkRefs(c) }
}

/** Removes pages that were read in this transaction, and with the last of them the head. */
export async function removePages(
  { db, session }: Within,
  listId: ChunkListId,
  { pages, isLast }: { readonly pages: readonly ListPage[]; readonly isLast: boolean },
): Promise<void> {
  if (pages.length > 0) {
    const at = { $in: pages.map(({ offset }) => offset) }
    const { deletedCount } = await db.lists.deleteMany({ list: listId, at }, { session })
    if (deletedCount !== pages.length) throw new Conflict()
  }
  if (isLast) await db.lists.deleteOne({ list: listId, at: headAt }, { session })
}
