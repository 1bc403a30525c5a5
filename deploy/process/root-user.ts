// Makes the root tenant and its access key at the first start, and later sees to it that the key the
// operator has configured is valid.

import { timingSafeEqual } from 'node:crypto'
import { rootTenantId, rootUserName } from '../../gateway/access/identity.ts'
import type { MasterKey } from '../../gateway/access/keys/master-key-file.ts'
import { drawAccessKey, sealAccessKey } from '../../gateway/access/keys/new-access-key.ts'
import { BadSealedSecret, openSecret, sealSecret } from '../../gateway/access/keys/seal-secret.ts'
import { newRootKey } from '../../gateway/access/keys/tenant-keys.ts'
import type { RootKey } from '../../gateway/config/config.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { AccessKey, Tenant } from '../../metadata/records.ts'
import type { TenantStore } from '../../metadata/tenant-store.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'

export type RootUserParts = {
  readonly tenants: TenantStore
  readonly masterKey: MasterKey
  /** From the configuration. */
  readonly wanted: RootKey | undefined
  readonly random: RandomBytes
  readonly nowMs: number
}

export type RootUser =
  /** The first start. `made`: the secret was drawn here and nobody knows it yet. */
  | { readonly is: 'created'; readonly key: RootKey; readonly made: boolean }
  | { readonly is: 'existing' }

/** Another tenant owns the access key that was configured for the root user. */
export class RootKeyTaken extends Error {
  override readonly name = 'RootKeyTaken'
}

/** Idempotent; durable when it resolves. Throws `RootKeyTaken`, and `BadSealedSecret`. */
export async function prepareRootUser(parts: RootUserParts): Promise<RootUser> {
  const existing = await parts.tenants.get(rootTenantId)
  if (existing === undefined) return createRootTenant(parts)
  // A foreign master key is met now, not at the first request.
  const name = { is: 'tenantRootKey', tenantId: rootTenantId } as const
  openSecret(parts.masterKey, name, existing.sealedKey)
  if (parts.wanted !== undefined) await ensureKey(parts, parts.wanted)
  return { is: 'existing' }
}

async function createRootTenant(parts: RootUserParts): Promise<RootUser> {
  const { masterKey, random, nowMs } = parts
  const key = parts.wanted ?? drawAccessKey(random)
  const name = { is: 'tenantRootKey', tenantId: rootTenantId } as const
  const sealedKey = sealSecret(masterKey, { name, plaintext: newRootKey(random) }, random)
  const namespace = defaultNamespace
  const tenant: Tenant = {
    ...{ id: rootTenantId, name: 'root', namespace, createdMs: nowMs, sealedKey },
    ...{ revision: 1, status: 'active', quota: {} },
  }
  const { is } = await parts.tenants.create(tenant, accessKeyRow(parts, key))
  if (is === 'exists') return { is: 'existing' }
  return { is: 'created', key, made: parts.wanted === undefined }
}

async function ensureKey(parts: RootUserParts, wanted: RootKey): Promise<void> {
  const found = await parts.tenants.getAccessKey(wanted.accessKeyId)
  if (found?.tenantId === rootTenantId && opensTo(parts.masterKey, found, wanted.secretKey)) return
  const { is } = await parts.tenants.putAccessKey(accessKeyRow(parts, wanted))
  if (is === 'taken') {
    throw new RootKeyTaken(
      `The access key ${wanted.accessKeyId} belongs to another tenant: choose another HOLDFAST_ROOT_ACCESS_KEY.`,
    )
  }
}

function opensTo(master: MasterKey, row: AccessKey, secret: string): boolean {
  const { tenantId, accessKeyId } = row
  if (row.status !== 'active' || row.userName !== rootUserName) return false
  const opened = openedOrNot(
    master,
    { is: 'secretAccessKey', tenantId, accessKeyId },
    row.sealedSecret,
  )
  if (opened === undefined) return false
  const given = Buffer.from(secret)
  return opened.length === given.length && timingSafeEqual(opened, given)
}

/** The tenant's key has opened: a secret that does not is damaged, and is written anew. */
function openedOrNot(...sealed: Parameters<typeof openSecret>): Buffer | undefined {
  try {
    return openSecret(...sealed)
  } catch (cause) {
    if (!(cause instanceof BadSealedSecret)) throw cause
    return undefined
  }
}

function accessKeyRow(parts: RootUserParts, key: RootKey): AccessKey {
  return sealAccessKey(parts, { ...key, tenantId: rootTenantId, userName: rootUserName })
}
