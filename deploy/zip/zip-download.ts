// `holdfast zip … --output FILE`: downloads the archive of a prefix, goes on where a broken connection or
// an earlier run left off, and gives the file its name only when its length and CRC-32 are right.
import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { Broken, Patience } from './network-failure.ts'
import type { ProgressLine } from './progress-line.ts'
import { isSuccess, Refused, refusal, type SignedClient, textOf } from './signed-client.ts'
import { type Archive, PartFile } from './zip-part-file.ts'

export type ZipDownload = {
  readonly client: SignedClient
  /** Path and query of the archive. */
  readonly target: string
  readonly file: string
  readonly progress: ProgressLine | undefined
}

/** What there is now; `bytesFromBefore` of it had been there when this began. */
export type Written = { readonly bytes: number; readonly bytesFromBefore: number }

/** Throws `Refused`, `IsFolder`, and what the network or the disk throw in the end. */
export async function downloadZip(download: ZipDownload): Promise<Written> {
  const { client, target, file, progress } = download
  const part = await PartFile.open(file, `${client.origin}${target}`)
  const resumed = { etag: part.archive?.etag, bytes: part.bytes }
  const patience = new Patience()
  let hasAnswered = false
  while (!part.isWhole) {
    const before = part.bytes
    try {
      const response = await ask(download, part)
      hasAnswered = true
      await take(response, part, download)
    } catch (cause) {
      // A server that was never there is not waited for.
      if (!hasAnswered) throw cause
      if (part.bytes > before) patience.renew()
      await patience.waitOut(cause, () => progress?.say('The connection broke off. Trying again.'))
    }
  }
  if (part.crc32 !== part.archive?.crc32) {
    await part.discard()
    throw new Refused(
      `What came has the CRC-32 ${part.crc32} instead of ${part.archive?.crc32}. It was thrown away.`,
    )
  }
  await part.keep()
  progress?.show({ bytes: part.bytes, totalBytes: part.bytes }, { isLast: true })
  const bytesFromBefore = part.archive?.etag === resumed.etag ? resumed.bytes : 0
  return { bytes: part.bytes, bytesFromBefore }
}

async function ask({ client, target }: ZipDownload, part: PartFile): Promise<IncomingMessage> {
  const headers =
    part.archive === undefined || part.bytes === 0
      ? {}
      : { range: `bytes=${part.bytes}-`, 'if-range': `"${part.archive.etag}"` }
  const response = await client.send({ method: 'GET', target, headers })
  if (isSuccess(response)) return response
  throw refusal(response, await textOf(response))
}

async function take(
  response: IncomingMessage,
  part: PartFile,
  { client, target, progress }: ZipDownload,
): Promise<void> {
  // A 200 is the archive from its beginning: the first time, or because the old one is gone.
  const archive = parseArchive(response, `${client.origin}${target}`)
  const handle = await (response.statusCode === 206 ? part.goOn() : part.begin(archive))
  try {
    await takeAll(response, handle, { part, progress })
  } finally {
    await handle.close()
  }
  if (!part.isWhole) throw new Broken('the connection broke off')
}

async function takeAll(
  response: IncomingMessage,
  handle: FileHandle,
  { part, progress }: { readonly part: PartFile; readonly progress: ProgressLine | undefined },
): Promise<void> {
  try {
    for await (const raw of response) {
      await part.add(handle, Buffer.from(raw))
      progress?.show({ bytes: part.bytes, totalBytes: part.archive?.totalBytes ?? 0 })
    }
  } catch (cause) {
    if (response.errored !== null) throw new Broken('the connection broke off', { cause })
    throw cause
  }
}

function parseArchive({ headers }: IncomingMessage, source: string): Archive {
  const { etag = '', 'content-length': length, 'content-range': range } = headers
  const crc = headers['x-holdfast-crc32']
  const total = range === undefined ? length : /\/(\d+)$/.exec(range)?.[1]
  if (typeof crc !== 'string' || total === undefined) {
    throw new Refused('The server does not answer as Holdfast does')
  }
  return { source, etag: etag.replaceAll('"', ''), totalBytes: Number(total), crc32: crc }
}
