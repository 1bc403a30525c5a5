// How S3 names the owner of a bucket: by a canonical user id, 64 hex digits that stand for an account, and
// by the account's id, 12 digits.
import { createHash } from 'node:crypto'
import type { TenantId } from '../../metadata/records.ts'

/** The canonical user id of a tenant: always the same for the same tenant. */
export function ownerId(tenantId: TenantId): string {
  return createHash('sha256').update(`holdfast owner ${tenantId}`).digest('hex')
}

/** The account id of a tenant: always the same for the same tenant. */
export function accountId(tenantId: TenantId): string {
  const digest = createHash('sha256').update(`holdfast account ${tenantId}`).digest()
  return String(digest.readBigUInt64BE() % 1_000_000_000_000n).padStart(12, '0')
}

/** Whether `named`, of a header that expects an owner, is one of the tenant's names. */
export function isOwner(tenantId: TenantId, named: string): boolean {
  return named === accountId(tenantId) || named === ownerId(tenantId) || named === tenantId
}
