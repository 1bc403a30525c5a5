// The headers of a request as Signature Version 4 reads them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { S3Error } from '../s3-error.ts'

/** Values by lower-case name, as they came (latin1); repeated ones joined by commas. */
export type RequestHeaders = ReadonlyMap<string, string>

/** `rawHeaders` is Node's: name, value, name, value, … */
export function collectHeaders(rawHeaders: readonly string[]): RequestHeaders {
  const headers = new Map<string, string>()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    const value = rawHeaders[at + 1] ?? ''
    const earlier = headers.get(name)
    headers.set(name, earlier === undefined ? value : `${trimBlanks(earlier)},${trimBlanks(value)}`)
  }
  return headers
}

/** Trimmed, and runs of blanks inside made one space. */
export function canonicalValue(raw: string): string {
  if (!raw.includes('  ') && !raw.includes('\t')) {
    return trimBlanks(raw)
  }
  let value = ''
  for (const word of raw.split(/[ \t]+/)) {
    if (word !== '') value += value === '' ? word : ` ${word}`
  }
  return value
}

/**
 * Without the spaces and tabs at its ends, which are no part of a header's value. `trim` would also take
 * U+00A0, and with it the last byte of a UTF-8 `à`.
 */
export function trimBlanks(raw: string): string {
  let from = 0
  let to = raw.length
  while (from < to && isBlank(raw.charCodeAt(from))) from += 1
  while (to > from && isBlank(raw.charCodeAt(to - 1))) to -= 1
  return from === 0 && to === raw.length ? raw : raw.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** Of those headers, a second one would be dropped or joined to the first. `x-amz-meta-` may repeat. */
const single: ReadonlySet<string> = new Set([
  'authorization',
  'content-md5',
  'content-type',
  'date',
  'expires',
  'host',
])

/**
 * Refuses what is signed as one list and would be read as another, or as its first value alone. Throws
 * `InvalidArgument`. `headers` is what `collectHeaders` has made of `rawHeaders`.
 */
export function refuseRepeatedHeaders(
  rawHeaders: readonly string[],
  headers: RequestHeaders,
): void {
  if (headers.size * 2 === rawHeaders.length) return
  const seen = new Set<string>()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    const isOurs = name.startsWith('x-amz-') && !name.startsWith('x-amz-meta-')
    if (seen.has(name) && (isOurs || single.has(name))) {
      throw new S3Error(
        'InvalidArgument',
        { ArgumentName: name, ArgumentValue: headers.get(name) ?? '' },
        { message: `The header ${name} is there more than once.` },
      )
    }
    seen.add(name)
  }
}
