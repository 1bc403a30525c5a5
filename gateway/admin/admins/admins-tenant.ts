// Where those who administer the server are kept: as documents like those of a tenant, of one that there is none of. Keys of
// admins are rows like all, which open nothing on the S3 port for want of that tenant.
import type { TenantId } from '../../../metadata/records.ts'

export const adminsTenantId = '-admin' as TenantId
