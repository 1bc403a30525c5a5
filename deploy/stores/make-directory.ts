// Makes a directory so that a loss of power does not take it away again.
import { lstatSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { syncDirectory } from './write-durably.ts'

/** The message says what is in the way, for people. */
export class DirectoryNotMade extends Error {
  override readonly name = 'DirectoryNotMade'
}

/**
 * With its parents, of mode 0700 each. The names of those made here are durable when this returns. Throws
 * `DirectoryNotMade`.
 */
export function makeDirectory(path: string): void {
  const missing = missingFrom(resolve(path))
  // Step by step: Node's own way of making parents never ends where a file system takes none, as in /proc.
  for (const each of missing) makeOne(each)
  for (const each of missing) syncDirectory(dirname(each))
}

/** What is not there yet, the outermost first. */
function missingFrom(path: string): readonly string[] {
  const missing: string[] = []
  for (let at = path; !isThere(at); at = dirname(at)) missing.unshift(at)
  return missing
}

function isThere(path: string): boolean {
  let isDirectory: boolean | undefined
  try {
    isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory()
  } catch (cause) {
    throw notMade(path, cause)
  }
  if (isDirectory === false) throw new DirectoryNotMade(`${path} is no directory.`)
  return isDirectory === true
}

function makeOne(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw notMade(path, cause)
    // Either somebody else has made it meanwhile, or its name is taken by what leads nowhere.
    if (isThere(path)) return
    const kind = lstatSync(path).isSymbolicLink() ? 'a symbolic link to what is not there' : 'taken'
    throw new DirectoryNotMade(`${path} is ${kind}.`, { cause })
  }
}

function notMade(path: string, cause: unknown): DirectoryNotMade {
  const why = reasons.get(codeOf(cause)) ?? (() => String(cause))
  return new DirectoryNotMade(`${why(path)} (${codeOf(cause)}).`, { cause })
}

/** A path that cannot even be looked at, or in whose parent nothing can be made. */
const reasons: ReadonlyMap<string, (path: string) => string> = new Map([
  ['EACCES', (path) => `${path} is out of reach for this user`],
  ['EPERM', (path) => `${path} cannot be made by this user`],
  ['EROFS', (path) => `${path} would be on a file system that is read-only`],
  ['ENOENT', (path) => `${dirname(path)} takes no directories`],
  ['ENOTDIR', (path) => `${path} has something above it that is no directory`],
  ['ELOOP', (path) => `${path} leads through symbolic links that go round in a circle`],
  ['ENAMETOOLONG', (path) => `${path} is too long a name`],
  ['ENOSPC', (path) => `${path} does not fit: the disk is full`],
  ['EDQUOT', (path) => `${path} does not fit: the quota is used up`],
])

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
}
