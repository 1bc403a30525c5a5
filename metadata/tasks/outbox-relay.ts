// The loop that claims tasks of one kind and publishes them: each kind has its own, so that none waits for
// another. It looks again twice a second when there is nothing to do, which also finds what other processes
// have written.
//
// Nothing here relies on the queue. How much is under way is asked of the outbox: while more than half of what
// may be is neither done nor given back, nothing more is claimed, so that a queue that takes everything and
// answers nothing is not filled without end. What it has lost is claimed anew when its lease is over; what it
// did not take is given back.
import { ToldFailures } from '../../protocol/told-failures.ts'
import type { Outbox, Task } from '../outbox-store.ts'
import { backoff, pause } from './pause.ts'
import type { TaskQueue } from './task-queue.ts'

export type OutboxRelayDeps = {
  readonly outbox: Pick<Outbox, 'claim' | 'unfinished' | 'retryLater'>
  readonly queue: Pick<TaskQueue, 'publish'>
  readonly kind: string
  /** In whose name tasks are claimed now. */
  readonly owner: () => string
  /** Told of failures, of equal ones in a row once; it is tried again. */
  readonly onFailure: (cause: unknown) => void
  readonly times?: Partial<RelayTimes>
}

export type RelayTimes = {
  /** How long a task may take, from its claim on, until another gets it too. */
  readonly leaseMs: number
  readonly idleMs: number
  /** Between failures. */
  readonly backoffMs: { readonly minMs: number; readonly maxMs: number }
}

export interface OutboxRelay {
  /** Ends the loop; resolves when nothing is claimed or published any more. */
  stop(): Promise<void>
  /** After `stop`: what nobody does any more is there for others at once. */
  giveBack(): Promise<void>
}

const claimedAtOnce = 256
const underWayMax = 1024
/** Between looks at what is under way, while that is much. */
const lookAgainMs = { minMs: 20, maxMs: 1_000 }
const defaultTimes: RelayTimes = {
  leaseMs: 30_000,
  idleMs: 500,
  backoffMs: { minMs: 500, maxMs: 10_000 },
}

export function startOutboxRelay(deps: OutboxRelayDeps): OutboxRelay {
  const stopping = new AbortController()
  const loop = new RelayLoop(deps, stopping.signal)
  const ended = loop.run()
  return {
    stop: () => {
      stopping.abort()
      return ended
    },
    giveBack: () => loop.giveBack(),
  }
}

class RelayLoop {
  readonly #deps: OutboxRelayDeps
  readonly #signal: AbortSignal
  readonly #times: RelayTimes
  /** Claimed here, and not known to be finished. */
  #underWay: readonly Task[] = []
  #looksInVain = 0
  readonly #failures: ToldFailures

  constructor(deps: OutboxRelayDeps, signal: AbortSignal) {
    this.#deps = deps
    this.#signal = signal
    this.#times = { ...defaultTimes, ...deps.times }
    this.#failures = new ToldFailures(deps.onFailure)
  }

  async run(): Promise<void> {
    const { backoffMs } = this.#times
    let failures = 0
    while (!this.#signal.aborted) {
      try {
        const pauseMs = await this.#turn()
        failures = 0
        this.#failures.ended()
        if (pauseMs > 0) await pause(pauseMs, this.#signal)
      } catch (cause) {
        if (this.#signal.aborted) return
        this.#failures.failed(cause)
        failures += 1
        await pause(backoff(failures, backoffMs), this.#signal)
      }
    }
  }

  async giveBack(): Promise<void> {
    const { outbox } = this.#deps
    const left = await outbox.unfinished(this.#underWay)
    this.#underWay = []
    await outbox.retryLater(left, { afterMs: 0 })
  }

  /** Claims and publishes once; answers how long to wait before the next time. */
  async #turn(): Promise<number> {
    const { outbox, queue, kind, owner } = this.#deps
    const { leaseMs, idleMs } = this.#times
    if (this.#underWay.length > underWayMax / 2) {
      this.#underWay = await outbox.unfinished(this.#underWay)
      const isMuch = this.#underWay.length > underWayMax / 2
      this.#looksInVain = isMuch ? this.#looksInVain + 1 : 0
      if (isMuch) return backoff(this.#looksInVain, lookAgainMs)
    }
    const claim = { kinds: [kind], owner: owner(), leaseMs, limit: claimedAtOnce }
    const tasks = await outbox.claim(claim)
    if (tasks.length === 0) return idleMs
    this.#underWay = [...this.#underWay, ...tasks]
    try {
      await queue.publish(kind, tasks, { signal: this.#signal })
    } catch (cause) {
      await this.#notPublished(tasks)
      throw cause
    }
    return 0
  }

  /**
   * They have not failed, and nobody may do them: they are there for others at once, and no attempt is counted.
   * Those that the queue has taken all the same are found out by who gets them, since their claims are over.
   */
  async #notPublished(tasks: readonly Task[]): Promise<void> {
    // Who stops gives back all that he has.
    if (this.#signal.aborted) return
    try {
      await this.#deps.outbox.retryLater(tasks, { afterMs: 0 })
      const given = new Set(tasks)
      this.#underWay = this.#underWay.filter((task) => !given.has(task))
    } catch (cause) {
      this.#failures.failed(cause)
    }
  }
}
