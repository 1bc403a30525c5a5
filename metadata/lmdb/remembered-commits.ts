// Which commits were done, of those that their callers have named. A version, a delete marker and a part
// name theirs while they are there; everything else, and they when they go, leave a row for a while.

import { encodeRemembered, parseRemembered, type Remembered } from '../codec/remembered-codec.ts'
import { type CommitId, commitMemoryMs } from '../commit-id.ts'
import { orderBytes } from '../row-ids.ts'
import type { Tables } from './lmdb-environment.ts'

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
