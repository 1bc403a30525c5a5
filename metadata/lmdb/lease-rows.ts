// The horizon that leases hold: releases numbered above it wait. One row tells it, so that a commit
// asks no more than one get.
import { count, decodeRecord, encodeRecord, text } from '../codec/record-frame.ts'
import type { Lease } from '../lease-store.ts'
import type { Tables } from './lmdb-environment.ts'
import { numberKey, numberOfKey } from './row-keys.ts'

export type HeldLease = Lease & { /** The last task before the lease. */ readonly horizon: number }

export const allLeases = { start: Buffer.of(0), end: Buffer.alloc(300, 0xff) }
const horizonKey = Buffer.from('horizon')

/** The last release that may be done; undefined when no lease lives. */
export function leaseHorizon(tables: Tables): number | undefined {
  const bytes = tables.meta.get(horizonKey)
  return bytes && numberOfKey(bytes)
}

/** To be called by whatever has changed a lease, in its transaction. */
export function updateHorizon(tables: Tables): void {
  let horizon = Number.POSITIVE_INFINITY
  for (const row of tables.leases.rows(allLeases)) {
    horizon = Math.min(horizon, parseLease(row.value).horizon)
  }
  if (horizon === Number.POSITIVE_INFINITY) tables.meta.remove(horizonKey)
  else tables.meta.put(horizonKey, numberKey(horizon))
}

/** Moves the expiry. False: there is no such lease any more. */
export function renewLease(tables: Tables, leaseId: string, expiresMs: number): boolean {
  const key = Buffer.from(leaseId)
  const bytes = tables.leases.get(key)
  if (bytes === undefined) return false
  tables.leases.put(key, encodeLease({ ...parseLease(bytes), expiresMs }))
  return true
}

export function letLeaseGo(tables: Tables, leaseId: string): void {
  tables.leases.remove(Buffer.from(leaseId))
  updateHorizon(tables)
}

export function encodeLease(lease: HeldLease): Buffer {
  return encodeRecord(1, [lease.leaseId, lease.purpose, lease.expiresMs, lease.horizon])
}

export function parseLease(bytes: Buffer): HeldLease {
  const fields = decodeRecord('lease', bytes)
  return {
    leaseId: text(fields, 0),
    purpose: text(fields, 1),
    expiresMs: count(fields, 2),
    horizon: count(fields, 3),
  }
}
