// PORT, a noun of `metadata-store.ts`: the outbox, what committed changes have left to do, written in the
// transactions that cause it. It is the durable list; who does it, and what carries tasks there: `tasks/`.
//
// Work is handed out by claims: a task that is claimed is handed to nobody else until its lease ends, and
// then to whoever asks. So a claimer that died costs time and no work. A lease is no lock: an owner that was
// paused for longer works on beside the next one, and a clock that is wrong, or jumps, ends leases early or
// late. Both are harmless, since every task is idempotent, and what a claimer says of a claim that is no
// longer his changes nothing. Times are spans by the engine's own clock; claimers' clocks need not agree.
//
// Nothing asks for an order, nor for the oldest: an engine looks into one of its shards, or some, at a time. It
// promises that whoever goes on claiming is handed everything in the end, and that neither kinds nor
// tenants wait for one another: what one claim hands out is shared among those that have something to do,
// and what failed stands behind what has not been tried.
import type { BlobRef } from '../protocol/chunks/chunk-ref.ts'
import type { TenantId } from './records.ts'

/** What tasks of the kinds that the engine itself makes carry. */
export type TaskPayloads = {
  /** References of a removed version, part, upload or list to give back: `Outbox.release` knows which. */
  readonly release: undefined
  /** A blob that nothing refers to any more. */
  readonly deleteBlob: { readonly blob: BlobRef }
}

/**
 * A task, claimed. Of kinds that are not the engine's, it keeps the payload and does not look into it: who
 * does such a task parses it. Kinds that nobody asks for, of a later program perhaps, stay where they are.
 */
export type Task<Kind extends string = string> = Kind extends string
  ? {
      /** Names the task for good. */
      readonly id: string
      readonly tenantId: TenantId
      readonly kind: Kind
      readonly payload: Kind extends keyof TaskPayloads ? TaskPayloads[Kind] : unknown
      /** How often it was claimed since it last got on, this time included. */
      readonly attempts: number
      /** Names the claim, together with the id. */
      readonly claim: string
    }
  : never

/**
 * A task to be written with a commit. The payload is a plain value (texts, numbers, bytes, arrays and
 * objects of them) of at most `followUpBytesMax` as MessagePack.
 */
export type FollowUp = { readonly kind: string; readonly payload: unknown }
export const followUpBytesMax = 65_536
export const followUpsMax = 16

export interface Outbox {
  /**
   * Claims tasks of these kinds for `leaseMs`, at most `limit`; a read while there are none. Not safe to
   * repeat after a lost answer, and harmless: what it claimed comes back when the lease ends. Releases that a
   * lease of reads holds back are not among them.
   */
  claim<Kind extends string>(claim: {
    readonly kinds: readonly Kind[]
    readonly owner: string
    readonly leaseMs: number
    readonly limit: number
  }): Promise<readonly Task<Kind>[]>

  /**
   * Does one step of a release: gives back a page of references; a chunk whose count falls to zero
   * loses its row and gains a `deleteBlob` task, in the same transaction. `more`: call again. Safe to
   * repeat, late or doubled: what is done is not done again, and what another has claimed is left to
   * him. With the last step the task is done. `broken`: the rows contradict the task; nothing was changed.
   */
  release(
    task: Task<'release'>,
  ): Promise<{ is: 'more' } | { is: 'done' } | { is: 'broken'; cause: unknown }>

  /** Removes tasks that are done. Those that are claimed otherwise by now stay. Safe to repeat. */
  done(tasks: readonly Task[]): Promise<void>

  /**
   * Gives claims back: the tasks are handed out again once `afterMs` have passed. With a cause they failed;
   * without, they got on, and begin to count their attempts anew. Safe to repeat.
   */
  retryLater(
    tasks: readonly Task[],
    how: { readonly afterMs: number; readonly cause?: unknown },
  ): Promise<void>

  /** Takes a task out of the way for good: it and what it holds are kept, and counted. Safe to repeat. */
  bury(task: Task, why: { readonly cause: unknown }): Promise<void>

  /** Which of these claims still live: neither done, given back nor buried, and their lease has not ended. */
  unfinished<T extends Task>(tasks: readonly T[]): Promise<readonly T[]>

  /** About how many tasks wait or are claimed, held ones included. */
  depthEstimate(): Promise<number>

  /** About how many were buried. More than none is for an operator to know. */
  buriedEstimate(): Promise<number>
}
