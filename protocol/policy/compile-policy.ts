// A policy document made ready to be asked many times: wildcards and conditions are compiled, statements lie
// by the service of their actions. Nothing of it changes afterwards, so that it can be shared.
import { lowerAscii } from './ascii-case.ts'
import { type CompiledCondition, compileCondition } from './compile-condition.ts'
import { hasVariables, type PatternPart, parsePattern, syntaxOf } from './pattern-parts.ts'
import type {
  Effect,
  Listed,
  PolicyDocument,
  PolicyVersion,
  PrincipalName,
  Statement,
} from './policy-document.ts'
import { compileWildcards, type WildcardPattern } from './wildcard-pattern.ts'

export type CompiledStatement = {
  /** Of the policy it is in. */
  readonly policy: string
  readonly sid?: string
  /** From 0. */
  readonly index: number
  readonly effect: Effect
  readonly principals?: Listed<PrincipalName>
  readonly actions: CompiledActions
  /** Absent: of any resource. */
  readonly resources?: CompiledResources
  readonly conditions: readonly CompiledCondition[]
}

export type CompiledActions = {
  readonly but: boolean
  readonly every: boolean
  /** In lower case. */
  readonly names: ReadonlySet<string>
  readonly patterns: readonly WildcardPattern[]
}

export type CompiledResources = {
  readonly but: boolean
  readonly every: boolean
  readonly patterns: readonly WildcardPattern[]
  /** Variables in them are filled for each request. */
  readonly open: readonly (readonly PatternPart[])[]
}

export type StatementsOfService = {
  readonly deny: readonly CompiledStatement[]
  readonly allow: readonly CompiledStatement[]
}

/** What has a say in an evaluation. */
export type StatementSet = {
  /** By service in lower case. */
  readonly byService: ReadonlyMap<string, StatementsOfService>
  /** Of services that are not in `byService`. */
  readonly ofOthers: StatementsOfService
}

export type CompiledPolicy = StatementSet & {
  /** As verdicts name it: an ARN, or a name. */
  readonly name: string
  readonly document: PolicyDocument
  readonly statements: readonly CompiledStatement[]
}

/** `name` is what verdicts call the policy. */
export function compilePolicy(document: PolicyDocument, name: string): CompiledPolicy {
  const statements = document.statements.map((statement, index) =>
    compileStatement(statement, { index, version: document.version, policy: name }),
  )
  const services = document.statements.map(servicesOf)
  const select = (service: string | undefined): StatementsOfService => {
    const own = statements.filter(({ index }) => {
      const named = services[index]
      return named === undefined || (service !== undefined && named.has(service))
    })
    return {
      deny: own.filter(({ effect }) => effect === 'Deny'),
      allow: own.filter(({ effect }) => effect === 'Allow'),
    }
  }
  const named = new Set(services.flatMap((each) => [...(each ?? [])]))
  const byService = new Map([...named].map((service) => [service, select(service)]))
  return { name, document, statements, byService, ofOthers: select(undefined) }
}

/** In lower case. Undefined: of all. */
function servicesOf({ actions }: Statement): ReadonlySet<string> | undefined {
  if (actions.but || actions.values.includes('*')) return undefined
  return new Set(actions.values.map((action) => lowerAscii(action.split(':', 1)[0] ?? '')))
}

type Compiling = {
  readonly index: number
  readonly version: PolicyVersion
  readonly policy: string
}

function compileStatement(statement: Statement, compiling: Compiling): CompiledStatement {
  const { sid, effect, principals, resources } = statement
  const { index, version, policy } = compiling
  return {
    policy,
    index,
    effect,
    ...(sid === undefined ? {} : { sid }),
    ...(principals === undefined ? {} : { principals }),
    actions: compileActions(statement.actions),
    ...(resources === undefined ? {} : { resources: compileResources(resources, version) }),
    conditions: statement.conditions.map((condition) => compileCondition(condition, version)),
  }
}

const wildcard = /[*?]/

function compileActions({ but, values }: Listed<string>): CompiledActions {
  const lower = values.map(lowerAscii)
  return {
    but,
    every: lower.includes('*'),
    names: new Set(lower.filter((value) => !wildcard.test(value))),
    patterns: lower
      .filter((value) => value !== '*' && wildcard.test(value))
      .map((value) => compileWildcards(parsePattern(value, { wildcards: true, variables: false }))),
  }
}

function compileResources(
  { but, values }: Listed<string>,
  version: PolicyVersion,
): CompiledResources {
  const parsed = values.map((value) => parsePattern(value, syntaxOf(version, true)))
  return {
    but,
    every: values.includes('*'),
    patterns: parsed.filter((parts) => !hasVariables(parts)).map(compileWildcards),
    open: parsed.filter(hasVariables),
  }
}
