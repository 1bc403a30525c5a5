// What S3 says a listing contains, written the naive way: all entries of a bucket from a list of keys.
// Tests hold the pages of the real thing against it.
import { compareKeys } from '../../protocol/s3/compare-keys.ts'
import type { SeededBytes } from './seeded-bytes.ts'

export type ModelEntry = { readonly is: 'key' | 'prefix'; readonly text: string }

/** Keys and common prefixes, in byte order of both together. */
export function modelListing(
  keys: readonly string[],
  query: { readonly prefix: string; readonly delimiter: string; readonly after: string },
): readonly ModelEntry[] {
  const entries = new Map<string, ModelEntry>()
  for (const key of keys) {
    if (!key.startsWith(query.prefix)) continue
    const at = query.delimiter === '' ? -1 : key.indexOf(query.delimiter, query.prefix.length)
    const text = at === -1 ? key : key.slice(0, at + query.delimiter.length)
    const is = at === -1 ? 'key' : 'prefix'
    if (query.after === '' || compareKeys(text, query.after) > 0) entries.set(text, { is, text })
  }
  return [...entries.values()].sort((a, b) => compareKeys(a.text, b.text))
}

const letters = ['a', 'b', '/', '/', '-', 'ä', '\u{1f600}', '\uffee', ' ', '+', '%', '\u0001', '&']

/** Short texts out of few letters, so that they share many prefixes and delimiters. */
export function awkwardText(random: SeededBytes, lengthMax: number): string {
  let text = ''
  for (let left = random.integer(lengthMax + 1); left > 0; left -= 1) {
    text += letters[random.integer(letters.length)]
  }
  return text
}

/** Some of them different, none empty. */
export function awkwardKeys(random: SeededBytes, count: number): readonly string[] {
  const keys = Array.from({ length: count }, () => awkwardText(random, 6)).filter(
    (key) => key !== '',
  )
  return [...new Set(keys)]
}
