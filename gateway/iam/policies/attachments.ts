// Where it stands that a managed policy is attached to somebody, or bounds him: so that those are found who hold it. Whoever
// holds it says so himself too; both are changed in one commit.
import { createHash } from 'node:crypto'
import type { AttachmentDocument } from '../../../metadata/identity-records.ts'
import type { IdentityStore } from '../../../metadata/identity-store.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { nameKey } from '../iam-names.ts'

export const awsPolicyArns = 'arn:aws:iam::aws:policy/'

/** So much of a name is left for the holder. */
const arnMax = 200

/** Of all attachments of a policy, and of no others. Paths may be longer than names of documents. */
export function attachmentPrefix(policyArn: string): string {
  const arn = policyArn.toLowerCase()
  const short = arn.length <= arnMax ? arn : createHash('sha256').update(arn).digest('hex')
  return `${short}|`
}

/** Those as a boundary come first, under the policy's prefix. */
export function attachmentKey({ policyArn, of, as, name }: AttachmentDocument): string {
  const how = as === 'boundary' ? boundaries : ''
  return `${attachmentPrefix(policyArn)}${how}${of}|${nameKey(name)}`
}

export const boundaries = 'boundary-'

export type AttachmentCounts = {
  readonly attachments: number
  readonly boundaries: number
}

const rowsAtOnce = 1_000

export async function countAttachments(
  store: Pick<IdentityStore, 'list'>,
  tenantId: TenantId,
  policyArn: string,
): Promise<AttachmentCounts> {
  const prefix = attachmentPrefix(policyArn)
  const counts = { attachments: 0, boundaries: 0 }
  for (let after: string | undefined; ; ) {
    const page = await store.list(tenantId, 'attachment', {
      ...{ prefix, limit: rowsAtOnce },
      ...(after === undefined ? {} : { after }),
    })
    for (const { document } of page.entries) {
      if (document.as === 'boundary') counts.boundaries += 1
      else counts.attachments += 1
    }
    after = page.entries.at(-1)?.name
    if (!page.isTruncated) return counts
  }
}

/** Whether anybody has it: as what is asked for, or either way. */
export async function isAttached(
  store: Pick<IdentityStore, 'list'>,
  tenantId: TenantId,
  { policyArn, as }: { readonly policyArn: string; readonly as?: AttachmentDocument['as'] },
): Promise<boolean> {
  const prefix = attachmentPrefix(policyArn)
  const page =
    as === 'boundary'
      ? { prefix: prefix + boundaries, limit: 1 }
      : // `~` comes after all letters, and so this after all boundaries.
        { prefix, limit: 1, ...(as === 'policy' ? { after: `${prefix}${boundaries}~` } : {}) }
  const { entries } = await store.list(tenantId, 'attachment', page)
  return entries.length > 0
}
