// The answer to one request: allowed or denied, explicitly or not, and by which statement.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
//
// Not decided here, but by whoever asks: that the root user of the account that owns a bucket can always
// read, replace and delete its policy, even one that denies everything
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html); ACLs; blocked public access.
import type { AccessRequest } from './access-request.ts'
import {
  askerOf,
  combineGrants,
  type Degree,
  type Grants,
  type Policies,
  type PolicySource,
  relationOf,
} from './combine-grants.ts'
import type { CompiledStatement, StatementSet } from './compile-policy.ts'
import { matchPrincipals, type PrincipalMatch } from './match-principal.ts'
import { type Asked, askAbroad, askOf, matchesStatement } from './match-statement.ts'

/** A statement, for audit logs and for people. */
export type DecidedBy = {
  readonly source: PolicySource
  readonly policy: string
  readonly sid?: string
  /** Of the statement in its policy, from 0. */
  readonly index: number
}

export type Verdict =
  | { readonly is: 'allowed'; readonly by: DecidedBy | 'root user' }
  | { readonly is: 'explicitly denied'; readonly by: DecidedBy }
  /** `lacks`: where a statement that allows it would have to be. */
  | { readonly is: 'implicitly denied'; readonly lacks: PolicySource }

/** Pure: the same of the same, but for what the context of the request computes. */
export function evaluate(request: AccessRequest, policies: Policies): Verdict {
  const asked = askOf(request)
  const resource = findInResource(policies, asked)
  if (resource.deny !== undefined) return deniedBy('resource', resource.deny)
  const own = askAbroad(asked)
  const identity = findIn(policies.identity, own)
  if (identity.deny !== undefined) return deniedBy('identity', identity.deny)
  const boundary = policies.boundary && findIn(policies.boundary, own)
  if (boundary?.deny !== undefined) return deniedBy('boundary', boundary.deny)
  const session = policies.session && findIn(policies.session, own)
  if (session?.deny !== undefined) return deniedBy('session', session.deny)

  const grants: Grants = {
    denied: 0,
    identity: degreeOf(identity.allow),
    boundary: boundary === undefined ? 2 : degreeOf(boundary.allow),
    session: session === undefined ? 2 : degreeOf(session.allow),
    direct: degreeOf(resource.direct),
    source: degreeOf(resource.source),
    account: degreeOf(resource.account),
  }
  if (combineGrants(grants, request, policies) === 0) {
    return { is: 'implicitly denied', lacks: lackingOf(grants, request, policies) }
  }
  if (identity.allow !== undefined && grants.boundary === 2 && grants.session === 2) {
    return { is: 'allowed', by: decidedBy('identity', identity.allow) }
  }
  const granted = resource.direct ?? resource.source ?? resource.account
  if (granted === undefined) return { is: 'allowed', by: 'root user' }
  return { is: 'allowed', by: decidedBy('resource', granted) }
}

function degreeOf(statement: CompiledStatement | undefined): Degree {
  return statement === undefined ? 0 : 2
}

function deniedBy(source: PolicySource, statement: CompiledStatement): Verdict {
  return { is: 'explicitly denied', by: decidedBy(source, statement) }
}

function decidedBy(source: PolicySource, { policy, sid, index }: CompiledStatement): DecidedBy {
  return sid === undefined ? { source, policy, index } : { source, policy, sid, index }
}

function lackingOf(grants: Grants, request: AccessRequest, policies: Policies): PolicySource {
  const { hasAccount, isRoot, needsResource } = relationOf(request, policies)
  const grantedThere = grants.direct + grants.source + grants.account
  if (!hasAccount || isRoot || (needsResource && grantedThere === 0)) return 'resource'
  if (grants.identity === 0) return 'identity'
  return grants.boundary === 0 ? 'boundary' : 'session'
}

type Found = {
  readonly deny?: CompiledStatement
  readonly allow?: CompiledStatement
}

const nothing: Found = {}

/** The first statement that denies, or else the first that allows. */
function findIn(policies: readonly StatementSet[], asked: Asked): Found {
  let allow: CompiledStatement | undefined
  for (const policy of policies) {
    const statements = policy.byService.get(asked.service) ?? policy.ofOthers
    for (const statement of statements.deny) {
      if (matchesStatement(statement, asked)) return { deny: statement }
    }
    if (allow !== undefined) continue
    for (const statement of statements.allow) {
      if (!matchesStatement(statement, asked)) continue
      allow = statement
      break
    }
  }
  return allow === undefined ? nothing : { allow }
}

type FoundInResource = { deny?: CompiledStatement } & Partial<
  Record<NonNullable<PrincipalMatch>, CompiledStatement>
>

function findInResource(policies: Policies, asked: Asked): FoundInResource {
  const found: FoundInResource = {}
  const { resource } = policies
  if (resource === undefined) return found
  const asker = askerOf(asked.request, policies)
  const statements = resource.byService.get(asked.service) ?? resource.ofOthers
  for (const statement of statements.deny) {
    if (matchPrincipals(statement, asker) === undefined) continue
    if (matchesStatement(statement, asked)) return { deny: statement }
  }
  for (const statement of statements.allow) {
    const match = matchPrincipals(statement, asker)
    if (match === undefined || found[match] !== undefined) continue
    if (matchesStatement(statement, asked)) found[match] = statement
    if (match === 'direct' && found.direct !== undefined) break
  }
  return found
}
