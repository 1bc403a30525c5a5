// Which commits were done, of those that their callers have named. A version, a delete marker and a part
// name theirs while they are there; everything else, and they when they go, leave a row for a while.

import assert from 'node:assert'
import { encodeRemembered, parseRemembered, type Remembered } from '../codec/remembered-codec.ts'
import { type CommitId, commitMemoryMs, parseCommitId } from '../commit-id.ts'
import type { Tables } from './lmdb-environment.ts'
import { orderBytes } from './row-keys.ts'

/** Rows that have become too old, removed with each new one: so they never pile up. */
const forgottenAtOnce = 4
const from = Buffer.of(0)

/** What a commit of this kind has answered. */
export function recall<Kind extends Remembered['is']>(
  { commits }: Tables,
  commitId: CommitId | undefined,
  kind: Kind,
): Extract<Remembered, { is: Kind }> | undefined {
  const row = commitId && commits.get(Buffer.from(commitId, 'hex'))
  const commit = row && parseRemembered(row)
  return commit !== undefined && isOf(commit, kind) ? commit : undefined
}

function isOf<Kind extends Remembered['is']>(
  commit: Remembered,
  kind: Kind,
): commit is Extract<Remembered, { is: Kind }> {
  return commit.is === kind
}

/** Notes a commit, if its caller has named it. */
export function remember(
  { commits }: Tables,
  commitId: CommitId | undefined,
  commit: Remembered,
): void {
  if (commitId === undefined) return
  const key = Buffer.from(commitId, 'hex')
  const tooOld = Buffer.alloc(orderBytes)
  tooOld.writeUIntBE(Math.max(0, timeOf(key) - commitMemoryMs), 0, orderBytes)
  for (const old of commits.keys({ start: from, end: tooOld, limit: forgottenAtOnce })) {
    commits.remove(old)
  }
  commits.put(key, encodeRemembered(commit))
}

function timeOf(key: Buffer): number {
  return key.readUIntBE(0, orderBytes)
}

/** The commit id with the time of its call: all that a version tells of it. Of a row id, the same. */
export function timedCommit(nowMs: number, id: string): CommitId {
  const time = Math.max(0, nowMs)
    .toString(16)
    .padStart(orderBytes * 2, '0')
  const commitId = parseCommitId(time + id.slice(orderBytes * 2))
  assert(commitId !== undefined, 'a time that is no whole number of milliseconds')
  return commitId
}
