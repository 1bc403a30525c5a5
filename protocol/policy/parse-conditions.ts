// The conditions of a statement: operators, in them keys, in them values.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
import { operatorTable } from './condition-operators.ts'
import { readObject, refuse } from './element-reader.ts'
import type { JsonValue } from './json-reader.ts'
import { VariableRefused } from './pattern-parts.ts'
import {
  type BaseOperator,
  baseOperators,
  type Condition,
  type PolicyVersion,
} from './policy-document.ts'

type Place = { readonly version: PolicyVersion; readonly place: string }
type Operator = Pick<Condition, 'operator' | 'over' | 'ifExists'>

/** Throws `PolicyRefused`. */
export function parseConditions(value: JsonValue, at: Place): readonly Condition[] {
  const place = `${at.place}.Condition`
  return [...readObject(value, place)].flatMap(([written, keys]) => {
    const where = `${place}.${written}`
    const operator = parseOperator(written, where)
    const entries = [...readObject(keys, where)]
    if (entries.length === 0) {
      return refuse({ reason: 'syntax', place: where, problem: 'names no condition key' })
    }
    return entries.map(([key, values]) => {
      checkKey(key, where)
      const inKey = { ...at, place: `${where}.${key}` }
      return { ...operator, key, values: readValues(values, operator.operator, inKey) }
    })
  })
}

const operators: ReadonlyMap<string, BaseOperator> = new Map(
  baseOperators.map((name) => [name, name]),
)
const operatorForm = /^(?:(ForAnyValue|ForAllValues):)?(.*?)(IfExists)?$/s

function parseOperator(written: string, place: string): Operator {
  const [, set, base = '', exists] = operatorForm.exec(written) ?? []
  const operator = operators.get(base)
  const isPlain = set === undefined && exists === undefined
  if (operator === undefined || (operator === 'Null' && !isPlain)) {
    const problem = 'is no condition operator'
    return refuse({ reason: 'condition operator', place, problem, named: written })
  }
  const ifExists = exists !== undefined
  if (set === undefined) return { operator, ifExists }
  return { operator, ifExists, over: set === 'ForAnyValue' ? 'any' : 'all' }
}

/** A service or an identity provider, a colon, and a name, which may be any text after a slash. */
const keyForm = /^[A-Za-z0-9][A-Za-z0-9._/-]*:[^\x00-\x1f*?{}]+$/

function checkKey(key: string, place: string): void {
  if (keyForm.test(key)) return
  const problem = `${JSON.stringify(key)} is no condition key`
  refuse({ reason: 'condition key', place, problem, named: key })
}

/** Numbers and booleans of JSON are taken as their text. */
function readValues(value: JsonValue, operator: BaseOperator, at: Place): readonly string[] {
  const { place } = at
  const listed: readonly JsonValue[] = Array.isArray(value) ? value : [value]
  if (listed.length === 0) {
    return refuse({ reason: 'condition value', place, problem: 'must not be empty' })
  }
  return listed.map((each) => {
    const text = readValue(each, place)
    const problem = findProblem(text, operator, at)
    if (problem === undefined) return text
    return refuse({
      reason: 'condition value',
      place,
      problem: `${JSON.stringify(text)} ${problem}`,
    })
  })
}

function readValue(value: JsonValue, place: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'object' && value !== null && 'raw' in value) return value.raw
  const problem = 'must be a string, a number or a boolean'
  return refuse({ reason: 'condition value', place, problem })
}

function findProblem(text: string, operator: BaseOperator, at: Place): string | undefined {
  try {
    return operatorTable[operator].family.problem(text, at.version)
  } catch (cause) {
    if (!(cause instanceof VariableRefused)) throw cause
    return refuse({ reason: 'variable', place: at.place, problem: cause.message })
  }
}
