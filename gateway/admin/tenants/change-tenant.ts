// Changes of a tenant: what is set of it, and its state. Each is made of the row as it is, and refused when somebody else
// has changed that meanwhile, or when its state does not allow it.
import type { Quota, Tenant, TenantId } from '../../../metadata/records.ts'
import { rootTenantId } from '../../access/identity.ts'
import type { TenantDeps } from './tenant-deps.ts'

export type TenantOutcome =
  | { readonly is: 'done'; readonly tenant: Tenant }
  | { readonly is: 'noSuchTenant' }
  /** It is not of the revision that was looked at. */
  | { readonly is: 'changed' }
  /** `why` is for people. */
  | { readonly is: 'refused'; readonly why: string }

export type TenantTarget = {
  readonly tenantId: TenantId
  /** Absent: whatever it is now. */
  readonly ifRevision?: number | undefined
}

type Change = (tenant: Tenant) => Omit<Tenant, 'revision'> | { readonly refused: string }

const triesMax = 30

/** Where no revision is named, it is tried again on what somebody else has made of the row. */
export async function changeTenant(
  { metadata: { tenants } }: Pick<TenantDeps, 'metadata'>,
  { tenantId, ifRevision }: TenantTarget,
  change: Change,
): Promise<TenantOutcome> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const before = await tenants.get(tenantId)
    if (before === undefined) return { is: 'noSuchTenant' }
    if (ifRevision !== undefined && before.revision !== ifRevision) return { is: 'changed' }
    const changed = change(before)
    if ('refused' in changed) return { is: 'refused', why: changed.refused }
    const tenant = { ...changed, revision: before.revision + 1 }
    const { is } = await tenants.update(tenant)
    if (is === 'done') return { is, tenant }
    if (is === 'noSuchTenant' || ifRevision !== undefined) return { is }
  }
  return { is: 'changed' }
}

/** `region: null`: that of the server. */
export type TenantSettings = {
  readonly region?: string | null | undefined
  readonly quota?: Quota | undefined
}

export function setOfTenant({ region, quota }: TenantSettings): Change {
  return (tenant) => {
    if (tenant.status === 'deleting') return beingDeleted
    const { region: before, ...rest } = tenant
    const now = region === undefined ? before : (region ?? undefined)
    return { ...rest, ...(now === undefined ? {} : { region: now }), quota: quota ?? tenant.quota }
  }
}

/** All its requests are refused, and all it has is kept. */
export const suspend: Change = (tenant) => {
  if (tenant.id === rootTenantId) return { refused: 'The first tenant cannot be suspended.' }
  return tenant.status === 'deleting' ? beingDeleted : { ...tenant, status: 'suspended' }
}

export const resume: Change = (tenant) =>
  tenant.status === 'deleting' ? beingDeleted : { ...tenant, status: 'active' }

/** From then on it is refused like one that is suspended. Of one that is being deleted already, nothing changes. */
export function beginDeletion(deleteAfterMs: number): Change {
  return (tenant) => {
    if (tenant.id === rootTenantId) return { refused: 'The first tenant cannot be deleted.' }
    if (tenant.status === 'deleting') return tenant
    return { ...tenant, status: 'deleting', deleteAfterMs }
  }
}

/** The way back, for as long as nothing of it has been removed. */
export const takeBackDeletion: Change = (tenant) => {
  const { deleteAfterMs, ...rest } = tenant
  if (tenant.status !== 'deleting') return { refused: 'The tenant is not being deleted.' }
  if (deleteAfterMs === undefined) return { refused: 'The tenant is being removed already.' }
  return { ...rest, status: 'active' }
}

const beingDeleted = { refused: 'The tenant is being deleted.' }
