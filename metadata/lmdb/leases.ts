// Leases: the verbs of `LeaseStore`. Their rows are in `lease-rows.ts`.
import type { LeaseStore } from '../lease-store.ts'
import {
  handLeaseOver,
  holdsRows,
  leasesOf,
  letLeaseGo,
  narrowLease,
  renewLease,
  takeLease,
  widenLease,
} from './lease-rows.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'

/** A transaction with more of them would hold up all others. */
const scopesAtOnce = 500

export function lmdbLeases(env: LmdbEnvironment): LeaseStore {
  return {
    take: async (lease) => {
      const { leaseId, scopes } = lease
      const first = scopes.slice(0, scopesAtOnce)
      await env.write((tables) => takeLease(tables, { ...lease, scopes: first }))
      for (let at = scopesAtOnce; at < scopes.length; at += scopesAtOnce) {
        const more = scopes.slice(at, at + scopesAtOnce)
        const is = await env.write((tables) => widenLease(tables, leaseId, more))
        if (!is) throw new Error(`lease ${leaseId} went while it was taken`)
      }
    },

    renew: (leaseId, expiresMs) =>
      env.write((tables) =>
        renewLease(tables, leaseId, expiresMs) ? { is: 'renewed' } : { is: 'gone' },
      ),

    narrow: (lease) =>
      env.write((tables) => (narrowLease(tables, lease) ? { is: 'narrowed' } : { is: 'gone' })),

    handOver: (leaseId, to) =>
      env.write((tables) =>
        handLeaseOver(tables, leaseId, to) ? { is: 'handedOver' } : { is: 'gone' },
      ),

    letGo: (leaseId) => env.write((tables) => letLeaseGo(tables, leaseId)),

    expire: async (nowMs) => {
      const expired = (tables: Tables) =>
        leasesOf(tables).filter(({ expiresMs }) => expiresMs < nowMs)
      // Looked at before writing, since this is asked every few seconds and mostly finds nothing.
      if (env.read(expired).length === 0) return 0
      return env.write((tables) => {
        const over = expired(tables)
        for (const { leaseId } of over) letLeaseGo(tables, leaseId)
        return over.length
      })
    },

    holding: async (purpose) =>
      env.read((tables) =>
        leasesOf(tables)
          .filter((lease) => lease.purpose === purpose && holdsRows(tables, lease))
          .map(({ leaseId }) => leaseId),
      ),
  }
}
