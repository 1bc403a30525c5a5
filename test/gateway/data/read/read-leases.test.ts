import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { equal, ok } from 'uvu/assert'
import { ReadLeases, type ReadRow } from '../../../../gateway/data/read/read-leases.ts'
import type { Lease, LeaseStore } from '../../../../metadata/lease-store.ts'
import { parseBucketId } from '../../../../metadata/record-ids.ts'
import { describe } from '../../../support/describe.ts'

/** Leases in memory, written as the real ones behave. */
function memoryLeases() {
  const rows = new Map<string, Lease>()
  const store: LeaseStore = {
    take: async (lease) => {
      rows.set(lease.leaseId, lease)
    },
    renew: async () => ({ is: 'renewed' }),
    narrow: async (lease) => {
      const before = rows.get(lease.leaseId)
      if (before === undefined) return { is: 'gone' }
      rows.set(lease.leaseId, { ...before, ...lease })
      return { is: 'narrowed' }
    },
    handOver: async () => ({ is: 'gone' }),
    holding: async () => [],
    letGo: async (leaseId) => {
      rows.delete(leaseId)
    },
    letGoOf: async () => 0,
    expire: async () => 0,
  }
  return { rows, store }
}

const owner = () => 'me'

function row(key: string): ReadRow {
  const bucketId = parseBucketId('0123456789abcdef')
  ok(bucketId)
  return { bucketId, key, rowId: `row of ${key}` }
}

async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (holds()) return
    await wait(10)
  }
  ok(false, `never happened: ${what}`)
}

describe('read leases', (test) => {
  test('a lease covers everything for the length of its window, then what is still read', async () => {
    const { rows, store } = memoryLeases()
    const parts = { leases: store, random: randomBytes, owner, nowMs: () => 0, windowMs: 30 }
    const leases = new ReadLeases(parts)
    const [first, second] = await Promise.all([leases.hold(row('a')), leases.hold(row('b'))])
    const scopes = () => [...rows.values()].map((lease) => lease.scopes)
    equal(scopes(), [[{ is: 'everything' }]])
    first.release()
    await eventually('narrowed', () => rows.size === 1 && scopes()[0]?.[0]?.is !== 'everything')
    equal(scopes(), [[{ is: 'row', ...row('b') }]])
    // Nobody joins a lease that does not cover him.
    const third = await leases.hold(row('c'))
    equal(rows.size, 2)
    second.release()
    third.release()
    await leases.close()
    equal(rows.size, 0)
  })

  test('reads that begin together share one, which goes with the last of them', async () => {
    const { rows, store } = memoryLeases()
    const leases = new ReadLeases({ leases: store, random: randomBytes, owner, nowMs: () => 0 })
    const [first, second] = await Promise.all([leases.hold(row('k')), leases.hold(row('k'))])
    equal(rows.size, 1)
    first.release()
    first.release()
    equal(rows.size, 1)
    second.release()
    await leases.close()
    equal(rows.size, 0)
  })

  test('a read that begins later takes another, so that the first can go', async () => {
    const { rows, store } = memoryLeases()
    let now = 0
    const leases = new ReadLeases({ leases: store, random: randomBytes, owner, nowMs: () => now })
    const first = await leases.hold(row('k'))
    now = 6_000
    const second = await leases.hold(row('k'))
    equal(rows.size, 2)
    first.release()
    await leases.close()
    equal(rows.size, 1)
    second.release()
    await leases.close()
    equal(rows.size, 0)
  })

  test('a lease that cannot be taken fails its reads, and the next one tries again', async () => {
    const { rows, store } = memoryLeases()
    let broken = true
    const take: LeaseStore['take'] = (lease) =>
      broken ? Promise.reject(new Error('no disk')) : store.take(lease)
    const leases = new ReadLeases({
      leases: { ...store, take },
      random: randomBytes,
      owner,
      nowMs: () => 0,
    })
    const outcomes = await Promise.allSettled([leases.hold(row('k')), leases.hold(row('k'))])
    ok(outcomes.every(({ status }) => status === 'rejected'))
    broken = false
    const hold = await leases.hold(row('k'))
    equal(rows.size, 1)
    hold.release()
  })
})
