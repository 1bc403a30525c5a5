// The owner that listings show: the tenant. S3 no longer names a display name of its own; the tenant's
// id stands there for clients that want one.
import type { TenantId } from '../../../metadata/records.ts'
import type { Owner } from '../../../protocol/s3/xml/listing-elements.ts'
import { ownerId } from '../../access/owner-id.ts'

export function ownerOf(tenantId: TenantId): Owner {
  return { id: ownerId(tenantId), displayName: tenantId }
}
