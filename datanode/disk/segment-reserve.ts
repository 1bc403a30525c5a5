// Room that nobody else can take, for what gives room back: a file of one segment's length lies ready
// among the segments. When a delete record or a moved chunk finds the disk full, that file becomes the
// segment it is written to. Once there is room again, another file takes its place. For the primary.
import { isNoRoom, noRoomError } from '../../protocol/no-room.ts'
import { type LogEntry, type LogOptions, SegmentLog } from './segment-log.ts'
import { SegmentWriter } from './segment-writer.ts'
import { errorCode } from './vfs.ts'

/** Of the reserve, and of what is free, what moved chunks leave to delete records. */
const notesShare = 8

export type SegmentReserveOptions = LogOptions & {
  /** How much is kept. 0: there is no reserve. */
  readonly reserveBytes: number
}

export class SegmentReserve {
  readonly #options: SegmentReserveOptions
  readonly log: SegmentLog
  /** How long it is: at most `reserveBytes`, 0 when there is none. */
  #bytes = 0
  /** How long the one was that the log has taken. 0: it has taken none since there was a new one. */
  #takenBytes = 0
  /** Bytes of chunks on their way into it. */
  #moving = 0
  #keeping: Promise<void> | undefined

  constructor(options: SegmentReserveOptions) {
    this.#options = options
    this.log = new SegmentLog({
      ...options,
      makeFile: async (vfs, paths, segment) => {
        if (this.#bytes === 0) throw noRoomError('the reserve is used up')
        this.#takenBytes = this.#bytes
        this.#bytes = 0
        return SegmentWriter.takeReserve(vfs, paths, segment)
      },
    })
  }

  /** How much can be moved while so much of the disk is free. */
  roomForMoves(freeBytes: number): number {
    return Math.max(0, freeBytes - this.#forNotes) + this.#leftForMoves
  }

  get #forNotes(): number {
    return this.#options.reserveBytes / notesShare
  }

  get #leftForMoves(): number {
    const left = Math.max(this.#bytes, this.#takenBytes) - this.log.activeEnd - this.#moving
    return Math.max(0, left - this.#forNotes)
  }

  /** As `SegmentLog.append`, and out of the reserve when `log` finds no room. */
  async appendBy(log: SegmentLog, entry: LogEntry): Promise<void> {
    try {
      await log.append(entry)
    } catch (cause) {
      if (!isNoRoom(cause)) throw cause
      const { is, bytes } = entry.record
      if (is === 'delete') return this.log.append(entry)
      // One that is too long would spoil the file for the others.
      if (bytes > this.#leftForMoves) throw cause
      this.#moving += bytes
      try {
        await this.log.append(entry)
      } finally {
        this.#moving -= bytes
      }
    }
  }

  /** Sees to it that there is a reserve, as far as there is room for one. Cheap when it is whole. */
  keep(): Promise<void> {
    if (this.#bytes === this.#options.reserveBytes) return Promise.resolve()
    this.#keeping ??= this.#enlarge().finally(() => {
      this.#keeping = undefined
    })
    return this.#keeping
  }

  async #enlarge(): Promise<void> {
    const { vfs, paths, reserveBytes } = this.#options
    const wasThere = this.#bytes > 0
    const found = await this.#found()
    const missing = reserveBytes - found
    const free = await vfs.freeBytes(paths.segments)
    // A disk that is nearly full gets half of a reserve, or less, and the rest when there is room.
    const more = free >= missing ? missing : wasThere ? 0 : Math.floor(free / 2)
    const bytes = found + (await this.#allocate(found, more))
    if (bytes < this.#forNotes) return
    this.#bytes = bytes
    this.#takenBytes = 0
    // The segment that the last one became has taken what it had to, and gives back what it has not.
    if (!wasThere) await this.log.seal()
  }

  /** How long the file is that lies there. */
  async #found(): Promise<number> {
    const { vfs, paths } = this.#options
    try {
      const file = await vfs.open(paths.reserve, 'read')
      try {
        return await file.size()
      } finally {
        await file.close()
      }
    } catch (cause) {
      if (errorCode(cause) !== 'ENOENT') throw cause
      return 0
    }
  }

  /** So that it is still there after a loss of power, when the disk may be full. */
  async #makeDurable(): Promise<void> {
    const { vfs, paths } = this.#options
    const file = await vfs.open(paths.reserve, 'readWrite')
    try {
      await file.datasync()
    } finally {
      await file.close()
    }
    await vfs.syncDirectory(paths.segments)
  }

  /** Answers how many bytes longer it is: all, or none for want of room or where it cannot be done. */
  async #allocate(found: number, more: number): Promise<number> {
    const { vfs, paths } = this.#options
    if (more === 0 || found + more < this.#forNotes) return 0
    try {
      await vfs.allocate(paths.reserve, found + more)
      await this.#makeDurable()
      return more
    } catch (cause) {
      if (!isNoRoom(cause) && errorCode(cause) !== 'ENOTSUP') throw cause
      // It may have got a part of it, which would be of no use.
      if (found === 0) await vfs.unlink(paths.reserve).catch(() => undefined)
      return 0
    }
  }
}
