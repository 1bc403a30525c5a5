// The catalog of chunks: what lives, and lists under way. Taking and giving back references is in
// `chunk-claims.ts`.
//
// A list that begins writes the document of its owner, so that it collides with his end: whoever abandons the lists
// of an owner that has ended finds all of them. One that grows only reads it: it writes the head of the list, and
// so does its abandonment.
import assert from 'node:assert'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import type { ChunkCatalog, ClaimedChunk } from '../metadata-store.ts'
import { parseChunkListId, parseTenantId } from '../record-ids.ts'
import type { ChunkListId } from '../records.ts'
import { claimChunks, documentsOfChunks, type Reading, type Within } from './chunk-claims.ts'
import { chunkDocumentId, chunkIdOfDocument, livesAs, livingChunk } from './chunk-documents.ts'
import { abandon, addPages, endOf, headOf, listsOfOwner, pagesFrom } from './chunk-lists.ts'
import { touchOwner } from './owners.ts'
import type { Shared } from './shared.ts'

export function mongoChunks({ db }: Shared): ChunkCatalog {
  return {
    find: async (tenantId, ids) => {
      const found = await db.run(() =>
        documentsOfChunks(
          { db },
          ids.map((id) => ({ id })),
        ),
      )
      return ids.map((id) => {
        const document = found.get(chunkDocumentId(id))
        const living = document?.tenant === tenantId ? livingChunk(document) : undefined
        return living && { id, generation: living.generation }
      })
    },

    extendList: (extension) => db.transact(({ session }) => extendList({ db, session }, extension)),

    abandonList: (tenantId, listId) => abandon(db, tenantId, listId),

    abandonListsOf: async (owner, limit) => {
      const left = await listsOfOwner(db, owner, limit)
      if (left.length === 0) return 0
      if (await db.run(() => isLiving({ db }, owner))) return 0
      for (const { list, tenant } of left) {
        const listId = parseChunkListId(list)
        const tenantId = parseTenantId(tenant ?? '')
        assert(listId !== undefined && tenantId !== undefined, 'a list that only its owner knows')
        await abandon(db, tenantId, listId)
      }
      return left.length
    },

    readList: async (listId, fromOffset, limit) => {
      const pages = await db.run(() => pagesFrom({ db }, listId, { fromOffset, limit }))
      let offset = pages[0]?.offset ?? 0
      const chunks = pages.flatMap((page) => page.refs)
      let skipped = 0
      for (const chunk of chunks) {
        if (offset + chunk.length > fromOffset) break
        offset += chunk.length
        skipped += 1
      }
      return { offset, chunks: chunks.slice(skipped, skipped + limit) }
    },

    list: async ({ after, limit }) => {
      const _id = { $gt: after === undefined ? '' : chunkDocumentId(after) }
      const living = { _id, g: { $exists: true } }
      const options = { projection: { g: 1 }, hint: 'living', limit } as const
      const documents = await db.run(() =>
        db.chunks.find(living, options).sort({ _id: 1 }).toArray(),
      )
      return documents.flatMap((document): BlobRef[] => {
        const chunk = livingChunk(document)
        if (chunk === undefined) return []
        return [{ id: chunkIdOfDocument(document), generation: chunk.generation }]
      })
    },

    areReferenced: async (blobs) => {
      const found = await db.run(() => documentsOfChunks({ db }, blobs))
      return blobs.map((blob) => livesAs(found.get(chunkDocumentId(blob.id)), blob))
    },
  }
}

async function extendList(
  within: Within,
  { tenantId, listId, owner, offset, chunks }: Parameters<ChunkCatalog['extendList']>[0],
): ReturnType<ChunkCatalog['extendList']> {
  const before = await headOf(within, listId)
  const mayExtend =
    before === null ? touchOwner(within.db, within.session, owner) : isLiving(within, owner)
  if (!(await mayExtend)) return { is: 'lost' }
  const end = endOf(before)
  if (end > offset && (await isExtended(within, listId, { offset, chunks }))) {
    return { is: 'extended' }
  }
  // A list that was abandoned is not begun anew in its middle by an uploader that knows nothing of it.
  assert(end === offset, 'a list is extended at its end alone')
  if (before !== null) {
    assert(before.owner !== undefined, 'a list extended after its commit')
    assert(before.tenant === tenantId && before.owner === owner, "another owner's list")
  }
  const claimed = await claimChunks(within, tenantId, chunks)
  if (claimed.is === 'gone') return claimed
  const head = { list: listId, tenant: tenantId, owner }
  await addPages(within, { head, before, offset, refs: claimed.refs })
  return { is: 'extended' }
}

async function isLiving({ db, session }: Reading, owner: string): Promise<boolean> {
  const lives = { _id: owner, until: { $gt: 0 } }
  return (await db.owners.findOne(lives, session === undefined ? {} : { session })) !== null
}

/** These chunks, or the generations of them that lived, are there already. */
async function isExtended(
  within: Within,
  listId: ChunkListId,
  { offset, chunks }: { readonly offset: number; readonly chunks: readonly ClaimedChunk[] },
): Promise<boolean> {
  const pages = await pagesFrom(within, listId, { fromOffset: offset, limit: chunks.length })
  const there = pages.flatMap(({ refs }) => refs)
  return (
    pages[0]?.offset === offset &&
    there.length >= chunks.length &&
    chunks.every(({ id, length }, at) => there[at]?.length === length && there[at].id.equals(id))
  )
}
