// The operating system's files. Raw descriptors and callbacks: cheaper per call than FileHandle.
import { close, constants, fdatasync, fstat, fsync, ftruncate, open, read, writev } from 'node:fs'
import { lstat, mkdir, readdir, readFile, rename, stat, statfs, unlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { noRoomError } from '../../protocol/no-room.ts'
import { allocateFile } from './allocate-file.ts'
import { type DirectFile, directAlignment, openDirect } from './direct-writes.ts'
import { errorCode, type OpenMode, type Vfs, type VfsFile } from './vfs.ts'

const openAsync = promisify(open)
const closeAsync = promisify(close)
const fsyncAsync = promisify(fsync)
const fdatasyncAsync = promisify(fdatasync)
const ftruncateAsync = promisify(ftruncate)
const fstatAsync = promisify(fstat)

/** A write of so many bytes goes past the page cache. */
const directBytesMin = 512 * 1024

const flagsOf: Readonly<Record<OpenMode, number>> = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  read: constants.O_RDONLY,
  readWrite: constants.O_RDWR,
}

export const realVfs: Vfs = {
  async open(path, mode) {
    const fd = await openAsync(path, flagsOf[mode], 0o600)
    return mode === 'create' ? appendedFile(fd, path) : realFile(fd)
  },
  list: (directory) => readdir(directory),
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 })
  },
  async identify(path) {
    try {
      const found = await stat(path, { bigint: true })
      if (!found.isFile()) return undefined
      const isLink = (await lstat(path)).isSymbolicLink()
      return { file: `${found.dev} ${found.ino}`, isLink }
    } catch (cause) {
      const code = errorCode(cause)
      if (code !== 'ENOENT' && code !== 'ELOOP') throw cause
      return undefined
    }
  },
  rename,
  unlink,
  async syncDirectory(path) {
    const fd = await openAsync(path, constants.O_RDONLY)
    try {
      await fsyncAsync(fd)
    } finally {
      await closeAsync(fd)
    }
  },
  async freeBytes(path) {
    const stats = await statfs(path)
    return stats.bavail * stats.bsize
  },
  async totalBytes(path) {
    const stats = await statfs(path)
    return stats.blocks * stats.bsize
  },
  allocate: allocateFile,
  async bootId() {
    try {
      return (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim()
    } catch {
      // Not Linux. The caller then trusts nothing that was not synced.
      return undefined
    }
  },
}

function realFile(fd: number): VfsFile {
  return {
    read: (into, position) => readFully(fd, into, position),
    write: (pieces, position) => writeFully(fd, pieces, position),
    datasync: () => fdatasyncAsync(fd),
    truncate: (bytes) => ftruncateAsync(fd, bytes),
    size: async () => (await fstatAsync(fd)).size,
    close: () => closeAsync(fd),
  }
}

/** A file whose large writes are direct, where that can be done. */
function appendedFile(fd: number, path: string): VfsFile {
  const file = realFile(fd)
  let opening: Promise<DirectFile | undefined> | undefined
  return {
    ...file,
    async write(pieces, position) {
      if (bytesOf(pieces) < directBytesMin) return writeFully(fd, pieces, position)
      opening ??= openDirect(path)
      const direct = await opening
      return direct === undefined
        ? writeFully(fd, pieces, position)
        : writeLarge({ fd, direct }, pieces, position)
    },
    async close() {
      const direct = await opening
      await direct?.close()
      await file.close()
    },
  }
}

/** Whole pages directly, the ragged ends through the page cache: they share no page. */
async function writeLarge(
  { fd, direct }: { readonly fd: number; readonly direct: DirectFile },
  pieces: readonly Uint8Array[],
  position: number,
): Promise<void> {
  const end = position + bytesOf(pieces)
  const from = Math.ceil(position / directAlignment) * directAlignment
  const to = Math.floor(end / directAlignment) * directAlignment
  const whole = piecesBefore(piecesAfter(pieces, from - position), to - from)
  await writeFully(fd, piecesBefore(pieces, from - position), position)
  try {
    await direct.write(whole, from)
  } catch (cause) {
    // The file system takes the flag and not the writes.
    if (errorCode(cause) !== 'EINVAL') throw cause
    await writeFully(fd, whole, from)
  }
  await writeFully(fd, piecesAfter(pieces, to - position), to)
}

function readFully(fd: number, into: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let done = 0
    const step = (): void => {
      read(fd, into, done, into.length - done, position + done, (cause, count) => {
        if (cause) return reject(cause)
        done += count
        if (count === 0 || done === into.length) return resolve(done)
        step()
      })
    }
    if (into.length === 0) resolve(0)
    else step()
  })
}

function writeFully(fd: number, pieces: readonly Uint8Array[], position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = pieces
    let at = position
    const step = (): void => {
      writev(fd, rest, at, (cause, count) => {
        if (cause) return reject(cause)
        at += count
        rest = piecesAfter(rest, count)
        if (rest.length === 0) return resolve()
        if (count === 0) return reject(noRoomError('the disk took nothing, and said no reason'))
        // A short write: the next call tells why, or goes on.
        step()
      })
    }
    if (pieces.length === 0) resolve()
    else step()
  })
}

function bytesOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}

/** The first `count` bytes of `pieces`. */
function piecesBefore(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  const before: Uint8Array[] = []
  let left = count
  for (const piece of pieces) {
    if (left <= 0) break
    before.push(left < piece.length ? piece.subarray(0, left) : piece)
    left -= piece.length
  }
  return before
}

/** What is left of `pieces` after their first `count` bytes. */
export function piecesAfter(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count
  for (const [i, piece] of pieces.entries()) {
    if (skip < piece.length) {
      return skip === 0 ? pieces.slice(i) : [piece.subarray(skip), ...pieces.slice(i + 1)]
    }
    skip -= piece.length
  }
  return []
}
