// How a verb changes the versions of a key: it reads, puts its change together, makes it, and looks at what that has
// left to do. When somebody was faster, all of it begins anew.
//
// A change that comes to one document is one command as a rule; any other is a transaction, which stays on the shard of the key
// unless chunks or a list are claimed with it. Nothing of the bucket is within it: the bucket is read before, and once more
// before the verb answers.
import type { CommitId } from '../commit-id.ts'
import type {
  BucketRef,
  ClaimRefused,
  FollowUps,
  NewPieceData,
  NoSuchBucket,
} from '../metadata-store.ts'
import type { PieceData, TenantId } from '../records.ts'
import { takePiece } from './chunk-claims.ts'
import { settle } from './held-versions.ts'
import { KeyChange, type KeyPlace } from './key-change.ts'
import { taskPlace } from './key-places.ts'
import { readTop, takeOut, type VersionRead, versionByRow } from './key-versions.ts'
import { type LiveBucket, liveBucket, lookAfterwards } from './live-bucket.ts'
import type { Shared } from './shared.ts'
import { followUpTasks } from './task-fields.ts'

/**
 * Makes a change. Of one document it takes no transaction, unless the call may be asked again: a command whose sender has
 * given up may still be done, after the call that was made in its place, and after others have undone that. What is in a
 * transaction is nothing without its sender. Throws `Conflict`.
 */
export async function makeChange(
  { db }: Pick<Shared, 'db'>,
  change: KeyChange,
  commitId?: CommitId,
): Promise<void> {
  if (change.size === 1 && commitId === undefined) await change.make(db)
  else await db.attempt(({ session }) => change.make(db, session))
}

/**
 * Makes a change that takes a piece of data, which `plan` puts into it once it is known which generations live. It
 * stays undone when the piece is refused.
 */
export async function makeWithPiece<Planned>(
  { db }: Shared,
  claiming: {
    readonly live: LiveBucket
    readonly data: NewPieceData
    readonly commitId: CommitId | undefined
  },
  plan: (data: PieceData) => Promise<{ change: KeyChange; planned: Planned }>,
): Promise<{ is: 'made'; planned: Planned } | ClaimRefused> {
  const { live, data, commitId } = claiming
  if (data.is === 'inline') {
    const { change, planned } = await plan(data)
    await makeChange({ db }, change, commitId)
    return { is: 'made', planned }
  }
  return db.attempt(async ({ session, undo }) => {
    const piece = await takePiece({ db, session }, live.bucket.tenantId, data)
    if (piece.is !== 'taken') {
      undo()
      return piece
    }
    const { change, planned } = await plan(piece.data)
    await change.make(db, session)
    return { is: 'made', planned }
  })
}

/** Decides what becomes of versions that a change has buried. */
export async function settleAll(
  { db }: Shared,
  place: KeyPlace,
  { bucket }: LiveBucket,
  buried: readonly VersionRead[],
): Promise<void> {
  const { tenantId } = bucket
  await Promise.all(
    buried.map(({ rowId, c }) => {
      const grave = { ...place, rowId, tenantId }
      return settle(db, c === undefined ? grave : { ...grave, content: c })
    }),
  )
}

/**
 * The last step of a verb that has put a version into a bucket: it stays there, or, when the bucket is gone, it is taken
 * out again.
 */
export async function afterPlacing<Answer>(
  shared: Shared,
  placed: {
    readonly ref: BucketRef
    readonly place: KeyPlace
    readonly live: LiveBucket
    readonly rowId: string
  },
  answer: Answer,
): Promise<Answer | NoSuchBucket> {
  const { ref, place, live, rowId } = placed
  if ((await lookAfterwards(shared.db, ref)) === 'there') return answer
  await shared.db.retrying(async () => {
    const version = await versionByRow(shared.db, place, rowId)
    if (version === undefined) return
    const top = await readTop(shared.db, place)
    const change = new KeyChange(place)
    const nowMs = Number.MAX_SAFE_INTEGER
    const buried = await takeOut(shared.db, change, { version, top, bucket: live.bucket, nowMs })
    await makeChange(shared, change)
    await settleAll(shared, place, live, buried)
  })
  return { is: 'noSuchBucket' }
}

/** The bucket and the top of a key, read side by side. */
export async function readKey(shared: Shared, ref: BucketRef, key: string) {
  const place = { bucketId: ref.id, key }
  const [live, top] = await Promise.all([liveBucket(shared.db, ref), readTop(shared.db, place)])
  return { live, top, place }
}

/** Beside the key, so that they cost no other shard. */
export function addFollowUps(
  change: KeyChange,
  tasks: {
    readonly followUps: FollowUps | undefined
    readonly tenantId: TenantId
    readonly random: Shared['random']
  },
): void {
  const { followUps, tenantId, random } = tasks
  for (const t of followUpTasks(tenantId, followUps)) {
    change.insert(taskPlace(random(12).toString('hex')), { t })
  }
}
