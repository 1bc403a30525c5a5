// Walks every page that the newest commit of an environment's file uses, without LMDB, which trusts its
// pages and ends the process on one that is damaged: how they hang together, which keys stand where, what
// is counted, and that no page which is in use is noted as free. What rows hold is none of its matters.
// For files that nothing writes meanwhile.
import { closeSync, openSync, readSync } from 'node:fs'
import {
  demand,
  headerBytes,
  type LeafNode,
  type MetaPage,
  PageDamaged,
  pageBytes,
  parseMetaPage,
  parseOverflowPage,
  parseTreePage,
  requirePage,
  type TreePage,
  type TreeRecord,
} from './page-layout.ts'
import { tableNames } from './tables.ts'

const integerKeys = 8
/** What LMDB takes with pages of that size. */
const keyBytesMax = 4026
const firstTreePage = 2

/** Keys from `low`, inclusive, to `high`, exclusive. */
type Bounds = { readonly low: Buffer | undefined; readonly high: Buffer | undefined }
type Counts = { branchPages: number; leafPages: number; overflowPages: number; entries: number }
type OnLeaf = (nodes: readonly LeafNode[]) => void

/** Answers what is wrong with the file, the first of it; `undefined`: nothing. */
export function verifyPages(path: string): string | undefined {
  const file = openSync(path, 'r')
  try {
    new PageWalk(file).verify()
    return undefined
  } catch (cause) {
    if (cause instanceof PageDamaged) return cause.message
    throw cause
  } finally {
    closeSync(file)
  }
}

class PageWalk {
  private readonly file: number
  private readonly meta: MetaPage
  /** Pages that were met, in use or free. */
  private readonly met: Uint8Array

  constructor(file: number) {
    this.file = file
    this.meta = newestMeta(
      [0, 1].map((page) => at(page, () => parseMetaPage(this.read(page), page))),
    )
    const bytesMax = 2 ** 32
    demand(this.meta.lastPage < bytesMax, 'page 0 has a last page that is too far')
    this.met = new Uint8Array(Math.ceil((this.meta.lastPage + 1) / 8))
  }

  verify(): void {
    const { free, main, txn } = this.meta
    demand(free.flags === integerKeys && main.flags === 0, 'the meta page has other flags')
    // A meta page that is taken for newer than it is has trees that it did not write. All pages of a copy
    // say that they are of the first commit.
    const written = [free, main].map(({ root }) => (root === undefined ? 0 : this.writtenAt(root)))
    const newest = Math.max(...written)
    demand(newest === txn || newest <= 1, 'the meta page has another number of its commit')
    const tables: [string, TreeRecord][] = []
    this.walk('the tree of tables', main, (nodes) => {
      for (const { key, value } of nodes) {
        demand(value.is === 'tree', 'has a table without a tree')
        if (value.is === 'tree') tables.push([nameOf(key), value.record])
      }
    })
    for (const [name, record] of tables) {
      demand(
        tableNames.some((known) => known === name),
        `a table has the name ${name}`,
      )
      demand(record.flags === 0, `the table ${name} has other flags`)
      this.walk(name, record, () => undefined)
    }
    const lists: Buffer[] = []
    this.walk('the list of free pages', free, (nodes) => {
      for (const node of nodes) lists.push(this.valueOf(node))
    })
    // Only then is it known which pages are in use.
    for (const list of lists) this.noteFree(list)
  }

  private walk(name: string, record: TreeRecord, onLeaf: OnLeaf): void {
    const counts: Counts = { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 }
    const { root, depth } = record
    demand((root === undefined) === (depth === 0), `${name} has another depth`)
    if (root !== undefined) {
      const steps = { depth, counts, onLeaf, compare: comparing(record) }
      this.descend(root, { low: undefined, high: undefined }, steps)
    }
    for (const what of ['branchPages', 'leafPages', 'overflowPages', 'entries'] as const) {
      const found = counts[what]
      demand(found === record[what], `${name} counts ${record[what]} ${what}, and has ${found}`)
    }
  }

  private descend(page: number, bounds: Bounds, steps: Steps): void {
    const { depth, counts } = steps
    const parsed = at(page, () => this.treePage(page, bounds, steps))
    if (parsed.is === 'leaf') {
      counts.leafPages += 1
      counts.entries += parsed.nodes.length
      at(page, () => steps.onLeaf(parsed.nodes))
      for (const node of parsed.nodes) this.followOverflow(node, counts)
      return
    }
    counts.branchPages += 1
    for (const [index, node] of parsed.nodes.entries()) {
      // The first key of a branch is never looked at.
      const low = index === 0 ? bounds.low : node.key
      const high = parsed.nodes[index + 1]?.key ?? bounds.high
      this.descend(node.page, { low, high }, { ...steps, depth: depth - 1 })
    }
  }

  private treePage(page: number, bounds: Bounds, { depth, compare }: Steps): TreePage {
    this.meet(page, 1)
    const bytes = this.read(page)
    demand(requirePage(bytes, page).txn <= this.meta.txn, 'is of a later commit')
    const parsed = parseTreePage(bytes)
    demand((parsed.is === 'leaf') === (depth === 1), 'is at another depth')
    let before = parsed.is === 'leaf' ? bounds.low : undefined
    for (const [index, { key }] of parsed.nodes.entries()) {
      if (parsed.is === 'branch' && index === 0) {
        before = bounds.low
        continue
      }
      demand(key.length > 0 && key.length <= keyBytesMax, 'has a key of another length')
      const order = before === undefined ? -1 : compare(before, key)
      // The lowest key of a leaf is often the one above it.
      demand(order < 0 || (order === 0 && index === 0), 'has keys out of order')
      before = key
    }
    demand(
      before === undefined || bounds.high === undefined || compare(before, bounds.high) < 0,
      'has keys of the page behind it',
    )
    return parsed
  }

  private followOverflow({ value }: LeafNode, counts: Counts): void {
    if (value.is !== 'overflow') return
    const { page, pages, bytes } = value
    at(page, () => {
      this.meet(page, pages)
      const first = this.read(page)
      demand(requirePage(first, page).txn <= this.meta.txn, 'is of a later commit')
      demand(parseOverflowPage(first) === pages, 'is of another number of pages')
      demand(headerBytes + bytes <= pages * pageBytes, 'holds less than it is said to')
    })
    counts.overflowPages += pages
  }

  private valueOf({ value }: LeafNode): Buffer {
    if (value.is === 'inPage') return Buffer.from(value.bytes)
    demand(value.is === 'overflow', 'the list of free pages has a tree in it')
    if (value.is !== 'overflow') return Buffer.alloc(0)
    const bytes = Buffer.alloc(value.bytes)
    readSync(this.file, bytes, 0, bytes.length, value.page * pageBytes + headerBytes)
    return bytes
  }

  /** A list: its length, then pages; a negative number says how many the next one stands for. */
  private noteFree(list: Buffer): void {
    demand(list.length >= 8 && list.length % 8 === 0, 'a list of free pages has another length')
    const length = Number(list.readBigInt64LE(0))
    demand(length >= 0 && 8 + length * 8 <= list.length, 'a list of free pages has another length')
    let pages = 1
    for (let index = 1; index <= length; index += 1) {
      const entry = Number(list.readBigInt64LE(index * 8))
      if (entry < 0) {
        pages = -entry
        continue
      }
      if (entry > 0) at(entry, () => this.meet(entry, pages))
      pages = 1
    }
  }

  private meet(page: number, pages: number): void {
    const { lastPage } = this.meta
    demand(
      page >= firstTreePage && pages >= 1 && page + pages - 1 <= lastPage,
      'is not in the file',
    )
    for (let each = page; each < page + pages; each += 1) {
      const bit = 1 << (each % 8)
      const index = Math.floor(each / 8)
      demand(((this.met[index] ?? 0) & bit) === 0, 'is used twice, or is in use and noted as free')
      this.met[index] = (this.met[index] ?? 0) | bit
    }
  }

  private writtenAt(page: number): number {
    return at(page, () => requirePage(this.read(page), page).txn)
  }

  private read(page: number): Buffer {
    const bytes = Buffer.allocUnsafe(pageBytes)
    const read = readSync(this.file, bytes, 0, bytes.length, page * pageBytes)
    demand(read === bytes.length, 'is not in the file')
    return bytes
  }
}

type Steps = {
  readonly depth: number
  readonly counts: Counts
  readonly onLeaf: OnLeaf
  readonly compare: (a: Buffer, b: Buffer) => number
}

function newestMeta(metas: readonly MetaPage[]): MetaPage {
  const [first, second] = metas
  if (first === undefined || second === undefined) throw new PageDamaged('there is no meta page')
  // As LMDB takes them. Commits take turns between the two, but those of a copy begin with one alone.
  const newest = first.txn >= second.txn ? first : second
  const older = newest === first ? second : first
  const isTurn =
    first.txn % 2 === 0 && second.txn === (newest === first ? first.txn - 1 : first.txn + 1)
  demand(isTurn || isBlank(older), 'page 0 and 1 are not of two commits in turn')
  return newest
}

function isBlank({ txn, main, lastPage }: MetaPage): boolean {
  return txn === 0 && main.root === undefined && lastPage === firstTreePage - 1
}

function comparing({ flags }: TreeRecord): Steps['compare'] {
  return (flags & integerKeys) === 0
    ? Buffer.compare
    : (a, b) => {
        demand(a.length === 8 && b.length === 8, 'has a key of another length')
        const [x, y] = [a.readBigUInt64LE(0), b.readBigUInt64LE(0)]
        return x < y ? -1 : x > y ? 1 : 0
      }
}

function nameOf(key: Buffer): string {
  const text = key.toString('latin1')
  return text.endsWith('\0') ? text.slice(0, -1) : text
}

/** Names the page in what is thrown within. */
function at<T>(page: number, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof PageDamaged) || cause.message.startsWith('page ')) throw cause
    throw new PageDamaged(`page ${page} ${cause.message}`)
  }
}
