// What there is to say of a request once it has ended: for the log, for audits, for metrics. Nothing secret
// is in it: no header, no query, no signature. What only audits want is in `request-details.ts`.
import { S3Error, type S3ErrorCode } from '../../protocol/s3/s3-error.ts'
import { AskedTooMuch } from '../access/limit-requests.ts'
import { asS3Error } from '../data/storage-failure.ts'
import type { Log } from '../log.ts'
import { newNotes, type RequestNotes } from '../s3/request-notes.ts'
import { type RequestDetails, unreadDetails } from './request-details.ts'

export type RequestRecord = {
  readonly requestId: string
  readonly notes: Readonly<RequestNotes>
  /**
   * An operation of S3's, a route of ours such as `POST /-/bundles`, `preflight`, a page or a health probe as in
   * `GET /minio/health/live`, or `unknown`.
   */
  readonly operation: string
  readonly method: string
  /** Of the socket, which takes a while to ask. */
  readonly remoteAddress: () => string | undefined
  /** Undefined: nothing was answered, the client had gone. */
  readonly status: number | undefined
  /** Of S3, of IAM and STS, or of a problem of the admin API. */
  readonly errorCode: string | undefined
  /** Of the body, as it came; of the reply's body, as it was handed to the socket. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** Milliseconds, by the monotonic clock, to the head of the reply and to its end. */
  readonly headMs: number
  readonly totalMs: number
  /** What is no fault of the client's: an answer of ours that is 5xx, or a reply broken off. */
  readonly failure: unknown
  /** To be asked for at once, while all of it is there. */
  readonly details: () => RequestDetails
}

/** Told once of each request. Throws nothing, and takes no time. */
export type ObserveRequest = (record: RequestRecord) => void

/** Of what Node could not read as a request: there is little to say of it. */
export function unreadRecord(refused: {
  readonly requestId: string
  readonly error: S3Error
  readonly socket: { readonly remoteAddress?: string | undefined }
  /** Of the body of the answer. */
  readonly bytesOut: number
}): RequestRecord {
  const { requestId, error, socket, bytesOut } = refused
  const { remoteAddress } = socket
  return {
    requestId,
    notes: newNotes(undefined),
    operation: 'unknown',
    method: '',
    remoteAddress: () => remoteAddress,
    status: error.status,
    errorCode: error.code,
    bytesIn: 0,
    bytesOut,
    headMs: 0,
    totalMs: 0,
    failure: undefined,
    details: () => unreadDetails(socket),
  }
}

/** One after the other. */
export function observeBy(...observers: readonly ObserveRequest[]): ObserveRequest {
  return (record) => {
    for (const observe of observers) observe(record)
  }
}

/** What is no failure of ours, though its status is one of a server's. */
const expected: ReadonlySet<S3ErrorCode> = new Set([
  'NotImplemented',
  'BundleNotReady',
  'InsufficientStorage',
])

/** Whether what ended a request is for the operator to know. `replied`: a part of the reply had gone out. */
export function isFailure(cause: unknown, replied: boolean): boolean {
  // A client that hangs up in mid-request is no failure of ours.
  if (replied) return !(cause instanceof S3Error && cause.status < 500)
  if (cause instanceof AskedTooMuch) return false
  const { status, code } = asS3Error(cause)
  return status >= 500 && !expected.has(code)
}

/** Failures are errors. `all`: every request is a line, at the level `debug`. */
export function logRequests(log: Log, { all }: { readonly all: boolean }): ObserveRequest {
  return (record) => {
    const isFailed = record.failure !== undefined
    if (!isFailed && !all) return
    const { identity, bucket } = record.notes
    const { requestId, operation, method, status, errorCode, bytesIn, bytesOut, failure } = record
    const who =
      identity?.is === 'user' ? { tenant: identity.tenantId, user: identity.userName } : {}
    const whose = { ...who, ...(bucket === undefined ? {} : { bucket: bucket.name }) }
    const line = {
      ...{ requestId, operation, method, status, errorCode, bytesIn, bytesOut },
      ...{ headMs: toMicroseconds(record.headMs), totalMs: toMicroseconds(record.totalMs) },
      remoteAddress: record.remoteAddress(),
      ...whose,
    }
    if (isFailed) log.error('request failed', { ...line, cause: failure })
    else log.debug('request', line)
  }
}

/** Milliseconds as they are read. */
export function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
