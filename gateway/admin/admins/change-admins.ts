// Those who administer the server: made, changed and removed, with their keys. A key's row is made before the admin names it
// and removed after he no longer does: what is left over when that was cut off opens nothing.
import assert from 'node:assert'
import type { AdminDocument, AdminRole } from '../../../metadata/identity-records.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { type DrawnKey, drawAccessKey, sealAccessKey } from '../../access/keys/new-access-key.ts'
import { type AccountDraft, changeAccount } from '../../iam/change-account.ts'
import { AdminProblem } from '../api/problem.ts'
import type { TenantDeps } from '../tenants/tenant-deps.ts'
import { adminsTenantId } from './admins-tenant.ts'

export const adminsMax = 1_000
const keysMax = 2

export type AdminChanges = {
  readonly name?: string | undefined
  readonly role?: AdminRole | undefined
  /** null: all tenants. */
  readonly tenantId?: TenantId | null | undefined
}

export type NewAdmin = {
  readonly name: string
  readonly role: AdminRole
  readonly tenantId?: TenantId | undefined
}

export type MadeAdmin = { readonly admin: AdminDocument; readonly key: DrawnKey }

/** Throws `AlreadyExists`, `LimitExceeded`, `InvalidRequest`. Repeated with the same draws, it answers the same. */
export async function createAdmin(
  deps: TenantDeps,
  { name, role, tenantId }: NewAdmin,
): Promise<MadeAdmin> {
  const id = deps.random(8).toString('hex')
  requireScope(role, tenantId)
  const key = await makeKey(deps, id)
  const { accessKeyId } = key
  const createdMs = deps.now()
  const admin: AdminDocument = {
    ...{ id, name, role, createdMs, revision: 1 },
    ...(tenantId === undefined ? {} : { tenantId }),
    keys: [{ accessKeyId, status: 'active', createdMs }],
  }
  const made = await changeAccount(deps.metadata.identities, adminsTenantId, async (account) => {
    const before = await account.get('admin', id)
    if (before !== undefined) return before
    await requireFreeName(account, name, id)
    account.put('admin', id, admin)
    return admin
  })
  return { admin: made, key }
}

export type AdminTarget = {
  readonly id: string
  /** Undefined: whichever it is. */
  readonly ifRevision?: number | undefined
}

/** Throws `NoSuchAdmin`, `PreconditionFailed`, `AlreadyExists`, `InvalidRequest`. */
export function changeAdmin(
  { metadata }: TenantDeps,
  target: AdminTarget,
  changes: AdminChanges,
): Promise<AdminDocument> {
  return changeAccount(metadata.identities, adminsTenantId, async (account) => {
    const { tenantId: before, ...admin } = await requireAdmin(account, target)
    const { name = admin.name, role = admin.role } = changes
    const tenantId = changes.tenantId === undefined ? before : (changes.tenantId ?? undefined)
    requireScope(role, tenantId)
    if (name !== admin.name) await requireFreeName(account, name, admin.id)
    const scope = tenantId === undefined ? {} : { tenantId }
    const changed = { ...admin, ...scope, name, role, revision: admin.revision + 1 }
    account.put('admin', admin.id, changed)
    return changed
  })
}

/** Throws `NoSuchAdmin`, `PreconditionFailed`. */
export async function removeAdmin({ metadata }: TenantDeps, target: AdminTarget): Promise<void> {
  const { keys } = await changeAccount(metadata.identities, adminsTenantId, async (account) => {
    const admin = await requireAdmin(account, target)
    account.remove('admin', admin.id)
    return admin
  })
  for (const { accessKeyId } of keys) {
    await metadata.tenants.removeAccessKey(adminsTenantId, accessKeyId)
  }
}

/** Throws `NoSuchAdmin`, `LimitExceeded`. */
export async function addAdminKey(deps: TenantDeps, id: string): Promise<DrawnKey> {
  const key = await makeKey(deps, id)
  const { accessKeyId } = key
  await changeAccount(deps.metadata.identities, adminsTenantId, async (account) => {
    const admin = await requireAdmin(account, { id })
    if (admin.keys.some((each) => each.accessKeyId === accessKeyId)) return
    if (admin.keys.length >= keysMax) throw new AdminProblem('LimitExceeded')
    const made = { accessKeyId, status: 'active', createdMs: deps.now() } as const
    const keys = [...admin.keys, made]
    account.put('admin', id, { ...admin, keys, revision: admin.revision + 1 })
  })
  return key
}

/** Throws `NoSuchAdmin`, `NoSuchEntity`. */
export async function removeAdminKey(
  { metadata }: TenantDeps,
  { id, accessKeyId }: { readonly id: string; readonly accessKeyId: string },
): Promise<void> {
  await changeAccount(metadata.identities, adminsTenantId, async (account) => {
    const admin = await requireAdmin(account, { id })
    const keys = admin.keys.filter((each) => each.accessKeyId !== accessKeyId)
    if (keys.length === admin.keys.length) throw new AdminProblem('NoSuchEntity')
    account.put('admin', id, { ...admin, keys, revision: admin.revision + 1 })
  })
  await metadata.tenants.removeAccessKey(adminsTenantId, accessKeyId)
}

async function makeKey(deps: TenantDeps, userName: string): Promise<DrawnKey> {
  const key = drawAccessKey(deps.random)
  const sealing = { ...deps, nowMs: deps.now() }
  const row = sealAccessKey(sealing, { ...key, tenantId: adminsTenantId, userName })
  const { is } = await deps.metadata.tenants.putAccessKey(row)
  assert(is === 'done', 'an access key id of 72 random bits was drawn twice')
  return key
}

async function requireAdmin(
  account: AccountDraft,
  { id, ifRevision }: AdminTarget,
): Promise<AdminDocument> {
  const admin = await account.get('admin', id)
  if (admin === undefined) throw new AdminProblem('NoSuchAdmin')
  if (ifRevision === undefined || ifRevision === admin.revision) return admin
  throw new AdminProblem('PreconditionFailed')
}

/** Also that there is room for one more. */
async function requireFreeName(account: AccountDraft, name: string, id: string): Promise<void> {
  const { entries } = await account.list('admin', { limit: adminsMax })
  const others = entries.filter(({ document }) => document.id !== id)
  if (others.length >= adminsMax) throw new AdminProblem('LimitExceeded')
  if (!others.some(({ document }) => document.name === name)) return
  throw new AdminProblem('AlreadyExists', { detail: 'An admin of this name is there already.' })
}

function requireScope(role: AdminRole, tenantId: TenantId | undefined): void {
  const problem =
    role === 'superadmin' && tenantId !== undefined
      ? 'is for no tenant: a superadmin has all of them'
      : role === 'tenantAdmin' && tenantId === undefined
        ? 'must be there: a tenant admin has one'
        : undefined
  if (problem === undefined) return
  throw new AdminProblem('InvalidRequest', { invalid: [{ field: 'tenant', problem }] })
}
