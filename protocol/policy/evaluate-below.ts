// The answer for all keys at once that begin with a prefix: whether all of them are allowed, none, or some,
// which has to be asked key by key. `all` and `none` are sure; whatever is in doubt is `some`.
import type { AccessRequest } from './access-request.ts'
import {
  askerOf,
  combineGrants,
  type Degree,
  least,
  most,
  opposite,
  type Policies,
} from './combine-grants.ts'
import type { CompiledResources, CompiledStatement, StatementSet } from './compile-policy.ts'
import { isSpent } from './evaluation-work.ts'
import { matchPrincipals } from './match-principal.ts'
import { type Asked, askAbroad, askOf, matchesActions } from './match-statement.ts'
import {
  type Coarse,
  compileWildcards,
  fillWithin,
  matchesBelow,
  type WildcardPattern,
} from './wildcard-pattern.ts'

/** `request.resource` is the bucket, `prefix` that of the keys in it. */
export function evaluateBelow(request: AccessRequest, policies: Policies, prefix: string): Coarse {
  const asked = askOf(request)
  const own = below(askAbroad(asked), prefix)
  const resource = weighResource(policies, below(asked, prefix))
  const identity = weigh(policies.identity, own)
  const boundary = policies.boundary === undefined ? unlimited : weigh(policies.boundary, own)
  const session = policies.session === undefined ? unlimited : weigh(policies.session, own)
  const denied = [identity, boundary, session, resource].reduce<Degree>(
    (sum, each) => most(sum, each.denied),
    0,
  )
  const { direct, source, account } = resource
  const grants = {
    denied,
    identity: identity.allowed,
    boundary: boundary.allowed,
    session: session.allowed,
    direct,
    source,
    account,
  }
  return coarse[combineGrants(grants, request, policies)]
}

const coarse: Readonly<Record<Degree, Coarse>> = { 0: 'none', 1: 'some', 2: 'all' }
const degrees: Readonly<Record<Coarse, Degree>> = { none: 0, some: 1, all: 2 }

type Below = Asked & {
  /** What the ARNs of all keys that are asked for begin with. */
  readonly arn: string
}

function below(asked: Asked, prefix: string): Below {
  return { ...asked, arn: `${asked.request.resource.arn}/${prefix}` }
}

type Weighed = { readonly denied: Degree; readonly allowed: Degree }

const unlimited: Weighed = { denied: 0, allowed: 2 }

function weigh(policies: readonly StatementSet[], below: Below): Weighed {
  let denied: Degree = 0
  let allowed: Degree = 0
  for (const policy of policies) {
    const statements = policy.byService.get(below.service) ?? policy.ofOthers
    for (const each of statements.deny) denied = most(denied, weighStatement(each, below))
    for (const each of statements.allow) allowed = most(allowed, weighStatement(each, below))
  }
  return { denied, allowed }
}

function weighResource(policies: Policies, below: Below) {
  const degrees: Record<'denied' | 'direct' | 'source' | 'account', Degree> = {
    denied: 0,
    direct: 0,
    source: 0,
    account: 0,
  }
  const { resource } = policies
  const asker = askerOf(below.request, policies)
  const statements = resource?.byService.get(below.service) ?? resource?.ofOthers
  for (const each of [...(statements?.deny ?? []), ...(statements?.allow ?? [])]) {
    const match = matchPrincipals(each, asker)
    if (match === undefined) continue
    const kind = each.effect === 'Deny' ? 'denied' : match
    degrees[kind] = most(degrees[kind], weighStatement(each, below))
  }
  return degrees
}

function weighStatement(statement: CompiledStatement, below: Below): Degree {
  const degree = weighKnown(statement, below)
  return isSpent(below.work) ? 1 : degree
}

/** Means nothing once the work is spent. */
function weighKnown(statement: CompiledStatement, below: Below): Degree {
  if (!matchesActions(statement.actions, below)) return 0
  const { resources, conditions } = statement
  let degree = resources === undefined ? 2 : weighResources(resources, below)
  for (const { keys, holds } of conditions) {
    if (degree === 0) return 0
    if (keys.some(isOfObject)) degree = least(degree, 1)
    else if (!holds(below)) return 0
  }
  return degree
}

function weighResources(resources: CompiledResources, below: Below): Degree {
  let listed: Degree = resources.every ? 2 : 0
  for (const pattern of resources.patterns) listed = most(listed, weighPattern(pattern, below))
  for (const parts of resources.open) {
    if (parts.some((part) => part.is === 'variable' && isOfObject(part.key))) {
      listed = most(listed, 1)
      continue
    }
    const filled = fillWithin(parts, Number.POSITIVE_INFINITY, below)
    if (filled !== undefined) listed = most(listed, weighPattern(compileWildcards(filled), below))
  }
  return resources.but ? opposite[listed] : listed
}

function weighPattern(pattern: WildcardPattern, { arn, work }: Below): Degree {
  return degrees[matchesBelow(pattern, arn, work)]
}

/** Keys of S3 that are of the request as a whole. */
const keysOfRequest: ReadonlySet<string> = new Set([
  's3:authtype',
  's3:delimiter',
  's3:max-keys',
  's3:prefix',
  's3:resourceaccount',
  's3:signatureage',
  's3:signatureversion',
  's3:tlsversion',
])

/** Whether a condition key may have another value for another key of the bucket. */
function isOfObject(key: string): boolean {
  if (key.startsWith('aws:')) return key.startsWith('aws:resourcetag/')
  return !keysOfRequest.has(key)
}
