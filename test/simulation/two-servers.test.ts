// Two whole servers on one set of engines, in one process and in two, under load on both, while one of them is
// stopped or killed again and again. Nothing that was acknowledged is lost, nothing is done twice to harm, no
// claim gets stuck, and in the end nothing is left.
// For a moment as part of the tests; longer by hand, a seed by HOLDFAST_TEST_SEED:
//   node dist/test/simulation/two-servers.test.js --budget-ms 60000
import assert from 'node:assert'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chunkChecks } from '../../deploy/recovery/check-chunks.ts'
import { LmdbEnvironment } from '../../metadata/lmdb/lmdb-environment.ts'
import { verifyReferences } from '../../metadata/lmdb/verify-references.ts'
import { describe } from '../support/describe.ts'
import { type SeededBytes, seededBytes } from '../support/seeded-bytes.ts'
import {
  type Composition,
  openSharedEngines,
  type SharedEngines,
  startComposition,
} from './server-composition.ts'
import { TwoServersLoad } from './two-servers-load.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 5000)
const childProgram = fileURLToPath(new URL('./two-servers-child.js', import.meta.url))
const drainedMs = 60_000
const dayMs = 25 * 3_600_000

/** The one that is stopped, killed and replaced. */
type Second = {
  readonly port: number
  /** Resolves when it is gone, and what it has left is for others to clear. */
  end(how: 'stopped' | 'killed'): Promise<void>
}
type StartSecond = (engines: SharedEngines, directory: string, name: string) => Promise<Second>

class TwoServers {
  readonly load: TwoServersLoad
  readonly engines: SharedEngines
  readonly #directory: string
  readonly #random: SeededBytes
  readonly #first: Composition
  readonly #startSecond: StartSecond
  #lives = 0

  private constructor(parts: {
    random: SeededBytes
    directory: string
    engines: SharedEngines
    first: Composition
    startSecond: StartSecond
  }) {
    this.load = new TwoServersLoad(parts.random)
    this.engines = parts.engines
    this.#directory = parts.directory
    this.#random = parts.random
    this.#first = parts.first
    this.#startSecond = parts.startSecond
  }

  static async open(startSecond: StartSecond): Promise<TwoServers> {
    const random = seededBytes()
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-two-'))
    const engines = await openSharedEngines(directory, { role: 'primary', processId: 'first' })
    const first = await startComposition(engines, 'first')
    const two = new TwoServers({ random, directory, engines, first, startSecond })
    two.load.ports = [first.port]
    await two.load.makeBucket()
    return two
  }

  /** A second server comes, both are under load, and it goes again. */
  async round(): Promise<void> {
    this.#lives += 1
    const second = await this.#startSecond(this.engines, this.#directory, `second-${this.#lives}`)
    this.load.ports = [this.#first.port, second.port]
    const stopping = new AbortController()
    const running = this.load.run(stopping.signal)
    await Promise.race([running, sleep(300 + this.#random.integer(900))])
    // What it was asked last may not be answered.
    this.load.ports = [this.#first.port]
    await second.end(this.#random.integer(3) === 0 ? 'stopped' : 'killed')
    await Promise.race([running, sleep(200)])
    stopping.abort()
    await running
    await this.load.verify()
  }

  /** Deletes everything: all follow-up work must come to an end. */
  async drain(): Promise<void> {
    const { outbox, owners, leases } = this.engines.metadata
    await this.load.deleteAll()
    // Archives that were downloaded hold what was in them for a day.
    await leases.expire(Date.now() + dayMs)
    const end = Date.now() + drainedMs
    const isLeft = async () =>
      (await outbox.depthEstimate()) > 0 || (await owners.ended({ limit: 9 })).length > 0
    while (await isLeft()) {
      assert(Date.now() < end, `${await outbox.depthEstimate()} tasks are left`)
      await sleep(50)
    }
    assert.equal(await outbox.buriedEstimate(), 0)
    assert.deepEqual(this.#first.failures, [])
  }

  async close(): Promise<void> {
    await this.#first.stop()
    await this.engines.close()
  }

  /** After the end; answers how many chunks are left that nothing refers to. */
  async check(): Promise<number> {
    const { blobs, close } = await openSharedEngines(this.#directory, {
      role: 'primary',
      processId: 'check',
    })
    try {
      const problems: string[] = []
      const environment = await LmdbEnvironment.open({ path: join(this.#directory, 'metadata') })
      const { chunks, orphans } = await verifyReferences({
        environment,
        ...chunkChecks(blobs, () => undefined),
        chunksAtOnce: 1000,
        tell: (what) => problems.push(what),
      }).finally(() => environment.close())
      assert.deepEqual(problems, [])
      assert.equal(chunks, 0)
      return orphans
    } finally {
      await close()
      await rm(this.#directory, { recursive: true })
    }
  }
}

async function stress(startSecond: StartSecond, isOrphanFree: boolean): Promise<void> {
  const two = await TwoServers.open(startSecond)
  try {
    const end = Date.now() + budgetMs
    do await two.round()
    while (Date.now() < end)
    await two.drain()
  } finally {
    await two.close()
  }
  const orphans = await two.check()
  if (isOrphanFree) assert.equal(orphans, 0)
  console.log(JSON.stringify({ ...two.load.tally, orphans }))
}

const inThisProcess: StartSecond = async (engines, _, name) => {
  const second = await startComposition(engines, name)
  const end = async () => {
    await second.stop()
    assert.deepEqual(second.failures, [])
  }
  return { port: second.port, end }
}

const inAnother: StartSecond = async (engines, directory, name) => {
  const child = fork(childProgram, [directory, name], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const { port, owner } = await started(child)
  const end = async (how: 'stopped' | 'killed') => {
    const exit = once(child, 'exit')
    if (how === 'killed') child.kill('SIGKILL')
    else child.send('stop')
    const [code] = await exit
    assert.equal(code, how === 'killed' ? null : 0)
    // As the process that has started it does: it has seen it end.
    await engines.metadata.owners.end(owner)
    assert.deepEqual(await engines.blobs.adoptOrphanSegments(new Set()), [])
  }
  return { port, end }
}

async function started(child: ChildProcess): Promise<{ port: number; owner: string }> {
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')])
  assert(typeof message === 'object' && message !== null, 'the second server has started')
  const { port, owner } = message as { port: number; owner: string }
  return { port, owner }
}

describe('two servers on one store', (test) => {
  test('in one process, of which one stops under load: nothing is lost, and nothing is left', () =>
    stress(inThisProcess, true))

  test('in two processes, of which one is stopped or killed under load: nothing is lost', () =>
    stress(inAnother, false))
})
