// The job engine on the real embedded store, run by hand with a clock of the test's own; and two of them that work
// by themselves on one store.

import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { clearOwner } from '../../../gateway/background/clear-owners.ts'
import { JobEngine } from '../../../gateway/background/job-engine.ts'
import { endedFromOutside } from '../../../gateway/background/job-upkeep.ts'
import { JobFailed, type JobWork } from '../../../gateway/background/job-work.ts'
import { beginSweeps, sweepsWork } from '../../../gateway/background/sweeps-work.ts'
import { logTo } from '../../../gateway/log.ts'
import type { JobOf } from '../../../metadata/job-store.ts'
import { LmdbMetadataStore } from '../../../metadata/lmdb/lmdb-metadata-store.ts'
import { MetadataFull } from '../../../metadata/metadata-full.ts'
import { parseBundleId, parseJobId } from '../../../metadata/record-ids.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { tenant, tenantId } from '../../contracts/metadata-fixture.ts'
import { describe } from '../../support/describe.ts'
import { makeTemporaryDirectory } from '../../support/started-server.ts'

const minute = 60_000
const lane = { name: 'gathering', atOnce: 3, ofTenantMax: 2, lookEveryMs: 5 }

type Work = JobWork<'gathering'>

class Jobs {
  readonly store: LmdbMetadataStore
  readonly logged: string[] = []
  nowMs = 1_700_000_000_000
  private readonly directory: { readonly path: string; remove(): void }

  private constructor(
    store: LmdbMetadataStore,
    directory: { readonly path: string; remove(): void },
  ) {
    this.store = store
    this.directory = directory
  }

  static async open(): Promise<Jobs> {
    const directory = makeTemporaryDirectory()
    const { path } = directory
    const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
    return new Jobs(store, directory)
  }

  async close(): Promise<void> {
    await this.store.close()
    this.directory.remove()
  }

  engine(work: Partial<Work>, owner = 'one', leaseMs?: number): JobEngine {
    const whole: Work = {
      ...{ lanes: [lane], attemptsMax: 3, rememberedMs: 10 * minute, mayPass: () => true },
      attempt: async () => ({ state: 'done' }),
      isOurs: () => true,
      reasonOf: (cause) => (cause instanceof Error ? cause.message : String(cause)),
      cleanUp: async () => {},
      leave: async () => {},
      ...work,
    }
    return new JobEngine({
      ...{ jobs: this.store.jobs, works: { gathering: whole }, owner: () => owner },
      ...{
        random: randomBytes,
        now: () => this.nowMs,
        log: logTo((_level, event) => this.logged.push(event)),
      },
      ...(leaseMs === undefined ? {} : { leaseMs }),
    })
  }

  async run(engine: JobEngine, name = lane.name, stopping = new AbortController()) {
    const found = engine.lanes.find((each) => each.name === name)
    assert.ok(found !== undefined)
    return found.runOne(stopping.signal)
  }

  async queue(number: number, ownerId: TenantId = tenantId): Promise<JobOf<'gathering'>> {
    const jobId = parseJobId(number.toString(16).padStart(32, '0'))
    const bundleId = parseBundleId('b'.repeat(32))
    assert.ok(jobId !== undefined && bundleId !== undefined)
    const job: JobOf<'gathering'> = {
      ...{ kind: 'gathering', tenantId: ownerId, jobId, revision: 1, state: 'queued' },
      ...{ next: { lane: lane.name, dueMs: this.nowMs }, attempts: 0 },
      ...{ progress: { items: 0, bytes: 0 }, createdMs: this.nowMs, changedMs: this.nowMs },
      payload: { bundleId, sealedSources: Buffer.alloc(0) },
    }
    assert.equal((await this.store.jobs.put(job)).is, 'done')
    return job
  }

  async at(job: JobOf<'gathering'>): Promise<JobOf<'gathering'>> {
    return (await this.store.jobs.get(job)) ?? assert.fail('the job is gone')
  }
}

describe('the job engine', (test) => {
  let jobs: Jobs
  test.beforeEach(async () => {
    jobs = await Jobs.open()
  })
  test.afterEach(() => jobs.close())

  test('tries again after pauses that grow, and fails when that did not help', async () => {
    const told: string[] = []
    const engine = jobs.engine({
      attempt: async () => {
        throw new Error('no luck')
      },
      giveUp: async ({ state }) => {
        told.push(`given up while ${state}`)
      },
      cleanUp: async ({ state }) => {
        told.push(`cleaned up when ${state}`)
      },
    })
    const job = await jobs.queue(1)
    for (const [attempts, pauseMs] of [
      [1, 5_000],
      [2, 10_000],
    ] as const) {
      assert.equal(await jobs.run(engine), true)
      const waiting = await jobs.at(job)
      assert.deepStrictEqual([waiting.state, waiting.attempts], ['queued', attempts])
      assert.deepStrictEqual([waiting.owner, waiting.lastError], [undefined, 'no luck'])
      const pausedMs = (waiting.next?.dueMs ?? 0) - jobs.nowMs
      assert.ok(pausedMs >= pauseMs && pausedMs <= pauseMs * 1.1, String(pausedMs))
      jobs.nowMs += pauseMs - 1
      assert.equal(await jobs.run(engine), false)
      jobs.nowMs += pauseMs
    }
    assert.deepStrictEqual(told, [])
    await jobs.run(engine)
    const failed = await jobs.at(job)
    assert.deepStrictEqual([failed.state, failed.attempts], ['failed', 3])
    assert.deepStrictEqual(told, ['given up while running', 'cleaned up when failed'])
    assert.deepStrictEqual(jobs.logged, Array(3).fill('job failed'))
    jobs.nowMs += 9 * minute
    assert.equal(await jobs.run(engine, 'upkeep'), false)
    jobs.nowMs += minute
    assert.equal(await jobs.run(engine, 'upkeep'), true)
    assert.equal(await jobs.store.jobs.get(job), undefined)
  })

  test('fails at once what no attempt can mend, and what has become too old', async () => {
    const engine = jobs.engine({
      lifeMs: 60 * minute,
      attempt: async () => {
        throw new JobFailed('no way')
      },
    })
    const hopeless = await jobs.queue(1)
    await jobs.run(engine)
    assert.deepStrictEqual((await jobs.at(hopeless)).lastError, 'no way')
    const old = await jobs.queue(2)
    jobs.nowMs += 60 * minute
    await jobs.run(engine)
    assert.deepStrictEqual((await jobs.at(old)).lastError, 'The job has become too old.')
  })

  test('counts neither want of room nor its own end as an attempt', async () => {
    const stopping = new AbortController()
    let isFull = true
    const engine = jobs.engine({
      attempt: async ({ signal }) => {
        if (isFull) throw new MetadataFull()
        stopping.abort()
        signal.throwIfAborted()
        return assert.fail('it was not told to stop')
      },
    })
    const job = await jobs.queue(1)
    await jobs.run(engine)
    const waiting = await jobs.at(job)
    assert.deepStrictEqual([waiting.state, waiting.attempts], ['queued', 0])
    assert.equal(waiting.next?.dueMs, jobs.nowMs + minute)
    jobs.nowMs += minute
    isFull = false
    await jobs.run(engine, lane.name, stopping)
    const given = await jobs.at(job)
    assert.deepStrictEqual([given.state, given.attempts, given.owner], ['queued', 0, undefined])
    assert.equal(given.next?.dueMs, jobs.nowMs)
    assert.deepStrictEqual(jobs.logged, [])
  })

  test('ends the work of who has lost his claim, and tells him what the job is now', async () => {
    const seen: unknown[] = []
    const late = jobs.engine({
      attempt: async (claimed) => {
        jobs.nowMs += minute
        const other = jobs.engine({ attempt: async () => ({ state: 'done' }) }, 'two')
        assert.equal(await jobs.run(other), true)
        await claimed.note({ progress: { items: 1, bytes: 1 } })
        return assert.fail('it has noted what another has ended')
      },
      leave: async (mine, now) => {
        seen.push([mine.owner, mine.state, now?.state, now?.attempts])
      },
    })
    const job = await jobs.queue(1)
    await jobs.run(late)
    assert.deepStrictEqual(seen, [['one', 'running', 'done', 2]])
    assert.deepStrictEqual((await jobs.at(job)).progress, { items: 0, bytes: 0 })
  })

  test('takes no failure of who has lost his claim for one of the job', async () => {
    const late = jobs.engine({
      attempt: async () => {
        jobs.nowMs += minute
        await jobs.run(jobs.engine({ attempt: async () => ({ state: 'done' }) }, 'two'))
        throw new JobFailed('what it needs is gone')
      },
      giveUp: async () => assert.fail('it was given up'),
    })
    const job = await jobs.queue(1)
    await jobs.run(late)
    const { state, lastError } = await jobs.at(job)
    assert.deepStrictEqual([state, lastError, jobs.logged], ['done', undefined, []])
  })

  test('aborts work that is cancelled, at the next sign of life that it gives by itself', async () => {
    let left: string | undefined
    const engine = jobs.engine(
      {
        attempt: async ({ job, signal }) => {
          // As somebody else has it.
          const row = await jobs.at(job)
          await jobs.store.jobs.put(endedFromOutside(row, 'cancelled', jobs.nowMs))
          while (!signal.aborted) await sleep(5)
          throw signal.reason
        },
        leave: async (_, now) => {
          left = now?.state
        },
      },
      'one',
      30,
    )
    const job = await jobs.queue(1)
    await jobs.run(engine)
    assert.deepStrictEqual([left, (await jobs.at(job)).state], ['cancelled', 'cancelled'])
  })

  test('keeps a claim alive for as long as the work takes', async () => {
    const engine = jobs.engine(
      {
        attempt: async ({ job, signal }) => {
          for (let step = 0; step < 20; step += 1) {
            await sleep(5)
            jobs.nowMs += 5
            assert.equal(await jobs.run(jobs.engine({}, 'two')), false)
          }
          signal.throwIfAborted()
          return { state: job.state === 'running' ? 'done' : 'cancelled' }
        },
      },
      'one',
      // Of the test's clock, which is the slower one.
      60,
    )
    const job = await jobs.queue(1)
    await jobs.run(engine)
    assert.deepStrictEqual((await jobs.at(job)).state, 'done')
  })

  test('gives a job that died in each of its attempts up, without trying once more', async () => {
    const engine = jobs.engine({ attempt: async () => assert.fail('it was tried again') })
    const job = await jobs.queue(1)
    const died = { state: 'running', owner: 'gone', attempts: 3, revision: 2 } as const
    await jobs.store.jobs.put({ ...job, ...died })
    await jobs.run(engine)
    const { state, lastError } = await jobs.at(job)
    assert.deepStrictEqual([state, lastError], ['failed', 'The server has died in each attempt.'])
  })

  test('runs so many at once, of one tenant fewer, and gives back what runs when it stops', async () => {
    const running: string[] = []
    const engine = jobs.engine({
      attempt: async ({ job, signal }) => {
        running.push(job.tenantId)
        while (!signal.aborted) await sleep(1)
        throw signal.reason
      },
    })
    for (let number = 1; number <= 4; number += 1) await jobs.queue(number)
    const working = engine.start((_, cause) => assert.fail(String(cause)))
    while (running.length < 2) await sleep(1)
    await sleep(20)
    assert.equal(running.length, 2)
    for (let number = 5; number <= 8; number += 1) await jobs.queue(number, tenant('other'))
    while (running.length < 3) await sleep(1)
    await sleep(20)
    assert.deepStrictEqual(running, [tenantId, tenantId, tenant('other')])
    await working.stop()
    for (const ownerId of [tenantId, tenant('other')]) {
      const rows = await jobs.store.jobs.list(
        { kind: 'gathering', tenantId: ownerId },
        { limit: 9 },
      )
      assert.deepStrictEqual(
        rows.map(({ state, attempts }) => [state, attempts]),
        Array(4).fill(['queued', 0]),
      )
    }
  })

  test('of two engines on one store does each job once, in as many places as both have', async () => {
    const done: string[] = []
    const two = ['one', 'two'].map((owner) =>
      jobs.engine(
        {
          attempt: async ({ job }) => {
            await sleep(5)
            done.push(`${owner} ${job.jobId}`)
            return { state: 'done' }
          },
        },
        owner,
      ),
    )
    for (let number = 1; number <= 12; number += 1) await jobs.queue(number)
    const working = two.map((engine) => engine.start((_, cause) => assert.fail(String(cause))))
    while (done.length < 12) await sleep(5)
    await Promise.all(working.map((each) => each.stop()))
    assert.equal(new Set(done.map((each) => each.split(' ')[1])).size, 12)
    assert.equal(new Set(done.map((each) => each.split(' ')[0])).size, 2)
  })
})

describe('the sweeps of a store', (test) => {
  test('are done by one server of two, and by the other when that has ended or died', async () => {
    const jobs = await Jobs.open()
    const { store } = jobs
    const sweeping = new Set<string>()
    const engine = (owner: string) => {
      const sweep = {
        ...{ name: 'a test', pauseMs: 1 },
        run: async () => {
          sweeping.add(owner)
          return 'idle' as const
        },
      }
      const works = {
        sweeps: sweepsWork(
          () => [sweep],
          (_, cause) => assert.fail(String(cause)),
        ),
      }
      const parts = { jobs: store.jobs, works, owner: () => owner, random: randomBytes }
      return new JobEngine({ ...parts, now: () => jobs.nowMs, log: logTo(() => {}) })
    }
    const begin = (owner: string) => {
      const stopping = new AbortController()
      const found = engine(owner).lanes.find(({ name }) => name === 'sweeps')
      const ended = found?.runOne(stopping.signal) ?? assert.fail('no lane')
      const stop = async () => {
        stopping.abort()
        return ended
      }
      return { ended, stop }
    }
    /** Waits until this one sweeps, and answers who does then. */
    const swept = async (owner: string) => {
      sweeping.clear()
      while (!sweeping.has(owner)) await sleep(5)
      sweeping.clear()
      while (!sweeping.has(owner)) await sleep(5)
      return [...sweeping]
    }
    await beginSweeps(store.jobs, jobs.nowMs)
    await beginSweeps(store.jobs, jobs.nowMs)
    const first = begin('one')
    assert.deepStrictEqual(await swept('one'), ['one'])
    assert.equal(await begin('two').ended, false)
    assert.deepStrictEqual(await swept('one'), ['one'])
    await first.stop()
    const second = begin('two')
    assert.deepStrictEqual(await swept('two'), ['two'])
    // It is known to have died; what it does until it knows itself changes nothing.
    await store.owners.begin('two', minute)
    await store.owners.end('two')
    await clearOwner(store, 'two')
    const third = begin('three')
    assert.ok((await swept('three')).includes('three'))
    await second.stop()
    assert.deepStrictEqual(await swept('three'), ['three'])
    await third.stop()
    await jobs.close()
  })
})
