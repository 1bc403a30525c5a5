// Contract of `Outbox.claim`, and of what becomes of claims: to whom tasks are handed out, when again, and that
// neither kinds nor tenants wait for one another.
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Task } from '../../metadata/outbox-store.ts'
import type { Bucket } from '../../metadata/records.ts'
import { describe } from '../support/describe.ts'
import { namespace, newVersion, type OpenStore, tenant, withStore } from './metadata-fixture.ts'

const longMs = 3_600_000
/** Of a lease or pause that is to end soon; nothing is asserted about how soon. */
const shortMs = 20

async function bucketOf(store: MetadataStore, name: string): Promise<Bucket> {
  const fresh = {
    namespace: namespace(name),
    tenantId: tenant(name),
    name: 'bkt',
    region: 'here',
    createdMs: 0,
  }
  return (await store.buckets.create(fresh)).bucket
}

/** Leaves so many tasks, named for their tenant and number. */
async function leave(
  store: MetadataStore,
  { kind = 'note', of = 'one', count }: { kind?: string; of?: string; count: number },
): Promise<void> {
  const bucket = await bucketOf(store, of)
  const commits = Array.from({ length: count }, (_, i) =>
    store.objects.commit({
      ...newVersion(bucket, `${kind} ${i}`),
      followUps: [{ kind, payload: `${of} ${i}` }],
    }),
  )
  await Promise.all(commits)
}

type ClaimOptions = { kinds?: readonly string[]; leaseMs?: number; limit?: number }

function claim(store: MetadataStore, options: ClaimOptions = {}): Promise<readonly Task[]> {
  return store.outbox.claim({
    ...{ kinds: ['note'], owner: 'p', leaseMs: longMs, limit: 100 },
    ...options,
  })
}

const payloads = (tasks: readonly Task[]) => tasks.map(({ payload }) => String(payload))

async function untilClaimed(store: MetadataStore, options: ClaimOptions = {}): Promise<Task> {
  for (let tries = 0; tries < 400; tries += 1) {
    const [task] = await claim(store, options)
    if (task !== undefined) return task
    await wait(10)
  }
  return assert.fail('the task never came back')
}

export function claimsContract(name: string, open: OpenStore): void {
  describe(`${name}: claims`, (test) => {
    test('tasks wait until they are done, are handed to one claimer, and no more than asked for', () =>
      withStore(open, async (store) => {
        await leave(store, { count: 5 })
        const first = await claim(store, { limit: 2 })
        assert.equal(first.length, 2)
        const second = await claim(store)
        assert.equal(second.length, 3)
        assert.deepEqual(await claim(store), [])
        assert.equal(new Set(payloads([...first, ...second])).size, 5)
        assert.equal(await store.outbox.depthEstimate(), 5)
        await store.outbox.done([...first, ...second])
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))

    test('claimers side by side never get the same', () =>
      withStore(open, async (store) => {
        await leave(store, { count: 60 })
        const claims = Array.from({ length: 12 }, (_, i) =>
          store.outbox.claim({ kinds: ['note'], owner: `${i}`, leaseMs: longMs, limit: 10 }),
        )
        const ids = (await Promise.all(claims)).flat().map(({ id }) => id)
        assert.equal(ids.length, 60)
        assert.equal(new Set(ids).size, 60)
      }))

    test('a claim that is not finished comes back after its lease, and then is not the first one’s', () =>
      withStore(open, async (store) => {
        await leave(store, { count: 1 })
        const [lost] = await claim(store, { leaseMs: shortMs })
        assert.ok(lost)
        const task = await untilClaimed(store)
        assert.equal(task.id, lost.id)
        assert.equal(task.attempts, 2)
        assert.notEqual(task.claim, lost.claim)
        assert.deepEqual(await store.outbox.unfinished([lost, task]), [task])
        // He was paused, and has not heard of it.
        await store.outbox.done([lost])
        await store.outbox.retryLater([lost], { afterMs: 0, cause: 'late' })
        await store.outbox.bury(lost, { cause: 'late' })
        assert.deepEqual(await claim(store), [])
        assert.equal(await store.outbox.buriedEstimate(), 0)
        assert.deepEqual(await store.outbox.unfinished([task]), [task])
        await store.outbox.done([task])
        assert.deepEqual(await store.outbox.unfinished([task]), [])
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))

    test('a lease that has ended is unfinished no more, though nobody has claimed the task', () =>
      withStore(open, async (store) => {
        await leave(store, { count: 2 })
        const long = await claim(store, { limit: 1 })
        const short = await claim(store, { limit: 1, leaseMs: shortMs })
        for (let tries = 0; (await store.outbox.unfinished(short)).length > 0; tries += 1) {
          assert.ok(tries < 400)
          await wait(10)
        }
        assert.deepEqual(await store.outbox.unfinished([...short, ...long]), long)
        // Until then it may still be finished.
        await store.outbox.done(short)
        assert.equal(await store.outbox.depthEstimate(), 1)
      }))

    test('what is given back comes again after its pause, and counts its attempts', () =>
      withStore(open, async (store) => {
        await leave(store, { count: 1 })
        const [first] = await claim(store)
        assert.ok(first)
        await store.outbox.retryLater([first], { afterMs: longMs, cause: new Error('no') })
        await store.outbox.retryLater([first], { afterMs: 0, cause: new Error('no') })
        assert.deepEqual(await claim(store), [], 'the second is late: nothing is given back twice')
        assert.equal(await store.outbox.depthEstimate(), 1)

        await leave(store, { kind: 'other', count: 1 })
        const again = { kinds: ['other'] }
        const [other] = await claim(store, again)
        assert.equal(other?.attempts, 1)
        await store.outbox.retryLater(other === undefined ? [] : [other], {
          afterMs: 0,
          cause: 'no',
        })
        const failed = await untilClaimed(store, again)
        assert.equal(failed.attempts, 2)
        await store.outbox.retryLater([failed], { afterMs: shortMs })
        assert.equal((await untilClaimed(store, again)).attempts, 1, 'it got on')
      }))

    test('neither kind of task hides the other, however many of it there are', () =>
      withStore(open, async (store) => {
        await leave(store, { kind: 'many', count: 300 })
        await leave(store, { kind: 'few', count: 2 })
        const kinds = ['many', 'few']
        const claimed = await claim(store, { kinds, limit: 4 })
        assert.deepEqual(claimed.map(({ kind }) => kind).sort(), ['few', 'few', 'many', 'many'])
        assert.equal((await claim(store, { kinds, limit: 1000 })).length, 298)
        await leave(store, { kind: 'few', of: 'two', count: 1 })
        await leave(store, { kind: 'many', of: 'two', count: 1 })
        const ones = [
          ...(await claim(store, { kinds, limit: 1 })),
          ...(await claim(store, { kinds, limit: 1 })),
        ]
        assert.deepEqual(ones.map(({ kind }) => kind).sort(), ['few', 'many'])
      }))

    test('one tenant’s thousands do not hold up another’s few', () =>
      withStore(open, async (store) => {
        await leave(store, { of: 'a', count: 500 })
        for (const of of ['b', 'c', 'd']) await leave(store, { of, count: 3 })
        const claimed = await claim(store, { limit: 20 })
        assert.equal(claimed.length, 20)
        const few = payloads(claimed).filter((payload) => !payload.startsWith('a'))
        assert.deepEqual(
          few.sort(),
          ['b', 'c', 'd'].flatMap((of) => [0, 1, 2].map((i) => `${of} ${i}`)),
        )
      }))

    test('of more tenants than a claim has room for, each has its turn', () =>
      withStore(open, async (store, { engines }) => {
        const names = Array.from({ length: 30 }, (_, i) => `t${i}`)
        for (const of of names) await leave(store, { of, count: 20 })
        const met = new Set<string>()
        for (let i = 0; i < 3 * engines; i += 1) {
          for (const task of await claim(store, { limit: 10 })) met.add(task.tenantId)
        }
        assert.equal(met.size, names.length)
      }))

    test('what failed stands behind what has not been tried, and is not starved by it', () =>
      withStore(open, async (store) => {
        await leave(store, { of: 'stuck', count: 400 })
        const stuck = await claim(store, { limit: 1000 })
        await store.outbox.retryLater(stuck, { afterMs: 0, cause: 'the disk is away' })
        // The same tenant's, left later.
        const bucket = await bucketOf(store, 'stuck')
        for (const payload of ['new 1', 'new 2']) {
          const followUps = [{ kind: 'note', payload }]
          await store.objects.commit({ ...newVersion(bucket, payload), followUps })
        }
        await wait(shortMs)
        const claimed = payloads(await claim(store, { limit: 10 }))
        assert.ok(claimed.includes('new 1') && claimed.includes('new 2'), claimed.join())
        assert.equal(claimed.length, 10)
      }))

    test('whoever goes on claiming is handed everything in the end', () =>
      withStore(open, async (store) => {
        const names = Array.from({ length: 40 }, (_, i) => `t${i}`)
        for (const of of names) await leave(store, { of, count: 7 })
        const done = new Set<string>()
        for (;;) {
          const tasks = await claim(store, { limit: 9 })
          if (tasks.length === 0) break
          const [failed, ...others] = tasks
          assert.ok(failed)
          // Every one of them fails at its first time, if it comes first.
          const isFirst = failed.attempts === 1
          await store.outbox.retryLater(isFirst ? [failed] : [], { afterMs: 0, cause: 'no' })
          const ended = isFirst ? others : tasks
          await store.outbox.done(ended)
          for (const payload of payloads(ended)) done.add(payload)
          await wait(1)
        }
        assert.equal(done.size, names.length * 7)
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))
  })
}
