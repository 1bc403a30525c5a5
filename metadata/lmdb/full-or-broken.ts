// Whether a commit that failed has met a disk that is full, or one that is broken: on evidence, since
// LMDB reports a write that was cut short for want of room as an error of the device (EIO).
import { closeSync, fdatasync, openSync, rmSync } from 'node:fs'
import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isNoRoom, noRoomError } from '../../protocol/no-room.ts'

const fdatasyncAsync = promisify(fdatasync)
/** EIO, and MDB_BAD_TXN: of a transaction in which an earlier write had failed. */
const unclearCodes: readonly unknown[] = [5, -30782]
/** A write that was cut short has taken what there was: this is more than is left. */
const trialBytes = 1024 * 1024
/** The same for all processes: what a stop leaves behind is taken away by the next trial. */
const trialName = 'room-trial'

export class FullOrBroken {
  readonly #path: string
  readonly #fd: number
  /** Many verbs share a commit: its failure is judged once. */
  #last: { readonly of: unknown; readonly verdict: Promise<'full' | 'broken'> } | undefined

  /** `path`: of an environment that is open. */
  constructor(path: string) {
    this.#path = path
    this.#fd = openSync(join(path, 'data.mdb'), 'r')
  }

  /** `of`: what failed, one value for each commit. */
  judge(of: unknown, cause: unknown): Promise<'full' | 'broken'> {
    if (this.#last !== undefined && this.#last.of === of) return this.#last.verdict
    const verdict = this.#judge(cause)
    this.#last = { of, verdict }
    return verdict
  }

  async #judge(cause: unknown): Promise<'full' | 'broken'> {
    const isUnclear = unclearCodes.includes(errorCode(cause))
    if (!isUnclear && !isNoRoom(cause)) return 'broken'
    if (await this.#hasLostPages()) return 'broken'
    return isNoRoom(cause) || isNoRoom(await this.#trial()) ? 'full' : 'broken'
  }

  /**
   * Linux tells of pages that it could not write back to everybody who has the file open, once each: so
   * that our own descriptor hears of it too, though LMDB's was told first.
   */
  async #hasLostPages(): Promise<boolean> {
    try {
      await fdatasyncAsync(this.#fd)
      return false
    } catch (cause) {
      // Nothing can be synced any more, but nothing was lost by it either.
      return errorCode(cause) !== 'EROFS'
    }
  }

  /** What tells that the disk is read-only; undefined: nothing does. Takes a microsecond. */
  readOnlyCause(): unknown {
    try {
      closeSync(openSync(join(this.#path, 'data.mdb'), 'r+'))
      return undefined
    } catch (cause) {
      return errorCode(cause) === 'EROFS' ? cause : undefined
    }
  }

  /** Nobody could open the environment to write to it: neither this process nor one that took its place. */
  isReadOnly(): boolean {
    const path = join(this.#path, trialName)
    try {
      closeSync(openSync(path, 'w', 0o600))
      rmSync(path, { force: true })
      return false
    } catch (cause) {
      return errorCode(cause) === 'EROFS'
    }
  }

  /**
   * Writes a file that begins where the data ends, for files may only get so long, and removes it. Answers
   * the error, undefined when there was none.
   */
  async #trial(): Promise<unknown> {
    const { size } = await stat(join(this.#path, 'data.mdb'))
    const path = join(this.#path, trialName)
    try {
      const file = await open(path, 'w', 0o600)
      try {
        const { bytesWritten } = await file.write(Buffer.alloc(trialBytes), 0, trialBytes, size)
        return bytesWritten < trialBytes ? noRoomError('a trial was cut short') : undefined
      } finally {
        await file.close()
        await rm(path, { force: true })
      }
    } catch (cause) {
      return cause
    }
  }

  close(): void {
    closeSync(this.#fd)
  }
}

function errorCode(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}
