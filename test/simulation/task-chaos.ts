// What `task-chaos.test.ts` runs: a store, a chaotic queue, and processes that relay and do tasks until they die.
// A process dies by never being heard of again: in the middle of a verb, before it was done or after.
import assert from 'node:assert'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'

import type { Bucket } from '../../metadata/records.ts'
import { deletionWork, releaseWork } from '../../metadata/tasks/freeing-work.ts'
import { startOutboxRelay } from '../../metadata/tasks/outbox-relay.ts'
import { type TaskWork, taskHandler } from '../../metadata/tasks/task-worker.ts'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import { chunk, chunks, namespace, newVersion, tenant } from '../contracts/metadata-fixture.ts'
import type { SeededBytes } from '../support/seeded-bytes.ts'
import { ChaoticQueue } from './chaotic-queue.ts'

const processesAtOnce = 3
const objectsARound = 60
const settleMs = 60_000
const times = { leaseMs: 120, idleMs: 10, backoffMs: { minMs: 5, maxMs: 40 } }
const pauses = { retryMs: { minMs: 5, maxMs: 60 }, stuckMs: { minMs: 2, maxMs: 20 } }
const never = new Promise<never>(() => {})

export class TaskChaos {
  readonly tally = { rounds: 0, deaths: 0, done: 0, doneAgain: 0, queue: {} }
  readonly #random: SeededBytes
  readonly #store: LmdbMetadataStore
  readonly #path: string
  readonly #queue: ChaoticQueue
  /** What lies on the disk. */
  readonly #disk = new Set<string>()
  readonly #notes = new Map<string, number>()
  #generation = 0

  private constructor(random: SeededBytes, store: LmdbMetadataStore, path: string) {
    this.#random = random
    this.#store = store
    this.#path = path
    this.#queue = new ChaoticQueue(random)
    this.tally.queue = this.#queue.tally
  }

  static async open(random: SeededBytes): Promise<TaskChaos> {
    const path = await mkdtemp(join(tmpdir(), 'holdfast-chaos-'))
    const store = await LmdbMetadataStore.open({ path, random: random.bytes, role: 'primary' })
    return new TaskChaos(random, store, path)
  }

  /** Objects come and go while processes die; then all that follows from it must be done. */
  async round(): Promise<void> {
    const { outbox } = this.#store
    const stopping = new AbortController()
    const lives = Array.from({ length: processesAtOnce }, () => this.#liveOn(stopping.signal))
    const kept = await this.#changeObjects()
    const end = Date.now() + settleMs
    while ((await outbox.depthEstimate()) > 0) {
      assert(Date.now() < end, `${await outbox.depthEstimate()} tasks are never done`)
      await wait(10)
    }
    stopping.abort()
    await Promise.all(lives)
    assert.equal(await outbox.buriedEstimate(), 0)
    assert.deepEqual([...this.#disk].sort(), [...kept].sort(), 'what lies on the disk')
    for (const [note, times] of this.#notes) assert(times > 0, `${note} was never done`)
    this.tally.rounds += 1
    for (const times of this.#notes.values()) {
      this.tally.done += 1
      this.tally.doneAgain += times - 1
    }
    this.#notes.clear()
  }

  async close(): Promise<void> {
    // What died never answers; what it had begun ends by itself.
    await wait(100)
    await this.#store.close()
    await rm(this.#path, { recursive: true })
  }

  /** Answers which blobs are referred to in the end. */
  async #changeObjects(): Promise<ReadonlySet<string>> {
    const kept = new Set<string>()
    for (let i = 0; i < objectsARound; i += 1) {
      const bucket = await this.#bucketOf(`t${this.#random.integer(3)}`)
      const key = `${this.tally.rounds} ${i}`
      this.#generation += 1
      const blob = chunk(`${bucket.tenantId} ${key}`, this.#generation)
      this.#disk.add(nameOf(blob))
      await this.#store.objects.commit({
        ...newVersion(bucket, key, { data: chunks(blob) }),
        ...this.#note(`put ${key}`),
      })
      if (this.#random.integer(8) === 0) kept.add(nameOf(blob))
      else {
        const note = this.#note(`delete ${key}`)
        await this.#store.objects.delete({ bucket, key, nowMs: 1, ...note })
      }
    }
    // Those of former rounds are gone by now.
    for (const name of this.#kept) kept.add(name)
    this.#kept = kept
    return kept
  }
  #kept: ReadonlySet<string> = new Set()

  #note(name: string) {
    this.#notes.set(name, 0)
    return { followUps: [{ kind: 'note', payload: name }] }
  }

  async #bucketOf(name: string): Promise<Bucket> {
    const fresh = {
      namespace: namespace(name),
      tenantId: tenant(name),
      name: 'bkt',
      region: 'here',
      createdMs: 0,
    }
    return (await this.#store.buckets.create(fresh)).bucket
  }

  /** One process after the other, until it is time to stop. */
  async #liveOn(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) {
      const death = new AbortController()
      this.#live(death)
      const steps = 5 + this.#random.integer(60)
      await Promise.race([wait(steps * 10), this.#aborted(death.signal), this.#aborted(stopping)])
      death.abort()
      this.tally.deaths += 1
    }
  }

  #live(death: AbortController): void {
    const { signal } = death
    const owner = this.#random.bytes(6).toString('hex')
    const outbox = this.#mortal(this.#store.outbox, death)
    const queue = this.#mortal({ publish: this.#queue.publish }, death)
    const begin = <Kind extends string>(work: TaskWork<Kind>) => {
      const mortal = this.#mortal(work, death)
      const onFailure = () => {}
      const onBuried = () => assert.fail('buried')
      const handler = taskHandler(
        { kind: work.kind, run: mortal.run },
        { outbox, signal, onFailure, onBuried, pauses },
      )
      void this.#queue.consume(work.kind, handler, { prefetch: 8, signal })
      startOutboxRelay({ outbox, queue, kind: work.kind, owner: () => owner, onFailure, times })
    }
    begin(releaseWork(outbox))
    begin(deletionWork((blobs) => this.#deleteBlobs(blobs)))
    begin(this.#noteWork())
  }

  async #deleteBlobs(blobs: readonly BlobRef[]): Promise<void> {
    const referenced = await this.#store.chunks.areReferenced(blobs)
    assert(!referenced.includes(true), 'a blob that is referred to was deleted')
    if (this.#random.integer(15) === 0) throw new Error('the disk is away')
    for (const blob of blobs) this.#disk.delete(nameOf(blob))
  }

  #noteWork(): TaskWork<'note'> {
    return {
      kind: 'note',
      run: async (tasks) =>
        tasks.map(({ payload }) => {
          if (this.#random.integer(15) === 0) return { is: 'failed', cause: 'no luck' }
          const name = String(payload)
          const times = this.#notes.get(name)
          // Late ones of a former round are harmless: they were done.
          if (times !== undefined) this.#notes.set(name, times + 1)
          return { is: 'done' }
        }),
    }
  }

  /** The same verbs, of a process that may die in each of them, and of which nothing is heard then. */
  #mortal<T extends object>(verbs: T, death: AbortController): T {
    return new Proxy(verbs, {
      get: (target, name) => {
        const verb: unknown = Reflect.get(target, name)
        if (typeof verb !== 'function') return verb
        return async (...parameters: readonly unknown[]) => {
          if (death.signal.aborted) return never
          const isFatal = this.#random.integer(150) === 0
          if (isFatal && this.#random.integer(2) === 0) return this.#die(death)
          const answer: unknown = await Reflect.apply(verb, target, parameters)
          if (isFatal) return this.#die(death)
          return death.signal.aborted ? never : answer
        }
      },
    })
  }

  #die(death: AbortController): Promise<never> {
    death.abort()
    return never
  }

  async #aborted(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await wait(5)
  }
}

function nameOf({ id, generation }: BlobRef): string {
  return `${id.toString('hex')} ${generation}`
}
