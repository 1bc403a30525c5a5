// Which commits were done, of those that their callers have named, as far as they lie beside a key. A version, a
// delete marker and a part name theirs while they are there; everything else, and they when they go, leave a
// document for a while. What lies beside no key: `commit-records.ts`.
import {
  encodeRemembered,
  parseRemembered,
  type Remembered,
  type VersionCommit,
} from '../codec/remembered-codec.ts'
import { parseVersionHead, versionIdOfRow } from '../codec/version-codec.ts'
import { type CommitId, commitMemoryMs } from '../commit-id.ts'
import type { Bucket } from '../records.ts'
import { rowIdOrder, rowIdTail, timedCommit } from '../row-ids.ts'
import type { KeyChange, KeyPlace } from './key-change.ts'
import { commitPlace, olderPlace } from './key-places.ts'
import type { TopRead } from './key-versions.ts'
import type { MongoDatabase } from './mongo-database.ts'

/** By the clock of whoever writes it: twice as long as anybody asks. */
function forgottenAt(): Date {
  return new Date(Date.now() + 2 * commitMemoryMs)
}

/** What a commit of this kind has answered. */
export async function recallInKey<Kind extends Remembered['is']>(
  db: MongoDatabase,
  { bucketId, key }: KeyPlace,
  { commitId, kind }: { readonly commitId: CommitId | undefined; readonly kind: Kind },
): Promise<Extract<Remembered, { is: Kind }> | undefined> {
  if (commitId === undefined) return undefined
  const filter = { b: bucketId, k: key, s: commitPlace(commitId) }
  const found = await db.run(() => db.objects.findOne(filter))
  if (found?.c === undefined) return undefined
  const commit = parseRemembered(found.c)
  return isOf(commit, kind) ? commit : undefined
}

function isOf<Kind extends Remembered['is']>(
  commit: Remembered,
  kind: Kind,
): commit is Extract<Remembered, { is: Kind }> {
  return commit.is === kind
}

/** Notes a commit, if its caller has named it. */
export function rememberInKey(
  change: KeyChange,
  commitId: CommitId | undefined,
  commit: Remembered,
): void {
  if (commitId === undefined) return
  change.insert(commitPlace(commitId), { c: encodeRemembered(commit), until: forgottenAt() })
}

type Asked = {
  readonly bucket: Bucket
  readonly top: TopRead | undefined
  readonly nowMs: number
  readonly commitId: CommitId | undefined
}

/**
 * What has become of this very commit, when it was made before: of an object (`committed`) or a marker
 * (`deleted`). Costs nothing of a commit that nobody has named, one look of one that was named, and another one of those
 * whose key has a version that is not older.
 */
export async function madeBefore(
  db: MongoDatabase,
  place: KeyPlace,
  { is, ...asked }: Asked & { readonly is: 'committed' | 'deleted' },
): Promise<VersionCommit | undefined> {
  const { bucket, nowMs, commitId } = asked
  if (commitId === undefined) return undefined
  const found = await versionMadeBy(db, place, asked)
  if (found === undefined) {
    return recallInKey(db, place, { commitId: timedCommit(nowMs, commitId), kind: is })
  }
  const deleteMarker = found.head.is === 'deleteMarker'
  if (deleteMarker !== (is === 'deleted')) return undefined
  const { versioning } = bucket
  return { versionId: versionIdOfRow(found.rowId, found.head), versioning, deleteMarker }
}

async function versionMadeBy(
  db: MongoDatabase,
  { bucketId, key }: KeyPlace,
  { top, nowMs, commitId }: Asked,
): Promise<Pick<TopRead, 'rowId' | 'head'> | undefined> {
  if (top === undefined || commitId === undefined) return undefined
  const tail = rowIdTail(commitId)
  if (top.rowId.endsWith(tail)) return top
  const oldest = rowIdOrder(nowMs)
  if (top.rowId.slice(0, oldest.length) > oldest) return undefined
  const s = { $gte: olderPlace(''), $lte: olderPlace(oldest + 'f'.repeat(tail.length)) }
  const filter = { b: bucketId, k: key, v: true as const, s, r: { $regex: `${tail}$` } }
  const found = await db.run(() => db.objects.findOne(filter, { hint: 'versions' }))
  if (found?.r === undefined || found.h === undefined) return undefined
  return { rowId: found.r, head: parseVersionHead(found.h) }
}
