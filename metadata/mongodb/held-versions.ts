// Versions that were removed, and what becomes of them: released, or held back by a lease that covers them.
import type { BucketId, TenantId } from '../records.ts'
import type { MongoDatabase } from './mongo-database.ts'

/** A version that was removed: a document of `objects` at `gravePlace(rowId)`. */
export type Grave = {
  readonly bucketId: BucketId
  readonly key: string
  readonly rowId: string
  readonly tenantId: TenantId
}

/**
 * After the commit that has made a grave, and by the first step of its release. `released`: an inline version, which is
 * gone now; `due`: its task goes on; `held`.
 */
export async function settle(
  _db: MongoDatabase,
  _grave: Grave,
): Promise<'released' | 'due' | 'held'> {
  return 'due'
}
