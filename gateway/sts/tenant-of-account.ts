// From the 12 digits that ARNs name an account by to the tenant that it is.
import { parseTenantId } from '../../metadata/record-ids.ts'
import type { Tenant } from '../../metadata/records.ts'
import type { TenantStore } from '../../metadata/tenant-store.ts'
import { accountId } from '../access/owner.ts'

/** The one tenant whose id is not its account's: it is made at the first start. */
const firstTenant = parseTenantId('root')

/** Undefined: there is none, or it is suspended. Throws what the store throws. */
export async function tenantOfAccount(
  tenants: Pick<TenantStore, 'get'>,
  account: string,
): Promise<Tenant | undefined> {
  const id =
    firstTenant !== undefined && accountId(firstTenant) === account
      ? firstTenant
      : parseTenantId(account)
  const tenant = id && (await tenants.get(id))
  return tenant?.status === 'active' ? tenant : undefined
}
