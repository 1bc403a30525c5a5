// The header lines of multipart/form-data: the boundary in `Content-Type`, and what stands above a part.
// https://www.rfc-editor.org/rfc/rfc7578
import { isUtf8 } from 'node:buffer'
import { S3Error } from '../s3-error.ts'
import { boundaryCharactersMax } from './body-limits.ts'

/** Throws `RequestIsNotMultiPartContent` for another type, `MalformedPOSTRequest` for a bad boundary. */
export function parseBoundary(contentType: string | undefined): string {
  if (contentType === undefined || !/^multipart\/form-data(?:[\s;]|$)/i.test(contentType)) {
    throw new S3Error('RequestIsNotMultiPartContent')
  }
  const boundary = parseParameters(contentType).get('boundary') ?? ''
  // RFC 2046 section 5.1.1; the trailing space it forbids is trimmed by nobody.
  if (
    boundary.length > boundaryCharactersMax ||
    !/^[0-9A-Za-z'()+_,\-./:=? ]*[0-9A-Za-z'()+_,\-./:=?]$/.test(boundary)
  ) {
    throw new S3Error('MalformedPOSTRequest')
  }
  return boundary
}

export type PartHeaders = {
  readonly name: string
  /** Empty when there is none. Absent when it is not UTF-8: pages in other encodings send their own. */
  readonly fileName: string | undefined
}

/**
 * `bytes` are the lines without the blank one, in any encoding: nobody needs more of them than is asked
 * for later. Throws `MalformedPOSTRequest`.
 */
export function parsePartHeaders(bytes: Buffer): PartHeaders {
  let disposition: string | undefined
  for (const line of bytes.toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon <= 0) throw new S3Error('MalformedPOSTRequest')
    const header = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (header === 'content-disposition') disposition = value
  }
  if (disposition === undefined || !/^form-data(?:[\s;]|$)/i.test(disposition)) {
    throw new S3Error('MalformedPOSTRequest')
  }
  const parameters = parseParameters(disposition)
  const name = parameters.get('name')
  if (name === undefined || name === '') throw new S3Error('MalformedPOSTRequest')
  return { name: decodeText(latin1Bytes(name)).text, fileName: fileNameOf(parameters) }
}

/** RFC 7578 has no `filename*`, and clients send it all the same, in place of `filename`. */
function fileNameOf(parameters: ReadonlyMap<string, string>): string | undefined {
  const extended = parameters.get('filename*')
  const plain = parameters.get('filename') ?? (extended === undefined ? '' : undefined)
  const bytes = plain === undefined ? extendedValue(extended ?? '') : latin1Bytes(plain)
  if (bytes === undefined) return undefined
  const { text, isUtf8 } = decodeText(bytes)
  return isUtf8 ? text : undefined
}

/** Of `UTF-8''a%20b`, the bytes. https://www.rfc-editor.org/rfc/rfc8187#section-3.2.1 */
function extendedValue(raw: string): Buffer | undefined {
  const encoded = /^utf-8'[^']*'((?:%[0-9a-f]{2}|[^%'])*)$/i.exec(raw)?.[1]
  if (encoded === undefined) return undefined
  const text = encoded.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return latin1Bytes(text)
}

function latin1Bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

// A backslash escapes a quote alone: browsers send the backslashes of paths as they are.
const parameter = /;\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*(?:"((?:\\"|[^"])*)"|([^\s;"]*))/g

function parseParameters(header: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, plain = ''] of header.matchAll(parameter)) {
    parameters.set(name.toLowerCase(), quoted?.replaceAll('\\"', '"') ?? plain)
  }
  return parameters
}

/**
 * Text in forms: pages without an encoding of their own send windows-1252, Shift_JIS and whatever else. What is not
 * UTF-8 is read as ISO-8859-1, a character a byte, so that nothing of it is lost.
 */
export function decodeText(bytes: Buffer): { readonly text: string; readonly isUtf8: boolean } {
  if (isUtf8(bytes)) return { text: bytes.toString('utf8'), isUtf8: true }
  return { text: bytes.toString('latin1'), isUtf8: false }
}
