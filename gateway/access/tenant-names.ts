// What tenants are called: by a label of a host name, since buckets are reached as `bucket.tenant.domain`, and by the id of
// their account, twelve digits, which are nobody's name.
import { parseTenantId } from '../../metadata/record-ids.ts'
import type { Tenant, TenantId } from '../../metadata/records.ts'
import type { TenantStore } from '../../metadata/tenant-store.ts'
import { rootTenantId } from './identity.ts'
import { accountId } from './owner.ts'

export const tenantNameForm = /^(?!\d{12}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const accountForm = /^\d{12}$/

/** By the id of its account: of all tenants but the first, that is their own. */
export function tenantIdOfAccount(account: string): TenantId | undefined {
  if (!accountForm.test(account)) return undefined
  return account === accountId(rootTenantId) ? rootTenantId : parseTenantId(account)
}

/** By its name, or by the id of its account. Whatever else it is called, there is none. */
export async function findTenant(
  tenants: Pick<TenantStore, 'get' | 'byName'>,
  called: string,
): Promise<Tenant | undefined> {
  const id = tenantIdOfAccount(called)
  if (id !== undefined) return tenants.get(id)
  return tenantNameForm.test(called) ? tenants.byName(called) : undefined
}
