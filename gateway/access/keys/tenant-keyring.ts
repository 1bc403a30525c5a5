// Derived keys of the tenants met lately, so that a request does not open and derive them anew.
import { LRUCache } from 'lru-cache'
import type { Tenant, TenantId } from '../../../metadata/records.ts'
import type { MasterKey } from './master-key-file.ts'
import { openSecret } from './seal-secret.ts'
import { deriveTenantKeys, type TenantKeys } from './tenant-keys.ts'

/** Holds at most `tenantsMax` tenants' keys, and forgets the one not asked for longest. */
export class TenantKeyring {
  private readonly master: MasterKey
  private readonly held: LRUCache<TenantId, { sealedKey: Uint8Array; keys: TenantKeys }>

  constructor(options: { readonly master: MasterKey; readonly tenantsMax: number }) {
    this.master = options.master
    this.held = new LRUCache({ max: options.tenantsMax })
  }

  /** Throws `BadSealedSecret` when the tenant's root key does not open under this master key. */
  keysOf(tenant: Pick<Tenant, 'id' | 'sealedKey'>): TenantKeys {
    const found = this.held.get(tenant.id)
    if (found !== undefined && Buffer.compare(found.sealedKey, tenant.sealedKey) === 0) {
      return found.keys
    }
    const keys = this.derive(tenant)
    this.held.set(tenant.id, { sealedKey: tenant.sealedKey, keys })
    return keys
  }

  private derive(tenant: Pick<Tenant, 'id' | 'sealedKey'>): TenantKeys {
    const name = { is: 'tenantRootKey', tenantId: tenant.id } as const
    return deriveTenantKeys(tenant.id, openSecret(this.master, name, tenant.sealedKey))
  }
}
