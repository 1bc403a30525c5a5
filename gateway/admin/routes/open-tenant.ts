// The tenant that a request of the admin API is about, for who may do that to it.
import type { Tenant } from '../../../metadata/records.ts'
import { findTenant } from '../../access/tenant-names.ts'
import type { AdminContext, AdminDeps } from '../api/admin-env.ts'
import { AdminProblem } from '../api/problem.ts'
import { type Doing, requireTenant } from '../sign-in/principal.ts'
import type { TenantOutcome } from '../tenants/change-tenant.ts'

/** Throws as `requireTenant`. */
export async function openTenant(
  c: AdminContext,
  { metadata }: Pick<AdminDeps, 'metadata'>,
  { called, doing }: { readonly called: string; readonly doing: Doing },
): Promise<Tenant> {
  return requireTenant(c.get('principal'), await findTenant(metadata.tenants, called), doing)
}

/** Throws what a change was refused with. */
export function changedTenant(outcome: TenantOutcome): Tenant {
  switch (outcome.is) {
    case 'done':
      return outcome.tenant
    case 'noSuchTenant':
      throw new AdminProblem('NoSuchTenant')
    case 'changed':
      throw new AdminProblem('PreconditionFailed')
    case 'refused':
      throw new AdminProblem('Conflict', { detail: outcome.why })
    default:
      return outcome satisfies never
  }
}
