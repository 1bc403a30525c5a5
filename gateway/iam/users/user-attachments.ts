// What says of a user, or a group, that he is in a group or holds a policy, beside himself: documents which go along when he is
// renamed, and go with him. What they say: `metadata/identity-records.ts`.
import type { AttachmentDocument } from '../../../metadata/identity-records.ts'
import type { AccountDraft } from '../change-account.ts'
import { attachmentKey } from '../policies/attachments.ts'

type Holder = {
  readonly name: string
  readonly attached: readonly string[]
  readonly boundary?: string
}
type HolderKind = AttachmentDocument['of']

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

/** Of who is in a group. Both names in lower case. */
export function membershipKey(group: string, user: string): string {
  return `${group}/${user}`
}
