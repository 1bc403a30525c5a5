// ARNs in conditions: six fields, each compared by itself, so that a wildcard stays within its field; the
// last field may have colons of its own.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
import { spend, type Work } from './evaluation-work.ts'
import type { PatternPart } from './pattern-parts.ts'
import { compileWildcards, matchesWildcards, type WildcardPattern } from './wildcard-pattern.ts'

const fieldCount = 6

export type ArnPattern = readonly WildcardPattern[]

/** Of parts whose variables have been filled. Undefined: it has fewer than six fields. */
export function compileArn(parts: readonly PatternPart[]): ArnPattern | undefined {
  const fields: PatternPart[][] = [[]]
  for (const part of parts) {
    if (part.is !== 'text') fields.at(-1)?.push(part)
    else splitText(part.text, fields)
  }
  return fields.length === fieldCount ? fields.map(compileWildcards) : undefined
}

function splitText(text: string, fields: PatternPart[][]): void {
  let rest = text
  while (fields.length < fieldCount) {
    const colon = rest.indexOf(':')
    if (colon === -1) break
    fields.at(-1)?.push({ is: 'text', text: rest.slice(0, colon) })
    fields.push([])
    rest = rest.slice(colon + 1)
  }
  fields.at(-1)?.push({ is: 'text', text: rest })
}

/** Means nothing once the work is spent. */
export function matchesArn(pattern: ArnPattern, arn: string, work: Work): boolean {
  spend(work, arnSteps + (arn.length >> 4))
  let begin = 0
  for (const [at, field] of pattern.entries()) {
    const colon = at === fieldCount - 1 ? arn.length : arn.indexOf(':', begin)
    if (colon === -1 || !matchesWildcards(field, arn.slice(begin, colon), work)) return false
    begin = colon + 1
  }
  return true
}

const arnSteps = 200
