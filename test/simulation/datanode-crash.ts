// Runs the disk engine of production on a simulated disk, with clients that write, read, delete and
// reclaim at once, and stops it at random: a process dies, or power goes, or single calls fail. After
// every stop each acknowledged chunk must read back equal, and no deleted one may read as another.
import { strict as assert } from 'node:assert'
import type { BlobRead } from '../../datanode/blob-store.ts'
import { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import { chunkOf, type TestChunk, testRef, wholeOf } from '../datanode/sealed-chunk-fixture.ts'
import { CrashFs, type FaultKind } from './datanode-crash-fs.ts'
import { MemoryIndexHome } from './datanode-memory-index.ts'
import { SeededRandom } from './datanode-random.ts'

const segmentBytes = 256 * 1024
const lives = 6
const clients = 5

type Known = {
  readonly chunk: TestChunk
  /**
   * `unsure`: a write was begun and never acknowledged. `going`: a delete was begun. `gone`: a delete
   * was acknowledged, and the index has not been lost since.
   */
  state: 'unsure' | 'stored' | 'going' | 'gone' | 'mayReturn'
  /** The store that a write of it is under way in. */
  writing: DiskBlobStore | undefined
}
export type CrashTally = {
  writes: number
  reads: number
  deletes: number
  faults: number
  powerLosses: number
  kills: number
  rebuilds: number
  returned: number
}
type Opened = { readonly store: DiskBlobStore; readonly kill: () => void }

/** One history of several lives. Throws with the seed in the message when a promise was broken. */
export async function simulateCrashes(seed: number): Promise<CrashTally> {
  const simulation = new Simulation(seed)
  try {
    await simulation.run()
  } catch (cause) {
    simulation.abort()
    throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
  return simulation.tally
}

class Simulation {
  readonly tally: CrashTally = {
    writes: 0,
    reads: 0,
    deletes: 0,
    faults: 0,
    powerLosses: 0,
    kills: 0,
    rebuilds: 0,
    returned: 0,
  }
  readonly #random: SeededRandom
  readonly #fs: CrashFs
  readonly #home = new MemoryIndexHome()
  readonly #known: Known[] = []
  #nowMs = 1_700_000_000_000
  #processes = 0
  readonly #kills: (() => void)[] = []
  #stopped = false
  #living: readonly DiskBlobStore[] = []

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.#fs = new CrashFs(new SeededRandom(seed + 1_000_003))
  }

  async run(): Promise<void> {
    for (let life = 0; life < lives; life += 1) {
      const primary = await this.#openThroughFaults()
      await this.#checkAll(primary.store)
      const worker = await this.#open('worker')
      await this.#live(primary, worker)
    }
    const last = await this.#openThroughFaults()
    await this.#checkAll(last.store)
    while ((await last.store.reclaim(200_000)).is === 'worked') await last.store.maintain()
    await this.#checkAll(last.store)
    const { wrapped, corrupt } = await last.store.scrub(2 ** 40)
    assert(wrapped && corrupt.length === 0, 'the scrub found a corrupt chunk')
    await last.store.close()
  }

  /** Lets every simulated process die, so that nothing goes on. */
  abort(): void {
    this.#stopped = true
    for (const kill of this.#kills) kill()
  }

  async #open(role: 'primary' | 'worker'): Promise<Opened> {
    const { vfs, kill, isAlive } = this.#fs.view()
    this.#kills.push(kill)
    this.#processes += 1
    const store = await DiskBlobStore.open({
      path: '/data',
      role,
      processId: `p${this.#processes}`,
      vfs,
      nowMs: () => this.#nowMs,
      randomBytes: (count) => this.#random.bytes(count),
      segmentBytes,
      reserveBytes: 64 * 1024,
      openFilesMax: 3,
      indexHome: this.#home.view(isAlive),
      isReferenced: async (refs) => refs.map((ref) => this.#isReferenced(ref)),
    })
    return { store, kill }
  }

  /** As metadata would have it: from before the acknowledgement until the deletion begins. */
  #isReferenced(ref: BlobRef): boolean {
    const known = this.#known.find(
      ({ chunk }) => chunk.ref.generation === ref.generation && chunk.ref.id.equals(ref.id),
    )
    return known !== undefined && (known.state === 'stored' || known.state === 'unsure')
  }

  /** A start may fail because of the disk; the next one, on a sound disk, must not. */
  async #openThroughFaults(): Promise<Opened> {
    if (this.#random.oneIn(3)) this.#fault(30)
    try {
      const opened = await this.#open('primary')
      this.#fs.clearFaults()
      return this.#noteRebuild(opened)
    } catch (cause) {
      assert(isFault(cause), `opening failed: ${cause}`)
      this.#fs.clearFaults()
      return this.#noteRebuild(await this.#open('primary'))
    }
  }

  #noteRebuild(opened: Opened): Opened {
    const report = opened.store.recovery
    assert(report !== undefined)
    // The only true problems here: a sync that was made to fail, and what a stop left of a batch.
    const expected = /^(could not be synced|skips )/
    const other = report.problems.filter(({ what }) => !expected.test(what))
    assert.deepEqual(other, [], 'recovery took a stop for damage')
    if (report.rebuilt) {
      this.tally.rebuilds += 1
      for (const known of this.#known) if (known.state === 'gone') known.state = 'mayReturn'
    }
    return opened
  }

  #fault(within: number): void {
    this.tally.faults += 1
    const kind = this.#random.pick<FaultKind>(['EIO', 'EIO', 'ENOSPC'])
    this.#fs.failAfter(1 + this.#random.below(within), kind)
  }

  async #live(primary: Opened, first: Opened): Promise<void> {
    let worker = first
    this.#stopped = false
    const stores = (): DiskBlobStore[] => [primary.store, worker.store]
    this.#living = stores()
    if (this.#random.oneIn(2)) for (let i = this.#random.below(4); i >= 0; i -= 1) this.#fault(400)
    const endCalls = this.#fs.calls + 20 + this.#random.below(600)
    const work = [
      ...Array.from({ length: clients }, () => this.#client(() => this.#random.pick(stores()))),
      this.#keeper(primary.store, stores),
    ]
    const failed = Promise.all(work)
    const workerDies = this.#random.oneIn(3) ? endCalls - 10 - this.#random.below(20) : Infinity
    while (this.#fs.calls < endCalls) {
      await Promise.race([failed, turn()])
      if (this.#fs.calls < workerDies || worker !== first) continue
      worker.kill()
      worker = await this.#open('worker')
      this.#living = stores()
      const living = new Set([`p${this.#processes - 2}`, `p${this.#processes}`])
      await this.#unlessFault(() => primary.store.adoptOrphanSegments(living))
    }
    this.#stopped = true
    if (this.#random.oneIn(4)) await this.#stopOrderly(primary, worker, work)
    else this.#stopHard(primary, worker)
    this.#fs.clearFaults()
  }

  async #stopOrderly(primary: Opened, worker: Opened, work: Promise<void>[]): Promise<void> {
    // A client of a process that was killed never hears an answer.
    let ended = false
    const all = Promise.all(work).finally(() => {
      ended = true
    })
    for (let i = 0; i < 500 && !ended; i += 1) await Promise.race([all, turn()])
    await this.#unlessFault(() => worker.store.close())
    await this.#unlessFault(() => primary.store.close())
    worker.kill()
    primary.kill()
    if (this.#random.oneIn(2)) this.#losePower()
  }

  #stopHard(primary: Opened, worker: Opened): void {
    worker.kill()
    primary.kill()
    if (this.#random.oneIn(3)) this.tally.kills += 1
    else this.#losePower()
  }

  #losePower(): void {
    this.tally.powerLosses += 1
    this.#fs.losePower()
    this.#home.losePower(this.#random)
  }

  async #client(store: () => DiskBlobStore): Promise<void> {
    while (!this.#stopped) {
      const roll = this.#random.below(10)
      if (roll < 5) await this.#write(store())
      else if (roll < 7) await this.#delete(store())
      else await this.#readSome(store())
      this.#nowMs += 10
      await turn()
    }
  }

  async #keeper(primary: DiskBlobStore, stores: () => DiskBlobStore[]): Promise<void> {
    while (!this.#stopped) {
      await turn()
      await this.#unlessFault(() => primary.reclaim(100_000))
      for (const store of stores()) await this.#unlessFault(() => store.maintain())
      await this.#unlessFault(async () => {
        const { corrupt } = await primary.scrub(200_000)
        // A sector that could not be read once counts as corrupt, and the fault was ours.
        if (corrupt.length > 0) assert(this.tally.faults > 0, 'the scrub found a corrupt chunk')
      })
    }
  }

  async #write(store: DiskBlobStore): Promise<void> {
    const random = this.#random
    // Sometimes the write of somebody who got no answer, again.
    const again = random.oneIn(8) ? this.#known.filter((known) => this.#mayRetry(known)) : []
    const length = 1 + random.below(random.oneIn(5) ? 150_000 : 9_000)
    const chunk = chunkOf(testRef(random), { random, length })
    const known: Known =
      again.length > 0 ? random.pick(again) : { chunk, state: 'unsure', writing: undefined }
    if (again.length === 0) this.#known.push(known)
    this.tally.writes += 1
    known.writing = store
    await this.#unlessFault(async () => {
      const answer = await store.write(known.chunk)
      if (answer.is === 'stored' && known.state === 'unsure') known.state = 'stored'
    })
    known.writing = undefined
  }

  /** A write that is still under way may land after a delete of its generation, as an orphan. */
  #mayRetry({ state, writing }: Known): boolean {
    return state === 'unsure' && (writing === undefined || !this.#living.includes(writing))
  }

  async #delete(store: DiskBlobStore): Promise<void> {
    const stored = this.#known.filter(({ state }) => state === 'stored')
    if (stored.length === 0) return
    const known = this.#random.pick(stored)
    known.state = 'going'
    this.tally.deletes += 1
    await this.#unlessFault(async () => {
      await store.delete([known.chunk.ref])
      known.state = 'gone'
    })
  }

  async #readSome(store: DiskBlobStore): Promise<void> {
    if (this.#known.length === 0) return
    const count = this.#random.pick([1, 1, 3, 12])
    const some = Array.from({ length: count }, () => this.#random.pick(this.#known))
    await this.#unlessFault(() => this.#check(store, some))
  }

  async #check(store: DiskBlobStore, some: readonly Known[]): Promise<void> {
    const before = some.map(({ state }) => state)
    const wanted = some.map(({ chunk }) => ({ ref: chunk.ref, range: wholeOf(chunk) }))
    const [one] = wanted
    const answers =
      some.length === 1 && one !== undefined
        ? [await store.read(one.ref, one.range)]
        : await store.readMany(wanted)
    for (const [index, known] of some.entries()) {
      const [was, answer] = [before[index], answers[index]]
      assert(was !== undefined && answer !== undefined, 'fewer answers than were asked for')
      this.#judge(known, was, answer)
    }
  }

  /** What is true at the beginning of a read must be true of its answer, or have changed meanwhile. */
  #judge(known: Known, before: Known['state'], answer: BlobRead): void {
    this.tally.reads += 1
    const { chunk } = known
    const name = `${chunk.ref.id.toString('hex').slice(0, 8)} (${before}, now ${known.state})`
    assert(answer.is !== 'corrupt', `${name} reads as corrupt`)
    if (answer.is === 'found') {
      assert(answer.frames.equals(chunk.frames), `${name} reads back with other bytes`)
      assert(before !== 'gone', `${name} was deleted and reads back`)
      if (before === 'mayReturn') this.tally.returned += 1
    } else {
      assert(
        before !== 'stored' || known.state !== 'stored',
        `${name} was acknowledged and is lost`,
      )
    }
  }

  async #checkAll(store: DiskBlobStore): Promise<void> {
    for (const known of this.#known) await this.#check(store, [known])
    if (this.#known.length > 0) await this.#check(store, this.#known)
    const { chunks } = await store.usage()
    let listed = 0
    let after: string | undefined
    do {
      const page = await store.list({ limit: 50, minAgeMs: 0, ...(after && { after }) })
      listed += page.blobs.length
      after = page.next
    } while (after !== undefined)
    assert(listed <= chunks, 'more is listed than counted')
  }

  async #unlessFault(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (cause) {
      if (!isFault(cause)) throw cause
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function isFault(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  return 'code' in cause && (cause.code === 'EIO' || cause.code === 'ENOSPC')
}
