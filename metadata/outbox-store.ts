// PORT, a noun of `metadata-store.ts`: the outbox, what committed changes have left to do, written in the
// transactions that cause it. Who does it: `tasks/`.
import type { BlobRef } from '../protocol/chunks/chunk-ref.ts'
import type { TenantId } from './records.ts'

/** What a committed change left to do. `seq` orders tasks of one tenant and names the task. */
export type OutboxTask = {
  readonly seq: string
  readonly tenantId: TenantId
} /** References of a removed version, part, upload or list to give back. */ & (
  | { readonly kind: 'release' }
  /** A blob that nothing refers to any more. */
  | { readonly kind: 'deleteBlob'; readonly blob: BlobRef }
)

export type ReleaseTask = OutboxTask & { readonly kind: 'release' }

/** A `seq` of each kind, exclusive. Absent: from the first. */
export type OutboxPlace = { readonly [kind in OutboxTask['kind']]?: string | undefined }

export interface Outbox {
  /**
   * Tasks in order, at most `limit`, of each kind behind the one named; releases that a lease holds back
   * are not among them. When there are too many, neither kind gets less than half.
   */
  next(limit: number, after?: OutboxPlace): Promise<readonly OutboxTask[]>
  /**
   * Does one step of a release: gives back a page of references; a chunk whose count falls to zero
   * loses its row and gains a `deleteBlob` task, in the same transaction. `more`: call again. Safe to
   * repeat, late or doubled: what is done is not done again. `broken`: the rows contradict the task;
   * nothing was changed.
   */
  release(
    task: ReleaseTask,
  ): Promise<{ is: 'more' } | { is: 'done' } | { is: 'broken'; cause: unknown }>
  /**
   * Takes a broken release out of the way: it is kept, and what it holds stays, but it is handed out
   * no more. Atomic, durable, safe to repeat.
   */
  setAside(task: ReleaseTask): Promise<void>
  /** How many releases were set aside. More than none is for an operator to know. */
  setAsideCount(): Promise<number>
  /** Removes tasks that are done. Unknown ones are done already. */
  finish(tasks: readonly OutboxTask[]): Promise<void>
  /** How many tasks wait, held ones included. */
  depth(): Promise<number>
}
