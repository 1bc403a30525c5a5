// Wildcards: `*` stands for any characters, also `/` and `:`, `?` for one. A pattern is cut at its `*`;
// what lies between is looked for from left to right, each time at the first place, and never again: no
// text makes that slow, however many wildcards there are. A character is a unit of UTF-16.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
import { type BitParallelSearch, findBits, prepareSearch } from './bit-parallel-search.ts'
import type { PatternPart } from './pattern-parts.ts'

/** What lies between two `*`. */
type Segment = {
  readonly length: number
  /** Without `?`. */
  readonly text: string
  /** With `?`: each unit, or -1 for a `?`. */
  readonly units?: Int32Array
  /** Only where it has to be looked for. */
  readonly search?: BitParallelSearch
}

export type WildcardPattern = {
  readonly first: Segment
  readonly middle: readonly Segment[]
  /** Absent: there is no `*`. */
  readonly last?: Segment
  readonly minLength: number
}

export type Coarse = 'all' | 'none' | 'some'

/** Of parts whose variables have been filled. */
export function compileWildcards(parts: readonly PatternPart[]): WildcardPattern {
  const runs: PatternPart[][] = [[]]
  for (const part of parts) {
    if (part.is === 'any') runs.push([])
    else runs.at(-1)?.push(part)
  }
  const [begin = [], ...others] = runs
  const end = others.pop()
  const first = segment(begin, 'anchored')
  const middle = others.filter((run) => run.length > 0).map((run) => segment(run, 'floating'))
  const minLength = middle.reduce((sum, { length }) => sum + length, first.length)
  if (end === undefined) return { first, middle, minLength }
  const last = segment(end, 'anchored')
  return { first, middle, last, minLength: minLength + last.length }
}

function segment(run: readonly PatternPart[], place: 'anchored' | 'floating'): Segment {
  const texts = run.map((part) => (part.is === 'text' ? part.text : '?'))
  const text = texts.join('')
  const { length } = text
  if (!run.some((part) => part.is === 'one')) return { length, text }
  const units = new Int32Array(length).fill(-1)
  let at = 0
  for (const part of run) {
    const { length } = part.is === 'text' ? part.text : '?'
    if (part.is === 'text') {
      for (let i = 0; i < length; i += 1) units[at + i] = part.text.charCodeAt(i)
    }
    at += length
  }
  return { length, text, units, ...(place === 'floating' ? { search: prepareSearch(units) } : {}) }
}

export function matchesWildcards(pattern: WildcardPattern, text: string): boolean {
  const { first, middle, last } = pattern
  if (last === undefined) return text.length === first.length && isAt(first, text, 0)
  if (text.length < pattern.minLength) return false
  const end = text.length - last.length
  if (!isAt(first, text, 0) || !isAt(last, text, end)) return false
  let at = first.length
  for (const segment of middle) {
    const found = find(segment, text, at)
    if (found === -1) return false
    at = found + segment.length
    if (at > end) return false
  }
  return true
}

export function matchesSome(patterns: readonly WildcardPattern[], text: string): boolean {
  for (const pattern of patterns) if (matchesWildcards(pattern, text)) return true
  return false
}

/** Of all texts at once that begin with `prefix`. `all` and `none` are sure. */
export function matchesBelow(pattern: WildcardPattern, prefix: string): Coarse {
  const { first, last } = pattern
  const common = Math.min(first.length, prefix.length)
  if (!agree(first, prefix, common)) return 'none'
  if (last === undefined) return prefix.length > first.length ? 'none' : 'some'
  return last.length === 0 && matchesWildcards(pattern, prefix) ? 'all' : 'some'
}

function isAt(segment: Segment, text: string, at: number): boolean {
  if (segment.units === undefined) return text.startsWith(segment.text, at)
  return segment.units.every((unit, i) => unit === -1 || unit === text.charCodeAt(at + i))
}

/** Whether the first units of both are the same. */
function agree(segment: Segment, text: string, count: number): boolean {
  if (segment.units === undefined) return segment.text.startsWith(text.slice(0, count))
  for (let i = 0; i < count; i += 1) {
    const unit = segment.units[i]
    if (unit !== -1 && unit !== text.charCodeAt(i)) return false
  }
  return true
}

function find(segment: Segment, text: string, from: number): number {
  if (segment.search === undefined) return text.indexOf(segment.text, from)
  return findBits(segment.search, text, from)
}
