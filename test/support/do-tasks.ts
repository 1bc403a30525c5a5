// Does what the outbox asks for, in the test's own time.
import type { Outbox, Task } from '../../metadata/outbox-store.ts'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'

export type FreeingTask = Task<'release' | 'deleteBlob'>

/** Longer than any test takes: what is claimed stays claimed until it is given back. */
const leaseMs = 3_600_000

export function claimFreeing(outbox: Outbox, limit = 100): Promise<readonly FreeingTask[]> {
  return outbox.claim({ kinds: ['release', 'deleteBlob'], owner: 'test', leaseMs, limit })
}

/** Until nothing is left that can be claimed; what tasks leave to do is done too. */
export async function doTasks(
  outbox: Outbox,
  deleteBlob: (blob: BlobRef) => Promise<unknown>,
): Promise<void> {
  for (;;) {
    const tasks = await claimFreeing(outbox)
    if (tasks.length === 0) return
    for (const task of tasks) {
      if (task.kind === 'release') {
        while ((await outbox.release(task)).is === 'more');
      } else {
        await deleteBlob(task.payload.blob)
        await outbox.done([task])
      }
    }
  }
}
