// The audit log as a file that rotates. One process writes it, so that it knows where its lines end: what a full disk
// has taken of a batch is cut off again, and no line is torn.
import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, rename, stat } from 'node:fs/promises'
import type { AuditRotation } from '../../gateway/config/audit-setting.ts'
import type { Log } from '../../gateway/log.ts'
import type { AuditSink } from './audit-log.ts'
import { asideName, deleteOldest } from './files-aside.ts'
import type { Lines } from './line-queue.ts'

export type AuditFileOptions = AuditRotation & {
  readonly path: string
  readonly log: Log
  /** Milliseconds since 1970. */
  readonly now: () => number
}

type Opened = {
  readonly file: FileHandle
  readonly inode: bigint
  readonly beganMs: number
  /** All of it are whole lines. */
  bytes: number
}

/** Others cannot read it: it tells who has what. */
const mode = 0o600
/** How often is looked whether the file is still there under its name. */
const lookMs = 1_000
/** How long a rotation that was refused is not tried again. */
const refusedMs = 60_000

export class AuditFile implements AuditSink {
  readonly #options: AuditFileOptions
  #opened: Opened | undefined
  #mustReopen = false
  #lookedMs = 0
  #rotateAfterMs = 0

  private constructor(options: AuditFileOptions) {
    this.#options = options
  }

  /** Rejects when the file cannot be opened, for want of room too. */
  static async open(options: AuditFileOptions): Promise<AuditFile> {
    const sink = AuditFile.later(options)
    sink.#opened = await sink.#open()
    return sink
  }

  /** Opens it with the first write. */
  static later(options: AuditFileOptions): AuditFile {
    return new AuditFile(options)
  }

  async write({ text }: Lines): Promise<void> {
    const bytes = Buffer.from(text)
    await this.#leaveGone()
    this.#opened ??= await this.#open()
    if (this.#isDue(this.#opened, bytes.length)) {
      await this.#rotate(this.#opened)
      this.#opened ??= await this.#open()
    }
    try {
      await append(this.#opened, bytes)
    } catch (cause) {
      // Opened anew it is looked at, should something be left of a line.
      await this.close()
      throw cause
    }
  }

  reopen(): void {
    this.#mustReopen = true
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    await opened?.file.close()
  }

  async #open(): Promise<Opened> {
    const { path, now } = this.#options
    const file = await open(path, 'a+', mode)
    try {
      const { size, ino, birthtimeMs } = await file.stat({ bigint: true })
      const opened = { file, inode: ino, beganMs: Number(birthtimeMs), bytes: Number(size) }
      if (size === 0n) return { ...opened, beganMs: now() }
      await endLastLine(opened)
      return opened
    } catch (cause) {
      await file.close()
      throw cause
    }
  }

  /** After it was renamed or deleted by somebody, as he says or as is seen. */
  async #leaveGone(): Promise<void> {
    const { now, path } = this.#options
    if (this.#opened === undefined) return
    if (!this.#mustReopen) {
      if (Math.abs(now() - this.#lookedMs) < lookMs) return
      this.#lookedMs = now()
      const there = await statOf(path)
      if (there?.ino === this.#opened.inode) {
        // Somebody may have emptied it.
        this.#opened.bytes = Number(there.size)
        return
      }
    }
    this.#mustReopen = false
    await this.close()
  }

  #isDue({ bytes, beganMs }: Opened, moreBytes: number): boolean {
    const { maxBytes, maxAgeMs, now } = this.#options
    if (bytes === 0 || now() < this.#rotateAfterMs) return false
    return bytes + moreBytes > maxBytes || now() - beganMs >= maxAgeMs
  }

  /** The file goes on as it is when it cannot be renamed. */
  async #rotate(opened: Opened): Promise<void> {
    const { path, keep, log, now } = this.#options
    try {
      await rename(path, await asideName(path, now()))
    } catch (cause) {
      // Somebody was faster: there is nothing to put aside.
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return this.close()
      this.#rotateAfterMs = now() + refusedMs
      log.error('audit log cannot be put aside', { cause })
      return
    }
    this.#opened = undefined
    await opened.file.close()
    await deleteOldest(path, keep).catch((cause: unknown) =>
      log.error('old audit logs cannot be deleted', { cause }),
    )
  }
}

/** All or nothing. */
async function append(opened: Opened, bytes: Buffer): Promise<void> {
  let written = 0
  try {
    while (written < bytes.length) {
      written += (await opened.file.write(bytes, written)).bytesWritten
    }
  } catch (cause) {
    // Nobody else writes it: what there is of them are its last bytes.
    if (written > 0) await opened.file.truncate((await opened.file.stat()).size - written)
    throw cause
  }
  opened.bytes += bytes.length
}

/** A process that was killed in the middle of a line has left it so: what follows is a line of its own. */
async function endLastLine(opened: Opened): Promise<void> {
  const last = Buffer.alloc(1)
  await opened.file.read(last, 0, 1, opened.bytes - 1)
  if (last.toString('latin1') !== '\n') await append(opened, Buffer.from('\n'))
}

async function statOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true })
  } catch {
    // It is gone, or so is its directory: opening it tells.
    return undefined
  }
}
