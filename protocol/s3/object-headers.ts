// The headers of an object: read from the request that makes it, written into the replies that show
// it. Metadata of users is in `user-metadata.ts`, checksums in `checksum-headers.ts`, tags in `tag-set.ts`.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
import { requireHeaderValue } from './header-text.ts'
import { redirectBytesMax, systemMetadataBytesMax } from './limits.ts'
import { headerText, type RequestHeaders } from './request-headers.ts'
import { S3Error } from './s3-error.ts'
import { addUserMetadata, parseUserMetadata, type UserMetadata } from './user-metadata.ts'

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
  readonly userMetadata: UserMetadata
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

/**
 * Throws `InvalidArgument` for what no header can hold, `MetadataTooLarge`, `InvalidStorageClass`,
 * `InvalidRedirectLocation`.
 */
export function parseObjectHeaders(request: RequestHeaders): ObjectHeaders {
  return {
    headers: parseStoredHeaders(request),
    userMetadata: parseUserMetadata(request),
    storageClass: parseStorageClass(request),
  }
}

const storedNames = [
  ['contentType', 'content-type'],
  ['cacheControl', 'cache-control'],
  ['contentDisposition', 'content-disposition'],
  ['contentEncoding', 'content-encoding'],
  ['contentLanguage', 'content-language'],
  ['expires', 'expires'],
] as const satisfies readonly (readonly [keyof StoredHeaders, string])[]

function parseStoredHeaders(request: RequestHeaders): StoredHeaders {
  const stored: StoredHeaders = {}
  let bytes = 0
  for (const [property, name] of storedNames) {
    const came = headerText(request, name)
    if (came === undefined) continue
    const value = property === 'contentEncoding' ? withoutAwsChunked(came) : came
    if (value === undefined) continue
    stored[property] = requireHeaderValue(name, value)
    bytes += name.length + value.length
  }
  if (bytes > systemMetadataBytesMax) {
    throw new S3Error('MetadataTooLarge', {
      Size: String(bytes),
      MaxSizeAllowed: String(systemMetadataBytesMax),
    })
  }
  const redirect = headerText(request, redirectHeader)
  if (redirect !== undefined) stored.websiteRedirectLocation = parseRedirect(redirect)
  return stored
}

/**
 * `aws-chunked` says how the body came, and is no property of the object: the word goes with its comma,
 * and the rest stays as it is.
 */
function withoutAwsChunked(encoding: string): string | undefined {
  if (!/aws-chunked/i.test(encoding)) return encoding
  const kept = encoding
    .split(',')
    .filter((coding) => !/^[ \t]*aws-chunked[ \t]*$/i.test(coding))
    .join(',')
    .replace(/^[ \t]+|[ \t]+$/g, '')
  return kept === '' ? undefined : kept
}

const redirectHeader = 'x-amz-website-redirect-location'

function parseRedirect(raw: string): string {
  requireHeaderValue(redirectHeader, raw)
  if (raw.length > redirectBytesMax) {
    throw new S3Error('InvalidRedirectLocation', undefined, {
      message: `The length of website redirect location cannot exceed ${redirectBytesMax} bytes.`,
    })
  }
  if (/^(\/|https?:\/\/)/.test(raw)) return raw
  throw new S3Error('InvalidRedirectLocation')
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
  readonly userMetadata: UserMetadata
  readonly storageClass: string
}

/** Adds the headers of GetObject and HeadObject that were given at the upload. */
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
  addUserMetadata(reply, object.userMetadata)
}
