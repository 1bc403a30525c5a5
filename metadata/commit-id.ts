// Ids of commits, by which a verb that is asked again after its answer was lost is known to have been done.
//
// Said once of every verb that takes one: all calls with one commit id have the same arguments, times
// among them, and are done once. The first that succeeds does it, and every other has its answer, however
// late and in what order they come. A refusal has changed nothing: the next call is judged anew. An engine
// remembers a commit while what it made is there, and `commitMemoryMs` at least; nobody asks again after
// that. A call without an id can be asked once.
//
// Whoever may lose an answer draws: a client of a store that is elsewhere, and an engine whose
// transactions end without a verdict. Who calls an embedded engine needs none, and pays nothing for it.
import assert from 'node:assert'
import { drawUploadId } from './draw-upload-id.ts'

/** The spelling of an upload id: six bytes of time, ten random ones, in lower-case hex. */
export type CommitId = string & { readonly __brand: 'CommitId' }

export type ChangeOptions = { readonly commitId?: CommitId }

/** Milliseconds from when the first call was made. */
export const commitMemoryMs = 15 * 60_000

/** `random` answers as many bytes as it is asked for. */
export function drawCommitId(nowMs: number, random: (bytes: number) => Buffer): CommitId {
  const id = parseCommitId(drawUploadId(nowMs, random))
  assert(id !== undefined)
  return id
}

export function parseCommitId(raw: string): CommitId | undefined {
  return /^[0-9a-f]{32}$/.test(raw) ? (raw as CommitId) : undefined
}
