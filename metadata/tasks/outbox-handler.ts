// How the tasks of the outbox are done: releases step by step, deletions of blobs in batches. Where
// blobs are deleted is handed in.
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import type { Outbox, OutboxTask, ReleaseTask } from '../outbox-store.ts'
import type { TaskHandler } from './task-queue.ts'

/** Steps a release may take before others get their turn; a 5 TiB object takes some thousands. */
const stepsPerTurn = 32
/** A release that is found broken this often is set aside: others must not wait behind it. */
const brokenMax = 5

/** Releases whose steps are done side by side. */
const releasesAtOnce = 32

type DeleteTask = OutboxTask & { readonly kind: 'deleteBlob' }

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
  const deleteAll = async (tasks: readonly DeleteTask[]) => {
    await deleteBlobs(tasks.map((task) => task.blob))
    await outbox.finish(tasks)
  }

  return async (tasks) => {
    const failures: unknown[] = []
    const failed = new Set<OutboxTask>()
    let done = 0
    const attempt = async (some: readonly OutboxTask[], work: () => Promise<void>) => {
      try {
        await work()
        done += some.length
      } catch (cause) {
        failures.push(cause)
        for (const task of some) failed.add(task)
      }
    }
    const deletions = tasks.filter((task) => task.kind === 'deleteBlob')
    if (deletions.length > 0) await attempt(deletions, () => deleteAll(deletions))
    // One of them may be what all have failed for.
    if (failed.size > 1) {
      failed.clear()
      const alone = await Promise.allSettled(deletions.map((task) => deleteAll([task])))
      alone.forEach(({ status }, at) => {
        const task = deletions[at]
        if (status === 'fulfilled') done += 1
        else if (task !== undefined) failed.add(task)
      })
    }
    const releases = tasks.filter((task) => task.kind === 'release')
    for (let at = 0; at < releases.length && !isStopping(); at += releasesAtOnce) {
      // Those of one turn share their commits.
      const some = releases.slice(at, at + releasesAtOnce)
      await Promise.all(some.map((task) => attempt([task], () => release(task))))
    }
    return { done, failures, failed: tasks.filter((task) => failed.has(task)) }
  }
}
