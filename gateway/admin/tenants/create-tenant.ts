// Makes a tenant with the first access key of its root user.
import assert from 'node:assert'
import { defaultNamespace, tenantNamespace } from '../../../metadata/namespaces.ts'
import { parseTenantId } from '../../../metadata/record-ids.ts'
import type { Quota, Tenant, TenantId } from '../../../metadata/records.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import { rootTenantId, rootUserName } from '../../access/identity.ts'
import { type DrawnKey, drawAccessKey, sealAccessKey } from '../../access/keys/new-access-key.ts'
import { sealSecret } from '../../access/keys/seal-secret.ts'
import { newRootKey } from '../../access/keys/tenant-keys.ts'
import { accountId } from '../../access/owner.ts'
import type { TenantDeps } from './tenant-deps.ts'

export type NewTenant = {
  /** Of `tenantNameForm`. */
  readonly name: string
  /** A namespace of its own for the names of its buckets, or the one that is shared. */
  readonly namespace: 'own' | 'default'
  readonly region?: string | undefined
  readonly quota: Quota
}

/** `key` is told this once. */
export type MadeTenant = {
  readonly is: 'created'
  readonly tenant: Tenant
  readonly key: DrawnKey
}

/** Two draws of an id that is taken are a random generator that repeats itself. */
const drawsMax = 10

/** Repeated with the same draws, it answers the same. Atomic, and durable when it resolves. */
export async function createTenant(
  deps: TenantDeps,
  wanted: NewTenant,
): Promise<MadeTenant | { readonly is: 'nameTaken' }> {
  const { metadata, random, now } = deps
  for (let draws = 0; draws < drawsMax; draws += 1) {
    const tenant = newTenant(deps, drawTenantId(random), wanted)
    const key = drawAccessKey(random)
    const sealing = { ...deps, nowMs: now() }
    const row = sealAccessKey(sealing, { ...key, tenantId: tenant.id, userName: rootUserName })
    if ((await metadata.tenants.create(tenant, row)).is === 'created') {
      return { is: 'created', tenant, key }
    }
    const named = await metadata.tenants.byName(wanted.name)
    if (named?.id === tenant.id) return { is: 'created', tenant: named, key }
    if (named !== undefined) return { is: 'nameTaken' }
  }
  throw new Error('no id of an account is free')
}

function newTenant(
  { masterKey, random, now }: TenantDeps,
  id: TenantId,
  { name, namespace, region, quota }: NewTenant,
): Tenant {
  const sealed = {
    ...{ name: { is: 'tenantRootKey', tenantId: id } as const, plaintext: newRootKey(random) },
  }
  return {
    ...{ id, name, createdMs: now(), revision: 1, status: 'active', quota },
    namespace: namespace === 'own' ? tenantNamespace(id) : defaultNamespace,
    ...(region === undefined ? {} : { region }),
    sealedKey: sealSecret(masterKey, sealed, random),
  }
}

/** Twelve digits, as AWS has them, and not those of the first tenant's account. */
function drawTenantId(random: RandomBytes): TenantId {
  for (;;) {
    const digits = String(random(8).readBigUInt64BE() % 1_000_000_000_000n).padStart(12, '0')
    if (digits === accountId(rootTenantId)) continue
    const id = parseTenantId(digits)
    assert(id !== undefined, 'digits are an id')
    return id
  }
}
