// Where @cloud-copilot/iam-simulate says something else, and why. A difference explains a verdict of one
// case only when what it is about is in that case.
import type { Verdict } from '../../../protocol/policy/evaluate.ts'
import type { GeneratedAccess, PolicyJson } from './generated-access.ts'

export type JudgedCase = {
  readonly access: GeneratedAccess
  readonly verdict: Verdict
  /** In the words of this project. */
  readonly judged: Verdict['is']
}

export type Difference = {
  readonly about: string
  readonly reason: string
  readonly concerns: (judged: JudgedCase) => boolean
}

type WrittenCondition = {
  readonly version: string
  readonly operator: string
  readonly key: string
  readonly values: readonly string[]
}

function policiesOf({ identity, boundary, session, resource }: GeneratedAccess) {
  return [...identity, boundary, session, resource].filter((each) => each !== undefined)
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)]
}

function conditionsOf({ Version = '', Statement }: PolicyJson): readonly WrittenCondition[] {
  return Statement.flatMap(({ Condition = {} }) =>
    Object.entries(Condition as object).flatMap(([operator, keys]) =>
      Object.entries(keys as object).map(([key, values]) => ({
        version: Version,
        operator,
        key,
        values: listOf(values),
      })),
    ),
  )
}

function given({ context }: GeneratedAccess, key: string): string | readonly string[] | undefined {
  const lower = key.toLowerCase()
  return Object.entries(context).find(([each]) => each.toLowerCase() === lower)?.[1]
}

type OfCondition = (condition: WrittenCondition, access: GeneratedAccess) => boolean

function inCondition(test: OfCondition): Difference['concerns'] {
  return ({ access }) =>
    policiesOf(access).some((policy) => conditionsOf(policy).some((each) => test(each, access)))
}

const variable = /\$\{([^,}*?$]+)(,[^}]*)?\}/g
const negated = /Not/

/** Whether the text has a variable of that sort. */
function hasVariable(text: string, test: (key: string, hasDefault: boolean) => boolean): boolean {
  return [...text.matchAll(variable)].some(([, key = '', other]) => test(key, other !== undefined))
}

export const differences: readonly Difference[] = [
  {
    about: 'session policies and a bucket policy that names the session, or everyone',
    reason:
      'AWS lets such a grant stand, whatever session policies leave out (policy evaluation logic, "Resource-based policies"); the judge has session policies bound every grant.',
    concerns: ({ access, verdict, judged }) =>
      access.session !== undefined &&
      verdict.is === 'allowed' &&
      verdict.by !== 'root user' &&
      verdict.by.source === 'resource' &&
      judged === 'implicitly denied',
  },
  {
    about: 'ForAnyValue with IfExists, of a key that is missing',
    reason: 'IfExists goes with every operator but Null, and makes a missing key true.',
    concerns: inCondition(
      ({ operator, key }, access) =>
        /^ForAnyValue:.*IfExists$/.test(operator) && given(access, key) === undefined,
    ),
  },
  {
    about: 'variables without a value in negated operators and in NotResource',
    reason:
      'AWS: inverted operators match against a null value ("Policy variables with no value"); the judge has the statement match nothing.',
    concerns: (judged) => {
      const { access } = judged
      const hasNone = (text: string) =>
        hasVariable(text, (key, hasDefault) => {
          const value = given(access, key)
          return typeof value === 'object' || (value === undefined && !hasDefault)
        })
      const inNegated = inCondition(
        ({ operator, values }) => negated.test(operator) && values.some(hasNone),
      )
      const inNotResource = policiesOf(access).some(({ Statement }) =>
        Statement.some(({ NotResource }) => listOf(NotResource).some(hasNone)),
      )
      return inNegated(judged) || inNotResource
    },
  },
  {
    about: 'the default of a variable that has several values',
    reason:
      'It has a value, though none that can be filled in; the judge, which leaves it open, takes the default.',
    concerns: inCondition(({ values }, access) =>
      values.some((text) =>
        hasVariable(
          text,
          (key, hasDefault) => hasDefault && typeof given(access, key) === 'object',
        ),
      ),
    ),
  },
  {
    about: 'the special characters as variables, in operators without wildcards',
    reason: 'They are variables like others; the judge leaves them as they are written there.',
    concerns: inCondition(
      ({ operator, values }) =>
        /^(\w+:)?String(Not)?Equals/.test(operator) &&
        values.some((text) => /\$\{[*?$]\}/.test(text)),
    ),
  },
  {
    about: 'variables in documents of version 2008-10-17',
    reason: 'They are plain text there; the judge fills them in.',
    concerns: ({ access }) =>
      policiesOf(access).some(
        (policy) => policy.Version !== '2012-10-17' && JSON.stringify(policy).includes('${'),
      ),
  },
  {
    about: 'values of the request that are no number, date or ARN, and negated operators',
    reason: 'What is no number is not equal to one; the judge has the condition fail.',
    concerns: inCondition(({ operator, key }, access) => {
      const value = given(access, key)
      return negated.test(operator) && ['ten', 'soon', 'alice'].includes(String(value))
    }),
  },
  {
    about: 'dates in seconds since 1970',
    reason: 'The judge compares the seconds with the milliseconds of other dates.',
    concerns: inCondition(({ values }) => values.includes('1767225600')),
  },
  {
    about: 'single addresses, addresses of IPv4 within IPv6, and IPv6 in another spelling',
    reason:
      'The judge compares single addresses as text, and has one of the other family fail NotIpAddress.',
    concerns: inCondition(({ operator, key, values }, access) => {
      const value = String(given(access, key))
      const isOdd = value.startsWith('::ffff:') || value.includes(':0:')
      return /IpAddress/.test(operator) && (isOdd || values.some((text) => !text.includes('/')))
    }),
  },
  {
    about: 'the range of all addresses of IPv4',
    reason:
      'The judge shifts its mask by 32 bits, which is by none, and takes the range for one address.',
    concerns: inCondition(({ values }) => values.includes('0.0.0.0/0')),
  },
  {
    about: 'a whole ARN out of a variable',
    reason: 'The judge cuts the ARN into fields before it fills in variables, and finds one field.',
    concerns: inCondition(({ values }) => values.some((text) => text.startsWith('${aws:Princip'))),
  },
]
