// Policies and requests of tests in few words.
import type { AccessRequest, Principal } from '../../../protocol/policy/access-request.ts'
import type { Policies } from '../../../protocol/policy/combine-grants.ts'
import { type CompiledPolicy, compilePolicy } from '../../../protocol/policy/compile-policy.ts'
import { evaluate } from '../../../protocol/policy/evaluate.ts'
import { parsePolicy } from '../../../protocol/policy/parse-policy.ts'
import type { PolicyKind } from '../../../protocol/policy/policy-document.ts'
import { policySizes } from '../../../protocol/policy/policy-sizes.ts'

export type JsonStatement = Readonly<Record<string, unknown>>

export const ours = '111122223333'
export const theirs = '444455556666'
export const bucketArn = 'arn:aws:s3:::photos'
export const objectArn = `${bucketArn}/2026/cat.jpg`

export const anonymous: Principal = { is: 'anonymous' }
export const alice = userOf(ours, 'alice')
export const mallory = userOf(theirs, 'mallory')

export function userOf(accountId: string, name: string): Principal {
  return { is: 'user', accountId, arn: `arn:aws:iam::${accountId}:user/${name}` }
}

export function rootOf(accountId: string): Principal {
  return { is: 'root', accountId, arn: `arn:aws:iam::${accountId}:root` }
}

export function sessionOf(accountId: string, role: string, session: string): Principal {
  return {
    is: 'role session',
    accountId,
    arn: `arn:aws:sts::${accountId}:assumed-role/${role}/${session}`,
    roleArn: `arn:aws:iam::${accountId}:role/${role}`,
  }
}

export function federatedOf(accountId: string, name: string, user: string): Principal {
  return {
    is: 'federated user',
    accountId,
    arn: `arn:aws:sts::${accountId}:federated-user/${name}`,
    userArn: `arn:aws:iam::${accountId}:user/${user}`,
  }
}

export type Context = Readonly<Record<string, string | readonly string[]>>

export type Asking = {
  readonly principal?: Principal
  readonly action?: string
  readonly arn?: string
  readonly owner?: string
  readonly context?: Context
}

/** Alice reads an object of her account, unless told otherwise. */
export function request(asking: Asking = {}): AccessRequest {
  const { principal = alice, action = 's3:GetObject', arn = objectArn, owner = ours } = asking
  const keys = new Map(
    Object.entries(asking.context ?? {}).map(([key, value]) => [key.toLowerCase(), value]),
  )
  return {
    principal,
    action,
    resource: { arn, accountId: owner },
    context: { get: (key) => keys.get(key) },
  }
}

/** What stands in no statement here is what most have. */
export function policy(
  kind: PolicyKind,
  statements: readonly JsonStatement[],
  version = '2012-10-17',
): CompiledPolicy {
  const defaults = {
    Effect: 'Allow',
    ...(kind === 'trust' ? {} : { Resource: kind === 'identity' ? '*' : `${bucketArn}/*` }),
  }
  const completed = statements.map((statement) => {
    const { Resource, ...others } = defaults as JsonStatement
    const named = 'Resource' in statement || 'NotResource' in statement
    return { ...others, ...(named || kind === 'trust' ? {} : { Resource }), ...statement }
  })
  const source = JSON.stringify({ Version: version, Statement: completed })
  const document = parsePolicy(source, { kind, size: policySizes.bucket })
  return compilePolicy(document, `${kind} policy`)
}

export function identity(...statements: readonly JsonStatement[]): CompiledPolicy {
  return policy(
    'identity',
    statements.map((each) => ('NotAction' in each ? each : { Action: 's3:GetObject', ...each })),
  )
}

export function resource(...statements: readonly JsonStatement[]): CompiledPolicy {
  return policy(
    'resource',
    statements.map((each) => ({ Action: 's3:GetObject', ...each })),
  )
}

/** `allowed`, `explicitly denied` or `implicitly denied`. */
export function verdictOf(asking: Asking, policies: Partial<Policies>): string {
  return evaluate(request(asking), { identity: [], ...policies }).is
}

/** Whether an allow with that condition is given. */
export function holds(condition: unknown, context: Context, version = '2012-10-17'): boolean {
  const statement = { Action: 's3:GetObject', Condition: condition }
  const compiled = policy('identity', [statement], version)
  return verdictOf({ context }, { identity: [compiled] }) === 'allowed'
}
