// The canonical request and the string to sign of Signature Version 4 for S3, built by hand: this runs
// for every request.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
import { hash } from 'node:crypto'
import { canonicalPath, canonicalQueryText } from './canonical-encoding.ts'
import { canonicalValue, type RequestHeaders, trimBlanks } from './request-headers.ts'

export type CanonicalParts = {
  readonly method: string
  /** Origin form, as it came. A parameter `X-Amz-Signature` is left out. */
  readonly target: string
  readonly headers: RequestHeaders
  /** Lower case, sorted. */
  readonly signedHeaders: readonly string[]
  readonly payloadHash: string
  /** What becomes of runs of blanks inside header values; `collapsed` is what AWS documents. */
  readonly blanks: 'collapsed' | 'kept'
}

/** Latin1: one character a byte. */
export function canonicalRequest(parts: CanonicalParts): string {
  const { target } = parts
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const query = mark < 0 ? '' : canonicalQuery(target.slice(mark + 1))
  let headers = ''
  for (const name of parts.signedHeaders) {
    const value = parts.headers.get(name) ?? ''
    headers += `${name}:${parts.blanks === 'kept' ? trimBlanks(value) : canonicalValue(value)}\n`
  }
  return `${parts.method}\n${canonicalPath(path)}\n${query}\n${headers}\n${parts.signedHeaders.join(';')}\n${parts.payloadHash}`
}

/** The string to sign over a canonical request. */
export function stringToSign(canonical: string, amzDate: string, credentialScope: string): string {
  return `AWS4-HMAC-SHA256\n${amzDate}\n${credentialScope}\n${sha256OfLatin1(canonical)}`
}

type Parameter = { readonly name: string; readonly value: string }

/** Sorted by encoded name, then value; a name without `=` gets one. */
export function canonicalQuery(rawQuery: string): string {
  const parameters: Parameter[] = []
  for (const pair of rawQuery.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = canonicalQueryText(equals < 0 ? pair : pair.slice(0, equals))
    if (name === 'X-Amz-Signature') continue
    const value = equals < 0 ? '' : canonicalQueryText(pair.slice(equals + 1))
    parameters.push({ name, value })
  }
  if (parameters.length > 1) parameters.sort(compareParameters)
  let query = ''
  for (const { name, value } of parameters) {
    query += query === '' ? `${name}=${value}` : `&${name}=${value}`
  }
  return query
}

// Encoded text is ASCII: the order of its code units is the order of its bytes.
function compareParameters(a: Parameter, b: Parameter): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  if (a.value !== b.value) return a.value < b.value ? -1 : 1
  return 0
}

// `hash` takes a string as UTF-8, which is the same bytes only while all of it is ASCII.
function sha256OfLatin1(text: string): string {
  const isAscii = Buffer.byteLength(text, 'utf8') === text.length
  return hash('sha256', isAscii ? text : Buffer.from(text, 'latin1'), 'hex')
}
