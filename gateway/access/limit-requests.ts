// Bounds how much tenants and access keys may ask of S3, IAM and STS: counted once it is proven whose request it is, so that
// nobody uses up what others may ask.
import type { TenantId } from '../../metadata/records.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { Authenticate } from './authenticate.ts'
import type { AuthenticateForm } from './authenticate-form.ts'
import type { Identity } from './identity.ts'
import { makeLimits, type RequestLimits } from './request-limits.ts'

/** Somebody asks more than he may. No failure of ours. */
export class AskedTooMuch extends S3Error {
  constructor(waitMs: number) {
    super('SlowDown', undefined, {
      headers: { 'Retry-After': String(Math.ceil(waitMs / 1_000)) },
    })
  }
}

export type RequestBounds = {
  /** Throws `SlowDown`. Of who has not signed, his bucket's owner is asked (`ofTenant`). */
  of(identity: Identity): void
  /** Throws `SlowDown`. */
  ofTenant(tenantId: TenantId): void
}

/** A second. 0: no bound. */
export type RequestRates = { readonly tenant: number; readonly key: number }

/** Undefined: there is no bound. `clock`: milliseconds of a clock that does not jump. */
export function makeRequestBounds(
  { tenant, key }: RequestRates,
  clock: () => number,
): RequestBounds | undefined {
  const [tenants, keys] = [makeLimits(tenant, clock), makeLimits(key, clock)]
  if (tenants === undefined && keys === undefined) return undefined
  return {
    of: (identity) => {
      if (identity.is === 'anonymous') return
      take(keys, identity.accessKeyId)
      take(tenants, identity.tenantId)
    },
    ofTenant: (tenantId) => take(tenants, tenantId),
  }
}

function take(limits: RequestLimits | undefined, key: string): void {
  const waitMs = limits?.take(key)
  if (waitMs !== undefined) throw new AskedTooMuch(waitMs)
}

export function boundAuthenticate(
  authenticate: Authenticate,
  bounds: RequestBounds | undefined,
): Authenticate {
  if (bounds === undefined) return authenticate
  return async (incoming, asked) => {
    const caller = await authenticate(incoming, asked)
    bounds.of(caller.identity)
    return caller
  }
}

export function boundAuthenticateForm(
  authenticate: AuthenticateForm,
  bounds: RequestBounds | undefined,
): AuthenticateForm {
  if (bounds === undefined) return authenticate
  return async (fields, notes) => {
    const identity = await authenticate(fields, notes)
    bounds.of(identity)
    return identity
  }
}
