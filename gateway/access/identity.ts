// Who asks, as far as the gateway has proven it.
import type { TenantId } from '../../metadata/records.ts'

export type Identity = {
  readonly tenantId: TenantId
  /** The tenant's root user is called `root`. */
  readonly userName: string
  readonly accessKeyId: string
}

export const rootUserName = 'root'
