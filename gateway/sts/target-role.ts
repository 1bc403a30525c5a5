// The role that somebody wants to assume: found by its ARN, in whatever tenant, with its trust policy ready to be asked.
import type { RoleDocument } from '../../metadata/identity-records.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { TenantId } from '../../metadata/records.ts'
import { type CompiledPolicy, compilePolicy } from '../../protocol/policy/compile-policy.ts'
import { parsePolicy } from '../../protocol/policy/parse-policy.ts'
import { PolicyRefused } from '../../protocol/policy/policy-refused.ts'
import { policySizes } from '../../protocol/policy/policy-sizes.ts'
import { QueryError } from '../../protocol/query/query-error.ts'
import type { QueryParameters } from '../../protocol/query/query-parameters.ts'
import { iamArn } from '../access/owner.ts'
import { arnRule, nameKey } from '../iam/iam-names.ts'
import { tenantOfAccount } from './tenant-of-account.ts'

export type TargetRole = {
  readonly tenantId: TenantId
  readonly arn: string
  readonly role: RoleDocument
  readonly trust: CompiledPolicy
}

/** What an ARN of a role says of where it is to be found. */
export type RoleArn = { readonly arn: string; readonly account: string; readonly name: string }

const form = /^arn:aws:iam::(\d{12}):role\/(?:[!-.0-~]+\/)*([\w+=,.@-]{1,64})$/

/** Undefined: it is none. */
export function parseRoleArn(arn: string): RoleArn | undefined {
  const [, account, name] = form.exec(arn) ?? []
  return account === undefined || name === undefined ? undefined : { arn, account, name }
}

/** Throws `ValidationError` for what is no ARN of a role. */
export function readRoleArn(parameters: QueryParameters): RoleArn {
  const arn = parameters.text('RoleArn', arnRule)
  const parsed = parseRoleArn(arn)
  if (parsed === undefined) throw new QueryError('ValidationError', `${arn} is invalid`)
  return parsed
}

/**
 * Undefined: there is no such role, or nobody can assume it. Callers are told the same of that as of a role that does not
 * trust them, as on AWS.
 */
export async function findTargetRole(
  { tenants, identities }: Pick<MetadataStore, 'tenants' | 'identities'>,
  { arn, account, name }: RoleArn,
): Promise<TargetRole | undefined> {
  const tenant = await tenantOfAccount(tenants, account)
  if (tenant === undefined) return undefined
  const role = await identities.get(tenant.id, 'role', nameKey(name))
  // Paths and the case of letters count.
  if (role === undefined || iamArn(tenant.id, 'role', role) !== arn) return undefined
  const trust = compileTrust(role)
  return trust && { tenantId: tenant.id, arn, role, trust }
}

function compileTrust({ trust, name }: RoleDocument): CompiledPolicy | undefined {
  try {
    const document = parsePolicy(trust, { kind: 'trust', size: policySizes.trust })
    return compilePolicy(document, `role/${name}/trust`)
  } catch (cause) {
    // It cannot be read any more: then it trusts nobody.
    if (cause instanceof PolicyRefused) return undefined
    throw cause
  }
}
