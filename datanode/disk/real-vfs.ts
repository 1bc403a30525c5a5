// The operating system's files. Raw descriptors and callbacks: cheaper per call than FileHandle.
import { close, constants, fdatasync, fstat, fsync, ftruncate, open, read, writev } from 'node:fs'
import { mkdir, readdir, readFile, rename, statfs, unlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { OpenMode, Vfs, VfsFile } from './vfs.ts'

const openAsync = promisify(open)
const closeAsync = promisify(close)
const fsyncAsync = promisify(fsync)
const fdatasyncAsync = promisify(fdatasync)
const ftruncateAsync = promisify(ftruncate)
const fstatAsync = promisify(fstat)

const flagsOf: Readonly<Record<OpenMode, number>> = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  read: constants.O_RDONLY,
  readWrite: constants.O_RDWR,
}

export const realVfs: Vfs = {
  async open(path, mode) {
    return realFile(await openAsync(path, flagsOf[mode], 0o600))
  },
  list: (directory) => readdir(directory),
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 })
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
        // A short write: the next call tells why, or goes on.
        step()
      })
    }
    step()
  })
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
