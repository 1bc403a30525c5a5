// The headers of GetObject and HeadObject, which S3 keeps equal, and their conditions.
import type { ObjectVersion } from '../../../metadata/records.ts'
import { addChecksumHeaders, wantsChecksum } from '../../../protocol/s3/checksum-headers.ts'
import { checkReadConditions } from '../../../protocol/s3/conditions.ts'
import { quoteEtag } from '../../../protocol/s3/etag.ts'
import { formatHttpDate } from '../../../protocol/s3/http-date.ts'
import { partChecksum as knownOfPart } from '../../../protocol/s3/multipart-completion.ts'
import { addObjectHeaders, type ReplyHeaders } from '../../../protocol/s3/object-headers.ts'
import { contentRange } from '../../../protocol/s3/range.ts'
import { overrideHeaders } from '../../../protocol/s3/response-overrides.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { Reply } from '../../reply.ts'
import type { BucketCall } from '../operation.ts'
import type { FoundVersion } from './find-version.ts'
import type { Selection } from './select-range.ts'

/** The 304 to answer with, or nothing. Throws `PreconditionFailed`. */
export function checkConditions(call: BucketCall, found: FoundVersion): Reply | undefined {
  const verdict = checkReadConditions(call.headers, found.version)
  switch (verdict) {
    case 'proceed':
      return undefined
    case 'preconditionFailed':
      throw new S3Error('PreconditionFailed', {
        Condition: call.headers['if-match'] === undefined ? 'If-Unmodified-Since' : 'If-Match',
      })
    case 'notModified':
      return { status: 304, headers: notModifiedHeaders(found) }
    default:
      return verdict satisfies never
  }
}

/** RFC 9110, section 15.4.5: what a 200 would say of freshness. */
function notModifiedHeaders({ bucket, version }: FoundVersion): ReplyHeaders {
  return {
    ETag: quoteEtag(version.etag),
    'Last-Modified': formatHttpDate(version.modifiedMs),
    'Cache-Control': version.headers.cacheControl,
    Expires: version.headers.expires,
    'x-amz-version-id': bucket.versioning === 'off' ? undefined : version.versionId,
  }
}

/** Everything but the body. Throws `InvalidArgument` for an override that no header can hold. */
export async function readHeaders(
  call: BucketCall,
  found: FoundVersion,
  selection: Selection,
): Promise<ReplyHeaders> {
  const headers = plainHeaders(found, selection)
  if (call.query.parameters.length > 0) overrideHeaders(headers, call.query)
  if (wantsChecksum(call.headers)) await addChecksum(headers, call, { ...found, selection })
  return headers
}

/** The same without what the request may add to it: no overrides, no checksum. */
export function plainHeaders(
  found: FoundVersion,
  { range, partial, part }: Selection,
): ReplyHeaders {
  const { version } = found
  const headers: ReplyHeaders = {
    'Last-Modified': formatHttpDate(version.modifiedMs),
    ETag: quoteEtag(version.etag),
    'Accept-Ranges': 'bytes',
    'x-amz-server-side-encryption': 'AES256',
    'Content-Length': range.end - range.start,
  }
  if (found.bucket.versioning !== 'off') headers['x-amz-version-id'] = version.versionId
  if (version.tags.length > 0) headers['x-amz-tagging-count'] = version.tags.length
  addObjectHeaders(headers, version)
  if (partial) headers['Content-Range'] = contentRange(range, version.size)
  if (part !== undefined) headers['x-amz-mp-parts-count'] = part.count
  return headers
}

/**
 * A checksum is shown only beside the bytes it is of: the whole object, or the part asked for.
 * Clients check what they receive against it.
 */
async function addChecksum(
  headers: ReplyHeaders,
  call: BucketCall,
  shown: FoundVersion & { readonly selection: Selection },
): Promise<void> {
  const { version, selection } = shown
  if (selection.part !== undefined) {
    addChecksumHeaders(headers, await partChecksum(call, version, selection.part.number))
  } else if (!selection.partial || selection.range.end - selection.range.start === version.size) {
    addChecksumHeaders(headers, version.checksum)
  }
}

async function partChecksum(call: BucketCall, version: ObjectVersion, number: number) {
  if (version.data.is !== 'parts' || version.checksum === undefined) return undefined
  const { algorithm } = version.checksum
  const [part] = await call.services.metadata.uploads.readParts(version.data, [number])
  const value = part && knownOfPart(part, algorithm)
  return value === undefined ? undefined : { algorithm, value }
}
