// Several job engines on one store, with work that notes every step it takes, a clock that the simulation moves,
// and engines that die at any of their steps towards the store. What must hold is looked at as it happens:
// a job is worked on by one owner while his claim lasts, an attempt at it by nobody once it is over, and in the
// end each has come to one end.

import assert from 'node:assert'
import { setImmediate } from 'node:timers/promises'
import type { ClaimedJob } from '../../gateway/background/claimed-job.ts'
import { JobEngine } from '../../gateway/background/job-engine.ts'
import { endedFromOutside } from '../../gateway/background/job-upkeep.ts'
import { type JobEnd, JobFailed, type JobWork } from '../../gateway/background/job-work.ts'
import { logTo } from '../../gateway/log.ts'
import { isOver, type JobId, type JobOf, type JobStore } from '../../metadata/job-store.ts'
import { parseJobId, parseManifestId, parseTenantId } from '../../metadata/record-ids.ts'
import type { TenantId } from '../../metadata/records.ts'
import type { SeededBytes } from '../support/seeded-bytes.ts'

const leaseMs = 30_000
const attemptsMax = 5
const resultLifeMs = 3_600_000
const rememberedMs = 7 * 24 * resultLifeMs
const stepsMax = 4

/** What becomes of an attempt; `lose` is an end that is never noted. */
type Plan = { readonly steps: number; readonly end: 'done' | 'fail' | 'failForGood' | 'lose' }

class EngineDied extends Error {
  override readonly name = 'EngineDied'
}

type SimulatedEngine = {
  readonly owner: string
  readonly engine: JobEngine
  readonly stopping: AbortController
  isDead: boolean
  /** Calls to the store until it dies. */
  callsLeft: number
}

type Held = { readonly owner: string; untilMs: number }

export type JobFate = {
  readonly key: { readonly kind: 'archive'; readonly tenantId: TenantId; readonly jobId: JobId }
  readonly createdMs: number
  /** States it was seen to be over in, in their order. */
  readonly ends: string[]
  isForgotten: boolean
  cleanUps: number
  attempts: number
}

export class JobSimulation {
  readonly fates = new Map<JobId, JobFate>()
  readonly tally = { attempts: 0, deaths: 0, takeovers: 0, cancels: 0, jumps: 0 }
  private readonly jobs: JobStore
  private readonly random: SeededBytes
  private readonly held = new Map<JobId, Held>()
  private readonly failures: string[] = []
  private engines: SimulatedEngine[] = []
  private nowMs = 1_700_000_000_000
  private created = 0
  private lives = 0

  constructor(jobs: JobStore, random: SeededBytes) {
    this.jobs = jobs
    this.random = random
    for (let number = 0; number < 3; number += 1) this.engines.push(this.newEngine())
  }

  get now(): number {
    return this.nowMs
  }

  /** A round of work by all engines at once, some of which may die, beside what clients do. */
  async round(): Promise<void> {
    for (let number = this.random.integer(3); number > 0; number -= 1) await this.create()
    for (const each of this.engines) {
      each.callsLeft = this.random.integer(4) === 0 ? this.random.integer(8) : 1000
    }
    const working = this.engines.flatMap((each) =>
      each.engine.lanes.map((lane) => this.workIn(each, lane.name)),
    )
    const disturbing = this.disturb()
    await Promise.all([...working, disturbing])
    await this.bury()
    await this.look()
    this.passTime()
    assert.deepEqual(this.failures, [])
  }

  /** Nobody dies any more but by the work itself: all that there is comes to its end, and is forgotten. */
  async comeToEnd(): Promise<void> {
    for (let rounds = 0; rounds < 400; rounds += 1) {
      for (const each of this.engines) each.callsLeft = Number.POSITIVE_INFINITY
      for (const each of this.engines) {
        for (const { name } of each.engine.lanes) await this.workIn(each, name)
      }
      await this.bury()
      await this.look()
      const left = [...this.fates.values()].filter((fate) => fate.ends.length === 0)
      if (left.length === 0) break
      this.nowMs += 60_000
    }
    assert.deepEqual(this.failures, [])
    for (const fate of this.fates.values()) {
      assert(fate.ends.length > 0, `${fate.key.jobId} waits for ever`)
    }
  }

  async comeToBeForgotten(): Promise<void> {
    const [engine] = this.engines
    assert(engine !== undefined)
    for (const days of [1, 8, 8]) {
      this.nowMs += days * 24 * resultLifeMs
      await this.workIn(engine, 'upkeep')
      await this.look()
    }
    for (const fate of this.fates.values()) {
      assert(fate.isForgotten, `${fate.key.jobId} is not forgotten`)
      assert(fate.cleanUps > 0, `${fate.key.jobId} was not cleaned up`)
    }
  }

  private async create(): Promise<void> {
    this.created += 1
    const jobId = parseJobId(this.created.toString(16).padStart(32, '0'))
    const tenantId = parseTenantId(`tenant-${this.random.integer(3)}`)
    const manifestId = parseManifestId('a'.repeat(32))
    assert(jobId !== undefined && tenantId !== undefined && manifestId !== undefined)
    const key = { kind: 'archive', tenantId, jobId } as const
    const sizeClass = this.random.integer(4) === 0 ? 'large' : 'small'
    const createdMs = this.nowMs
    await this.jobs.put({
      ...key,
      revision: 1,
      state: 'queued',
      next: { lane: sizeClass, dueMs: createdMs + this.random.integer(2) * 10_000 },
      attempts: 0,
      progress: { items: 0, bytes: 0 },
      createdMs,
      changedMs: createdMs,
      payload: {
        ...{ bucketName: 'b', prefix: '', windows: false, lifeMs: resultLifeMs, manifestId },
        ...{ destination: { bucketName: 'b', key: 'k' }, etag: 'e', totalEntries: stepsMax },
        ...{ totalBytes: 0, sizeClass },
      },
    })
    const counts = { isForgotten: false, cleanUps: 0, attempts: 0 }
    this.fates.set(jobId, { key, createdMs, ends: [], ...counts })
  }

  private newEngine(): SimulatedEngine {
    this.lives += 1
    const owner = `life ${this.lives}`
    const simulated = { owner, stopping: new AbortController(), isDead: false, callsLeft: 1000 }
    const made: SimulatedEngine = Object.assign(simulated, {
      engine: new JobEngine({
        jobs: this.dyingStore(() => made),
        works: { archive: this.work(() => made) },
        owner: () => owner,
        random: (bytes) => this.random.bytes(bytes),
        now: () => this.nowMs,
        log: logTo(() => {}),
        leaseMs,
      }),
    })
    return made
  }

  /** Before or behind a call, which is to say that its answer is lost, an engine dies. */
  private dyingStore(engine: () => SimulatedEngine): JobStore {
    const { jobs } = this
    const call = async <Answer>(verb: () => Promise<Answer>): Promise<Answer> => {
      const self = engine()
      if (self.isDead) throw new EngineDied()
      self.callsLeft -= 1
      if (self.callsLeft <= 0) self.isDead = true
      if (self.isDead && this.random.integer(2) === 0) throw new EngineDied()
      const answer = await verb()
      if (self.isDead) throw new EngineDied()
      return answer
    }
    return {
      get: (key) => call(() => jobs.get(key)),
      put: (job) => call(() => jobs.put(job)),
      list: (of, page) => call(() => jobs.list(of, page)),
      remove: (job) => call(() => jobs.remove(job)),
      claimDue: (claiming) => call(() => jobs.claimDue(claiming)),
      giveBackOf: (owner, limit) => call(() => jobs.giveBackOf(owner, limit)),
    }
  }

  private async workIn(simulated: SimulatedEngine, name: string): Promise<void> {
    const lane = simulated.engine.lanes.find((each) => each.name === name)
    assert(lane !== undefined)
    try {
      const { signal } = simulated.stopping
      while (!simulated.isDead && !signal.aborted && (await lane.runOne(signal)));
    } catch (cause) {
      if (!(cause instanceof EngineDied) && !simulated.isDead) throw cause
    }
  }

  private work(engine: () => SimulatedEngine): JobWork<'archive'> {
    return {
      lanes: [
        { name: 'small', atOnce: 2, lookEveryMs: 1 },
        { name: 'large', atOnce: 1, ofTenantMax: 1, lookEveryMs: 1 },
      ],
      attemptsMax,
      rememberedMs,
      attempt: (claimed) => this.attempt(claimed, engine()),
      mayPass: () => true,
      isOurs: () => true,
      reasonOf: String,
      cleanUp: async ({ jobId }) => {
        const fate = this.fates.get(jobId)
        if (fate !== undefined) fate.cleanUps += 1
      },
      leave: async () => {},
      result: {
        expiresMs: ({ payload }) => payload.result?.expiresMs ?? 0,
        remove: async () => {},
      },
    }
  }

  private async attempt(
    claimed: ClaimedJob<'archive'>,
    self: SimulatedEngine,
  ): Promise<JobEnd<'archive'>> {
    const fate = this.fates.get(claimed.job.jobId)
    assert(fate !== undefined)
    this.tally.attempts += 1
    fate.attempts += 1
    this.begin(claimed, self)
    try {
      return await this.carryOut(this.drawPlan(), claimed, self)
    } finally {
      const holder = this.held.get(claimed.job.jobId)
      if (!self.isDead && holder?.owner === self.owner) this.held.delete(claimed.job.jobId)
    }
  }

  private async carryOut(
    plan: Plan,
    claimed: ClaimedJob<'archive'>,
    self: SimulatedEngine,
  ): Promise<JobEnd<'archive'>> {
    for (let step = 0; step < plan.steps; step += 1) {
      await setImmediate()
      claimed.signal.throwIfAborted()
      this.mustBeOurs(claimed, self)
      await claimed.note({ progress: { items: step, bytes: step } })
      this.renewed(claimed, self)
    }
    if (plan.end === 'lose') self.isDead = true
    if (self.isDead) throw new EngineDied()
    if (plan.end === 'fail') throw new Error('no luck')
    if (plan.end === 'failForGood') throw new JobFailed('no way')
    const expiresMs = this.nowMs + resultLifeMs
    const result = { versionId: 'null', objectEtag: 'e', expiresMs } as const
    return { state: 'done', payload: { ...claimed.job.payload, result } }
  }

  private drawPlan(): Plan {
    const steps = this.random.integer(stepsMax)
    const drawn = this.random.integer(20)
    if (drawn < 12) return { steps, end: 'done' }
    if (drawn < 17) return { steps, end: 'fail' }
    return { steps, end: drawn < 18 ? 'failForGood' : 'lose' }
  }

  private begin({ job }: ClaimedJob<'archive'>, { owner }: SimulatedEngine): void {
    const holder = this.held.get(job.jobId)
    if (holder !== undefined && holder.owner !== owner) {
      this.tally.takeovers += 1
      const isAlive = this.engines.some((each) => each.owner === holder.owner && !each.isDead)
      if (isAlive && holder.untilMs > this.nowMs) {
        this.failures.push(`${owner} works on ${job.jobId}, which ${holder.owner} holds`)
      }
    }
    this.held.set(job.jobId, { owner, untilMs: job.next?.dueMs ?? 0 })
    if ((this.fates.get(job.jobId)?.ends.length ?? 0) > 0) {
      this.failures.push(`${owner} works on ${job.jobId}, which is over`)
    }
  }

  /** While a claim lasts, nobody else has begun. */
  private mustBeOurs({ job }: ClaimedJob<'archive'>, { owner, isDead }: SimulatedEngine): void {
    const holder = this.held.get(job.jobId)
    if (isDead || holder?.owner === owner || (job.next?.dueMs ?? 0) <= this.nowMs) return
    this.failures.push(`${owner} has a claim of ${job.jobId}, and ${holder?.owner} works on it`)
  }

  private renewed({ job }: ClaimedJob<'archive'>, { owner }: SimulatedEngine): void {
    const holder = this.held.get(job.jobId)
    if (holder?.owner === owner) holder.untilMs = job.next?.dueMs ?? 0
    else this.failures.push(`${owner} has changed ${job.jobId}, which ${holder?.owner} works on`)
  }

  /** Clients cancel jobs, the clock jumps while they run, and servers are stopped. */
  private async disturb(): Promise<void> {
    for (let times = this.random.integer(4); times > 0; times -= 1) {
      await setImmediate()
      const drawn = this.random.integer(4)
      if (drawn === 0) await this.cancelOne()
      if (drawn === 1 && this.random.integer(3) === 0) {
        this.tally.jumps += 1
        this.nowMs += this.random.integer(2 * leaseMs)
      }
      if (drawn === 2 && this.random.integer(3) === 0) {
        this.engines[this.random.integer(this.engines.length)]?.stopping.abort()
      }
    }
  }

  private async cancelOne(): Promise<void> {
    const waiting = [...this.fates.values()].filter(({ ends }) => ends.length === 0)
    const fate = waiting[this.random.integer(Math.max(1, waiting.length))]
    const job = fate && (await this.jobs.get(fate.key))
    if (job === undefined || isOver(job.state)) return
    const put = await this.jobs.put(endedFromOutside(job, 'cancelled', this.nowMs))
    if (put.is !== 'done') return
    this.tally.cancels += 1
    this.noteEnd(job, 'cancelled')
  }

  /** Who died or was stopped is followed by another. Some of the dead are known to be, others are waited for. */
  private async bury(): Promise<void> {
    for (const [at, each] of this.engines.entries()) {
      if (!each.isDead && !each.stopping.signal.aborted) continue
      if (each.isDead) this.tally.deaths += 1
      each.isDead = true
      each.stopping.abort()
      if (this.random.integer(2) === 0) await this.jobs.giveBackOf(each.owner, 100)
      this.engines[at] = this.newEngine()
    }
  }

  private async look(): Promise<void> {
    for (const fate of this.fates.values()) {
      if (fate.isForgotten) continue
      const job = await this.jobs.get(fate.key)
      if (job === undefined) {
        assert(fate.ends.length > 0, `${fate.key.jobId} is forgotten before it is over`)
        fate.isForgotten = true
      } else if (isOver(job.state)) this.noteEnd(job, job.state)
      else assert(fate.ends.length === 0, `${fate.key.jobId} was over and is ${job.state}`)
    }
  }

  private noteEnd({ jobId }: JobOf<'archive'>, state: string): void {
    const fate = this.fates.get(jobId)
    const last = fate?.ends.at(-1)
    if (fate === undefined || last === state) return
    const isExpiry = last === 'done' && state === 'expired'
    assert(last === undefined || isExpiry, `${jobId} was ${last} and is ${state}`)
    fate.ends.push(state)
  }

  /** Mostly onwards. */
  private passTime(): void {
    const drawn = this.random.integer(10)
    if (drawn === 0) this.nowMs -= this.random.integer(20_000)
    else if (drawn < 4) this.nowMs += this.random.integer(2 * leaseMs)
    else this.nowMs += this.random.integer(5_000)
  }
}
