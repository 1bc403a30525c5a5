// Who asks, as far as the gateway has proven it.
import type { TenantId } from '../../metadata/records.ts'

/** Somebody who has signed. */
export type User = {
  readonly is: 'user'
  readonly tenantId: TenantId
  /** The tenant's root user is called `root`. */
  readonly userName: string
  readonly accessKeyId: string
}

/** Nobody has signed. What such a caller may do, permissions say like those of any other. */
export type Anonymous = { readonly is: 'anonymous' }

export type Identity = User | Anonymous

export const anonymous: Anonymous = { is: 'anonymous' }

export const rootUserName = 'root'
