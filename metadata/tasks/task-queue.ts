// PORT: what carries tasks from the outbox to those who do them. The outbox is the durable list; a queue only
// delivers. It may lose, double, delay and reorder, and all of it may be wiped: a task that was lost is
// claimed and published again when its claim's lease ends, and one that comes twice is done as if once,
// since every task is idempotent. Nothing may depend on what a queue holds, or on its answers, but how soon
// something is done. Engines: `embedded-task-queue.ts`, and `rabbitmq/rabbitmq-task-queue.ts`.
import type { Task } from '../outbox-store.ts'

/**
 * Does tasks, and says in the outbox what became of them. Resolves when the queue may forget them, whatever
 * became of them; when it rejects, or never ends, the queue may deliver them again.
 */
export type TaskHandler<Kind extends string> = (tasks: readonly Task<Kind>[]) => Promise<void>

export type Consuming = {
  /** How many tasks at most are with this consumer at once, in one call or in several. */
  readonly prefetch: number
  /** Aborted, no call begins any more. */
  readonly signal: AbortSignal
}

export interface TaskQueue {
  /**
   * What was published is there for other processes, also when this one has ended. If not, it ends with it, and
   * who published it gives it back.
   */
  readonly outlivesProcess: boolean

  /**
   * Hands tasks of one kind over. Resolves when the queue has taken them all; waits while it has no room.
   * Rejects when the signal comes first, or the queue cannot be reached: some may have been taken.
   * Safe to repeat.
   */
  publish<Kind extends string>(
    kind: Kind,
    tasks: readonly Task<Kind>[],
    options: { readonly signal: AbortSignal },
  ): Promise<void>

  /**
   * Hands tasks of a kind to a handler, several at a time, as they come and in no particular order. Several
   * consumers of a kind share what there is. Resolves when the signal has come, or the queue was closed,
   * and no call runs any more.
   */
  consume<Kind extends string>(
    kind: Kind,
    handler: TaskHandler<Kind>,
    options: Consuming,
  ): Promise<void>

  /**
   * Ends `publish` and `consume`; resolves when no handler runs any more. Tasks that are left are lost, unless
   * the queue outlives the process.
   */
  close(): Promise<void>
}
