// Name spaces of buckets: within one, a name belongs to one bucket, whoever owns it. Requests never spell
// a namespace: it is that of a tenant, which the tenant's row tells.
import assert from 'node:assert'
import type { TenantId } from './records.ts'

export type Namespace = string & { readonly __brand: 'Namespace' }

/** As on AWS: one flat space, in which each tenant that is of it reaches every bucket by its plain name. */
export const defaultNamespace = named('default')

/** Of the buckets of one tenant alone, which no other tenant's names meet. */
export function tenantNamespace(tenantId: TenantId): Namespace {
  return named(`tenant/${tenantId}`)
}

/**
 * Where the server keeps buckets of its own on behalf of a tenant. No tenant is of it, so that no request
 * can name what is there, and no listing shows it.
 */
export function hiddenNamespace(tenantId: TenantId): Namespace {
  return named(`-/${tenantId}`)
}

/** 1 to 128 visible ASCII characters; undefined for anything else. */
export function parseNamespace(raw: string): Namespace | undefined {
  return /^[!-~]{1,128}$/.test(raw) ? (raw as Namespace) : undefined
}

function named(raw: string): Namespace {
  const namespace = parseNamespace(raw)
  assert(namespace !== undefined, 'no name of a namespace')
  return namespace
}
