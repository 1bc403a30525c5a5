// Entity tags: how they stand in headers, and the lists that conditions name.
// https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3

/** `*`, or ETags without quotes. An ETag S3 makes is hex, so what else stands there matches nothing. */
export type EtagList = '*' | readonly string[]

export function quoteEtag(etag: string): string {
  return `"${etag}"`
}

/** A list for the strong comparison: weak tags stay as they are and so match nothing. */
export function parseEtagList(raw: string): EtagList {
  const text = raw.trim()
  if (text === '*') return '*'
  return text.split(',').map(unquote)
}

/** A list for the weak comparison, which `If-None-Match` asks for: `W/"x"` counts as `"x"`. */
export function parseWeakEtagList(raw: string): EtagList {
  const list = parseEtagList(raw)
  if (list === '*') return list
  return list.map((tag) => (tag.startsWith('W/') ? unquote(tag.slice(2)) : tag))
}

export function etagListHas(list: EtagList, etag: string): boolean {
  return list === '*' || list.includes(etag)
}

// S3 takes ETags without quotes too.
function unquote(raw: string): string {
  const tag = raw.trim()
  return tag.length >= 2 && tag.startsWith('"') && tag.endsWith('"') ? tag.slice(1, -1) : tag
}
