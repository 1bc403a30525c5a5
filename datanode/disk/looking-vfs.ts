// A file system to look at a store with: what is read is read from the real one, what is written is
// forgotten. So that a store can be recovered as at a start, and nothing of it changes; it may be on a
// read-only medium. Names that were changed, and lengths that were cut, are remembered.
import { basename, dirname } from 'node:path'
import { errorCode, type Vfs, type VfsFile } from './vfs.ts'

/** No store is that large, and segments of it are as long as they get. */
const anyBytes = 2 ** 50

export function lookingVfs(vfs: Vfs): Vfs {
  /** By name: where it truly is. `undefined`: nowhere any more, or never was. */
  const moved = new Map<string, string | undefined>()
  const lengths = new Map<string, number>()
  const realPath = (path: string) => (moved.has(path) ? moved.get(path) : path)
  return {
    async open(path, mode) {
      if (mode === 'create') return forgetful
      const real = realPath(path)
      if (real === undefined) throw notThere(path)
      return readOnly(await vfs.open(real, 'read'), { path: real, lengths })
    },
    async list(directory) {
      const names = new Set(await vfs.list(directory).catch(unlessAbsent))
      for (const [path, real] of moved) {
        if (dirname(path) !== directory) continue
        if (real === undefined) names.delete(basename(path))
        else names.add(basename(path))
      }
      return [...names]
    },
    makeDirectory: async () => {},
    async identify(path) {
      const real = realPath(path)
      return real === undefined ? undefined : vfs.identify(real)
    },
    async rename(from, to) {
      moved.set(to, realPath(from))
      moved.set(from, undefined)
    },
    async unlink(path) {
      moved.set(path, undefined)
    },
    syncDirectory: async () => {},
    freeBytes: async () => 0,
    totalBytes: async () => anyBytes,
    async allocate() {
      throw Object.assign(new Error('nothing is written here'), { code: 'ENOTSUP' })
    },
    bootId: () => vfs.bootId(),
  }
}

function readOnly(
  file: VfsFile,
  { path, lengths }: { readonly path: string; readonly lengths: Map<string, number> },
): VfsFile {
  const endOf = () => lengths.get(path) ?? anyBytes
  return {
    read(into, position) {
      const left = Math.max(0, Math.min(into.length, endOf() - position))
      return file.read(into.subarray(0, left), position)
    },
    write: async () => {},
    datasync: async () => {},
    async truncate(bytes) {
      lengths.set(path, bytes)
    },
    size: async () => Math.min(await file.size(), endOf()),
    close: () => file.close(),
  }
}

/** A new file. Whoever looks never reads one back. */
const forgetful: VfsFile = {
  read: async () => 0,
  write: async () => {},
  datasync: async () => {},
  truncate: async () => {},
  size: async () => 0,
  close: async () => {},
}

/** Segments of a store whose volume is missing: there are none. */
function unlessAbsent(cause: unknown): string[] {
  if (errorCode(cause) !== 'ENOENT') throw cause
  return []
}

function notThere(path: string): Error {
  return Object.assign(new Error(`ENOENT: ${path} is not there any more`), { code: 'ENOENT' })
}
