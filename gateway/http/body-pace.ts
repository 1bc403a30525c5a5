// Cuts off senders that hold a request open and send next to nothing. Only time spent waiting for them
// counts: how long we take over a buffer is not their fault.
import { S3Error } from '../../protocol/s3/s3-error.ts'

export type PaceLimit = {
  /** A window in which fewer bytes a second arrived, on average, ends the request. */
  readonly bytesPerSecondMin: number
  /** Time of waiting that makes up a window. Milliseconds. */
  readonly windowMs: number
  /** Time of waiting before the first window begins. Milliseconds. */
  readonly graceMs: number
  readonly nowMs: () => number
}

/**
 * Passes the body through. Throws S3Error `RequestTimeout` once a window has brought too little, at the
 * latest a quarter of a window after its end when nothing comes at all.
 */
export async function* paced(
  body: AsyncIterable<Buffer>,
  limit: PaceLimit,
): AsyncGenerator<Buffer, void, void> {
  const source = body[Symbol.asyncIterator]()
  const watch = new SenderWatch(limit)
  let state: 'waiting' | 'passing' | 'ended' = 'waiting'
  try {
    for (;;) {
      state = 'waiting'
      const result = await watch.over(source.next())
      if (result.done === true) {
        state = 'ended'
        return
      }
      state = 'passing'
      watch.received(result.value.length)
      yield result.value
    }
  } finally {
    watch.close()
    const closing = state === 'ended' ? undefined : source.return?.()
    // A source that still waits for its sender ends when the connection does, and then has an error to
    // tell that nobody asks for any more: ours has been thrown.
    if (state === 'waiting') closing?.catch(() => undefined)
    else await closing
  }
}

class SenderWatch {
  private readonly limit: PaceLimit
  private readonly timer: NodeJS.Timeout
  private leftMs: number
  private bytesMissing = 0
  private waitingSinceMs: number | undefined
  private cutOff: ((cause: unknown) => void) | undefined

  constructor(limit: PaceLimit) {
    this.limit = limit
    this.leftMs = limit.graceMs
    this.timer = setInterval(() => this.tick(), limit.windowMs / 4).unref()
  }

  /** Settles as `next` does, or rejects when the sender is too slow. */
  over<T>(next: Promise<T>): Promise<T> {
    this.waitingSinceMs = this.limit.nowMs()
    return new Promise((resolve, reject) => {
      this.cutOff = reject
      next.then(resolve, reject)
    })
  }

  /** Throws S3Error `RequestTimeout`. */
  received(bytes: number): void {
    this.bytesMissing -= bytes
    this.spend()
    this.waitingSinceMs = undefined
  }

  close(): void {
    clearInterval(this.timer)
  }

  private tick(): void {
    if (this.waitingSinceMs === undefined) return
    try {
      this.spend()
    } catch (cause) {
      this.cutOff?.(cause)
    }
  }

  /** Charges the time waited so far, and judges the window when it is over. */
  private spend(): void {
    const now = this.limit.nowMs()
    this.leftMs -= now - (this.waitingSinceMs ?? now)
    this.waitingSinceMs = now
    if (this.leftMs > 0) return
    if (this.bytesMissing > 0) throw new S3Error('RequestTimeout')
    this.leftMs = this.limit.windowMs
    this.bytesMissing = (this.limit.bytesPerSecondMin * this.limit.windowMs) / 1000
  }
}
