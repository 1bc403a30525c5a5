// `holdfast zip … --output FILE`: downloads the archive of a prefix, goes on where a broken connection
// left off, and gives the file its name only when its length and CRC-32 are right.
import { type FileHandle, open, rename } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from '@node-rs/crc32'
import type { ProgressLine } from './progress-line.ts'
import { isSuccess, Refused, refusal, type SignedClient, textOf } from './signed-client.ts'

export type ZipDownload = {
  readonly client: SignedClient
  /** Path and query of the archive. */
  readonly target: string
  /** While it grows, the file is called `FILE.part`. */
  readonly file: string
  readonly progress: ProgressLine | undefined
}

/** What the archive is, from the head of a response. */
type Archive = { readonly etag: string; readonly totalBytes: number; readonly crc32: string }

/** Breaks in a row without a byte in between. */
const breaksMax = 6
const pauseMs = 1_000

/** Bytes of the file. Throws `Refused`, and what the network or the disk throw in the end. */
export async function downloadZip(download: ZipDownload): Promise<number> {
  const part = `${download.file}.part`
  const state: State = { bytes: 0, crc: 0, archive: undefined }
  let breaks = 0
  for (;;) {
    const before = state.bytes
    try {
      await fetchOn(download, state, part)
      break
    } catch (cause) {
      if (cause instanceof Refused || !isOfNetwork(cause)) throw cause
      breaks = state.bytes > before ? 1 : breaks + 1
      if (breaks > breaksMax) throw cause
      await sleep(pauseMs * breaks)
    }
  }
  const computed = state.crc.toString(16).padStart(8, '0')
  if (computed !== state.archive?.crc32) {
    throw new Refused(`${part} has the CRC-32 ${computed} instead of ${state.archive?.crc32}`)
  }
  await rename(part, download.file)
  download.progress?.show({ bytes: state.bytes, totalBytes: state.bytes }, { isLast: true })
  return state.bytes
}

type State = { bytes: number; crc: number; archive: Archive | undefined }

class Broken extends Error {
  override readonly name = 'Broken'
}

function isOfNetwork(cause: unknown): boolean {
  if (cause instanceof Broken) return true
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return /^(ECONN|EPIPE|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EAI_AGAIN|HPE_)/.test(code)
}

async function fetchOn(download: ZipDownload, state: State, part: string): Promise<void> {
  const { client, target } = download
  const { archive } = state
  const headers =
    archive === undefined || state.bytes === 0
      ? {}
      : { range: `bytes=${state.bytes}-`, 'if-range': `"${archive.etag}"` }
  if (archive !== undefined && state.bytes === archive.totalBytes) return
  const response = await client.send({ method: 'GET', target, headers })
  if (!isSuccess(response)) {
    const failure = refusal(response, await textOf(response))
    throw (response.statusCode ?? 0) >= 500 ? new Broken(failure.message) : failure
  }
  // A 200 is the archive from its beginning: the first time, or because the old one is gone.
  if (response.statusCode !== 206) {
    state.bytes = 0
    state.crc = 0
  }
  state.archive = parseArchive(response)
  const file = await open(part, state.bytes === 0 ? 'w' : 'r+')
  try {
    await take(response, file, { state, progress: download.progress })
  } finally {
    await file.close()
  }
  if (state.bytes !== state.archive.totalBytes) throw new Broken('the connection broke off')
}

async function take(
  response: IncomingMessage,
  file: FileHandle,
  { state, progress }: { readonly state: State; readonly progress: ProgressLine | undefined },
): Promise<void> {
  try {
    for await (const raw of response) {
      const piece = Buffer.from(raw)
      await writeAll(file, piece, state.bytes)
      state.crc = crc32(piece, state.crc)
      state.bytes += piece.length
      progress?.show({ bytes: state.bytes, totalBytes: state.archive?.totalBytes ?? 0 })
    }
  } catch (cause) {
    if (response.errored !== null) throw new Broken('the connection broke off', { cause })
    throw cause
  }
}

async function writeAll(file: FileHandle, piece: Buffer, position: number): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    const rest = piece.length - done
    const { bytesWritten } = await file.write(piece, done, rest, position + done)
    done += bytesWritten
  }
}

function parseArchive({ headers }: IncomingMessage): Archive {
  const { etag = '', 'content-length': length, 'content-range': range } = headers
  const crc = headers['x-holdfast-crc32']
  const total = range === undefined ? length : /\/(\d+)$/.exec(range)?.[1]
  if (typeof crc !== 'string' || total === undefined) {
    throw new Refused('The server does not answer as Holdfast does')
  }
  return { etag: etag.replaceAll('"', ''), totalBytes: Number(total), crc32: crc }
}
