// How the tasks that free what is not needed any more are done: releases step by step, deletions of blobs in
// batches. Where blobs are deleted is handed in.
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import type { Outbox, Task } from '../outbox-store.ts'
import type { TaskOutcome, TaskWork } from './task-worker.ts'

/** Steps a release may take before others get their turn; a 5 TiB object takes some thousands. */
const stepsPerTurn = 32
/** Releases whose steps are done side by side, and share their commits. */
const releasesAtOnce = 64

const done = { is: 'done' } as const
const again = { is: 'again' } as const

export function releaseWork(outbox: Pick<Outbox, 'release'>): TaskWork<'release'> {
  const release = async (task: Task<'release'>, signal: AbortSignal): Promise<TaskOutcome> => {
    for (let step = 0; step < stepsPerTurn && !signal.aborted; step += 1) {
      const answer = await outbox.release(task)
      if (answer.is !== 'more') return answer
    }
    return again
  }
  const failed = (cause: unknown): TaskOutcome => ({ is: 'failed', cause })
  return {
    kind: 'release',
    run: async (tasks, signal) => {
      const outcomes: TaskOutcome[] = []
      for (let at = 0; at < tasks.length; at += releasesAtOnce) {
        const some = tasks.slice(at, at + releasesAtOnce)
        outcomes.push(
          ...(await Promise.all(some.map((task) => release(task, signal).catch(failed)))),
        )
      }
      return outcomes
    },
  }
}

/** `deleteBlobs`: durable when it resolves; deleting what is deleted already is success. */
export function deletionWork(
  deleteBlobs: (blobs: readonly BlobRef[]) => Promise<void>,
): TaskWork<'deleteBlob'> {
  const deleteAll = (tasks: readonly Task<'deleteBlob'>[]) =>
    deleteBlobs(tasks.map(({ payload }) => payload.blob))
  const deleteAlone = (task: Task<'deleteBlob'>): Promise<TaskOutcome> =>
    deleteAll([task]).then(
      () => done,
      (cause: unknown) => ({ is: 'failed', cause }),
    )
  return {
    kind: 'deleteBlob',
    run: async (tasks) => {
      try {
        await deleteAll(tasks)
        return tasks.map(() => done)
      } catch (cause) {
        // One of them may be what all have failed for.
        if (tasks.length === 1) return [{ is: 'failed', cause }]
        return Promise.all(tasks.map(deleteAlone))
      }
    },
  }
}
