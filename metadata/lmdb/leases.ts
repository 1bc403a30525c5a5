// Leases: rows that hold back releases of whatever is deleted after they were taken.
import type { LeaseStore } from '../lease-store.ts'
import {
  allLeases,
  encodeLease,
  letLeaseGo,
  parseLease,
  renewLease,
  updateHorizon,
} from './lease-rows.ts'
import type { LmdbEnvironment } from './lmdb-environment.ts'
import { lastSeq } from './outbox-rows.ts'

export function lmdbLeases(env: LmdbEnvironment): LeaseStore {
  return {
    take: (lease) =>
      env.write((tables) => {
        const key = Buffer.from(lease.leaseId)
        const old = tables.leases.get(key)
        const horizon = old ? parseLease(old).horizon : lastSeq(tables)
        tables.leases.put(key, encodeLease({ ...lease, horizon }))
        updateHorizon(tables)
      }),

    renew: (leaseId, expiresMs) =>
      env.write((tables) =>
        renewLease(tables, leaseId, expiresMs) ? { is: 'renewed' } : { is: 'gone' },
      ),

    letGo: (leaseId) => env.write((tables) => letLeaseGo(tables, leaseId)),

    expire: async (nowMs) => {
      const isExpired = (bytes: Buffer) => parseLease(bytes).expiresMs < nowMs
      // Looked at before writing, since this is asked every few seconds and mostly finds nothing.
      const some = env.read(({ leases }) =>
        [...leases.rows(allLeases)].some((row) => isExpired(row.value)),
      )
      if (!some) return 0
      return env.write((tables) => {
        const expired = [...tables.leases.rows(allLeases)].filter((row) => isExpired(row.value))
        for (const row of expired) tables.leases.remove(row.key)
        updateHorizon(tables)
        return expired.length
      })
    },
  }
}
