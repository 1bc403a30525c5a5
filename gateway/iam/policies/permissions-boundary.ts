// PutUserPermissionsBoundary and DeleteUserPermissionsBoundary; and so of roles: the managed policy that says what its holder may
// have at most. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
import type { TenantId } from '../../../metadata/records.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction } from '../../query/query-action.ts'
import type { AccountDraft } from '../change-account.ts'
import { attachmentKey } from './attachments.ts'
import { boundaryKey, changeHolder, titles } from './holder.ts'
import { findPolicy, readPolicyArn } from './managed-policy.ts'

export type BoundedKind = 'user' | 'role'

export function putPermissionsBoundary(kind: BoundedKind): QueryAction {
  return async (call) => {
    const policyArn = readPolicyArn(call.parameters, 'PermissionsBoundary')
    const asked = {
      ...{ kind, action: `iam:Put${titles[kind]}PermissionsBoundary` },
      keys: () => ({ 'iam:permissionsboundary': policyArn }),
    }
    await changeHolder(call, asked, async (holder, account) => {
      await requireBoundary(account, call.identity.tenantId, policyArn)
      const { name } = holder
      if ('boundary' in holder) {
        noteBoundary(account, { kind, name, policyArn: holder.boundary }, 'removed')
      }
      noteBoundary(account, { kind, name, policyArn }, 'put')
      return { ...holder, boundary: policyArn }
    })
    return undefined
  }
}

/** Not to have one is what was asked for. */
export function deletePermissionsBoundary(kind: BoundedKind): QueryAction {
  return async (call) => {
    const action = `iam:Delete${titles[kind]}PermissionsBoundary`
    await changeHolder(call, { kind, action, keys: boundaryKey }, async (holder, account) => {
      if (!('boundary' in holder)) return holder
      const { boundary: policyArn, ...others } = holder
      noteBoundary(account, { kind, name: holder.name, policyArn }, 'removed')
      return others
    })
    return undefined
  }
}

/** Throws `NoSuchEntity` for a policy that is not there. */
export async function requireBoundary(
  account: AccountDraft,
  tenantId: TenantId,
  arn: string,
): Promise<void> {
  if ((await findPolicy(account, tenantId, arn)) !== undefined) return
  throw new QueryError('NoSuchEntity', `Scope ARN: ${arn} does not exist or is not attachable.`)
}

type Noted = {
  readonly kind: BoundedKind
  readonly name: string
  readonly policyArn: string | undefined
}

/** With the policy, that it is somebody's boundary, or is it no more. */
export function noteBoundary(
  account: AccountDraft,
  { kind, name, policyArn }: Noted,
  what: 'put' | 'removed',
): void {
  if (policyArn === undefined) return
  const attachment = { policyArn, of: kind, as: 'boundary', name } as const
  if (what === 'put') account.put('attachment', attachmentKey(attachment), attachment)
  else account.remove('attachment', attachmentKey(attachment))
}

/** Nothing without one. */
export function renderBoundary(boundary: string | undefined): string {
  if (boundary === undefined) return ''
  const type = element('PermissionsBoundaryType', 'Policy')
  return parent('PermissionsBoundary', type, element('PermissionsBoundaryArn', boundary))
}
