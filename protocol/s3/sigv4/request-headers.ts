// The headers of a request as Signature Version 4 reads them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

/** Values by lower-case name, as they came (latin1); repeated ones joined by commas. */
export type RequestHeaders = ReadonlyMap<string, string>

/** `rawHeaders` is Node's: name, value, name, value, … */
export function collectHeaders(rawHeaders: readonly string[]): RequestHeaders {
  const headers = new Map<string, string>()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    const value = rawHeaders[at + 1] ?? ''
    const earlier = headers.get(name)
    headers.set(name, earlier === undefined ? value : `${earlier.trim()},${value.trim()}`)
  }
  return headers
}

/** Trimmed, and runs of blanks inside made one space. */
export function canonicalValue(raw: string): string {
  if (!raw.includes('  ') && !raw.includes('\t')) {
    return raw.startsWith(' ') || raw.endsWith(' ') ? raw.trim() : raw
  }
  let value = ''
  for (const word of raw.split(/[ \t]+/)) {
    if (word !== '') value += value === '' ? word : ` ${word}`
  }
  return value
}
