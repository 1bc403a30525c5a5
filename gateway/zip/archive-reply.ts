// What is answered of a frozen archive: conditions, ranges, parts and headers. Which archive it is has
// been decided before; who may have it, too.
import type { IncomingHttpHeaders } from 'node:http'
import type { Manifest } from '../../metadata/manifest-store.ts'
import { checkReadConditions, ifRangeHolds } from '../../protocol/s3/conditions.ts'
import { quoteEtag } from '../../protocol/s3/etag.ts'
import { formatHttpDate } from '../../protocol/s3/http-date.ts'
import type { ReplyHeaders } from '../../protocol/s3/object-headers.ts'
import { parsePartNumber } from '../../protocol/s3/part-number.ts'
import { contentRange, type HalfOpenRange } from '../../protocol/s3/range.ts'
import { headerText } from '../../protocol/s3/request-headers.ts'
import type { Query } from '../../protocol/s3/request-target.ts'
import { overrideHeaders } from '../../protocol/s3/response-overrides.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { Batch, Batches } from '../data/buffers/batch.ts'
import type { Reply, StreamedBody } from '../reply.ts'
import { multipartRanges, selectRanges } from './byte-ranges.ts'
import { attachment } from './content-disposition.ts'
import { partCount, partRange } from './segments.ts'

export type ArchiveRequest = {
  readonly method: 'GET' | 'HEAD'
  readonly headers: IncomingHttpHeaders
  readonly query: Query
}

export type ServedArchive = {
  readonly manifest: Manifest
  /** With its ending. */
  readonly fileName: string
  /** 32 hex digits that nobody foresees, for `multipart/byteranges`. */
  readonly boundary: () => string
  readonly read: (range: HalfOpenRange) => Batches
}

const contentType = 'application/zip'

/**
 * The first bytes are read before anything is answered, so that an archive that cannot be read makes
 * an error reply. Throws `PreconditionFailed`, `InvalidRange`, `InvalidPartNumber`, `InvalidArgument`,
 * `InvalidRequest`, and what reading throws.
 */
export async function archiveReply(
  request: ArchiveRequest,
  archive: ServedArchive,
): Promise<Reply> {
  const { manifest } = archive
  const validators = { etag: manifest.etag, modifiedMs: manifest.modifiedMs }
  switch (checkReadConditions(request.headers, validators)) {
    case 'preconditionFailed':
      throw new S3Error('PreconditionFailed', {
        Condition: request.headers['if-match'] === undefined ? 'If-Unmodified-Since' : 'If-Match',
      })
    case 'notModified':
      return { status: 304, headers: validatorHeaders(manifest) }
    case 'proceed':
  }
  const selection = select(request, manifest)
  const headers = archiveHeaders(archive)
  overrideHeaders(headers, request.query)
  if (selection.parts !== undefined) headers['x-amz-mp-parts-count'] = selection.parts
  const [range, ...more] = selection.ranges
  if (range === undefined) return whole(request, archive, headers)
  if (more.length > 0) return several(request, archive, { headers, ranges: selection.ranges })
  headers['Content-Range'] = contentRange(range, manifest.totalBytes)
  return single(request, archive, { headers, range, status: 206 })
}

type Selection = {
  /** None: the whole archive. */
  readonly ranges: readonly HalfOpenRange[]
  /** How many parts there are, when one was asked for. */
  readonly parts?: number
}

function select({ headers, query }: ArchiveRequest, manifest: Manifest): Selection {
  const { totalBytes } = manifest
  const range = headerText(headers, 'range')
  const partNumber = query.get('partNumber')
  if (partNumber !== undefined) {
    if (range !== undefined) {
      throw new S3Error('InvalidRequest', undefined, {
        message: 'Cannot specify both Range header and partNumber query parameter',
      })
    }
    const part = partRange(totalBytes, parsePartNumber(partNumber))
    const parts = partCount(totalBytes)
    if (part !== undefined) return { ranges: [part], parts }
    throw new S3Error('InvalidPartNumber', {
      ActualPartCount: String(parts),
      PartNumberRequested: partNumber,
    })
  }
  if (range === undefined || !ifRangeHolds(headers, manifest)) return { ranges: [] }
  const ranges = selectRanges(range, totalBytes)
  if (ranges !== 'unsatisfiable') return { ranges: ranges ?? [] }
  throw new S3Error(
    'InvalidRange',
    { RangeRequested: range, ActualObjectSize: String(totalBytes) },
    { headers: { 'Content-Range': `bytes */${totalBytes}`, ETag: quoteEtag(manifest.etag) } },
  )
}

function validatorHeaders({ etag, modifiedMs }: Manifest): ReplyHeaders {
  return { ETag: quoteEtag(etag), 'Last-Modified': formatHttpDate(modifiedMs) }
}

function archiveHeaders({ manifest, fileName }: ServedArchive): ReplyHeaders {
  return {
    ...validatorHeaders(manifest),
    'Accept-Ranges': 'bytes',
    'Content-Type': contentType,
    'Content-Disposition': attachment(fileName),
    'x-holdfast-crc32': manifest.crc32.toString(16).padStart(8, '0'),
    'x-holdfast-entries': manifest.entries,
  }
}

/** Clients compare the checksum with what they receive, so that it goes with the whole alone. */
function whole(
  request: ArchiveRequest,
  archive: ServedArchive,
  headers: ReplyHeaders,
): Promise<Reply> {
  const { crc32, totalBytes } = archive.manifest
  const digest = Buffer.alloc(4)
  digest.writeUInt32BE(crc32)
  headers['x-amz-checksum-crc32'] = digest.toString('base64')
  headers['x-amz-checksum-type'] = 'FULL_OBJECT'
  return single(request, archive, { headers, range: { start: 0, end: totalBytes }, status: 200 })
}

async function single(
  { method }: ArchiveRequest,
  archive: ServedArchive,
  reply: { readonly headers: ReplyHeaders; readonly range: HalfOpenRange; readonly status: number },
): Promise<Reply> {
  const { headers, range, status } = reply
  const bytes = range.end - range.start
  headers['Content-Length'] = bytes
  if (method === 'HEAD') return { status, headers }
  return { status, headers, body: await begun(bytes, archive.read(range)) }
}

async function several(
  { method }: ArchiveRequest,
  archive: ServedArchive,
  reply: { readonly headers: ReplyHeaders; readonly ranges: readonly HalfOpenRange[] },
): Promise<Reply> {
  const { headers, ranges } = reply
  const multipart = multipartRanges({
    ranges,
    size: archive.manifest.totalBytes,
    boundary: archive.boundary(),
    contentType: String(headers['Content-Type']),
    open: archive.read,
  })
  headers['Content-Type'] = multipart.contentType
  headers['Content-Length'] = multipart.bytes
  if (method === 'HEAD') return { status: 206, headers }
  const { bytes } = multipart
  return { status: 206, headers, body: await begun(bytes, multipart.open()) }
}

/** Reads the first batch, so that what fails at once is still answered with an error. */
async function begun(bytes: number, batches: Batches): Promise<StreamedBody> {
  const first = [await batches.next()]
  return {
    bytes,
    open: () => resume(first, batches),
    drop: async () => {
      await batches.return()
    },
  }
}

/** `first` is emptied: what is sent at the beginning of a long download is not kept to its end. */
async function* resume(first: IteratorResult<Batch, void>[], rest: Batches): Batches {
  try {
    yield* valuesOf(first)
    yield* rest
  } finally {
    await rest.return()
  }
}

function* valuesOf<T>(results: IteratorResult<T, void>[]): Generator<T, void, void> {
  for (let result = results.pop(); result !== undefined; result = results.pop()) {
    if (result.done !== true) yield result.value
  }
}
