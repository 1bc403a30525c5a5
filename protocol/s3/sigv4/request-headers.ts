// The headers of a request as Signature Version 4 sees them: names in lower case, repeated ones joined,
// values trimmed and runs of blanks inside them made one space.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

/** Canonical values by lower-case name; latin1, as the bytes came. */
export type CanonicalHeaders = ReadonlyMap<string, string>

/** `rawHeaders` is Node's: name, value, name, value, … */
export function canonicalHeaders(rawHeaders: readonly string[]): CanonicalHeaders {
  const headers = new Map<string, string>()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    const value = canonicalValue(rawHeaders[at + 1] ?? '')
    const earlier = headers.get(name)
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`)
  }
  return headers
}

function canonicalValue(raw: string): string {
  if (!raw.includes('  ') && !raw.includes('\t')) return isBlankAtEnds(raw) ? raw.trim() : raw
  let value = ''
  for (const word of raw.split(/[ \t]+/)) {
    if (word !== '') value += value === '' ? word : ` ${word}`
  }
  return value
}

function isBlankAtEnds(raw: string): boolean {
  return raw.startsWith(' ') || raw.endsWith(' ')
}
