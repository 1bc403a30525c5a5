// One condition as a question to a request's context keys: what a missing key means, a key with several
// values, and negation.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
import { lowerAscii } from './ascii-case.ts'
import { type Circumstances, operatorTable, type ValueTest } from './condition-operators.ts'
import { parseFlag } from './condition-values.ts'
import { parsePattern, syntaxOf } from './pattern-parts.ts'
import type { Condition, PolicyVersion } from './policy-document.ts'

export type CompiledCondition = {
  /** In lower case: all that it looks at, variables in its values too. */
  readonly keys: readonly string[]
  /** Means nothing once the work is spent. */
  readonly holds: (asked: Circumstances) => boolean
}

export function compileCondition(condition: Condition, version: PolicyVersion): CompiledCondition {
  const key = lowerAscii(condition.key)
  if (condition.operator === 'Null') return { keys: [key], holds: testNull(key, condition.values) }
  return { keys: [key, ...variablesOf(condition, version)], holds: compileTest(condition, version) }
}

function variablesOf({ values }: Condition, version: PolicyVersion): readonly string[] {
  return values
    .flatMap((value) => parsePattern(value, syntaxOf(version, true)))
    .flatMap((part) => (part.is === 'variable' ? [part.key] : []))
}

function compileTest(condition: Condition, version: PolicyVersion): Holds {
  const key = lowerAscii(condition.key)
  const { family, negated } = operatorTable[condition.operator]
  const matches = family.compile(condition.values, version)
  // Of a negated operator, none of the values may match.
  const test: ValueTest = negated ? (value, asked) => !matches(value, asked) : matches
  const { over, ifExists } = condition
  switch (over) {
    case undefined:
      return testOne({ key, test, whenMissing: ifExists || negated })
    case 'any':
      return testAny({ key, test, whenMissing: ifExists })
    case 'all':
      return testAll({ key, test, whenMissing: true })
    default:
      return over satisfies never
  }
}

type KeyTest = {
  readonly key: string
  readonly test: ValueTest
  readonly whenMissing: boolean
}

type Holds = CompiledCondition['holds']

/** A key that can have several values matches nothing where the policy does not say any or all of them. */
function testOne({ key, test, whenMissing }: KeyTest): Holds {
  return (asked) => {
    const found = asked.context.get(key)
    if (typeof found === 'string') return test(found, asked)
    return (found === undefined || found.length === 0) && whenMissing
  }
}

function testAny({ key, test, whenMissing }: KeyTest): Holds {
  return (asked) => {
    const found = asked.context.get(key)
    if (typeof found === 'string') return test(found, asked)
    if (found === undefined || found.length === 0) return whenMissing
    return found.some((value) => test(value, asked))
  }
}

function testAll({ key, test, whenMissing }: KeyTest): Holds {
  return (asked) => {
    const found = asked.context.get(key)
    if (typeof found === 'string') return test(found, asked)
    if (found === undefined || found.length === 0) return whenMissing
    return found.every((value) => test(value, asked))
  }
}

function testNull(key: string, values: readonly string[]): Holds {
  const wanted = new Set(values.map(parseFlag))
  return (asked) => {
    const found = asked.context.get(key)
    const isMissing = found === undefined || (typeof found === 'object' && found.length === 0)
    return wanted.has(isMissing)
  }
}
