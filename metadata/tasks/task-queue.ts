// PORT: what carries tasks from the outbox to the handlers that do them. The outbox is the durable
// list; a queue only delivers, and may lose, double, delay or reorder: every task is idempotent, and
// is pushed again for as long as the outbox has it. Engines: `embedded-task-queue.ts`; RabbitMQ
// joins later.
import type { OutboxTask } from '../outbox-store.ts'

/** What became of the tasks of one push. Those that are neither are still under way. */
export type PushOutcome = {
  readonly done: number
  /** Why tasks failed. */
  readonly failures: readonly unknown[]
  /** Those that failed, in the order they came in; they stay in the outbox. */
  readonly failed: readonly OutboxTask[]
}

/** Does tasks, and takes those that are done out of the outbox. Throws for none of them. */
export type TaskHandler = (tasks: readonly OutboxTask[]) => Promise<PushOutcome>

export interface TaskQueue {
  /**
   * Hands tasks over. Resolves when the queue has taken them, or has done them. Not durable. Safe to
   * repeat, and must be: a task that a queue still holds is no new one.
   */
  push(tasks: readonly OutboxTask[]): Promise<PushOutcome>
}
