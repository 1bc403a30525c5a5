// A MongoDB that is killed and started again and again, with connections that are cut at random, under clients that write
// through two engines and ask again until they are answered. Whatever was acknowledged is there, once; every chunk is
// held as often as it is referred to; and all that was left to do gets done.
//   [HOLDFAST_TEST_SEED=7] node dist/test/simulation/mongo-kills.test.js --budget-ms 60000
import assert from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { initDatabaseAt } from '../../metadata/mongodb/init-database.ts'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import type { Outbox } from '../../metadata/outbox-store.ts'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import { beginOwner, makeBucket, processOwner } from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'
import { type Fate, MongoProxy } from '../support/mongo-proxy.ts'
import { type MongoServer, startOwnMongoServer } from '../support/mongo-server.ts'
import { onMongo } from '../support/on-mongo.ts'
import { type SeededBytes, seededBytes } from '../support/seeded-bytes.ts'
import { checkNothingLeft, checkStored } from './mongo-check.ts'
import { StoredCopies } from './mongo-kills-model.ts'
import { MongoWriters } from './mongo-writers.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 12_000)
const giveUpMs = 5000
const verbMs = 2000
/** One of so many commands. */
const cutOneOf = 60
const claimMs = 1000
/** When nobody goes on any more with a transaction whose connection was cut. */
const orphanedMs = 500

/** Does what is to be done, by claims that end soon, until it is stopped. */
class Worker {
  readonly notes = new Set<string>()
  readonly #outbox: Outbox
  readonly #copies: StoredCopies
  #goesOn = true

  constructor(outbox: Outbox, copies: StoredCopies) {
    this.#outbox = outbox
    this.#copies = copies
  }

  async run(): Promise<void> {
    while (this.#goesOn) {
      if ((await reached(() => this.round())) === 0) await sleep(5)
    }
  }

  stop(): void {
    this.#goesOn = false
  }

  /** Answers how many tasks it was handed. */
  async round(): Promise<number> {
    const kinds = ['release', 'deleteBlob', 'note'] as const
    const claim = { owner: 'worker', leaseMs: claimMs, limit: 20 }
    const tasks = await this.#outbox.claim({ kinds, ...claim })
    for (const task of tasks) {
      if (task.kind === 'release') {
        const { is, ...why } = await this.#outbox.release(task)
        assert.notEqual(is, 'broken', why as Error)
        if (is === 'more') await this.#outbox.retryLater([task], { afterMs: 0 })
        continue
      }
      if (task.kind === 'deleteBlob') this.#copies.delete(task.payload.blob)
      else this.notes.add(String(task.payload))
      await this.#outbox.done([task])
    }
    return tasks.length
  }
}

async function reached<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof StoreUnavailable)) throw cause
    return undefined
  }
}

async function harass(
  { server, proxy }: { readonly server: MongoServer; readonly proxy: MongoProxy },
  random: SeededBytes,
): Promise<number> {
  const until = performance.now() + budgetMs
  proxy.decide((): Fate => {
    if (random.integer(cutOneOf) > 0) return 'pass'
    return random.integer(2) === 0 ? 'cutBefore' : 'cutAfter'
  })
  let kills = 0
  while (performance.now() < until) {
    await sleep(500 + random.integer(1500))
    // Those that were cut off hold what they have written; one that is being committed anew is left alone.
    await proxy.endTransactions({ afterMs: orphanedMs })
    if (random.integer(3) === 0) continue
    await server.kill()
    proxy.cutAll()
    await server.restart()
    kills += 1
  }
  proxy.decide(() => 'pass')
  await sleep(2 * orphanedMs)
  await proxy.endTransactions({ afterMs: orphanedMs })
  return kills
}

onMongo('a MongoDB that is killed under load', () => {
  describe('a MongoDB that is killed under load', (test) => {
    test('nothing is lost that was acknowledged, and nothing is done twice', async () => {
      const random = seededBytes()
      const server = await startOwnMongoServer()
      const uri = server.forDatabase('kills')
      await initDatabaseAt({ uri })
      const proxy = await MongoProxy.start(server.uri)
      const opening = { uri: proxy.uri('kills', giveUpMs), random: random.bytes, verbMs }
      const stores = [
        await MongoMetadataStore.open(opening),
        await MongoMetadataStore.open(opening),
      ]
      const [first] = stores
      assert(first !== undefined)
      try {
        await beginOwner(first, processOwner)
        const versioned = await makeBucket(first, 'versioned', 'enabled')
        const plain = await makeBucket(first, 'plain')
        const buckets = { versioned, plain }
        const writers = new MongoWriters({ stores, random, buckets, writers: 4 })
        const copies = new StoredCopies()
        const worker = new Worker(first.outbox, copies)
        const running = [writers.run(), worker.run()]
        const kills = await Promise.race([
          harass({ server, proxy }, random),
          Promise.all(running).then(() => assert.fail('the load has ended')),
        ])
        writers.stop()
        await running[0]
        worker.stop()
        await running[1]
        await drainAll(worker, first)
        const found = await checkStored(first, { writers, copies })
        console.log(JSON.stringify({ kills, ...writers.tally, ...found }))
        for (const note of writers.notes) assert(worker.notes.has(note), `note ${note} is lost`)
        assert.equal(worker.notes.size, writers.notes.length)
        for (const { bucket, key, known } of writers.keys) {
          for (const { versionId } of known.versions) {
            await first.objects.delete({ bucket, key, versionId, nowMs: Date.now() })
          }
        }
        // A call whose answer was lost may come late, when its upload is over: what it begins then has no part, and goes by its age.
        const initiatedBeforeMs = Date.now() + 1
        assert((await first.uploads.abortStale({ initiatedBeforeMs, limit: 100 })) < 100)
        await drainAll(worker, first)
        await checkNothingLeft(first)
      } finally {
        for (const store of stores) await store.close()
        await proxy.close()
        await server.stop()
      }
    })
  })
})

/** Claims that nobody knows of end by themselves. */
async function drainAll(worker: Worker, { outbox }: MongoMetadataStore): Promise<void> {
  while ((await outbox.depthEstimate()) > 0) {
    if ((await worker.round()) === 0) await sleep(50)
  }
  assert.equal(await outbox.buriedEstimate(), 0)
}
