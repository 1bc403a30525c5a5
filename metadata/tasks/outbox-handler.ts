// How the tasks of the outbox are done: releases step by step, deletions of blobs in batches. Where
// blobs are deleted is handed in.
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import type { Outbox, OutboxTask, ReleaseTask } from '../metadata-store.ts'
import type { TaskHandler } from './task-queue.ts'

/** Steps a release may take before others get their turn; a 5 TiB object takes some thousands. */
const stepsPerTurn = 32
/** A release that is found broken this often is set aside: others must not wait behind it. */
const brokenMax = 5

export type OutboxHandlerParts = {
  readonly outbox: Pick<Outbox, 'release' | 'setAside' | 'finish'>
  /** Durable when it resolves; deleting what is deleted already is success. */
  readonly deleteBlobs: (blobs: readonly BlobRef[]) => Promise<void>
  /** Asked between steps: true ends the turn early. */
  readonly isStopping: () => boolean
  /** Told when a release was set aside for good, and why. */
  readonly onSetAside: (task: ReleaseTask, cause: unknown) => void
}

export function outboxHandler({
  outbox,
  deleteBlobs,
  isStopping,
  onSetAside,
}: OutboxHandlerParts): TaskHandler {
  /** How often each was found broken: of tasks that still fail, so they are few. */
  const broken = new Map<string, number>()
  const release = async (task: ReleaseTask): Promise<void> => {
    for (let step = 0; step < stepsPerTurn && !isStopping(); step += 1) {
      const answer = await outbox.release(task)
      if (answer.is === 'broken') return giveUpOrThrow(task, answer.cause)
      if (answer.is === 'more') continue
      broken.delete(task.seq)
      return
    }
  }
  const giveUpOrThrow = async (task: ReleaseTask, cause: unknown): Promise<void> => {
    const times = (broken.get(task.seq) ?? 0) + 1
    broken.set(task.seq, times)
    if (times < brokenMax) throw cause
    await outbox.setAside(task)
    broken.delete(task.seq)
    onSetAside(task, cause)
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
