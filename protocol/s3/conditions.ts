// Conditional headers: parsed, and for reads and copy sources also judged. Conditions of writes are
// judged by the commit itself, so here they are only read.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
import { type EtagList, etagListHas, parseEtagList, parseWeakEtagList } from './etag.ts'
import { parseHttpDate } from './http-date.ts'
import { headerText, type RequestHeaders } from './request-headers.ts'
import { S3Error } from './s3-error.ts'

/** What conditions compare. `etag` without quotes. */
export type Validators = { readonly etag: string; readonly modifiedMs: number }

export type ReadVerdict = 'proceed' | 'notModified' | 'preconditionFailed'

type ConditionHeaders = {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
  readonly ifUnmodifiedSince: string | undefined
}

/**
 * Judges the conditions of GET and HEAD in the order of RFC 9110, section 13.2.2: an ETag condition
 * makes the time condition of the same sense void. Dates that are none are ignored.
 */
export function checkReadConditions(headers: RequestHeaders, current: Validators): ReadVerdict {
  const ifMatch = headerText(headers, 'if-match')
  const ifNoneMatch = headerText(headers, 'if-none-match')
  const ifModifiedSince = headerText(headers, 'if-modified-since')
  const ifUnmodifiedSince = headerText(headers, 'if-unmodified-since')
  return judge({ ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince }, current)
}

/** The same of `x-amz-copy-source-if-*`: for a copy, "not modified" is a failed precondition too. */
export function checkCopySourceConditions(
  headers: RequestHeaders,
  source: Validators,
): 'proceed' | 'preconditionFailed' {
  const ifMatch = headerText(headers, 'x-amz-copy-source-if-match')
  const ifNoneMatch = headerText(headers, 'x-amz-copy-source-if-none-match')
  const ifModifiedSince = headerText(headers, 'x-amz-copy-source-if-modified-since')
  const ifUnmodifiedSince = headerText(headers, 'x-amz-copy-source-if-unmodified-since')
  const verdict = judge({ ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince }, source)
  return verdict === 'proceed' ? 'proceed' : 'preconditionFailed'
}

function judge(conditions: ConditionHeaders, current: Validators): ReadVerdict {
  if (conditions.ifMatch !== undefined) {
    if (!etagListHas(parseEtagList(conditions.ifMatch), current.etag)) return 'preconditionFailed'
  } else if (modifiedAfter(current, conditions.ifUnmodifiedSince) === true) {
    return 'preconditionFailed'
  }
  if (conditions.ifNoneMatch !== undefined) {
    const same = etagListHas(parseWeakEtagList(conditions.ifNoneMatch), current.etag)
    return same ? 'notModified' : 'proceed'
  }
  return modifiedAfter(current, conditions.ifModifiedSince) === false ? 'notModified' : 'proceed'
}

/** Undefined: there is no date to compare with. HTTP dates have whole seconds. */
function modifiedAfter(current: Validators, date: string | undefined): boolean | undefined {
  if (date === undefined) return undefined
  const ms = parseHttpDate(date)
  return ms === undefined ? undefined : wholeSeconds(current.modifiedMs) > wholeSeconds(ms)
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000)
}

/**
 * Whether a range is still wanted of this version: `If-Range` names its ETag (strongly) or its time
 * exactly. Without the header, yes.
 */
export function ifRangeHolds(headers: RequestHeaders, current: Validators): boolean {
  const raw = headerText(headers, 'if-range')
  if (raw === undefined) return true
  const ms = parseHttpDate(raw)
  if (ms !== undefined) return wholeSeconds(ms) === wholeSeconds(current.modifiedMs)
  const list = parseEtagList(raw)
  return list !== '*' && list.length === 1 && list[0] === current.etag
}

/** Fits `WriteCondition` of the metadata store. */
export type ParsedWriteCondition = {
  readonly ifMatch?: EtagList
  readonly ifNoneMatch?: EtagList
  /** Milliseconds, to be compared by whole seconds. */
  readonly ifModifiedAtMs?: number
  /** Bytes. */
  readonly ifSize?: number
}

/**
 * Conditions of PutObject, CompleteMultipartUpload and of a copy's destination: an ETag to match, or
 * that there be no object. Throws `NotImplemented` for what S3 does not take there.
 */
export function parsePutConditions(headers: RequestHeaders): ParsedWriteCondition | undefined {
  const ifMatch = headerText(headers, 'if-match')
  const ifNoneMatch = headerText(headers, 'if-none-match')
  if (headerText(headers, 'if-modified-since') !== undefined) throw unsupported('If-Modified-Since')
  if (headerText(headers, 'if-unmodified-since') !== undefined) {
    throw unsupported('If-Unmodified-Since')
  }
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw unsupported(
      'If-Match,If-None-Match',
      'Multiple conditional request headers present in the request',
    )
  }
  if (ifMatch !== undefined) return { ifMatch: parseEtagList(ifMatch) }
  if (ifNoneMatch?.trim() !== '*') throw unsupported('If-None-Match')
  return { ifNoneMatch: '*' }
}

function unsupported(header: string, additionalMessage?: string): S3Error {
  const details = { Header: header }
  return new S3Error(
    'NotImplemented',
    additionalMessage === undefined ? details : { ...details, additionalMessage },
  )
}

/**
 * Conditions of DeleteObject. Throws `InvalidArgument` for a time or size that is none: ignoring it
 * would delete what was not meant.
 */
export function parseDeleteConditions(headers: RequestHeaders): ParsedWriteCondition | undefined {
  const ifMatch = headerText(headers, 'if-match')
  const modified = headerText(headers, 'x-amz-if-match-last-modified-time')
  const size = headerText(headers, 'x-amz-if-match-size')
  if (ifMatch === undefined && modified === undefined && size === undefined) return undefined
  return {
    ...(ifMatch === undefined ? {} : { ifMatch: parseEtagList(ifMatch) }),
    ...(modified === undefined ? {} : { ifModifiedAtMs: parseTime(modified) }),
    ...(size === undefined ? {} : { ifSize: parseSize(size) }),
  }
}

function parseTime(raw: string): number {
  const ms = parseHttpDate(raw)
  if (ms === undefined) throw invalidArgument('x-amz-if-match-last-modified-time', raw)
  return ms
}

function parseSize(raw: string): number {
  if (!/^\d{1,15}$/.test(raw)) throw invalidArgument('x-amz-if-match-size', raw)
  return Number(raw)
}

function invalidArgument(name: string, value: string): S3Error {
  return new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value })
}
