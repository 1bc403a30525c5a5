// Leases: the verbs of `LeaseStore`. Their rows are in `lease-rows.ts`.
import type { LeaseScope, LeaseStore } from '../lease-store.ts'
import {
  beginNarrowing,
  endNarrowing,
  handLeaseOver,
  holdsRows,
  type LeaseLife,
  leasesOf,
  letLeaseGo,
  renewLease,
  takeLease,
  widenLease,
} from './lease-rows.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { isLiving } from './owners.ts'
import { recall, remember } from './remembered-commits.ts'

/** A transaction with more of them would hold up all others. */
const scopesAtOnce = 500

function pagesOf(scopes: readonly LeaseScope[]): readonly (readonly LeaseScope[])[] {
  const pages: (readonly LeaseScope[])[] = []
  for (let at = 0; at < scopes.length; at += scopesAtOnce) {
    pages.push(scopes.slice(at, at + scopesAtOnce))
  }
  return pages
}

/** False: the lease went meanwhile. */
async function widen(
  env: LmdbEnvironment,
  life: LeaseLife,
  pages: readonly (readonly LeaseScope[])[],
): Promise<boolean> {
  for (const page of pages) {
    if (!(await env.write((tables) => widenLease(tables, life, page)))) return false
  }
  return true
}

function narrowed(is: boolean): { is: 'narrowed' } | { is: 'gone' } {
  return { is: is ? 'narrowed' : 'gone' }
}

export function lmdbLeases(env: LmdbEnvironment): LeaseStore {
  return {
    take: async (lease) => {
      const [first = [], ...more] = pagesOf(lease.scopes)
      const taken = await env.write((tables) => takeLease(tables, { ...lease, scopes: first }))
      if (await widen(env, taken, more)) return
      throw new Error(`lease ${lease.leaseId} went while it was taken`)
    },

    renew: (leaseId, expiresMs) =>
      env.write((tables) =>
        renewLease(tables, leaseId, expiresMs) ? { is: 'renewed' } : { is: 'gone' },
      ),

    narrow: async ({ leaseId, expiresMs, scopes }) => {
      const pages = pagesOf(scopes)
      if (pages.length > 1) {
        // What is to be covered stays covered: the new scopes are there before the old ones go.
        const begun = await env.write((tables) => beginNarrowing(tables, leaseId))
        const isWide = begun !== undefined && (await widen(env, begun, pages))
        if (!isWide) return { is: 'gone' }
        return env.write((tables) => narrowed(endNarrowing(tables, begun, expiresMs)))
      }
      return env.write((tables) => {
        const begun = beginNarrowing(tables, leaseId)
        if (begun === undefined) return { is: 'gone' }
        widenLease(tables, begun, scopes)
        return narrowed(endNarrowing(tables, begun, expiresMs))
      })
    },

    handOver: (leaseId, to, options) =>
      env.write((tables) => {
        const handedOver = { is: 'handedOver' } as const
        if (recall(tables, options?.commitId, 'handedOver')) return handedOver
        if (!handLeaseOver(tables, leaseId, to)) return { is: 'gone' }
        remember(tables, options?.commitId, handedOver)
        return handedOver
      }),

    letGo: (leaseId) => env.write((tables) => letLeaseGo(tables, leaseId)),

    letGoOf: async (owner) => {
      const left = (tables: Tables) => leasesOf(tables).filter((lease) => lease.owner === owner)
      if (env.read(left).length === 0) return 0
      return env.write((tables) => {
        if (isLiving(tables, owner)) return 0
        const over = left(tables)
        for (const { leaseId } of over) letLeaseGo(tables, leaseId)
        return over.length
      })
    },

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

    holding: async (purpose, { after, limit }) =>
      env.read((tables) => {
        const held: string[] = []
        for (const lease of leasesOf(tables, after)) {
          if (held.length === limit) break
          if (lease.purpose === purpose && holdsRows(tables, lease)) held.push(lease.leaseId)
        }
        return held
      }),
  }
}
