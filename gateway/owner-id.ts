// S3 shows the owner of a bucket as a canonical user id: 64 hex digits that stand for an account.
import { createHash } from 'node:crypto'
import type { TenantId } from '../metadata/records.ts'

/** The canonical user id of a tenant: always the same for the same tenant. */
export function ownerId(tenantId: TenantId): string {
  return createHash('sha256').update(`holdfast owner ${tenantId}`).digest('hex')
}
