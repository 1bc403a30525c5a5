// What tags of objects and buckets may be, and the header form of a tag set. Their XML form is in
// `xml/read-tagging.ts` and `xml/render-tagging.ts`.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
import {
  bucketTagsMax,
  objectTagsMax,
  tagKeyCharactersMax,
  tagValueCharactersMax,
} from './limits.ts'
import { percentDecode } from './request-target.ts'
import { S3Error } from './s3-error.ts'

export type Tag = { readonly key: string; readonly value: string }
export type Tagged = 'object' | 'bucket'

const legalText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u
const reservedKey = /^aws:/i

/**
 * Reads the header `x-amz-tagging`: URL query parameters. Throws `InvalidArgument` for broken encoding,
 * an empty or repeated key, and what `checkTags` throws.
 */
export function parseTaggingHeader(value: string): readonly Tag[] {
  const tags = value
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => parsePair(pair, value))
  if (new Set(tags.map((tag) => tag.key)).size !== tags.length) throw badHeader(value)
  return checkTags(tags, 'object')
}

function parsePair(pair: string, header: string): Tag {
  const equals = pair.indexOf('=')
  const key = decode(equals === -1 ? pair : pair.slice(0, equals), header)
  if (key === '') throw badHeader(header)
  return { key, value: equals === -1 ? '' : decode(pair.slice(equals + 1), header) }
}

function decode(raw: string, header: string): string {
  try {
    return percentDecode(raw.replaceAll('+', ' '))
  } catch (cause) {
    throw badHeader(header, cause)
  }
}

function badHeader(value: string, cause?: unknown): S3Error {
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: 'x-amz-tagging', ArgumentValue: value },
    {
      message:
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      cause,
    },
  )
}

/** Returns the tags, or throws `InvalidTag`, or `BadRequest` when there are too many. */
export function checkTags(tags: readonly Tag[], tagged: Tagged): readonly Tag[] {
  checkCount(tags.length, tagged)
  const keys = new Set<string>()
  for (const { key, value } of tags) {
    checkKey(key)
    if (value.length > tagValueCharactersMax || !legalText.test(value)) {
      throw invalidTag('The TagValue you have provided is invalid', { TagValue: value })
    }
    if (keys.has(key)) {
      throw invalidTag('Cannot provide multiple Tags with the same key', { TagKey: key })
    }
    keys.add(key)
  }
  return tags
}

function checkCount(count: number, tagged: Tagged): void {
  if (tagged === 'object' && count > objectTagsMax) {
    throw badRequest(`Object tags cannot be greater than ${objectTagsMax}`)
  }
  if (tagged === 'bucket' && count > bucketTagsMax) {
    throw badRequest(`Bucket tag count cannot be greater than ${bucketTagsMax}`)
  }
}

// S3 counts UTF-16 units, as JavaScript does.
function checkKey(key: string): void {
  if (key === '' || key.length > tagKeyCharactersMax || !legalText.test(key)) {
    throw invalidTag('The TagKey you have provided is invalid', { TagKey: key })
  }
  if (reservedKey.test(key)) {
    throw invalidTag('System tags cannot be added/updated by requester', { TagKey: key })
  }
}

function invalidTag(message: string, details: Readonly<Record<string, string>>): S3Error {
  return new S3Error('InvalidTag', details, { message })
}

function badRequest(message: string): S3Error {
  return new S3Error('BadRequest', {}, { message })
}
