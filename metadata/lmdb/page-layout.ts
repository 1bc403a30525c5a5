// How LMDB lays out pages, as far as an environment of ours uses it: no duplicates, fixed or otherwise.
// MDB_page, MDB_node, MDB_db, MDB_meta and MDB_ovpage of its mdb.c, 64-bit, little endian. Pure: reads, and
// says what is not as it must be of a page by itself. How pages hang together: `verify-pages.ts`.
/** An object key of 1,024 NULs has twice as many bytes in a history: such pages take keys of 4,026 bytes. */
export const pageBytes = 8192
export const headerBytes = 24
const nodeHeaderBytes = 8
const overflowNodeBytes = 24
const recordBytes = 48
const metaAt = headerBytes
const flagBits = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const
const nodeFlags = { plain: 0, overflow: 1, tree: 2 } as const
export const noPage = 0xffff_ffff_ffff_ffffn

/** Told where something is wrong; the message says what. */
export class PageDamaged extends Error {
  override readonly name = 'PageDamaged'
}

/** A tree of pages, as its record tells. */
export type TreeRecord = {
  readonly flags: number
  readonly depth: number
  readonly branchPages: number
  readonly leafPages: number
  readonly overflowPages: number
  readonly entries: number
  /** `undefined`: it is empty. */
  readonly root: number | undefined
}

export type MetaPage = {
  readonly free: TreeRecord
  readonly main: TreeRecord
  readonly lastPage: number
  readonly txn: number
}

export type LeafNode = { readonly key: Buffer; readonly value: LeafValue }
export type LeafValue =
  | { readonly is: 'inPage'; readonly bytes: Buffer }
  | {
      readonly is: 'overflow'
      readonly page: number
      readonly pages: number
      readonly bytes: number
    }
  | { readonly is: 'tree'; readonly record: TreeRecord }
export type BranchNode = { readonly key: Buffer; readonly page: number }

export type TreePage =
  | { readonly is: 'leaf'; readonly nodes: readonly LeafNode[] }
  | { readonly is: 'branch'; readonly nodes: readonly BranchNode[] }

export function parseMetaPage(page: Buffer, number: number): MetaPage {
  demand(page.readUInt16LE(18) === flagBits.meta, 'is no meta page')
  demand(count(page, 0) === number, 'bears another number')
  return {
    free: parseRecord(page, metaAt + 24),
    main: parseRecord(page, metaAt + 24 + recordBytes),
    lastPage: count(page, metaAt + 24 + 2 * recordBytes),
    txn: count(page, metaAt + 32 + 2 * recordBytes),
  }
}

/** Of a page of a tree: when it was written, after its number was compared. */
export function requirePage(page: Buffer, number: number): { readonly txn: number } {
  demand(count(page, 0) === number, 'bears another number')
  return { txn: count(page, 8) }
}

/** How many pages an overflow page, which is the first of them, takes. */
export function parseOverflowPage(page: Buffer): number {
  demand(page.readUInt16LE(18) === flagBits.overflow, 'is no overflow page')
  return page.readUInt32LE(20)
}

/** Keys and values lie in the memory of the page. */
export function parseTreePage(page: Buffer): TreePage {
  const flags = page.readUInt16LE(18)
  demand(flags === flagBits.branch || flags === flagBits.leaf, 'is of no known kind')
  const isLeaf = flags === flagBits.leaf
  const lower = page.readUInt16LE(20)
  const upper = page.readUInt16LE(22)
  const room = page.length - headerBytes
  demand(lower % 2 === 0 && lower >= 2 && lower <= upper && upper <= room, 'has other bounds')
  const places: number[] = []
  for (let at = 0; at < lower; at += 2) places.push(page.readUInt16LE(headerBytes + at))
  requireTiling(page, { places, upper, isLeaf })
  return isLeaf
    ? { is: 'leaf', nodes: places.map((at) => leafNode(page, headerBytes + at)) }
    : { is: 'branch', nodes: places.map((at) => branchNode(page, headerBytes + at)) }
}

/** The nodes fill what is behind the free space of a page, without a gap, and no two of them meet. */
function requireTiling(
  page: Buffer,
  { places, upper, isLeaf }: { places: readonly number[]; upper: number; isLeaf: boolean },
): void {
  const room = page.length - headerBytes
  let at = upper
  for (const place of Uint16Array.from(places).sort()) {
    demand(place === at && at + nodeHeaderBytes <= room, 'has a node in another place')
    at += nodeBytes(page, headerBytes + place, isLeaf)
    at += at % 2
    demand(at <= room, 'has a node that is too long')
  }
  demand(at === room, 'has a gap between its nodes')
}

function nodeBytes(page: Buffer, at: number, isLeaf: boolean): number {
  const keyBytes = page.readUInt16LE(at + 6)
  if (!isLeaf) return nodeHeaderBytes + keyBytes
  const isElsewhere = page.readUInt16LE(at + 4) === nodeFlags.overflow
  return nodeHeaderBytes + keyBytes + (isElsewhere ? overflowNodeBytes : page.readUInt32LE(at))
}

function branchNode(page: Buffer, at: number): BranchNode {
  const keyAt = at + nodeHeaderBytes
  return {
    key: page.subarray(keyAt, keyAt + page.readUInt16LE(at + 6)),
    page: page.readUIntLE(at, 6),
  }
}

function leafNode(page: Buffer, at: number): LeafNode {
  const keyAt = at + nodeHeaderBytes
  const valueAt = keyAt + page.readUInt16LE(at + 6)
  return { key: page.subarray(keyAt, valueAt), value: leafValue(page, at, valueAt) }
}

function leafValue(page: Buffer, at: number, valueAt: number): LeafValue {
  const bytes = page.readUInt32LE(at)
  switch (page.readUInt16LE(at + 4)) {
    case nodeFlags.plain:
      return { is: 'inPage', bytes: page.subarray(valueAt, valueAt + bytes) }
    case nodeFlags.tree:
      demand(bytes === recordBytes, 'has a tree whose record is of another length')
      return { is: 'tree', record: parseRecord(page, valueAt) }
    case nodeFlags.overflow:
      return {
        is: 'overflow',
        page: count(page, valueAt),
        pages: count(page, valueAt + 16),
        bytes,
      }
    default:
      throw new PageDamaged('has a node of no known kind')
  }
}

function parseRecord(page: Buffer, at: number): TreeRecord {
  const hasRoot = page.readBigUInt64LE(at + 40) !== noPage
  return {
    flags: page.readUInt16LE(at + 4),
    depth: page.readUInt16LE(at + 6),
    branchPages: count(page, at + 8),
    leafPages: count(page, at + 16),
    overflowPages: count(page, at + 24),
    entries: count(page, at + 32),
    root: hasRoot ? count(page, at + 40) : undefined,
  }
}

function count(page: Buffer, at: number): number {
  const value = page.readBigUInt64LE(at)
  demand(value <= BigInt(Number.MAX_SAFE_INTEGER), 'has a number that is too large')
  return Number(value)
}

export function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new PageDamaged(otherwise)
}
