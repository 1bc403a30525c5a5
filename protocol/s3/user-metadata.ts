// User metadata, the headers `x-amz-meta-…`: read from the request that makes an object, written into the
// replies that show it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
import { decodeWords, encodeWords } from './encoded-words.ts'
import {
  isHeaderName,
  isHeaderValue,
  latin1Text,
  parseHeaderName,
  requireHeaderValue,
} from './header-text.ts'
import { userMetadataBytesMax } from './limits.ts'
import type { ReplyHeaders } from './object-headers.ts'
import type { RequestHeaders } from './request-headers.ts'
import { S3Error } from './s3-error.ts'

/** Names in lower case without `x-amz-meta-`; values are latin1 text as it came, but for encoded words. */
export type UserMetadata = Readonly<Record<string, string>>

const prefix = 'x-amz-meta-'

/** Throws `InvalidArgument` for what no header can hold, `MetadataTooLarge`. */
export function parseUserMetadata(request: RequestHeaders): UserMetadata {
  const metadata: Record<string, string> = Object.create(null)
  let bytes = 0
  for (const name in request) {
    if (!name.startsWith(prefix)) continue
    const value = request[name]
    if (value === undefined) continue
    const short = parseHeaderName(name.slice(prefix.length))
    const sent = requireHeaderValue(name, typeof value === 'string' ? value : value.join(','))
    const text = sent.includes('=?') ? withoutWords(sent) : sent
    metadata[short] = text
    // latin1 text: a character is a byte.
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

/** Encoded words are decoded, as S3 does it, unless what they stand for is nothing that may be stored. */
function withoutWords(sent: string): string {
  const decoded = Buffer.from(decodeWords(latin1Text(sent)), 'utf8').toString('latin1')
  return isHeaderValue(decoded) ? decoded : sent
}

const plainHeader = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e]*$/

/**
 * ASCII values go as they are, unless a reader would make something else of them; others become encoded
 * words. What was stored before there was a rule, and
 * no header can hold, is counted in `x-amz-missing-meta`.
 */
export function addUserMetadata(reply: ReplyHeaders, metadata: UserMetadata): void {
  let missing = 0
  for (const name in metadata) {
    const value = metadata[name] ?? ''
    if (plainHeader.test(`${name}:${value}`) && isReadAsItIs(value)) reply[prefix + name] = value
    else if (isHeaderName(name) && isHeaderValue(value)) {
      reply[prefix + name] = encodeWords(latin1Text(value))
    } else missing += 1
  }
  if (missing > 0) reply['x-amz-missing-meta'] = missing
}

/** True when nobody who decodes encoded words finds one in it. */
function isReadAsItIs(value: string): boolean {
  return !value.includes('=?') || withoutWords(value) === value
}
