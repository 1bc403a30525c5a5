// Whether a statement is about a request: its action, its resource, its conditions.
import type { AccessRequest } from './access-request.ts'
import { lowerAscii } from './ascii-case.ts'
import type { CompiledActions, CompiledResources, CompiledStatement } from './compile-policy.ts'
import { fillVariables } from './pattern-parts.ts'
import { compileWildcards, matchesSome, matchesWildcards } from './wildcard-pattern.ts'

/** A request with what is looked at again and again. */
export type Asked = {
  readonly request: AccessRequest
  /** In lower case. */
  readonly action: string
  readonly service: string
}

export function askOf(request: AccessRequest): Asked {
  const action = lowerAscii(request.action)
  return { request, action, service: action.slice(0, action.indexOf(':')) }
}

/** Without regard to principals. */
export function matchesStatement(statement: CompiledStatement, asked: Asked): boolean {
  const { resources, conditions } = statement
  if (!matchesActions(statement.actions, asked.action)) return false
  if (resources !== undefined && !matchesResources(resources, asked.request)) return false
  for (const condition of conditions) if (!condition.holds(asked.request.context)) return false
  return true
}

/** `action` in lower case. */
export function matchesActions(actions: CompiledActions, action: string): boolean {
  const isListed =
    actions.every || actions.names.has(action) || matchesSome(actions.patterns, action)
  return isListed !== actions.but
}

function matchesResources(resources: CompiledResources, request: AccessRequest): boolean {
  const { arn } = request.resource
  const isListed =
    resources.every || matchesSome(resources.patterns, arn) || matchesOpen(resources, request)
  return isListed !== resources.but
}

function matchesOpen({ open }: CompiledResources, { resource, context }: AccessRequest): boolean {
  for (const parts of open) {
    const filled = fillVariables(parts, context)
    if (filled !== undefined && matchesWildcards(compileWildcards(filled), resource.arn))
      return true
  }
  return false
}
