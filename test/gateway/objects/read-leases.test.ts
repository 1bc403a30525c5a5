import { randomBytes } from 'node:crypto'
import { equal, ok } from 'uvu/assert'
import { ReadLeases } from '../../../gateway/objects/read-leases.ts'
import type { Lease, LeaseStore } from '../../../metadata/lease-store.ts'
import { describe } from '../../support/describe.ts'

/** Leases in memory, written as the real ones behave. */
function memoryLeases() {
  const rows = new Map<string, Lease>()
  const store: LeaseStore = {
    take: async (lease) => {
      rows.set(lease.leaseId, lease)
    },
    renew: async () => ({ is: 'renewed' }),
    letGo: async (leaseId) => {
      rows.delete(leaseId)
    },
    expire: async () => 0,
  }
  return { rows, store }
}

describe('read leases', (test) => {
  test('reads that begin together share one, which goes with the last of them', async () => {
    const { rows, store } = memoryLeases()
    const leases = new ReadLeases({ leases: store, random: randomBytes, nowMs: () => 0 })
    const [first, second] = await Promise.all([leases.hold(), leases.hold()])
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
    const leases = new ReadLeases({ leases: store, random: randomBytes, nowMs: () => now })
    const first = await leases.hold()
    now = 6_000
    const second = await leases.hold()
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
      nowMs: () => 0,
    })
    const outcomes = await Promise.allSettled([leases.hold(), leases.hold()])
    ok(outcomes.every(({ status }) => status === 'rejected'))
    broken = false
    const hold = await leases.hold()
    equal(rows.size, 1)
    hold.release()
  })
})
