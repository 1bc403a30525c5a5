// Rows of paged chunk lists: pages by plaintext offset, and the owner of a list that no version or
// part has taken over yet.
import assert from 'node:assert'
import type { ChunkRef } from '../../protocol/chunks/chunk-ref.ts'
import { encodeChunkRefs, parseChunkRefs } from '../codec/chunk-ref-codec.ts'
import { decodeRecord, encodeRecord, id, text } from '../codec/record-frame.ts'
import { parseTenantId } from '../record-ids.ts'
import type { ChunkListId, TenantId } from '../records.ts'
import type { Tables } from './lmdb-environment.ts'
import { numberKey, numberOfKey, rangeOf } from './row-keys.ts'

/** References a page holds, so that it fits a database page. */
export const pageRefsMax = 80
const listIdBytes = 16

export type ListOwner = { readonly tenantId: TenantId; readonly owner: string }

export function listKey(listId: ChunkListId): Buffer {
  return Buffer.from(listId, 'hex')
}

export function pageKey(listId: ChunkListId, offset: number): Buffer {
  return Buffer.concat([listKey(listId), numberKey(offset)])
}

export function ownerOf(tables: Tables, listId: ChunkListId): ListOwner | undefined {
  const bytes = tables.listOwners.get(listKey(listId))
  return bytes && parseOwner(bytes)
}

export function parseOwner(bytes: Buffer): ListOwner {
  const fields = decodeRecord('list owner', bytes)
  return { tenantId: id(parseTenantId, fields, 0), owner: text(fields, 1) }
}

export function setOwner(tables: Tables, listId: ChunkListId, owner: ListOwner): void {
  tables.listOwners.put(listKey(listId), encodeRecord(1, [owner.tenantId, owner.owner]))
  noteListOfOwner(tables, owner.owner, listKey(listId))
}

export function noteListOfOwner(tables: Tables, owner: string, list: Buffer): void {
  tables.listsOfOwners.put(Buffer.concat([ownerPrefix(owner), list]), Buffer.alloc(0))
}

/** The first lists of an owner, by their keys in `listOwners`. */
export function listsOfOwner(tables: Tables, owner: string, limit: number): readonly Buffer[] {
  const prefix = ownerPrefix(owner)
  return tables.listsOfOwners
    .keys({ ...rangeOf(prefix), limit })
    .map((key) => key.subarray(prefix.length))
}

function ownerPrefix(owner: string): Buffer {
  const bytes = Buffer.from(owner)
  assert(bytes.length < 256, 'an owner whose name is too long')
  return Buffer.concat([Buffer.of(bytes.length), bytes])
}

/** Takes the list from its owner; false when it has none, or is another tenant's. */
export function releaseOwner(tables: Tables, tenantId: TenantId, listId: ChunkListId): boolean {
  const found = ownerOf(tables, listId)
  if (found?.tenantId !== tenantId) return false
  tables.listOwners.remove(listKey(listId))
  tables.listsOfOwners.remove(Buffer.concat([ownerPrefix(found.owner), listKey(listId)]))
  return true
}

export function putPages(
  tables: Tables,
  listId: ChunkListId,
  first: { offset: number; refs: readonly ChunkRef[] },
): void {
  let offset = first.offset
  for (let at = 0; at < first.refs.length; at += pageRefsMax) {
    const refs = first.refs.slice(at, at + pageRefsMax)
    tables.lists.put(pageKey(listId, offset), encodeChunkRefs(refs))
    offset += refs.reduce((sum, ref) => sum + ref.length, 0)
  }
}

/** Plaintext bytes that the list covers; 0 when there is no such list. */
export function endOfList(tables: Tables, listId: ChunkListId): number {
  const last = tables.lists.last(rangeOf(listKey(listId)))
  if (last === undefined) return 0
  const start = numberOfKey(last.key.subarray(listIdBytes))
  return parseChunkRefs(last.value).reduce((end, ref) => end + ref.length, start)
}

export type ListPage = {
  readonly key: Buffer
  /** Plaintext offset of the first chunk. */
  readonly offset: number
  readonly refs: readonly ChunkRef[]
}

/** Pages from the one that covers `fromOffset` on, until they hold `limit` references. */
export function pagesFrom(
  tables: Tables,
  listId: ChunkListId,
  { fromOffset, limit }: { fromOffset: number; limit: number },
): readonly ListPage[] {
  const list = rangeOf(listKey(listId))
  const upTo = { start: list.start, end: pageKey(listId, fromOffset + 1) }
  const start = fromOffset === 0 ? list.start : (tables.lists.last(upTo)?.key ?? list.start)
  const pages: ListPage[] = []
  let held = 0
  for (const row of tables.lists.rows({ start, end: list.end })) {
    const refs = parseChunkRefs(row.value)
    pages.push({ key: row.key, offset: numberOfKey(row.key.subarray(listIdBytes)), refs })
    held += refs.length
    if (held >= limit) break
  }
  return pages
}
