// Whose bucket an address means that says it: looked up by the tenant's name or account id, and remembered for a moment,
// also that there is none, since whoever asks may make names up.
import { LRUCache } from 'lru-cache'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Namespace } from '../../metadata/namespaces.ts'
import type { TenantId } from '../../metadata/records.ts'
import type { Address } from '../../protocol/s3/address.ts'
import { findTenant } from './tenant-names.ts'

export type AddressedTenant =
  | {
      readonly is: 'tenant'
      readonly tenantId: TenantId
      readonly namespace: Namespace
      readonly isActive: boolean
    }
  | { readonly is: 'nobody' }

/** `called`: as a request has it. */
export type FindAddressedTenant = (called: string) => Promise<AddressedTenant>

const nobody: AddressedTenant = { is: 'nobody' }
const heldMax = 10_000
const freshMs = 1_000
/** No name is longer. */
const calledMax = 63

export function makeFindAddressedTenant({
  tenants,
}: Pick<MetadataStore, 'tenants'>): FindAddressedTenant {
  const held = new LRUCache<string, AddressedTenant>({ max: heldMax, ttl: freshMs })
  return async (called) => {
    if (called.length > calledMax) return nobody
    const known = held.get(called)
    if (known !== undefined) return known
    const tenant = await findTenant(tenants, called)
    const found: AddressedTenant =
      tenant === undefined
        ? nobody
        : {
            ...{ is: 'tenant', tenantId: tenant.id, namespace: tenant.namespace },
            isActive: tenant.status === 'active',
          }
    held.set(called, found)
    return found
  }
}

export type SettledAddress = {
  readonly address: Address
  /** Absent: the address says nothing of it. */
  readonly owner?: AddressedTenant
}

/** What the address means, now that somebody knows the tenants. */
export async function settleAddress(
  address: Address,
  find: FindAddressedTenant,
): Promise<SettledAddress> {
  const { tenant, orOfTenant, ...rest } = address
  if (tenant !== undefined) return { address, owner: await find(tenant) }
  if (orOfTenant === undefined) return { address }
  const owner = await find(orOfTenant.tenant)
  return owner.is === 'nobody' ? { address: rest } : { address: { ...rest, ...orOfTenant }, owner }
}
