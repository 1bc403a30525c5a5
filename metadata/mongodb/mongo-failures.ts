// What the driver and the server throw, as far as it matters here: two have met, or nobody was reached.
import {
  MongoBulkWriteError,
  MongoError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerError,
  MongoSystemError,
} from 'mongodb'

/** Thrown by a verb that finds, by the count of what it has changed, that somebody was faster. */
export class Conflict extends Error {
  override readonly name = 'Conflict'

  constructor() {
    super('what was read has changed meanwhile')
  }
}

const duplicateKey = 11_000
const conflictCodes = new Set([
  duplicateKey,
  /** WriteConflict */
  112,
  /** LockTimeout */
  24,
  /** NoSuchTransaction: it was aborted by the server. */
  251,
  /** SnapshotUnavailable, of a transaction */
  246,
])

/**
 * Of the primary, of shutting down, of time that has passed, of a write concern that was not reached: the
 * documentation's list of what may be tried again, and what leaves open whether a write was made.
 */
const outOfReachCodes = new Set([
  6, 7, 50, 64, 89, 91, 100, 189, 202, 262, 290, 365, 384, 9001, 10_107, 10_058, 11_600, 11_602,
  13_435, 13_436, 133, 150, 13_388, 234, 134,
  // A read that was under way: its cursor is gone with the server, or its plan with a change of the collection.
  43,
  175, 237,
])

/** The work may be done anew from its beginning. */
export function isConflict(failure: unknown): boolean {
  if (failure instanceof Conflict) return true
  if (!(failure instanceof MongoError)) return false
  if (failure.hasErrorLabel('TransientTransactionError')) return true
  return failure instanceof MongoServerError && conflictCodes.has(Number(failure.code))
}

/** What the server says of a command outside of transactions that has met others: nothing was done. */
export function isTurnedAway(failure: unknown): boolean {
  return isConflict(failure) && failure instanceof MongoError && !isDuplicateKey(failure)
}

export function isDuplicateKey(failure: unknown): boolean {
  return failure instanceof MongoServerError && failure.code === duplicateKey
}

/** Nobody was reached, or did not answer in time: what was to be written may have been. */
export function isOutOfReach(failure: unknown): boolean {
  // Of a transaction, nothing of which was committed: it is to be tried anew.
  const isTransient =
    failure instanceof MongoError && failure.hasErrorLabel('TransientTransactionError')
  if (isTransient) return false
  if (failure instanceof MongoServerError) {
    // Several writes at once throw what the driver met as if a server had said it, and without a code.
    const isDriver = failure instanceof MongoBulkWriteError && failure.code === undefined
    return isDriver || outOfReachCodes.has(Number(failure.code))
  }
  return (
    failure instanceof MongoNetworkError ||
    failure instanceof MongoSystemError ||
    failure instanceof MongoNotConnectedError ||
    (failure instanceof MongoError && unreachedNames.has(failure.name)) ||
    isOfNetwork(failure)
  )
}

const unreachedNames = new Set([
  'MongoServerClosedError',
  'MongoTopologyClosedError',
  'MongoPoolClosedError',
  'MongoPoolClearedError',
  'MongoWaitQueueTimeoutError',
  'MongoExpiredSessionError',
  'MongoOperationTimeoutError',
])

/** Of the system, past the driver: a socket that the other side has closed as it was written to, a name that nobody answers. */
function isOfNetwork(failure: unknown): boolean {
  if (!(failure instanceof Error) || !('code' in failure)) return false
  return networkCodes.has(String(failure.code))
}

const networkCodes = new Set([
  ...['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'ETIMEDOUT', 'EHOSTUNREACH'],
  ...[
    'ENETUNREACH',
    'ENOTFOUND',
    'EAI_AGAIN',
    // Of a name server, asked where `mongodb+srv` points.
    'ENODATA',
    'ESERVFAIL',
    'EREFUSED',
    'ETIMEOUT',
    'ERR_STREAM_DESTROYED',
    'ERR_STREAM_WRITE_AFTER_END',
  ],
])
