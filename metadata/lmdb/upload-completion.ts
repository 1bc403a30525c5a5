// How an upload becomes a version. Its parts stay in their rows, and the version refers to them by the
// upload's id; parts that were not named move under an id of their own and are released.
import assert from 'node:assert'
import { encodeCompletion, parseCompletion, parsePartHead } from '../codec/upload-codec.ts'
import type { CompletedPart, UploadRef, UploadStore } from '../metadata-store.ts'
import { parseUploadId } from '../record-ids.ts'
import type { BucketId, ObjectVersion, TenantId, UploadId } from '../records.ts'
import { liveBucket, type Random } from './buckets.ts'
import type { Row, Tables } from './lmdb-environment.ts'
import { appendRelease } from './outbox-rows.ts'
import { partKey, rangeOf } from './row-keys.ts'
import { appendFollowUps } from './task-rows.ts'
import { closeUpload, uploadAt } from './upload-rows.ts'
import {
  currentObject,
  historyOf,
  placeObject,
  readVersion,
  versionByRow,
} from './version-history.ts'
import { refusalOf } from './write-condition.ts'

type Completion = Parameters<UploadStore['complete']>[0]
type CompleteAnswer = Awaited<ReturnType<UploadStore['complete']>>

export function completeUpload(
  tables: Tables,
  completion: Completion,
  random: Random,
): CompleteAnswer {
  const bucket = liveBucket(tables, completion.bucket)
  if (bucket === undefined) return { is: 'noSuchBucket' }
  const { upload: ref, parts, content, condition, nowMs } = completion
  const upload = uploadAt(tables, bucket.id, ref)
  if (upload === undefined) return repeated(tables, bucket.id, completion)
  const history = historyOf(tables, bucket.id, ref.key)
  const current = currentObject(history)
  const refused = refusalOf(condition, current)
  if (refused) return refused
  const { changed, unnamed } = compareParts(tables, ref.uploadId, parts)
  if (changed !== undefined) return { is: 'partChanged', number: changed }

  releaseUnnamed(tables, { tenantId: bucket.tenantId, unnamed, random })
  closeUpload(tables, upload)
  const data = {
    is: 'parts' as const,
    uploadId: ref.uploadId,
    parts: parts.map(({ number, size }) => ({ number, size })),
  }
  const whole = { ...content, data }
  const { versionId, rowId } = placeObject(history, whole, { bucket, current, nowMs, random })
  appendFollowUps(tables, bucket.tenantId, completion.followUps)
  const { versioning } = bucket
  tables.completions.put(
    Buffer.from(ref.uploadId, 'hex'),
    encodeCompletion({ bucketId: bucket.id, key: ref.key, rowId, versioning }),
  )
  return { is: 'committed', versionId, modifiedMs: nowMs, versioning }
}

export function completedUpload(
  tables: Tables,
  bucketId: BucketId,
  ref: UploadRef,
): { version: ObjectVersion; parts: readonly CompletedPart[] } | undefined {
  const version = versionOfUpload(tables, bucketId, ref)?.version
  if (version === undefined) return undefined
  const rows = tables.parts.rows(rangeOf(Buffer.from(ref.uploadId, 'hex')))
  const parts = [...rows].map(({ value }) => {
    const { number, etag } = parsePartHead(value)
    return { number, etag }
  })
  return { version, parts }
}

/** The answer to a completion of an upload that is not under way. */
function repeated(tables: Tables, bucketId: BucketId, completion: Completion): CompleteAnswer {
  const { upload: ref, parts } = completion
  const found = versionOfUpload(tables, bucketId, ref)
  if (found === undefined) return { is: 'noSuchUpload' }
  const { changed, unnamed } = compareParts(tables, ref.uploadId, parts)
  if (changed !== undefined || unnamed.length > 0) return { is: 'noSuchUpload' }
  const { versionId, modifiedMs } = found.version
  return { is: 'committed', versionId, modifiedMs, versioning: found.versioning }
}

function versionOfUpload(tables: Tables, bucketId: BucketId, ref: UploadRef) {
  const bytes = tables.completions.get(Buffer.from(ref.uploadId, 'hex'))
  const completion = bytes && parseCompletion(bytes)
  if (completion?.bucketId !== bucketId || completion.key !== ref.key) return undefined
  const { rowId, versioning } = completion
  const history = historyOf(tables, bucketId, ref.key)
  const found = versionByRow(history, rowId)
  const version = found && readVersion(history, found)
  return version?.is === 'object' ? { version, versioning } : undefined
}

/** The first part named that is not there as named, and the rows of parts that are not named. */
function compareParts(
  tables: Tables,
  uploadId: UploadId,
  named: Completion['parts'],
): { changed: number | undefined; unnamed: readonly Row[] } {
  const missing = new Map(named.map((part) => [part.number, part]))
  const unnamed: Row[] = []
  for (const row of tables.parts.rows(rangeOf(Buffer.from(uploadId, 'hex')))) {
    const { number, etag, size } = parsePartHead(row.value)
    const part = missing.get(number)
    if (part === undefined) unnamed.push(row)
    else if (part.etag === etag && part.size === size) missing.delete(number)
  }
  const changed = named.find(({ number }) => missing.has(number))
  return { changed: changed?.number, unnamed }
}

function releaseUnnamed(
  tables: Tables,
  { tenantId, unnamed, random }: { tenantId: TenantId; unnamed: readonly Row[]; random: Random },
): void {
  if (unnamed.length === 0) return
  const pile = parseUploadId(random(16).toString('hex'))
  assert(pile !== undefined, 'random() gave too few bytes')
  for (const row of unnamed) {
    const { number } = parsePartHead(row.value)
    tables.parts.remove(row.key)
    tables.parts.put(partKey(pile, number), row.value)
  }
  appendRelease(tables, tenantId, { what: 'parts', uploadId: pile })
}
