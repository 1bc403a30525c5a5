// What `rabbitmq-chaos.test.ts` runs: a store whose outbox is the truth, a real RabbitMQ behind a proxy, and
// processes that relay and do tasks while everything happens to both. The oracle is what the commits have left: in
// the end each note was done, the outbox is empty, nothing was buried, and no more was published than there is reason
// for.
import assert from 'node:assert'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Channel, GetMessage } from 'amqplib'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { type RunningTasks, startTasks } from '../../metadata/tasks/start-tasks.ts'
import type { TaskQueue } from '../../metadata/tasks/task-queue.ts'
import { leaveNotes } from '../support/leave-notes.ts'
import type { RabbitmqNode } from '../support/rabbitmq-node.ts'
import { freshPrefix, onChannel, openQuickQueue } from '../support/rabbitmq-queue.ts'
import type { SeededBytes } from '../support/seeded-bytes.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const processesAtOnce = 3
const notesARound = 300
const leaseMs = 1_500
const settleMs = 120_000
const times = {
  ...{ leaseMs, idleMs: 20, backoffMs: { minMs: 20, maxMs: 300 } },
  ...{ retryMs: { minMs: 10, maxMs: 100 }, stuckMs: { minMs: 5, maxMs: 50 } },
}

type Event = { readonly name: string; readonly happen: () => Promise<void> }

export class RabbitmqChaos {
  readonly tally = { rounds: 0, notes: 0, runs: 0, published: 0, deaths: 0, events: {} }
  readonly #random: SeededBytes
  readonly #store: LmdbMetadataStore
  readonly #path: string
  readonly #node: RabbitmqNode
  readonly #proxy: TcpProxy
  readonly #prefix = freshPrefix()
  readonly #done = new Map<string, number>()
  readonly #processes = new Map<number, RunningTasks>()
  readonly #wrong: string[] = []
  /** What was told of, which is much: for whoever looks for a mistake. */
  readonly #told: string[] = []
  #started = 0
  #left = 0

  private constructor(
    random: SeededBytes,
    parts: { store: LmdbMetadataStore; path: string; node: RabbitmqNode; proxy: TcpProxy },
  ) {
    this.#random = random
    this.#store = parts.store
    this.#path = parts.path
    this.#node = parts.node
    this.#proxy = parts.proxy
  }

  static async open(random: SeededBytes, node: RabbitmqNode): Promise<RabbitmqChaos> {
    const path = await mkdtemp(join(tmpdir(), 'holdfast-rabbitmq-chaos-'))
    const store = await LmdbMetadataStore.open({ path, random: random.bytes, role: 'primary' })
    const proxy = await TcpProxy.listen(node.port)
    const chaos = new RabbitmqChaos(random, { store, path, node, proxy })
    for (let slot = 0; slot < processesAtOnce; slot += 1) chaos.#start(slot)
    return chaos
  }

  /** Commits go on while things happen; then all that they have left must be done. */
  async round(events: readonly string[]): Promise<void> {
    const first = this.#left
    const beganMs = performance.now()
    const publishedBefore = this.tally.published
    const writing = this.#write(notesARound)
    for (const name of events) {
      await this.#happen(name)
      await wait(this.#random.integer(300))
    }
    await writing
    this.#proxy.flow()
    await this.#settle()
    for (let note = first; note < this.#left; note += 1) {
      assert(this.#done.has(`note ${note}`), `note ${note} was never done`)
    }
    assert.equal(await this.#store.outbox.buriedEstimate(), 0)
    assert.deepEqual(this.#wrong, [])
    this.#assertNoSpinning(this.tally.published - publishedBefore, performance.now() - beganMs)
    this.tally.rounds += 1
  }

  /** A task is claimed once a lease, by one of the relays, unless who had it gave it back. */
  #assertNoSpinning(published: number, elapsedMs: number): void {
    const most = notesARound * (2 + this.tally.deaths) + (elapsedMs / leaseMs) * notesARound * 2
    assert(published <= most, `${published} were published in ${elapsedMs} ms, more than ${most}`)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.stop()))
    await this.#proxy.close()
    await this.#store.close()
    await rm(this.#path, { recursive: true })
  }

  /** A commit never waits for RabbitMQ. */
  async #write(count: number): Promise<void> {
    for (let written = 0; written < count; written += 20) {
      await leaveNotes(this.#store, 20, this.#left)
      this.#left += 20
      this.tally.notes += 20
      await wait(this.#random.integer(60))
    }
  }

  async #settle(): Promise<void> {
    const end = Date.now() + settleMs
    for (;;) {
      const left = await this.#store.outbox.depthEstimate()
      if (left === 0) return
      if (Date.now() > end) {
        const now = `${Math.round(performance.now())}: ${JSON.stringify(await this.#counts())}`
        console.error(`${this.#told.slice(-60).join('\n')}\n${now}`)
        assert.fail(`${left} tasks are never done`)
      }
      await wait(20)
    }
  }

  #counts(): Promise<unknown> {
    return onChannel(this.#node.url, async (channel) => [
      await channel.checkQueue(`${this.#prefix}.tasks.note`),
      await channel.checkQueue(`${this.#prefix}.dead`),
    ])
  }

  #start(slot: number): void {
    this.#started += 1
    const owner = `process ${this.#started}`
    const url = `amqp://guest:guest@127.0.0.1:${this.#proxy.port}`
    const note = (what: string) => (cause: unknown) => {
      this.#told.push(`${Math.round(performance.now())} ${owner} ${what}: ${String(cause)}`)
    }
    const { queue } = openQuickQueue({ url, prefix: this.#prefix }, { onFailure: note('queue') })
    const tasks = startTasks({
      ...{ outbox: this.#store.outbox, queue: this.#counting(queue), owner: () => owner, times },
      onFailure: note('tasks'),
      onBuried: (task) => this.#wrong.push(`buried ${String(task.payload)}`),
    })
    const work = {
      kind: 'note' as const,
      run: async (some: readonly { readonly payload: unknown }[]) =>
        some.map(({ payload }) => {
          this.tally.runs += 1
          const name = String(payload)
          if (!/^note \d+$/.test(name)) this.#wrong.push(`done: ${name}`)
          if (this.#random.integer(20) === 0) return { is: 'failed' as const, cause: 'no luck' }
          this.#done.set(name, (this.#done.get(name) ?? 0) + 1)
          return { is: 'done' as const }
        }),
    }
    // One relays, one does, and one does both.
    if (slot === 0) tasks.relay('note')
    else if (slot === 1) tasks.consume(work, { callsAtOnce: 2 })
    else tasks.work(work)
    this.#processes.set(slot, tasks)
  }

  #counting(queue: TaskQueue): TaskQueue {
    return {
      outlivesProcess: queue.outlivesProcess,
      publish: (kind, tasks, options) => {
        this.tally.published += tasks.length
        return queue.publish(kind, tasks, options)
      },
      consume: (kind, handler, options) => queue.consume(kind, handler, options),
      close: () => queue.close(),
    }
  }

  async #happen(name: string): Promise<void> {
    const event = this.#events.find((each) => each.name === name)
    assert(event !== undefined, `nothing is called ${name}`)
    const counts: Record<string, number> = this.tally.events
    counts[name] = (counts[name] ?? 0) + 1
    await event.happen()
  }

  /** So many events that take no restart of RabbitMQ. */
  someEvents(count: number): readonly string[] {
    const light = this.#events.filter(({ name }) => !name.startsWith('RabbitMQ'))
    return Array.from(
      { length: count },
      () => light[this.#random.integer(light.length)]?.name ?? '',
    )
  }

  readonly #events: readonly Event[] = [
    { name: 'cut', happen: async () => this.#proxy.cut() },
    {
      name: 'cut in the middle',
      happen: async () => {
        const direction = this.#random.integer(2) === 0 ? 'answers' : 'requests'
        this.#proxy.cutAfter(direction, 1 + this.#random.integer(4_000))
      },
    },
    { name: 'hold answers', happen: () => this.#forAWhile(() => this.#proxy.hold('answers')) },
    { name: 'hold requests', happen: () => this.#forAWhile(() => this.#proxy.hold('requests')) },
    { name: 'delay', happen: () => this.#forAWhile(() => this.#proxy.delay('answers', 80)) },
    {
      name: 'drop answers',
      happen: async () => {
        await this.#forAWhile(() => this.#proxy.drop('answers'))
        this.#proxy.cut()
      },
    },
    { name: 'refuse', happen: () => this.#forAWhile(() => this.#proxy.refuse()) },
    { name: 'double and reorder', happen: () => this.#withMessages((some) => [...some, ...some]) },
    { name: 'lose', happen: () => this.#withMessages(() => []) },
    {
      name: 'garbage',
      happen: () =>
        this.#aside(async (channel) => {
          for (let count = 0; count < 20; count += 1) {
            const body = this.#random.bytes(this.#random.integer(200))
            channel.sendToQueue(`${this.#prefix}.tasks.note`, body)
          }
        }),
    },
    {
      name: 'delete the queue',
      happen: () =>
        this.#aside(async (channel) => {
          await channel.deleteQueue(`${this.#prefix}.tasks.note`)
        }),
    },
    {
      name: 'delete the exchange',
      happen: () =>
        this.#aside(async (channel) => {
          await channel.deleteExchange(`${this.#prefix}.work`)
        }),
    },
    {
      name: 'a process ends',
      happen: async () => {
        const slot = this.#random.integer(processesAtOnce)
        await this.#processes.get(slot)?.stop()
        this.tally.deaths += 1
        this.#start(slot)
      },
    },
    { name: 'RabbitMQ is killed', happen: () => this.#node.restart() },
    { name: 'RabbitMQ is wiped', happen: () => this.#node.wipe() },
    {
      name: 'RabbitMQ is paused',
      happen: async () => {
        await this.#node.pause()
        await wait(3_000).finally(() => this.#node.resume())
      },
    },
    {
      name: 'RabbitMQ is away',
      happen: async () => {
        await this.#node.kill()
        await wait(2_000)
        await this.#node.boot()
      },
    },
  ]

  async #forAWhile(begin: () => void): Promise<void> {
    begin()
    await wait(200 + this.#random.integer(2_500))
    this.#proxy.flow()
  }

  /** Takes messages out of the queue, and puts back what is made of them, in whatever order. */
  #withMessages(change: (messages: readonly GetMessage[]) => readonly GetMessage[]): Promise<void> {
    return this.#aside(async (channel) => {
      const queue = `${this.#prefix}.tasks.note`
      const taken: GetMessage[] = []
      for (let count = 0; count < 50; count += 1) {
        const message = await channel.get(queue)
        if (message === false) break
        taken.push(message)
      }
      const back = [...change(taken)].sort(() => this.#random.integer(3) - 1)
      for (const { content } of back) channel.sendToQueue(queue, content)
      for (const message of taken) channel.ack(message)
    })
  }

  /** Past the proxy. What is not there just now is no matter. */
  async #aside(body: (channel: Channel) => Promise<void>): Promise<void> {
    await onChannel(this.#node.url, body).catch(() => undefined)
  }
}
