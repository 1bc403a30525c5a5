// Who is simulated, and what he asks: read from the parameters that both simulations have.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
import type { Principal } from '../../../protocol/policy/access-request.ts'
import { lowerAscii } from '../../../protocol/policy/ascii-case.ts'
import { constraintError, QueryError } from '../../../protocol/query/query-error.ts'
import type { QueryParameters } from '../../../protocol/query/query-parameters.ts'
import { accountId, iamArn, stsArn } from '../../access/owner.ts'
import type { QueryCall } from '../../query/query-action.ts'
import { requirePrintable } from '../policies/checked-document.ts'
import { type PolicySource, readInputs, type SourcePolicy, source } from './source-policies.ts'

export type Caller = {
  readonly principal: Principal & { readonly arn: string; readonly accountId: string }
  /** Condition keys in lower case. */
  readonly known: ReadonlyMap<string, string>
}

const userForm = /^arn:aws(?:-[a-z]+)*:iam::(\d{12}):user\/[!-~]*?([\w+=,.@-]+)$/

/** Throws `InvalidInput`. */
export function readCaller(call: QueryCall, from: PolicySource | undefined): Caller {
  const { parameters, identity } = call
  const account = accountId(identity.tenantId)
  const named = parameters.optional('CallerArn', { from: 1, to: 2048 })
  if (named !== undefined) {
    const [, ofAccount, userName] = userForm.exec(named) ?? []
    if (ofAccount !== undefined && userName !== undefined) {
      return userCaller({ arn: named, account: ofAccount, userName, document: undefined })
    }
    throw new QueryError(
      'InvalidInput',
      `Invalid Entity Arn: ${named} does not clearly define entity type and name.`,
    )
  }
  if (from?.kind === 'role') return roleCaller(call, from)
  if (from?.kind === 'user') {
    const { document } = from
    return userCaller({ arn: from.arn, account, userName: document.name, document })
  }
  if (parameters.raw('ResourcePolicy') !== undefined) {
    throw new QueryError(
      'InvalidInput',
      'CallerArn must be provided when a resource policy is included and the policy source is not a user.',
    )
  }
  // Somebody of whom nothing is known but his account.
  const arn = iamArn(identity.tenantId, 'user', { path: '/', name: 'simulated' })
  return { principal: { is: 'user', arn, accountId: account }, known: new Map() }
}

type UserFacts = {
  readonly arn: string
  readonly account: string
  readonly userName: string
  readonly document: PolicySource['document'] | undefined
}

function userCaller({ arn, account, userName, document }: UserFacts): Caller {
  return {
    principal: { is: 'user', arn, accountId: account },
    known: new Map([
      ['aws:username', userName],
      ['aws:principalarn', arn],
      ['aws:principalaccount', account],
      ['aws:principaltype', 'User'],
      ...(document === undefined ? [] : factsOf(document)),
    ]),
  }
}

function roleCaller({ identity }: QueryCall, { arn, document }: PolicySource): Caller {
  const account = accountId(identity.tenantId)
  const session = stsArn(identity.tenantId, `assumed-role/${document.name}/simulated`)
  return {
    principal: { is: 'role session', arn: session, roleArn: arn, accountId: account },
    known: new Map([
      ['aws:principalarn', arn],
      ['aws:principalaccount', account],
      ['aws:principaltype', 'AssumedRole'],
      ...factsOf(document),
    ]),
  }
}

function factsOf(document: PolicySource['document']): readonly (readonly [string, string])[] {
  const tags = 'tags' in document ? document.tags : []
  return [
    ['aws:userid', document.id],
    ...tags.map(({ key, value }) => [`aws:principaltag/${lowerAscii(key)}`, value] as const),
  ]
}

const actionForm = /^[A-Za-z0-9-]+:[A-Za-z0-9*]+$/

/** Throws `ValidationError`, `InvalidInput`. */
export function readActions(parameters: QueryParameters): readonly string[] {
  const actions = parameters.list('ActionNames')
  if (actions.length === 0) {
    throw constraintError(undefined, 'ActionNames', 'Member must not be null')
  }
  for (const action of actions) {
    if (action.length <= 128 && actionForm.test(action)) continue
    throw new QueryError('InvalidInput', `Invalid Action Name: ${action.slice(0, 128)}`)
  }
  return actions
}

/** All of them, where none is named. Throws `ValidationError`. */
export function readResources(parameters: QueryParameters): readonly string[] {
  const resources = parameters.list('ResourceArns')
  for (const resource of resources) {
    if (resource.length >= 1 && resource.length <= 2048) continue
    const length = 'Member must have length between 1 and 2048'
    throw constraintError(resource.slice(0, 100), 'ResourceArns', length)
  }
  return resources.length === 0 ? ['*'] : resources
}

/** Undefined: there is none. Throws `ValidationError`, `InvalidInput`. */
export function readResourcePolicy(parameters: QueryParameters): SourcePolicy | undefined {
  const text = parameters.raw('ResourcePolicy')
  if (text === undefined) return undefined
  requirePrintable(text, 'ResourcePolicy')
  return source({ id: 'ResourcePolicy', type: 'resource', text, kind: 'resource' })
}

/** Of what says nothing about it itself. Throws `InvalidInput`. */
export function readResourceOwner(parameters: QueryParameters): string | undefined {
  const owner = parameters.optional('ResourceOwner', { from: 1, to: 2048 })
  if (owner === undefined) return undefined
  const account = /^(?:arn:aws(?:-[a-z]+)*:iam::)?(\d{12})(?::root)?$/.exec(owner)?.[1]
  if (account !== undefined) return account
  throw new QueryError('InvalidInput', `Invalid ResourceOwner: ${owner.slice(0, 100)}`)
}

/** One at most: it takes the place of the one that is simulated. Throws `InvalidInput`. */
export function readBoundary(parameters: QueryParameters): readonly SourcePolicy[] | undefined {
  const boundaries = readInputs(parameters, 'PermissionsBoundaryPolicyInputList')
  if (boundaries.length > 1) {
    throw new QueryError('InvalidInput', 'Only one permissions boundary can be simulated.')
  }
  return boundaries.length === 0 ? undefined : boundaries
}
