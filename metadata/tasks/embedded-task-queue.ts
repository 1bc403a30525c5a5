// The task queue within one process: a push is done when the handler is. At most one push runs at a
// time, so that no task runs twice at once.
import type { OutboxTask } from '../outbox-store.ts'
import type { PushOutcome, TaskHandler, TaskQueue } from './task-queue.ts'

export function embeddedTaskQueue(handle: TaskHandler): TaskQueue {
  let last: Promise<unknown> = Promise.resolve()
  return {
    push: (tasks: readonly OutboxTask[]): Promise<PushOutcome> => {
      const run = last.then(() => handle(tasks))
      last = run.catch(() => undefined)
      return run
    },
  }
}
