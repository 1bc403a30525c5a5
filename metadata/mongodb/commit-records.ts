// Which commits were done, of those that lie beside no key: of a hand-over and of a move between scopes nothing is left that
// would name them. Those of a key: `remembered-commits.ts`.
import { encodeRemembered, parseRemembered, type Remembered } from '../codec/remembered-codec.ts'
import { type CommitId, commitMemoryMs } from '../commit-id.ts'
import type { Within } from './chunk-claims.ts'
import type { MongoDatabase } from './mongo-database.ts'

type CommitRecord = {
  readonly _id: string
  readonly c: Buffer
  /** When it may be forgotten; the server removes it. */
  readonly until: Date
}

function commitsIn(db: MongoDatabase) {
  return db.collection<CommitRecord>('commits')
}

/** Whether a commit of this kind was done. */
export async function recallIn(
  { db, session }: Within,
  commitId: CommitId | undefined,
  kind: Remembered['is'],
): Promise<boolean> {
  if (commitId === undefined) return false
  const found = await commitsIn(db).findOne({ _id: commitId }, { session })
  return found !== null && parseRemembered(found.c).is === kind
}

/** Notes a commit, if its caller has named it, in the transaction that does it: of two, one runs anew. */
export async function rememberIn(
  { db, session }: Within,
  commitId: CommitId | undefined,
  commit: Remembered,
): Promise<void> {
  if (commitId === undefined) return
  // By the clock of whoever writes it: twice as long as anybody asks.
  const until = new Date(Date.now() + 2 * commitMemoryMs)
  const record = { _id: commitId, c: encodeRemembered(commit), until }
  await commitsIn(db).insertOne(record, { session })
}
