// Derived keys of the tenants met lately, so that a request does not open and derive them anew.
import assert from 'node:assert'
import type { Tenant, TenantId } from '../../../metadata/records.ts'
import type { MasterKey } from './master-key-file.ts'
import { openSecret } from './seal-secret.ts'
import { deriveTenantKeys, type TenantKeys } from './tenant-keys.ts'

/** Holds at most `tenantsMax` tenants' keys, and forgets the one not asked for longest. */
export class TenantKeyring {
  private readonly master: MasterKey
  private readonly tenantsMax: number
  private readonly held = new Map<TenantId, { sealedKey: Uint8Array; keys: TenantKeys }>()

  constructor(options: { readonly master: MasterKey; readonly tenantsMax: number }) {
    assert(options.tenantsMax >= 1, 'a keyring holds at least one tenant')
    this.master = options.master
    this.tenantsMax = options.tenantsMax
  }

  /** Throws `BadSealedSecret` when the tenant's root key does not open under this master key. */
  keysOf(tenant: Pick<Tenant, 'id' | 'sealedKey'>): TenantKeys {
    const found = this.held.get(tenant.id)
    const keys =
      found !== undefined && Buffer.compare(found.sealedKey, tenant.sealedKey) === 0
        ? found.keys
        : this.derive(tenant)
    this.held.delete(tenant.id)
    this.held.set(tenant.id, { sealedKey: tenant.sealedKey, keys })
    if (this.held.size > this.tenantsMax) this.forgetOldest()
    return keys
  }

  private derive(tenant: Pick<Tenant, 'id' | 'sealedKey'>): TenantKeys {
    const name = { is: 'tenantRootKey', tenantId: tenant.id } as const
    return deriveTenantKeys(tenant.id, openSecret(this.master, name, tenant.sealedKey))
  }

  private forgetOldest(): void {
    for (const id of this.held.keys()) {
      this.held.delete(id)
      return
    }
  }
}
