// Percent-encoding as Signature Version 4 wants it: all but `A-Z a-z 0-9 - . _ ~` encoded, hex digits in
// upper case. What comes over the wire may be encoded otherwise and means the same; here it is made equal
// without ever decoding to text, so that bytes that are no UTF-8 and broken escapes stay what they are.

/** 1: stands for itself; 0: must be encoded. */
const unreserved = new Uint8Array(256)
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~') {
  unreserved[char.charCodeAt(0)] = 1
}

const slash = 0x2f
const percent = 0x25
const plus = 0x2b

/** The path: slashes stay, nothing is normalised or encoded twice. */
export function canonicalPath(rawPath: string): string {
  return encode(rawPath, 'path')
}

/** A name or value of the query: a slash is encoded, a plus is a space. */
export function canonicalQueryText(raw: string): string {
  return encode(raw, 'query')
}

function encode(raw: string, where: 'path' | 'query'): string {
  const keepsSlash = where === 'path'
  let done = ''
  let from = 0
  for (let at = 0; at < raw.length; at += 1) {
    const code = raw.charCodeAt(at)
    if (unreserved[code] === 1 || (code === slash && keepsSlash)) continue
    let encoded: string
    let width = 1
    if (code === percent) {
      const byte = escapedByte(raw, at)
      if (byte < 0) encoded = '%25'
      else {
        width = 3
        encoded = unreserved[byte] === 1 ? String.fromCharCode(byte) : escaped(byte)
      }
    } else if (code === plus && !keepsSlash) encoded = '%20'
    else encoded = escaped(code & 0xff)
    done += raw.slice(from, at) + encoded
    from = at + width
    at = from - 1
  }
  return from === 0 ? raw : done + raw.slice(from)
}

function escaped(byte: number): string {
  return `%${byte < 16 ? '0' : ''}${byte.toString(16).toUpperCase()}`
}

function escapedByte(raw: string, at: number): number {
  const high = hexDigit(raw.charCodeAt(at + 1))
  const low = hexDigit(raw.charCodeAt(at + 2))
  return high < 0 || low < 0 ? -1 : high * 16 + low
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
