// Whether a statement is about a request: its action, its resource, its conditions.
import type { AccessRequest, ContextKeys } from './access-request.ts'
import { lowerAscii } from './ascii-case.ts'
import type { CompiledActions, CompiledResources, CompiledStatement } from './compile-policy.ts'
import { beginWork, isSpent, type Work } from './evaluation-work.ts'
import { matchesOpen, matchesSome } from './wildcard-pattern.ts'

/** A request with what is looked at again and again. */
export type Asked = {
  readonly request: AccessRequest
  readonly context: ContextKeys
  /** In lower case. */
  readonly action: string
  readonly service: string
  /** What the evaluation may still do. */
  readonly work: Work
}

export function askOf(request: AccessRequest): Asked {
  const action = lowerAscii(request.action)
  const service = action.slice(0, action.indexOf(':'))
  return { request, context: request.context, action, service, work: beginWork() }
}

/** The same as the policies of the caller himself are asked. */
export function askAbroad(asked: Asked): Asked {
  const { resource } = asked.request
  const { arnAbroad } = resource
  if (arnAbroad === undefined) return asked
  return { ...asked, request: { ...asked.request, resource: { ...resource, arn: arnAbroad } } }
}

/**
 * Without regard to principals. Once the work is spent nobody knows, and the request must not gain by it:
 * what denies is then about it, what allows is not.
 */
export function matchesStatement(statement: CompiledStatement, asked: Asked): boolean {
  const isAbout =
    matchesActions(statement.actions, asked) &&
    (statement.resources === undefined || matchesResources(statement.resources, asked)) &&
    statement.conditions.every(({ holds }) => holds(asked))
  return isSpent(asked.work) ? statement.effect === 'Deny' : isAbout
}

export function matchesActions(actions: CompiledActions, { action, work }: Asked): boolean {
  const isListed =
    actions.every || actions.names.has(action) || matchesSome(actions.patterns, action, work)
  return isListed !== actions.but
}

function matchesResources(resources: CompiledResources, asked: Asked): boolean {
  const { arn } = asked.request.resource
  const isListed =
    resources.every ||
    matchesSome(resources.patterns, arn, asked.work) ||
    resources.open.some((parts) => matchesOpen(parts, arn, asked))
  return isListed !== resources.but
}
