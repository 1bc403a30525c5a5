// The keys of a tenant by its id: those that own what is read or written. Kept for a moment, because each
// request asks.
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import type { TenantId } from '../../../metadata/records.ts'
import type { MasterKey } from './master-key-file.ts'
import { TenantKeyring } from './tenant-keyring.ts'
import type { TenantKeys } from './tenant-keys.ts'

/** Undefined: there is no such tenant. */
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

export function makeFindTenantKeys(deps: TenantKeysDeps): FindTenantKeys {
  const { metadata, masterKey, tenantsMax, now } = deps
  const keyring = new TenantKeyring({ master: masterKey, tenantsMax })
  const held = new Map<TenantId, { readonly keys: TenantKeys; readonly untilMs: number }>()
  const load = async (tenantId: TenantId) => {
    const tenant = await metadata.tenants.get(tenantId)
    if (tenant === undefined) return undefined
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
