// A managed policy by its ARN: one of the account, or one of AWS's, which are the same in every account and which nobody
// changes. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
import type { PolicyDocument } from '../../../metadata/identity-records.ts'
import type { Tag, TenantId } from '../../../metadata/records.ts'
import { managedPolicies } from '../../../protocol/policy/managed-policies.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import type { QueryParameters } from '../../../protocol/query/query-parameters.ts'
import { iamArn } from '../../access/owner.ts'
import { policyKey, versionKey } from '../../access/standing.ts'
import type { QueryCall } from '../../query/query-action.ts'
import { type AccountDraft, changeAccount } from '../change-account.ts'
import { arnRule } from '../iam-names.ts'
import { requireAction } from '../require-action.ts'
import { awsPolicyArns } from './attachments.ts'

export type FoundPolicy = {
  readonly arn: string
  readonly name: string
  readonly id: string
  readonly path: string
  readonly description: string
  readonly createdMs: number
  readonly updatedMs: number
  readonly tags: readonly Tag[]
  readonly defaultVersion: number
  /** Oldest first. */
  readonly versions: PolicyDocument['versions']
  /** Of the account. Absent: of AWS. */
  readonly own?: PolicyDocument
}

/** What is read of an account, whether it is about to be changed or not. */
export type AccountReader = Pick<AccountDraft, 'get'>

export function readerOf({ services, identity }: Pick<QueryCall, 'services' | 'identity'>) {
  const { identities } = services.metadata
  const get: AccountReader['get'] = (kind, name) => identities.get(identity.tenantId, kind, name)
  return { get }
}

const arnForm = /^arn:aws(?:-[a-z]+)*:iam::(?:\d{12}|aws):policy\/[!-~]+$/

/** Throws `ValidationError`, and `InvalidInput` for what is no ARN of a policy. */
export function readPolicyArn(parameters: QueryParameters, name = 'PolicyArn'): string {
  const arn = parameters.text(name, arnRule)
  if (arnForm.test(arn)) return arn
  throw new QueryError('InvalidInput', `ARN ${arn} is not valid.`)
}

/** Undefined: there is none of that ARN, letter for letter. */
export async function findPolicy(
  account: AccountReader,
  tenantId: TenantId,
  arn: string,
): Promise<FoundPolicy | undefined> {
  if (arn.startsWith(awsPolicyArns)) return awsPolicy(arn)
  const policy = await account.get('policy', policyKey(arn))
  if (policy === undefined) return undefined
  const found = ownPolicy(tenantId, policy)
  return found.arn === arn ? found : undefined
}

export function ownPolicy(tenantId: TenantId, policy: PolicyDocument): FoundPolicy {
  const { id, name, path, description, createdMs, updatedMs, tags } = policy
  const { defaultVersion, versions } = policy
  return {
    arn: iamArn(tenantId, 'policy', policy),
    ...{ id, name, path, description, createdMs, updatedMs, tags, defaultVersion, versions },
    own: policy,
  }
}

/** When AWS gave them to all accounts. */
const awsCreatedMs = Date.UTC(2015, 1, 6, 18, 39, 46)

export function awsPolicy(arn: string): FoundPolicy | undefined {
  const policy = managedPolicies.get(arn)
  if (policy === undefined) return undefined
  const { name, id, description } = policy
  const [createdMs, updatedMs] = [awsCreatedMs, awsCreatedMs]
  return {
    ...{ arn, name, id, path: '/', description, createdMs, updatedMs, tags: [] },
    ...{ defaultVersion: 1, versions: [{ number: 1, createdMs }] },
  }
}

/** Undefined: it went away while it was read. */
export async function textOfVersion(
  account: AccountReader,
  { arn }: FoundPolicy,
  version: number,
): Promise<string | undefined> {
  const ofAws = managedPolicies.get(arn)?.document
  if (ofAws !== undefined) return ofAws
  const found = await account.get('policyVersion', versionKey(policyKey(arn), version))
  return found?.document
}

export function noSuchPolicy(arn: string): QueryError {
  return new QueryError('NoSuchEntity', `Policy ${arn} was not found.`)
}

/** Asks for the action, whether the policy is there or not, and then says so. Throws `AccessDenied`, `NoSuchEntity`. */
export async function requirePolicy(
  call: QueryCall,
  action: string,
  { arn, account = readerOf(call) }: { readonly arn: string; readonly account?: AccountReader },
): Promise<FoundPolicy> {
  const found = await findPolicy(account, call.identity.tenantId, arn)
  await requireAction(call, action, { arn, ...(found === undefined ? {} : { tags: found.tags }) })
  if (found === undefined) throw noSuchPolicy(arn)
  return found
}

type OwnPolicy = {
  readonly account: AccountDraft
  readonly arn: string
  /** Where it lies. */
  readonly key: string
  readonly policy: PolicyDocument
}

type ChangeOfPolicy<Result> = {
  readonly action: string
  /** What the action has for conditions besides. */
  readonly asked?: Omit<Parameters<typeof requireAction>[2], 'arn'>
  readonly change: (own: OwnPolicy) => Promise<Result>
}

/** Throws `AccessDenied`, also for the policies of AWS, and `NoSuchEntity`. */
export async function changePolicy<Result>(
  call: QueryCall,
  { action, asked, change }: ChangeOfPolicy<Result>,
): Promise<Result> {
  const { tenantId } = call.identity
  const arn = readPolicyArn(call.parameters)
  return changeAccount(call.services.metadata.identities, tenantId, async (account) => {
    const found = await findPolicy(account, tenantId, arn)
    const tags = found === undefined ? {} : { tags: found.tags }
    await requireAction(call, action, { ...asked, ...tags, arn })
    if (found === undefined) throw noSuchPolicy(arn)
    if (found.own === undefined) {
      throw new QueryError('AccessDenied', `${action} is not allowed on ${arn}, which AWS manages.`)
    }
    return change({ account, arn, key: policyKey(arn), policy: found.own })
  })
}
