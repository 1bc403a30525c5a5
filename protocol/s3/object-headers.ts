// The headers of an object: read from the request that makes it, written into the replies that show
// it. Checksums are in `checksum-headers.ts`, tags in `tag-set.ts`.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
import { userMetadataBytesMax } from './limits.ts'
import { headerText, type RequestHeaders } from './request-headers.ts'
import { S3Error } from './s3-error.ts'

/** Fits `SystemHeaders` of the metadata records; latin1 text as it came. */
export type StoredHeaders = {
  contentType?: string
  cacheControl?: string
  contentDisposition?: string
  contentEncoding?: string
  contentLanguage?: string
  expires?: string
  websiteRedirectLocation?: string
}

export type ObjectHeaders = {
  readonly headers: Readonly<StoredHeaders>
  /** Names in lower case without `x-amz-meta-`. */
  readonly userMetadata: Readonly<Record<string, string>>
  readonly storageClass: string
}

export const defaultContentType = 'binary/octet-stream'
export const defaultStorageClass = 'STANDARD'

/**
 * Classes whose objects can be read at once: they are recorded and shown, and stored alike. The
 * archive classes would need RestoreObject; they are refused rather than promised.
 */
const storageClasses: ReadonlySet<string> = new Set([
  defaultStorageClass,
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
])

const metadataPrefix = 'x-amz-meta-'
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/

/** Throws `MetadataTooLarge`, `InvalidStorageClass`, `InvalidRedirectLocation`. */
export function parseObjectHeaders(request: RequestHeaders): ObjectHeaders {
  return {
    headers: parseStoredHeaders(request),
    userMetadata: parseUserMetadata(request),
    storageClass: parseStorageClass(request),
  }
}

function parseStoredHeaders(request: RequestHeaders): StoredHeaders {
  const stored: StoredHeaders = {}
  const contentType = storable(request, 'content-type')
  if (contentType !== undefined) stored.contentType = contentType
  const cacheControl = storable(request, 'cache-control')
  if (cacheControl !== undefined) stored.cacheControl = cacheControl
  const contentDisposition = storable(request, 'content-disposition')
  if (contentDisposition !== undefined) stored.contentDisposition = contentDisposition
  const contentEncoding = withoutAwsChunked(storable(request, 'content-encoding'))
  if (contentEncoding !== undefined) stored.contentEncoding = contentEncoding
  const contentLanguage = storable(request, 'content-language')
  if (contentLanguage !== undefined) stored.contentLanguage = contentLanguage
  const expires = storable(request, 'expires')
  if (expires !== undefined) stored.expires = expires
  const redirect = storable(request, 'x-amz-website-redirect-location')
  if (redirect !== undefined) stored.websiteRedirectLocation = parseRedirect(redirect)
  return stored
}

/** What a header may hold when it is sent: latin1 text without control characters but the tab. */
export function isHeaderValue(text: string): boolean {
  return headerValue.test(text)
}

// Headers come as this already; the fields of a POST form need not.
function storable(request: RequestHeaders, name: string): string | undefined {
  const value = headerText(request, name)
  if (value === undefined || isHeaderValue(value)) return value
  throw new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value })
}

/** `aws-chunked` says how the body came, and is no property of the object. */
function withoutAwsChunked(encoding: string | undefined): string | undefined {
  if (encoding === undefined || !/aws-chunked/i.test(encoding)) return encoding
  const kept = encoding
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked')
  return kept.length === 0 ? undefined : kept.join(',')
}

function parseRedirect(raw: string): string {
  if (/^(\/|https?:\/\/)/.test(raw)) return raw
  throw new S3Error('InvalidRedirectLocation')
}

function parseUserMetadata(request: RequestHeaders): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null)
  let bytes = 0
  for (const name in request) {
    if (!name.startsWith(metadataPrefix)) continue
    const value = request[name]
    if (value === undefined) continue
    const short = name.slice(metadataPrefix.length)
    const text = typeof value === 'string' ? value : value.join(',')
    metadata[short] = text
    // latin1 text: a character is a byte of what came.
    bytes += short.length + text.length
  }
  if (bytes > userMetadataBytesMax) {
    throw new S3Error('MetadataTooLarge', {
      Size: String(bytes),
      MaxSizeAllowed: String(userMetadataBytesMax),
    })
  }
  return metadata
}

/** The class asked for, `STANDARD` without one. Throws `InvalidStorageClass`. */
export function parseStorageClass(request: RequestHeaders): string {
  const raw = headerText(request, 'x-amz-storage-class')
  if (raw === undefined) return defaultStorageClass
  if (storageClasses.has(raw)) return raw
  throw new S3Error('InvalidStorageClass', { StorageClassRequested: raw })
}

/** Headers of a reply, by the names S3 writes. */
export type ReplyHeaders = Record<string, string | number | undefined>

/** What an object carries that its replies show. */
export type ShownObject = {
  readonly headers: Readonly<StoredHeaders>
  readonly userMetadata: Readonly<Record<string, string>>
  readonly storageClass: string
}

/**
 * Adds the headers of GetObject and HeadObject that were given at the upload. Metadata that no header
 * can hold is counted in `x-amz-missing-meta`.
 */
export function addObjectHeaders(reply: ReplyHeaders, object: ShownObject): void {
  const stored = object.headers
  reply['Content-Type'] = stored.contentType ?? defaultContentType
  if (stored.cacheControl !== undefined) reply['Cache-Control'] = stored.cacheControl
  if (stored.contentDisposition !== undefined) {
    reply['Content-Disposition'] = stored.contentDisposition
  }
  if (stored.contentEncoding !== undefined) reply['Content-Encoding'] = stored.contentEncoding
  if (stored.contentLanguage !== undefined) reply['Content-Language'] = stored.contentLanguage
  if (stored.expires !== undefined) reply.Expires = stored.expires
  if (stored.websiteRedirectLocation !== undefined) {
    reply['x-amz-website-redirect-location'] = stored.websiteRedirectLocation
  }
  if (object.storageClass !== defaultStorageClass)
    reply['x-amz-storage-class'] = object.storageClass
  let missing = 0
  for (const name in object.userMetadata) {
    const value = object.userMetadata[name] ?? ''
    if (isHeaderValue(value)) reply[metadataPrefix + name] = value
    else missing += 1
  }
  if (missing > 0) reply['x-amz-missing-meta'] = missing
}
