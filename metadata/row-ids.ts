// Ids of the rows that versions are committed as: 16 bytes, in hex. They begin with the time counted backwards, so
// that those of one key are in the order of newest first.
import assert from 'node:assert'
import { type CommitId, parseCommitId } from './commit-id.ts'

export const rowIdBytes = 16
/** A row id begins with `orderMax` less milliseconds, in so many bytes. */
export const orderBytes = 6
export const orderMax = 2 ** 48 - 1
const orderDigits = orderBytes * 2

export type RowIdMaking = {
  readonly nowMs: number
  readonly random: (bytes: number) => Buffer
  readonly commitId: CommitId | undefined
}

/**
 * An id for a version that becomes the newest: inverted milliseconds, below the newest there is, then
 * ten random bytes, or those of the commit id. So the clock gives the order as long as it runs forward, and commits do when not.
 */
export function nextRowId(
  newest: string | undefined,
  { nowMs, random, commitId }: RowIdMaking,
): string {
  const bound = newest === undefined ? orderMax : Number.parseInt(newest.slice(0, orderDigits), 16)
  const order = Math.min(orderMax - nowMs, bound - 1)
  assert(order >= 0, 'no row id is left below the newest')
  const id = Buffer.alloc(rowIdBytes)
  id.writeUIntBE(order, 0, orderBytes)
  if (commitId === undefined) id.set(random(rowIdBytes - orderBytes), orderBytes)
  else id.write(commitId.slice(orderDigits), orderBytes, 'hex')
  return id.toString('hex')
}

/** What ids of rows end with that a commit of this id has made. */
export function rowIdTail(commitId: CommitId): string {
  return commitId.slice(orderDigits)
}

/** What ids begin with of rows that were committed at this time, unless a newer one was there. */
export function rowIdOrder(nowMs: number): string {
  return (orderMax - nowMs).toString(16).padStart(orderDigits, '0')
}

/** The commit id with the time of its call: all that a version tells of it. Of a row id, the same. */
export function timedCommit(nowMs: number, id: string): CommitId {
  const time = Math.max(0, nowMs).toString(16).padStart(orderDigits, '0')
  const commitId = parseCommitId(time + id.slice(orderDigits))
  assert(commitId !== undefined, 'a time that is no whole number of milliseconds')
  return commitId
}
