// What says of a user, or a group, that he is in a group or holds a policy, beside himself: documents which go along when he is
// renamed, and go with him. What they say: `metadata/identity-records.ts`.
import type { AttachmentDocument } from '../../../metadata/identity-records.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { managedPolicies } from '../../../protocol/policy/managed-policies.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { iamArn } from '../../access/owner.ts'
import { policyKey } from '../../access/standing.ts'
import type { AccountDraft } from '../change-account.ts'
import { nameKey } from '../iam-names.ts'

type Holder = {
  readonly name: string
  readonly attached: readonly string[]
  readonly boundary?: string
}
type HolderKind = AttachmentDocument['of']

/** Names of policies are unique among those of AWS, and among those of an account, whatever their paths. */
export function attachmentKey({ policyArn, of, as, name }: AttachmentDocument): string {
  const from = policyArn.startsWith('arn:aws:iam::aws:policy/') ? 'aws' : 'own'
  const how = as === 'boundary' ? 'boundary-' : ''
  return `${from}/${policyKey(policyArn)}|${how}${of}|${nameKey(name)}`
}

function attachmentsOf(of: HolderKind, holder: Holder): readonly AttachmentDocument[] {
  const { name, attached, boundary } = holder
  const policies = attached.map((policyArn) => ({ policyArn, of, as: 'policy' as const, name }))
  if (boundary === undefined) return policies
  return [...policies, { policyArn: boundary, of, as: 'boundary', name }]
}

export function putAttachments(account: AccountDraft, of: HolderKind, holder: Holder): void {
  for (const attachment of attachmentsOf(of, holder)) {
    account.put('attachment', attachmentKey(attachment), attachment)
  }
}

export function removeAttachments(account: AccountDraft, of: HolderKind, holder: Holder): void {
  for (const attachment of attachmentsOf(of, holder)) {
    account.remove('attachment', attachmentKey(attachment))
  }
}

/** Throws `NoSuchEntity` for a policy that is neither AWS's nor of the account. */
export async function requirePolicy(
  account: AccountDraft,
  tenantId: TenantId,
  arn: string,
): Promise<void> {
  if (managedPolicies.has(arn)) return
  const policy = arn.startsWith('arn:') ? await account.get('policy', policyKey(arn)) : undefined
  if (policy !== undefined && iamArn(tenantId, 'policy', policy) === arn) return
  throw new QueryError('NoSuchEntity', `Policy ${arn} does not exist or is not attachable.`)
}

/** Of who is in a group. Both names in lower case. */
export function membershipKey(group: string, user: string): string {
  return `${group}/${user}`
}
