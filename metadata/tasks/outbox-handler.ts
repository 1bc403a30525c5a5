// How the tasks of the outbox are done: releases step by step, deletions of blobs in batches. Where
// blobs are deleted is handed in.
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import type { Outbox, OutboxTask } from '../metadata-store.ts'
import type { TaskHandler } from './task-queue.ts'

/** Steps a release may take before others get their turn; a 5 TiB object takes some thousands. */
const stepsPerTurn = 32

export type OutboxHandlerParts = {
  readonly outbox: Pick<Outbox, 'release' | 'finish'>
  /** Durable when it resolves; deleting what is deleted already is success. */
  readonly deleteBlobs: (blobs: readonly BlobRef[]) => Promise<void>
  /** Asked between steps: true ends the turn early. */
  readonly isStopping: () => boolean
}

export function outboxHandler({
  outbox,
  deleteBlobs,
  isStopping,
}: OutboxHandlerParts): TaskHandler {
  const release = async (task: OutboxTask & { kind: 'release' }): Promise<void> => {
    for (let step = 0; step < stepsPerTurn && !isStopping(); step += 1) {
      if ((await outbox.release(task)).is === 'done') return
    }
  }
  const deleteAll = async (tasks: readonly (OutboxTask & { kind: 'deleteBlob' })[]) => {
    await deleteBlobs(tasks.map((task) => task.blob))
    await outbox.finish(tasks)
  }

  return async (tasks) => {
    const failures: unknown[] = []
    let done = 0
    const attempt = async (count: number, work: () => Promise<void>) => {
      try {
        await work()
        done += count
      } catch (cause) {
        failures.push(cause)
      }
    }
    const deletions = tasks.filter((task) => task.kind === 'deleteBlob')
    if (deletions.length > 0) await attempt(deletions.length, () => deleteAll(deletions))
    for (const task of tasks) {
      if (isStopping()) break
      if (task.kind === 'release') await attempt(1, () => release(task))
    }
    return { done, failures }
  }
}
