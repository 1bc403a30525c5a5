// What each condition operator compares, and how. Each is compiled once, with all values that a policy
// names, into one test of a value of the request; negation and sets are not its affair.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
import type { ContextKeys } from './access-request.ts'
import { compileArn, matchesArn } from './arn-pattern.ts'
import { isSameInAscii } from './ascii-case.ts'
import { parseBinary, parseFlag, parseNumber, parsePolicyDate } from './condition-values.ts'
import { isSpent, spend, type Work } from './evaluation-work.ts'
import { isInRange, parseIpAddress, parseIpRange } from './ip-range.ts'
import {
  hasVariables,
  type PatternPart,
  parsePattern,
  plainText,
  syntaxOf,
} from './pattern-parts.ts'
import type { BaseOperator, PolicyVersion } from './policy-document.ts'
import { compileWildcards, fillWithin, matchesWildcards } from './wildcard-pattern.ts'

/** What conditions are asked of. */
export type Circumstances = { readonly context: ContextKeys; readonly work: Work }

/**
 * Whether a value of the request matches one of those that the policy names. Means nothing once the work is
 * spent.
 */
export type ValueTest = (value: string, asked: Circumstances) => boolean

type Family = {
  readonly compile: (values: readonly string[], version: PolicyVersion) => ValueTest
  /** What a value that is none lacks. Throws `VariableRefused`. */
  readonly problem: (value: string, version: PolicyVersion) => string | undefined
}

type OperatorRow = { readonly family: Family; readonly negated: boolean }

type FilledTest = (value: string, work: Work) => boolean

/** A test of filled parts; none holds for what is shorter than they are. Undefined: nothing matches. */
type Compile = (parts: readonly PatternPart[]) => FilledTest | undefined

const testSteps = 3

function patternFamily(wildcards: boolean, compileOne: Compile, wants?: string): Family {
  return {
    compile: (values, version) => {
      const parsed = values.map((value) => parsePattern(value, syntaxOf(version, wildcards)))
      const fixed = parsed
        .filter((parts) => !hasVariables(parts))
        .map(compileOne)
        .filter((test) => test !== undefined)
      const open = parsed.filter(hasVariables)
      return (value, asked) => {
        const { work } = asked
        // A request may have a thousand values, and each is held against as many.
        spend(work, fixed.length * testSteps)
        if (isSpent(work)) return false
        return (
          fixed.some((test) => test(value, work)) ||
          open.some((parts) => {
            const filled = fillWithin(parts, value.length, asked)
            return filled !== undefined && compileOne(filled)?.(value, work) === true
          })
        )
      }
    },
    problem: (value, version) => {
      const parts = parsePattern(value, syntaxOf(version, wildcards))
      return hasVariables(parts) || compileOne(parts) !== undefined ? undefined : wants
    },
  }
}

const exactly = patternFamily(false, (parts) => {
  const text = plainText(parts)
  return (value) => value === text
})

const ignoringCase = patternFamily(false, (parts) => {
  const text = plainText(parts)
  return (value, work) => {
    if (value.length !== text.length) return false
    spend(work, text.length)
    return isSameInAscii(value, text)
  }
})

const alike = patternFamily(true, (parts) => {
  const pattern = compileWildcards(parts)
  return (value, work) => matchesWildcards(pattern, value, work)
})

const truth = patternFamily(
  false,
  (parts) => {
    const named = parseFlag(plainText(parts))
    return named === undefined ? undefined : (value) => parseFlag(value) === named
  },
  'must be "true" or "false"',
)

const arn = patternFamily(
  true,
  (parts) => {
    const pattern = compileArn(parts)
    return pattern === undefined ? undefined : (value, work) => matchesArn(pattern, value, work)
  },
  'must be an ARN of six fields',
)

type ValueFamily<Named, Given> = {
  /** Undefined: it is none. */
  readonly named: (text: string) => Named | undefined
  readonly given: (text: string) => Given | undefined
  readonly agree: (given: Given, named: Named) => boolean
  readonly wants: string
}

/** Of values that are parsed, and know neither wildcards nor variables. */
function valueFamily<Named, Given>(values: ValueFamily<Named, Given>): Family {
  return {
    compile: (texts) => {
      const all = texts.map(values.named).filter((named) => named !== undefined)
      return (text, { work }) => {
        spend(work, text.length + all.length * testSteps)
        if (isSpent(work)) return false
        const given = values.given(text)
        return given !== undefined && all.some((named) => values.agree(given, named))
      }
    },
    problem: (text) => (values.named(text) === undefined ? values.wants : undefined),
  }
}

type Order = (given: number, named: number) => boolean

function numeric(agree: Order): Family {
  return valueFamily({ named: parseNumber, given: parseNumber, agree, wants: 'must be a number' })
}

function dated(agree: Order): Family {
  const wants = 'must be a date of ISO 8601, or seconds since 1970'
  return valueFamily({ named: parsePolicyDate, given: parsePolicyDate, agree, wants })
}

const equal: Order = (given, named) => given === named
const below: Order = (given, named) => given < named
const atMost: Order = (given, named) => given <= named
const above: Order = (given, named) => given > named
const atLeast: Order = (given, named) => given >= named

const binary = valueFamily({
  named: parseBinary,
  given: parseBinary,
  agree: (given, named) => given === named,
  wants: 'must be base64',
})

const flag = valueFamily({
  named: parseFlag,
  given: parseFlag,
  agree: (given, named) => given === named,
  wants: 'must be "true" or "false"',
})

const address = valueFamily({
  named: parseIpRange,
  given: parseIpAddress,
  agree: isInRange,
  wants: 'must be an address, or a range such as 203.0.113.0/24',
})

function does(family: Family): OperatorRow {
  return { family, negated: false }
}

function doesNot(family: Family): OperatorRow {
  return { family, negated: true }
}

export const operatorTable: Readonly<Record<BaseOperator, OperatorRow>> = {
  StringEquals: does(exactly),
  StringNotEquals: doesNot(exactly),
  StringEqualsIgnoreCase: does(ignoringCase),
  StringNotEqualsIgnoreCase: doesNot(ignoringCase),
  StringLike: does(alike),
  StringNotLike: doesNot(alike),
  NumericEquals: does(numeric(equal)),
  NumericNotEquals: doesNot(numeric(equal)),
  NumericLessThan: does(numeric(below)),
  NumericLessThanEquals: does(numeric(atMost)),
  NumericGreaterThan: does(numeric(above)),
  NumericGreaterThanEquals: does(numeric(atLeast)),
  DateEquals: does(dated(equal)),
  DateNotEquals: doesNot(dated(equal)),
  DateLessThan: does(dated(below)),
  DateLessThanEquals: does(dated(atMost)),
  DateGreaterThan: does(dated(above)),
  DateGreaterThanEquals: does(dated(atLeast)),
  Bool: does(truth),
  BinaryEquals: does(binary),
  IpAddress: does(address),
  NotIpAddress: doesNot(address),
  ArnEquals: does(arn),
  ArnLike: does(arn),
  ArnNotEquals: doesNot(arn),
  ArnNotLike: doesNot(arn),
  /** Tests whether the key is missing, in `compile-condition.ts`; the value says which is wanted. */
  Null: does(flag),
}
