// The request target as it came, cut but not normalised: `URL` would resolve `%2e%2e` and let
// `/b/%2e%2e/x` leave its bucket. Signatures are computed from `rawPath` and `rawQuery`.
import { isUtf8 } from 'node:buffer'
import { S3Error } from './s3-error.ts'

export type QueryParameter = { readonly name: string; readonly value: string }

/** The query in order, decoded. A name without `=` has an empty value. */
export class Query {
  readonly parameters: readonly QueryParameter[]

  constructor(parameters: readonly QueryParameter[]) {
    this.parameters = parameters
  }

  get(name: string): string | undefined {
    return this.parameters.find((parameter) => parameter.name === name)?.value
  }

  has(name: string): boolean {
    return this.parameters.some((parameter) => parameter.name === name)
  }
}

export type RequestTarget = {
  /** Begins with `/`, still percent-encoded. */
  readonly rawPath: string
  /** Without the `?`, still percent-encoded. */
  readonly rawQuery: string
  readonly query: Query
}

const emptyQuery = new Query([])

/** Throws `InvalidURI` for broken percent-encoding or bytes that are not UTF-8. */
export function parseRequestTarget(raw: string): RequestTarget {
  const target = originForm(raw)
  const mark = target.indexOf('?')
  if (mark === -1) return { rawPath: target, rawQuery: '', query: emptyQuery }
  const rawQuery = target.slice(mark + 1)
  return { rawPath: target.slice(0, mark), rawQuery, query: parseQuery(rawQuery) }
}

/** RFC 9112 section 3.2: a proxy may send the absolute form; S3 knows no asterisk form. */
function originForm(raw: string): string {
  if (raw.startsWith('/')) return raw
  const scheme = /^https?:\/\//i.exec(raw)
  if (!scheme) throw new S3Error('InvalidURI', { URI: raw })
  const rest = raw.slice(scheme[0].length)
  const cut = rest.search(/[/?]/)
  if (cut === -1) return '/'
  return rest[cut] === '/' ? rest.slice(cut) : `/${rest.slice(cut)}`
}

function parseQuery(raw: string): Query {
  if (raw === '') return emptyQuery
  const parameters: QueryParameter[] = []
  for (const pair of raw.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = equals === -1 ? pair : pair.slice(0, equals)
    const value = equals === -1 ? '' : pair.slice(equals + 1)
    parameters.push({ name: decodeQueryText(name), value: decodeQueryText(value) })
  }
  return new Query(parameters)
}

function decodeQueryText(raw: string): string {
  return percentDecode(raw.includes('+') ? raw.replaceAll('+', ' ') : raw)
}

/** Decodes `%XX` to UTF-8 text; a plain `+` stays a plus. Throws `InvalidURI`. */
export function percentDecode(raw: string): string {
  if (!raw.includes('%') && isAscii(raw)) return raw
  const bytes = Buffer.alloc(raw.length)
  let length = 0
  for (let at = 0; at < raw.length; at += 1) {
    const code = raw.charCodeAt(at)
    if (code > 0xff) throw new S3Error('InvalidURI', { URI: raw })
    if (code !== 0x25) {
      bytes[length++] = code
      continue
    }
    const high = hexDigit(raw.charCodeAt(at + 1))
    const low = hexDigit(raw.charCodeAt(at + 2))
    if (high === -1 || low === -1) throw new S3Error('InvalidURI', { URI: raw })
    bytes[length++] = high * 16 + low
    at += 2
  }
  const decoded = bytes.subarray(0, length)
  if (!isUtf8(decoded)) throw new S3Error('InvalidURI', { URI: raw })
  return decoded.toString('utf8')
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false
  return true
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  if (code >= 0x41 && code <= 0x46) return code - 0x37
  if (code >= 0x61 && code <= 0x66) return code - 0x57
  return -1
}
