// The current objects of a prefix at one moment. A moment is a time of the cluster, which any process can read at for
// as long as the database keeps snapshots (`minSnapshotHistoryWindowInSeconds`, five minutes unless it is set): nothing is
// kept open, and no process has to be asked again. https://www.mongodb.com/docs/manual/reference/read-concern-snapshot/
import { MongoServerError, Timestamp } from 'mongodb'
import { parseFrozenHead } from '../codec/version-codec.ts'
import type { FreezeQuery, FrozenMoment, FrozenObject, ObjectStore } from '../metadata-store.ts'
import type { BucketId } from '../records.ts'
import type { MongoDatabase } from './mongo-database.ts'
import type { Shared } from './shared.ts'
import { keysWithin, successorOf } from './walk-keys.ts'

/** SnapshotTooOld, SnapshotUnavailable, and a time that is ahead of all that the server knows. */
const expiredCodes = new Set([239, 246, 72])

export function mongoFreezer({ db }: Shared): Pick<ObjectStore, 'freezePage' | 'endFreeze'> {
  return {
    freezePage: async (bucket, query) => {
      const { limit, moment } = query
      const at = moment === undefined ? undefined : timeOf(moment)
      if (moment !== undefined && at === undefined) return { is: 'snapshotExpired' }
      const page = await readAt(db, bucket.id, { ...query, at })
      if (page === 'expired') return { is: 'snapshotExpired' }
      const objects = page.objects.slice(0, limit)
      const isTruncated = page.objects.length > limit
      return { is: 'page', moment: momentOf(page.at), objects, isTruncated }
    },
    // The server lets go of old snapshots by itself.
    endFreeze: async () => {},
  }
}

type ReadAt = Omit<FreezeQuery, 'moment'> & { readonly at: Timestamp | undefined }

async function readAt(
  db: MongoDatabase,
  bucketId: BucketId,
  { prefix, after, limit, at }: ReadAt,
): Promise<{ objects: readonly FrozenObject[]; at: Timestamp } | 'expired'> {
  const behind = after !== undefined && Buffer.compare(Buffer.from(after), Buffer.from(prefix)) >= 0
  const range = {
    from: behind ? after : prefix,
    isExclusive: behind,
    to: successorOf(prefix),
  }
  try {
    const { cursor } = await db.run(() =>
      db.db.command(
        {
          find: 'objects',
          filter: { b: bucketId, cur: true, k: keysWithin(range) },
          projection: { _id: 0, k: 1, r: 1, h: 1 },
          sort: { b: 1, k: 1 },
          hint: 'current',
          limit: limit + 1,
          batchSize: limit + 1,
          singleBatch: true,
          readConcern: { level: 'snapshot', ...(at === undefined ? {} : { atClusterTime: at }) },
        },
        { promoteBuffers: true },
      ),
    )
    const read = at ?? cursor.atClusterTime
    if (!(read instanceof Timestamp)) throw new TypeError('a snapshot that names no time')
    return { objects: cursor.firstBatch.map(parseFrozen), at: read }
  } catch (cause) {
    if (cause instanceof MongoServerError && expiredCodes.has(Number(cause.code))) return 'expired'
    throw cause
  }
}

function parseFrozen({ k, r, h }: { k: string; r: string; h: Buffer }): FrozenObject {
  return { key: k, rowId: r, ...parseFrozenHead(h, 0) }
}

/** Seconds and count, in hex. */
function momentOf(at: Timestamp): FrozenMoment {
  return parseMoment(at.toString(16).padStart(16, '0'))
}

function parseMoment(raw: string): FrozenMoment {
  return raw as FrozenMoment
}

function timeOf(moment: FrozenMoment): Timestamp | undefined {
  if (!/^[0-9a-f]{16}$/.test(moment)) return undefined
  const t = Number.parseInt(moment.slice(0, 8), 16)
  const i = Number.parseInt(moment.slice(8), 16)
  return new Timestamp({ t, i })
}
