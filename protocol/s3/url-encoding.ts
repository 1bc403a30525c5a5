// `encoding-type=url` of listings: form encoding as S3 does it. A space becomes `+`; letters, digits
// and `-_.*/` stay; all else is percent-encoded from its UTF-8 bytes.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html#API_ListObjectsV2_RequestSyntax
import { S3Error } from './s3-error.ts'

export type EncodingType = 'url'

const plain = /^[A-Za-z0-9_.*/-]*$/
// What encodeURIComponent leaves alone and S3 does not, and the other way round.
const differences = /%2F|%20|[!'()~]/g
const replacements: Readonly<Record<string, string>> = {
  '%2F': '/',
  '%20': '+',
  '!': '%21',
  "'": '%27',
  '(': '%28',
  ')': '%29',
  '~': '%7E',
}

export function urlEncode(text: string): string {
  if (plain.test(text)) return text
  return encodeURIComponent(text).replace(differences, (found) => replacements[found] ?? found)
}

/** Reads the parameter `encoding-type`. Throws `InvalidArgument` for anything but `url`. */
export function parseEncodingType(raw: string | undefined): EncodingType | undefined {
  if (raw === undefined || raw === '') return undefined
  if (raw.toLowerCase() === 'url') return 'url'
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'encoding-type', ArgumentValue: raw },
    { message: 'Invalid Encoding Method specified in Request' },
  )
}
