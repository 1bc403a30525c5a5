// What a CopyObject request asks for, and what of it the copy gets from its source.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
import type { WriteCondition } from '../../../metadata/metadata-store.ts'
import type { ChecksumAlgorithm, ObjectContent, Tag } from '../../../metadata/records.ts'
import { parseRequestedAlgorithm } from '../../../protocol/s3/checksum-headers.ts'
import { parsePutConditions } from '../../../protocol/s3/conditions.ts'
import { type ObjectHeaders, parseObjectHeaders } from '../../../protocol/s3/object-headers.ts'
import { headerText } from '../../../protocol/s3/request-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { parseTaggingHeader } from '../../../protocol/s3/tag-set.ts'
import { refuseUnsupportedWriteHeaders } from '../../../protocol/s3/unsupported-write-headers.ts'
import type { CopyCall } from '../operation.ts'
import type { FoundVersion } from '../read/find-version.ts'

export type CopyRequest = {
  readonly given: ObjectHeaders
  /** False: the source's headers and metadata are taken over. */
  readonly replaceMetadata: boolean
  /** Absent: the source's tags are taken over. */
  readonly replaceTags: readonly Tag[] | undefined
  readonly algorithm: ChecksumAlgorithm | undefined
  readonly condition: WriteCondition | undefined
  /** The request names a storage class, encryption or redirect of its own. */
  readonly changesAttributes: boolean
}

export function parseCopyRequest({ headers }: CopyCall): CopyRequest {
  refuseUnsupportedWriteHeaders(headers)
  const algorithm = parseRequestedAlgorithm(headers)
  const tagging = headerText(headers, 'x-amz-tagging')
  const tags = tagging === undefined ? [] : parseTaggingHeader(tagging)
  const replaceTags = isReplace(headers['x-amz-tagging-directive'], 'tagging') ? tags : undefined
  return {
    given: parseObjectHeaders(headers),
    replaceMetadata: isReplace(headers['x-amz-metadata-directive'], 'metadata'),
    replaceTags,
    algorithm,
    condition: parsePutConditions(headers),
    changesAttributes:
      headers['x-amz-storage-class'] !== undefined ||
      headers['x-amz-server-side-encryption'] !== undefined ||
      headers['x-amz-website-redirect-location'] !== undefined ||
      algorithm !== undefined,
  }
}

function isReplace(raw: string | readonly string[] | undefined, what: string): boolean {
  if (raw === undefined || raw === '' || raw === 'COPY') return false
  if (raw === 'REPLACE') return true
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: `x-amz-${what}-directive`, ArgumentValue: String(raw) },
    { message: `Unknown ${what} directive.` },
  )
}

/**
 * A copy onto itself must change something. An older version copied over the current one does.
 * Throws `InvalidRequest`.
 */
export function refuseCopyWithoutChange(call: CopyCall, request: CopyRequest): void {
  const { bucket, source } = call
  if (source.bucket.id !== bucket.id || source.key !== call.key) return
  if (source.versionId !== undefined && bucket.versioning !== 'off') return
  if (request.replaceMetadata || request.changesAttributes) return
  throw new S3Error('InvalidRequest', undefined, {
    message:
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  })
}

/**
 * Headers, metadata, class and tags of the copy. Storage class and redirect are never taken over from
 * the source.
 */
export function describeCopy(
  request: CopyRequest,
  { version }: FoundVersion,
): Pick<ObjectContent, 'headers' | 'userMetadata' | 'storageClass' | 'tags'> {
  const { given } = request
  const tags = request.replaceTags ?? version.tags
  if (request.replaceMetadata) return { ...given, tags }
  const { websiteRedirectLocation: _sourceRedirect, ...headers } = version.headers
  const { websiteRedirectLocation } = given.headers
  return {
    headers:
      websiteRedirectLocation === undefined ? headers : { ...headers, websiteRedirectLocation },
    userMetadata: version.userMetadata,
    storageClass: given.storageClass,
    tags,
  }
}
