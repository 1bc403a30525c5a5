// What the driver and the server throw, as far as it matters here: two have met, or nobody was reached.
import {
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
  13_435, 13_436, 133, 150, 13_388, 234,
])

/** The work may be done anew from its beginning. */
export function isConflict(failure: unknown): boolean {
  if (failure instanceof Conflict) return true
  if (!(failure instanceof MongoError)) return false
  if (failure.hasErrorLabel('TransientTransactionError')) return true
  return failure instanceof MongoServerError && conflictCodes.has(Number(failure.code))
}

export function isDuplicateKey(failure: unknown): boolean {
  return failure instanceof MongoServerError && failure.code === duplicateKey
}

/** Nobody was reached, or did not answer in time: what was to be written may have been. */
export function isOutOfReach(failure: unknown): boolean {
  if (failure instanceof MongoServerError) {
    if (failure.hasErrorLabel('TransientTransactionError')) return false
    return outOfReachCodes.has(Number(failure.code))
  }
  return (
    failure instanceof MongoNetworkError ||
    failure instanceof MongoSystemError ||
    failure instanceof MongoNotConnectedError ||
    (failure instanceof MongoError && unreachedNames.has(failure.name))
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
