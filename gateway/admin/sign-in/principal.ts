// Who has signed a request of the admin API, and what he may do there.
import type { AdminRole } from '../../../metadata/identity-records.ts'
import type { Tenant, TenantId } from '../../../metadata/records.ts'
import { AdminProblem } from '../api/problem.ts'

export type Principal = {
  /** `root of TENANT` or `admin ID`: who it is, whatever he has signed with. */
  readonly id: string
  readonly name: string
  readonly role: AdminRole
  /** The one tenant that he has to do with. Absent: all. */
  readonly tenantId?: TenantId
  /** What he has signed with: `accessKeyId`, or the id of a token. */
  readonly by: { readonly is: 'key' | 'token'; readonly id: string }
}

/** `govern`: what is for those alone who have all tenants, such as making one or its quota. */
export type Doing = 'read' | 'change' | 'govern'

/** Throws `Forbidden`. */
export function requireRole({ role, tenantId }: Principal, doing: Doing): void {
  const mayDo =
    doing === 'read' || role === 'superadmin' || (doing === 'change' && role === 'tenantAdmin')
  if (!mayDo) throw new AdminProblem('Forbidden')
  if (doing === 'govern' && tenantId !== undefined) throw new AdminProblem('Forbidden')
}

/** About what is of no tenant, or of all of them. Throws `Forbidden`. */
export function requireAll(principal: Principal, doing: Doing): void {
  if (principal.tenantId !== undefined) throw new AdminProblem('Forbidden')
  requireRole(principal, doing)
}

/**
 * The tenant itself. Throws `NoSuchTenant`, also for one that he has nothing to do with, so that nobody learns which there
 * are; and `Forbidden`.
 */
export function requireTenant(
  principal: Principal,
  tenant: Tenant | undefined,
  doing: Doing,
): Tenant {
  const isHis = principal.tenantId === undefined || principal.tenantId === tenant?.id
  if (tenant === undefined || !isHis) throw new AdminProblem('NoSuchTenant')
  requireRole(principal, doing)
  return tenant
}
