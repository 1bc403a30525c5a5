// Wildcards: `*` stands for any characters, also `/` and `:`, `?` for one. A pattern is cut where a `*` is;
// what lies between is looked for from left to right, each time at the first place, and never again. The
// search is plain, for tables that make it faster hold more than the pattern: what bounds it is the budget
// of the evaluation. A character is a unit of UTF-16.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
import type { ContextKeys } from './access-request.ts'
import { isSpent, spend, type Work, withoutLimit } from './evaluation-work.ts'
import { fillVariables, leastLength, type PatternPart } from './pattern-parts.ts'

/** Small, also of a pattern that is nothing but wildcards: `*?*?` is a gap of at least two units. */
export type WildcardPattern = {
  /** All that lies between gaps, one after the other. */
  readonly units: string
  /** The unit in `units` that stands for a `?`; none of the text is it. -1: there is none. */
  readonly one: number
  /** Of what lies between gaps: one more than there are gaps. Empty where there is no gap. */
  readonly lengths: readonly number[]
  /** Of each run of wildcards that has a `*`: how many units it is at least. */
  readonly gaps: readonly number[]
  readonly minLength: number
}

export type Coarse = 'all' | 'none' | 'some'

/** Of parts whose variables have been filled. */
export function compileWildcards(parts: readonly PatternPart[]): WildcardPattern {
  if (parts.length === 1 && parts[0]?.is === 'any') return anything
  const one = unusedUnit(parts)
  const lengths: number[] = []
  const gaps: number[] = []
  const texts: string[] = []
  let length = 0
  let begin = 0
  // Of the run of wildcards that is being read.
  let ones = 0
  let isGap = false
  const add = (text: string) => {
    texts.push(text)
    length += text.length
  }
  const endRun = () => {
    if (isGap) {
      lengths.push(length - begin)
      gaps.push(ones)
      begin = length
    } else if (ones > 0) add(String.fromCharCode(one).repeat(ones))
    ones = 0
    isGap = false
  }
  for (const part of parts) {
    if (part.is === 'any') isGap = true
    else if (part.is === 'one') ones += 1
    else if (part.is === 'text' && part.text !== '') {
      endRun()
      add(part.text)
    }
  }
  endRun()
  // Joined and sliced rather than added up, for that leaves neither strings of strings nor room for more.
  const units = texts.join('')
  if (gaps.length === 0) return { units, one, lengths: none, gaps: none, minLength: length }
  lengths.push(length - begin)
  const minLength = gaps.reduce((sum, gap) => sum + gap, length)
  return { units, one, lengths: lengths.slice(), gaps: gaps.slice(), minLength }
}

const none: readonly number[] = []
const anything: WildcardPattern = { units: '', one: -1, lengths: [0, 0], gaps: [0], minLength: 0 }

/** One of the first n + 1 is not among n. */
function unusedUnit(parts: readonly PatternPart[]): number {
  if (!parts.some(({ is }) => is === 'one')) return -1
  const used = new Uint8Array(leastLength(parts) + 1)
  for (const part of parts) {
    if (part.is !== 'text') continue
    for (let at = 0; at < part.text.length; at += 1) used[part.text.charCodeAt(at)] = 1
  }
  return used.indexOf(0)
}

/** Means nothing once the work is spent. */
export function matchesWildcards(
  pattern: WildcardPattern,
  text: string,
  work: Work = withoutLimit(),
): boolean {
  const { units, lengths, gaps, minLength } = pattern
  if (gaps.length === 0) return text.length === minLength && isAt(pattern, 0, minLength, text, 0)
  if (text.length < minLength || isSpent(work)) return false
  const first = lengths[0] ?? 0
  const last = lengths.at(-1) ?? 0
  const end = text.length - last
  if (!isAt(pattern, 0, first, text, 0)) return false
  if (!isAt(pattern, units.length - last, units.length, text, end)) return false
  let begin = first
  let at = first
  // How far what is looked for may reach to the right leaves room for all that follows it.
  let spare = text.length - minLength
  for (let each = 1; each < gaps.length; each += 1) {
    const length = lengths[each] ?? 0
    const from = at + (gaps[each - 1] ?? 0)
    const found = find(pattern, { begin, end: begin + length, text, from, to: from + spare }, work)
    if (found === -1) return false
    spare -= found - from
    at = found + length
    begin += length
  }
  return true
}

/** As `matchesWildcards`, of parts whose variables have to be filled first. */
export function matchesOpen(
  parts: readonly PatternPart[],
  text: string,
  asked: { readonly context: ContextKeys; readonly work: Work },
): boolean {
  const filled = fillWithin(parts, text.length, asked)
  return filled !== undefined && matchesWildcards(compileWildcards(filled), text, asked.work)
}

/** Undefined also where all that the parts match is longer than `lengthMax`, or the work is spent. */
export function fillWithin(
  parts: readonly PatternPart[],
  lengthMax: number,
  { context, work }: { readonly context: ContextKeys; readonly work: Work },
): readonly PatternPart[] | undefined {
  if (isSpent(work)) return undefined
  spend(work, fillSteps + parts.length * partSteps)
  const filled = fillVariables(parts, context)
  if (filled === undefined) return undefined
  const length = leastLength(filled)
  if (length > lengthMax) return undefined
  spend(work, length * unitSteps)
  return isSpent(work) ? undefined : filled
}

const fillSteps = 200
const partSteps = 20
/** To be read once, and written once, before it is compared. */
const unitSteps = 2

export function matchesSome(
  patterns: readonly WildcardPattern[],
  text: string,
  work: Work,
): boolean {
  for (const pattern of patterns) if (matchesWildcards(pattern, text, work)) return true
  return false
}

/** Of all texts at once that begin with `prefix`. `all` and `none` are sure. */
export function matchesBelow(
  pattern: WildcardPattern,
  prefix: string,
  work: Work = withoutLimit(),
): Coarse {
  const { lengths, gaps, minLength } = pattern
  const first = lengths[0] ?? minLength
  if (!isAt(pattern, 0, Math.min(first, prefix.length), prefix, 0)) return 'none'
  if (gaps.length === 0) return prefix.length > first ? 'none' : 'some'
  return lengths.at(-1) === 0 && matchesWildcards(pattern, prefix, work) ? 'all' : 'some'
}

/** Whether the units of the pattern from `begin` to `end` stand in the text at `at`. */
function isAt(
  { units, one }: WildcardPattern,
  begin: number,
  end: number,
  text: string,
  at: number,
): boolean {
  // From the end, since ARNs begin alike.
  for (let each = end - 1, place = at + end - begin - 1; each >= begin; each -= 1, place -= 1) {
    const unit = units.charCodeAt(each)
    if (unit !== one && unit !== text.charCodeAt(place)) return false
  }
  return true
}

type Search = {
  readonly begin: number
  readonly end: number
  readonly text: string
  readonly from: number
  /** The last place that it may begin at. */
  readonly to: number
}

/** The first place where these units of the pattern stand; -1 when nowhere, or when the work is spent. */
function find({ units, one }: WildcardPattern, search: Search, work: Work): number {
  const { begin, end, text, from, to } = search
  const firstUnit = units.charCodeAt(begin)
  let left = work.stepsLeft - searchSteps
  let found = -1
  for (let at = from; at <= to && left > 0; at += 1) {
    left -= 1
    // Wildcards at either end are part of the gap.
    if (text.charCodeAt(at) !== firstUnit) continue
    let each = begin + 1
    for (let place = at + 1; each < end; each += 1, place += 1) {
      const unit = units.charCodeAt(each)
      if (unit !== one && unit !== text.charCodeAt(place)) break
    }
    left -= each - begin
    if (each < end) continue
    found = at
    break
  }
  work.stepsLeft = left
  return left > 0 ? found : -1
}

const searchSteps = 10
