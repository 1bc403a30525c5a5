// The catalog of chunks: what lives, and lists under way. Taking and giving back references
// is in `chunk-claims.ts`.
import assert from 'node:assert'
import { parseChunkId } from '../../protocol/chunks/chunk-ref.ts'
import type { ChunkCatalog, ClaimedChunk } from '../metadata-store.ts'
import { parseChunkListId } from '../record-ids.ts'
import type { ChunkListId, TenantId } from '../records.ts'
import { chunkRow, claimChunks } from './chunk-claims.ts'
import {
  endOfList,
  listsOfOwner,
  ownerOf,
  pagesFrom,
  putPages,
  releaseOwner,
  setOwner,
} from './chunk-lists.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { appendRelease } from './outbox-rows.ts'
import { isLiving } from './owners.ts'
import { justAfter } from './row-keys.ts'

const allChunks = { start: Buffer.alloc(32), end: Buffer.alloc(33, 0xff) }

export function lmdbChunks(env: LmdbEnvironment): ChunkCatalog {
  return {
    find: async (tenantId, ids) =>
      env.read((tables) =>
        ids.map((id) => {
          const row = chunkRow(tables, id)
          return row?.tenantId === tenantId ? { id, generation: row.generation } : undefined
        }),
      ),

    extendList: ({ tenantId, listId, owner, offset, chunks }) =>
      env.add((tables) => {
        if (!isLiving(tables, owner)) return { is: 'lost' }
        const before = ownerOf(tables, listId)
        const end = endOfList(tables, listId)
        if (end > offset && isExtended(tables, listId, { offset, chunks }))
          return { is: 'extended' }
        // A list that was abandoned is not begun anew in its middle by an uploader that knows nothing of it.
        assert(end === offset, 'a list is extended at its end alone')
        if (before === undefined) {
          assert(offset === 0, 'a list extended after its commit')
        } else {
          assert(before.tenantId === tenantId && before.owner === owner, "another owner's list")
        }
        const claimed = claimChunks(tables, tenantId, chunks)
        if (claimed.is === 'gone') return claimed
        if (before === undefined) setOwner(tables, listId, { tenantId, owner })
        putPages(tables, listId, { offset, refs: claimed.refs })
        return { is: 'extended' }
      }),

    abandonList: (tenantId, listId) =>
      env.write((tables) => {
        abandon(tables, tenantId, listId)
      }),

    abandonListsOf: async (owner, limit) => {
      if (env.read((tables) => listsOfOwner(tables, owner, 1)).length === 0) return 0
      return env.write((tables) => {
        if (isLiving(tables, owner)) return 0
        const left = listsOfOwner(tables, owner, limit)
        for (const key of left) {
          const listId = parseChunkListId(key.toString('hex'))
          const found = listId && ownerOf(tables, listId)
          assert(listId !== undefined && found !== undefined, 'a list that only its owner knows')
          abandon(tables, found.tenantId, listId)
        }
        return left.length
      })
    },

    readList: async (listId, fromOffset, limit) =>
      env.read((tables) => {
        const pages = pagesFrom(tables, listId, { fromOffset, limit })
        let offset = pages[0]?.offset ?? 0
        const chunks = pages.flatMap((page) => page.refs)
        let skipped = 0
        for (const chunk of chunks) {
          if (offset + chunk.length > fromOffset) break
          offset += chunk.length
          skipped += 1
        }
        return { offset, chunks: chunks.slice(skipped, skipped + limit) }
      }),

    list: async ({ after, limit }) =>
      env.read((tables) => {
        const start = after === undefined ? allChunks.start : justAfter(after)
        return tables.chunks.keys({ start, end: allChunks.end, limit }).flatMap((key) => {
          const id = parseChunkId(Buffer.from(key))
          const row = chunkRow(tables, id)
          return row === undefined ? [] : [{ id, generation: row.generation }]
        })
      }),

    areReferenced: async (blobs) =>
      env.read((tables) =>
        blobs.map((blob) => chunkRow(tables, blob.id)?.generation === blob.generation),
      ),
  }
}

/** These chunks, or the generations of them that lived, are there already. */
function isExtended(
  tables: Tables,
  listId: ChunkListId,
  { offset, chunks }: { readonly offset: number; readonly chunks: readonly ClaimedChunk[] },
): boolean {
  const pages = pagesFrom(tables, listId, { fromOffset: offset, limit: chunks.length })
  const there = pages.flatMap(({ refs }) => refs)
  return (
    pages[0]?.offset === offset &&
    there.length >= chunks.length &&
    chunks.every(({ id, length }, at) => there[at]?.length === length && there[at].id.equals(id))
  )
}

function abandon(tables: Tables, tenantId: TenantId, listId: ChunkListId): void {
  if (!releaseOwner(tables, tenantId, listId)) return
  appendRelease(tables, tenantId, { what: 'list', listId })
}
