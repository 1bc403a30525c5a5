// A download that is not whole yet: its bytes in `FILE.part`, and beside them, in `FILE.part.json`, which
// archive they are of. With both, another run goes on where this one was cut off.
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { crc32 } from '@node-rs/crc32'

/** What is being downloaded. */
export type Archive = {
  /** Where from: a part of something else is of no use. */
  readonly source: string
  /** Without quotes. */
  readonly etag: string
  readonly totalBytes: number
  /** 8 hex digits. */
  readonly crc32: string
}

/** Found out before anything is downloaded. The message is for people. */
export class IsFolder extends Error {
  override readonly name = 'IsFolder'

  constructor(path: string) {
    super(`${path} is a folder: name the file that is to be written.`)
  }
}

/** All of it may be wrong on the disk, after a crash of the machine: the CRC-32 of the whole tells. */
export class PartFile {
  archive: Archive | undefined
  bytes = 0
  /** Of the bytes so far. */
  crc = 0
  readonly path: string
  private readonly file: string

  private constructor(file: string) {
    this.file = file
    this.path = `${file}.part`
  }

  /** Takes up what an earlier run has left of the same source. Throws `IsFolder`. */
  static async open(file: string, source: string): Promise<PartFile> {
    if ((await stat(file).catch(() => undefined))?.isDirectory() === true) throw new IsFolder(file)
    const part = new PartFile(file)
    const archive = await readNote(part.notePath)
    const size = await sizeOf(part.path)
    if (archive?.source !== source || size === undefined || size > archive.totalBytes) return part
    part.archive = archive
    for await (const piece of createReadStream(part.path, { highWaterMark: 1024 * 1024 })) {
      part.crc = crc32(piece, part.crc)
      part.bytes += piece.length
    }
    return part
  }

  get isWhole(): boolean {
    return this.bytes === this.archive?.totalBytes
  }

  get crc32(): string {
    return this.crc.toString(16).padStart(8, '0')
  }

  /** From its first byte on. */
  async begin(archive: Archive): Promise<FileHandle> {
    this.bytes = 0
    this.crc = 0
    this.archive = archive
    // Bytes of another archive are gone before the note says what they are of.
    const handle = await open(this.path, 'w')
    try {
      await writeFile(this.notePath, JSON.stringify(archive))
    } catch (cause) {
      await handle.close()
      throw cause
    }
    return handle
  }

  /** Behind the bytes that are there. */
  goOn(): Promise<FileHandle> {
    return open(this.path, 'r+')
  }

  async add(handle: FileHandle, piece: Buffer): Promise<void> {
    for (let done = 0; done < piece.length; ) {
      const rest = piece.length - done
      const { bytesWritten } = await handle.write(piece, done, rest, this.bytes + done)
      done += bytesWritten
    }
    this.crc = crc32(piece, this.crc)
    this.bytes += piece.length
  }

  /** It has the right bytes: gives it its name. */
  async keep(): Promise<void> {
    await rename(this.path, this.file)
    await rm(this.notePath, { force: true })
  }

  /** It has the wrong ones: nobody goes on with it. */
  async discard(): Promise<void> {
    await rm(this.notePath, { force: true })
    await rm(this.path, { force: true })
  }

  private get notePath(): string {
    return `${this.path}.json`
  }
}

/** Undefined: none, or none that can be read. */
async function readNote(path: string): Promise<Archive | undefined> {
  try {
    return parseNote(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return undefined
  }
}

function parseNote(value: unknown): Archive | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { source, etag, totalBytes, crc32: crc } = value as Readonly<Record<string, unknown>>
  const isText = typeof source === 'string' && typeof etag === 'string' && typeof crc === 'string'
  return isText && typeof totalBytes === 'number'
    ? { source, etag, totalBytes, crc32: crc }
    : undefined
}

async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() === true ? found.size : undefined
}
