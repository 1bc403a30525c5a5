// Derived keys of the tenants met lately, by tenant and by its id, so that a request does not look them up,
// open and derive them anew.
import { LRUCache } from 'lru-cache'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import type { Tenant, TenantId } from '../../../metadata/records.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { MasterKey } from './master-key-file.ts'
import { openSecret } from './seal-secret.ts'
import { deriveTenantKeys, type TenantKeys } from './tenant-keys.ts'

/** Undefined: there is no such tenant. Throws `AllAccessDisabled` when it is suspended. */
export type FindTenantKeys = (
  tenantId: TenantId,
) => TenantKeys | undefined | Promise<TenantKeys | undefined>

export type TenantKeysDeps = {
  readonly metadata: Pick<MetadataStore, 'tenants'>
  readonly masterKey: MasterKey
  /** As many tenants' keys are held. */
  readonly tenantsMax: number
  readonly now: () => number
}

const freshMs = 1_000

/** What it answers throws `AllAccessDisabled` of a tenant that is suspended, whoever asks for what it has. */
export function makeFindTenantKeys(deps: TenantKeysDeps): FindTenantKeys {
  const { metadata, masterKey, tenantsMax, now } = deps
  const keyring = new TenantKeyring({ master: masterKey, tenantsMax })
  const held = new Map<TenantId, { readonly keys: TenantKeys; readonly untilMs: number }>()
  const load = async (tenantId: TenantId) => {
    const tenant = await metadata.tenants.get(tenantId)
    if (tenant === undefined) return undefined
    // Not even others may reach what it has.
    if (tenant.status !== 'active') throw new S3Error('AllAccessDisabled')
    const keys = keyring.keysOf(tenant)
    if (held.size >= tenantsMax) held.clear()
    held.set(tenantId, { keys, untilMs: now() + freshMs })
    return keys
  }
  return (tenantId) => {
    const found = held.get(tenantId)
    return found !== undefined && found.untilMs > now() ? found.keys : load(tenantId)
  }
}

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
