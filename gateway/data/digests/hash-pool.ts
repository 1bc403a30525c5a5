// Threads that compute the digests of large bodies, shared by the uploads of a process: MD5 alone takes
// as long as everything else an upload needs. Started when first needed, ended when idle.
import assert from 'node:assert'
import type { HashAlgorithm } from './hash-messages.ts'
import { type HashLane, HashThread } from './hash-thread.ts'

export type HashPoolOptions = {
  readonly threadsMax: number
  /** A thread that had nothing to do for this long is ended. Default 10,000. */
  readonly keepMs?: number
}

export class HashPool {
  private readonly threadsMax: number
  private readonly keepMs: number
  private threads: HashThread[] = []
  private keepTimer: NodeJS.Timeout | undefined

  constructor(options: HashPoolOptions) {
    assert(options.threadsMax >= 1, 'a pool of no thread')
    this.threadsMax = options.threadsMax
    this.keepMs = options.keepMs ?? 10_000
  }

  /** Begins digests over one body, on the thread that has least to do. */
  open(algorithms: readonly HashAlgorithm[]): HashLane {
    this.threads = this.threads.filter((thread) => !thread.isBroken)
    return this.leastBusy().open(algorithms)
  }

  /** Ends all threads. Lanes still open fail. */
  async close(): Promise<void> {
    clearTimeout(this.keepTimer)
    const threads = this.threads
    this.threads = []
    await Promise.all(threads.map((thread) => thread.end()))
  }

  private leastBusy(): HashThread {
    let best: HashThread | undefined
    for (const thread of this.threads) {
      if (best === undefined || thread.openLanes < best.openLanes) best = thread
    }
    if (best !== undefined && (best.openLanes === 0 || this.threads.length >= this.threadsMax)) {
      return best
    }
    const started = new HashThread(() => this.endLater())
    this.threads.push(started)
    return started
  }

  private endLater(): void {
    this.keepTimer ??= setTimeout(() => {
      this.keepTimer = undefined
      const idle = this.threads.filter((thread) => thread.openLanes === 0)
      this.threads = this.threads.filter((thread) => thread.openLanes > 0)
      for (const thread of idle) void thread.end()
    }, this.keepMs).unref()
    this.keepTimer.refresh()
  }
}
