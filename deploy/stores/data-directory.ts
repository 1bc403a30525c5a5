// The data directory belongs to one server at a time. The kernel keeps that lock, and lets go of it
// when the last process that holds the file open has ended, however it ended; so no clock, no stale
// file and no guess at process ids decides who may write.
import { spawnSync } from 'node:child_process'
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isNoRoom } from '../../protocol/no-room.ts'
import { makeDirectory } from './make-directory.ts'
import { leftAs, leftOf, type MetadataState, mustReadAll } from './metadata-left.ts'

/** To be handed to every process that opens the engines: the lock lives as long as any of them. */
export type DataDirectoryLock = {
  readonly fd: number
  /** All pages of the metadata are to be read before they are opened. */
  readonly mustReadAll: boolean
  /** They were read, and are sound. */
  foundSound(): void
  /** The server has been well for a while. */
  served(): void
  /** A process died as on damaged pages: the next start is to read them all. */
  doubt(): void
  release(): void
}

/** The directory cannot be used; the message says why and what to do. */
export class DataDirectoryRefused extends Error {
  override readonly name = 'DataDirectoryRefused'
}

/** Another process has it. `byServer`: one that serves it, so that it may be read beside. */
export class DataDirectoryInUse extends DataDirectoryRefused {
  readonly byServer: boolean

  constructor(message: string, byServer: boolean) {
    super(message)
    this.byServer = byServer
  }
}

export type LockHolder = 'server' | 'command'

/** Makes the directory (mode 0700) where it is missing, and locks it. Throws `DataDirectoryRefused`. */
export async function lockDataDirectory(
  directory: string,
  options: {
    readonly pid: number
    readonly wait: (ms: number) => Promise<void>
    readonly as: LockHolder
  },
): Promise<DataDirectoryLock> {
  const path = join(directory, 'lock')
  const fd = openLockFile(directory, path)
  // After a hard kill of a server's first process, its workers need a moment to notice.
  for (let attempt = 0; !tryLock(fd, path, '-x'); attempt += 1) {
    const holder = readHolder(path)
    if (attempt < 20 && holder !== undefined && !isAlive(holder)) {
      await options.wait(100)
      continue
    }
    const inUse = inUseBy(directory, path)
    closeSync(fd)
    throw inUse
  }
  return new HeldLock(directory, { fd, path, holder: `${options.pid} ${options.as}` })
}

/** What it notes of the metadata, for the next holder, is `metadata-left.ts`'s. */
class HeldLock implements DataDirectoryLock {
  readonly fd: number
  readonly mustReadAll: boolean
  private readonly directory: string
  private readonly holder: string
  private isSound: boolean
  private isReleased = false

  constructor(
    directory: string,
    { fd, path, holder }: { readonly fd: number; readonly path: string; readonly holder: string },
  ) {
    this.fd = fd
    this.directory = directory
    this.holder = holder
    this.mustReadAll = mustReadAll(leftOf(readFileSync(path, 'utf8')), directory)
    this.isSound = !this.mustReadAll
    this.note('opening')
  }

  foundSound(): void {
    this.isSound = true
  }

  served(): void {
    if (this.isSound && !this.isReleased) this.note('serving')
  }

  doubt(): void {
    this.isSound = false
    if (!this.isReleased) this.note('opening')
  }

  /** Once nobody has the metadata open. */
  release(): void {
    this.note(this.isSound ? 'closed' : 'opening')
    this.isReleased = true
    closeSync(this.fd)
  }

  private note(state: MetadataState): void {
    noteHolder(this.fd, `${this.holder}\n${leftAs(state, this.directory)}`)
  }
}

/**
 * Keeps servers and commands that write off while it is looked at; others may look as well. Changes nothing,
 * also on a read-only medium. `undefined`: it has no file to be locked. Throws `DataDirectoryInUse`.
 */
export function lockToLookAt(directory: string): { release(): void } | undefined {
  const path = join(directory, 'lock')
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw refused(directory, cause)
  }
  if (tryLock(fd, path, '-s')) return { release: () => closeSync(fd) }
  const inUse = inUseBy(directory, path)
  closeSync(fd)
  throw inUse
}

function inUseBy(directory: string, path: string): DataDirectoryInUse {
  const holder = readHolder(path)
  const byServer = isServer(path)
  const kind = byServer ? 'a server' : 'a command'
  const isKnown = holder !== undefined && isAlive(holder)
  // One that looks writes no note.
  const who = isKnown ? `${kind} with process id ${holder}` : 'another process'
  return new DataDirectoryInUse(
    `The data directory ${directory} is in use by ${who}. Stop it first, or choose another directory.`,
    byServer,
  )
}

/** Into the block that it has, if it has one: the disk may be full, and the note is only for people. */
function noteHolder(fd: number, holder: string): void {
  try {
    ftruncateSync(fd, writeSync(fd, `${holder}\n`, 0))
  } catch (cause) {
    if (!isNoRoom(cause)) throw cause
  }
}

function openLockFile(directory: string, path: string): number {
  try {
    makeDirectory(directory)
    return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  } catch (cause) {
    throw refused(directory, cause)
  }
}

function refused(directory: string, cause: unknown): DataDirectoryRefused {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new DataDirectoryRefused(`The data directory ${directory} cannot be used: ${why}`, {
    cause,
  })
}

/**
 * Node has no flock(2). But such a lock belongs to the open file, not to the process: the `flock`
 * program takes it on the file we hand it, ends, and the lock stays with us.
 */
function tryLock(fd: number, path: string, kind: '-x' | '-s'): boolean {
  const { status, error, stderr } = spawnSync('flock', ['-n', kind, '3'], {
    stdio: ['ignore', 'ignore', 'pipe', fd],
  })
  if (status === 0) return true
  if (status === 1 && stderr.length === 0) return false
  const why = error === undefined ? stderr.toString().trim() : error.message
  throw new DataDirectoryRefused(
    `${path} cannot be locked: ${why}. The program flock (package util-linux) is needed for that.`,
    { cause: error },
  )
}

/** The process that wrote the file: for messages and patience only, never to decide. */
function readHolder(path: string): number | undefined {
  const pid = Number.parseInt(readFileSync(path, 'utf8'), 10)
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
}

/** What the holder said of itself; one that says nothing is no reason to read beside it. */
function isServer(path: string): boolean {
  return /^\d+ server$/m.test(readFileSync(path, 'utf8'))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return !(cause instanceof Error && 'code' in cause && cause.code === 'ESRCH')
  }
}
