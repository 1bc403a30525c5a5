// A disk in memory that behaves as badly as a disk may: what was not synced is kept, lost or torn by
// sector when power goes, names are lost without a directory sync, and chosen calls fail. The
// processes that use it are killed by taking their view of it away.
import type { OpenMode, Vfs, VfsFile } from '../../datanode/disk/vfs.ts'
import type { SeededRandom } from './datanode-random.ts'

const pageBytes = 4096
const sectorBytes = 512
export const roomyBytes = 2 ** 40

type Inode = {
  /** What a reader sees. */
  data: Buffer
  size: number
  /** What the medium holds. */
  medium: Buffer
  mediumSize: number
  /** Pages that differ and that the next sync will write. */
  readonly dirty: Set<number>
}
type NameChange =
  | { readonly is: 'link'; readonly path: string; readonly inode: Inode }
  | { readonly is: 'unlink'; readonly path: string }
  | { readonly is: 'rename'; readonly from: string; readonly to: string }
export type FaultKind = 'EIO' | 'ENOSPC'

export class CrashFs {
  readonly #random: SeededRandom
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  /** Not yet durable, oldest first, by directory. */
  readonly #changes = new Map<string, NameChange[]>()
  #boot = 1
  #faults = new Map<number, FaultKind>()
  #calls = 0
  #fillAt = Infinity
  /** Room that is left. Files that grow take of it, files that get shorter or go give it back. */
  freeBytes = roomyBytes

  constructor(random: SeededRandom) {
    this.#random = random
  }

  get calls(): number {
    return this.#calls
  }

  /** The call after `calls` more fails, if it is one that can. */
  failAfter(calls: number, kind: FaultKind): void {
    this.#faults.set(this.#calls + calls, kind)
  }
  /** Others take all that is free, at the call after `calls` more. */
  fillAfter(calls: number): void {
    this.#fillAt = this.#calls + calls
  }
  clearFaults(): void {
    this.#faults.clear()
  }

  /** A process's view. After `kill` none of its calls ever answers, or does anything. */
  view(): { vfs: Vfs; kill: () => void; isAlive: () => boolean } {
    const process = { alive: true }
    return {
      vfs: crashVfs(this, process),
      isAlive: () => process.alive,
      kill: () => {
        process.alive = false
      },
    }
  }

  /** Power goes and comes back. Kill all views first. */
  losePower(): void {
    this.#boot += 1
    for (const changes of this.#changes.values()) {
      const kept = changes.slice(0, this.#random.below(changes.length + 1))
      for (const change of kept) applyChange(this.#durableNames, change)
    }
    this.#changes.clear()
    this.#names = new Map(this.#durableNames)
    for (const inode of new Set(this.#names.values())) this.#settle(inode)
  }

  #settle(inode: Inode): void {
    const random = this.#random
    const size = random.pick([
      inode.mediumSize,
      inode.size,
      Math.min(inode.size, inode.mediumSize + random.below(3) * pageBytes),
    ])
    const after = Buffer.alloc(Math.max(size, inode.mediumSize))
    inode.medium.copy(after, 0, 0, inode.mediumSize)
    for (const page of inode.dirty) {
      const mode = random.below(3)
      for (let at = page * pageBytes; at < (page + 1) * pageBytes; at += sectorBytes) {
        const kept = mode === 0 || (mode === 1 && random.oneIn(2))
        const end = Math.min(at + sectorBytes, inode.size, after.length)
        if (kept && at < end) inode.data.copy(after, at, at, end)
      }
    }
    inode.data = Buffer.alloc(size)
    after.copy(inode.data, 0, 0, size)
    inode.size = size
    inode.medium = Buffer.from(inode.data)
    inode.mediumSize = size
    inode.dirty.clear()
  }

  bootId(): string {
    return `boot-${this.#boot}`
  }

  /** Flips a byte on the medium, as a bad sector would. */
  corrupt(path: string, offset: number): void {
    const inode = this.#inode(path)
    for (const bytes of [inode.data, inode.medium]) {
      if (offset < bytes.length) bytes[offset] = (bytes[offset] ?? 0) ^ 0xff
    }
  }

  list(directory: string): string[] {
    const prefix = `${directory}/`
    const paths = [...this.#names.keys()].filter((path) => path.startsWith(prefix))
    return paths.map((path) => path.slice(prefix.length)).filter((name) => !name.includes('/'))
  }

  link(path: string): Inode {
    if (this.#names.has(path)) throw fault('EEXIST', path)
    const inode: Inode = {
      data: Buffer.alloc(0),
      size: 0,
      medium: Buffer.alloc(0),
      mediumSize: 0,
      dirty: new Set(),
    }
    this.#change({ is: 'link', path, inode }, path)
    return inode
  }
  #inode(path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw fault('ENOENT', path)
    return inode
  }
  inode(path: string): Inode {
    return this.#inode(path)
  }
  has(path: string): boolean {
    return this.#names.has(path)
  }
  unlink(path: string): void {
    this.freeBytes += this.#inode(path).size
    this.#change({ is: 'unlink', path }, path)
  }
  rename(from: string, to: string): void {
    this.#inode(from)
    this.#change({ is: 'rename', from, to }, to)
  }
  #change(change: NameChange, path: string): void {
    applyChange(this.#names, change)
    const directory = directoryOf(path)
    this.#changes.set(directory, [...(this.#changes.get(directory) ?? []), change])
  }
  syncNames(directory: string): void {
    for (const change of this.#changes.get(directory) ?? []) applyChange(this.#durableNames, change)
    this.#changes.delete(directory)
  }

  /** Writes what there is room for, and throws if that was not all. */
  put(inode: Inode, bytes: Buffer, { path, position }: { path: string; position: number }): void {
    const growth = Math.max(0, position + bytes.length - inode.size)
    const lacking = Math.max(0, growth - this.freeBytes)
    const before = inode.size
    const fitting = bytes.subarray(0, Math.max(0, bytes.length - lacking))
    if (fitting.length > 0) putBytes(inode, fitting, position)
    this.freeBytes -= inode.size - before
    if (lacking > 0) throw fault('ENOSPC', path)
  }

  /** Counts a call and throws if it is one that was to fail; `partly` runs before that. */
  call(path: string, partly?: () => void): void {
    this.#calls += 1
    if (this.#calls === this.#fillAt) this.freeBytes = 0
    const kind = this.#faults.get(this.#calls)
    if (kind === undefined) return
    this.#faults.delete(this.#calls)
    partly?.()
    throw fault(kind, path)
  }

  below(bound: number): number {
    return this.#random.below(bound)
  }
}

function applyChange(names: Map<string, Inode>, change: NameChange): void {
  switch (change.is) {
    case 'link':
      names.set(change.path, change.inode)
      return
    case 'unlink':
      names.delete(change.path)
      return
    case 'rename': {
      const inode = names.get(change.from)
      names.delete(change.from)
      if (inode !== undefined) names.set(change.to, inode)
      return
    }
    default:
      change satisfies never
  }
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

function fault(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}

type Process = { alive: boolean }

/** Runs a call in a later turn, unless the process is dead by then, or dies before the answer. */
async function inTurn<T>(process: Process, fs: CrashFs, work: () => T): Promise<T> {
  const turns = 1 + fs.below(3)
  for (let i = 0; i < turns; i += 1) await new Promise((resolve) => setImmediate(resolve))
  if (!process.alive) return new Promise(() => undefined)
  const answer = work()
  await new Promise((resolve) => setImmediate(resolve))
  return process.alive ? answer : new Promise(() => undefined)
}

function crashVfs(fs: CrashFs, process: Process): Vfs {
  const turn = <T>(work: () => T): Promise<T> => inTurn(process, fs, work)
  const changing = (path: string, work: () => void): Promise<void> =>
    turn(() => {
      fs.call(path)
      work()
    })
  return {
    open: (path, mode: OpenMode) =>
      turn(() => {
        fs.call(path)
        return crashFile(fs, {
          path,
          inode: mode === 'create' ? fs.link(path) : fs.inode(path),
          turn,
        })
      }),
    list: (directory) => turn(() => fs.list(directory)),
    makeDirectory: () => turn(() => undefined),
    identify: (path) => turn(() => (fs.has(path) ? { file: path, isLink: false } : undefined)),
    rename: (from, to) => changing(to, () => fs.rename(from, to)),
    unlink: (path) => changing(path, () => fs.unlink(path)),
    syncDirectory: (path) => changing(path, () => fs.syncNames(path)),
    freeBytes: () => turn(() => fs.freeBytes),
    totalBytes: () => turn(() => roomyBytes),
    allocate: (path, bytes) =>
      turn(() => {
        fs.call(path)
        const inode = fs.has(path) ? fs.inode(path) : fs.link(path)
        const lacking = Buffer.alloc(Math.max(0, bytes - inode.size))
        fs.put(inode, lacking, { path, position: inode.size })
      }),
    bootId: () => turn(() => fs.bootId()),
  }
}

type OpenFile = {
  readonly path: string
  readonly inode: Inode
  readonly turn: <T>(work: () => T) => Promise<T>
}

function crashFile(fs: CrashFs, { path, inode, turn }: OpenFile): VfsFile {
  return {
    read: (into, position) =>
      turn(() => {
        fs.call(path)
        return inode.data.copy(into, 0, Math.min(position, inode.size), inode.size)
      }),
    write: (pieces, position) =>
      turn(() => {
        const bytes = Buffer.concat(pieces)
        const part = () => bytes.subarray(0, fs.below(bytes.length))
        fs.call(path, () => fs.put(inode, part(), { path, position }))
        fs.put(inode, bytes, { path, position })
      }),
    // Two turns: what is written in between belongs to the next sync.
    datasync: async () => {
      const pages = await turn(() => [...inode.dirty].map((page) => copyPage(inode, page)))
      const { size } = inode
      await turn(() => {
        // A failed sync drops the pages: the cache calls them clean, the medium never got them.
        fs.call(path, () => inode.dirty.clear())
        for (const page of pages) toMedium(inode, page)
        if (size < inode.mediumSize) inode.medium.fill(0, size, inode.mediumSize)
        inode.mediumSize = size
      })
    },
    truncate: (bytes) =>
      turn(() => {
        fs.call(path)
        fs.freeBytes += inode.size - bytes
        cut(inode, bytes)
      }),
    size: () => turn(() => inode.size),
    close: () => turn(() => undefined),
  }
}

function putBytes(inode: Inode, bytes: Buffer, position: number): void {
  const end = position + bytes.length
  if (end > inode.data.length) {
    const grown = Buffer.alloc(Math.max(end, inode.data.length * 2))
    inode.data.copy(grown, 0, 0, inode.size)
    inode.data = grown
  }
  bytes.copy(inode.data, position)
  inode.size = Math.max(inode.size, end)
  for (let at = position; at < end; at = (Math.floor(at / pageBytes) + 1) * pageBytes) {
    inode.dirty.add(Math.floor(at / pageBytes))
  }
}

function cut(inode: Inode, bytes: number): void {
  if (bytes < inode.size) inode.data.fill(0, bytes, inode.size)
  inode.size = bytes
  if (inode.data.length < bytes) putBytes(inode, Buffer.alloc(0), bytes)
  inode.dirty.add(Math.floor(bytes / pageBytes))
}

function copyPage(inode: Inode, page: number): { page: number; bytes: Buffer } {
  const from = page * pageBytes
  return { page, bytes: Buffer.from(inode.data.subarray(from, from + pageBytes)) }
}

function toMedium(inode: Inode, { page, bytes }: { page: number; bytes: Buffer }): void {
  const from = page * pageBytes
  if (inode.medium.length < from + pageBytes) {
    const grown = Buffer.alloc(Math.max(from + pageBytes, inode.medium.length * 2))
    inode.medium.copy(grown)
    inode.medium = grown
  }
  bytes.copy(inode.medium, from)
  const now = inode.data.subarray(from, from + bytes.length)
  if (now.equals(bytes)) inode.dirty.delete(page)
}
