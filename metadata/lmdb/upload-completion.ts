// How an upload becomes a version. Its parts stay in their rows, however many, and the version refers
// to them by the upload's id; those that it does not name are released by a task.
import assert from 'node:assert'
import { encodeCompletion, parseCompletion } from '../codec/upload-codec.ts'
import type { ChangeOptions } from '../commit-id.ts'
import type { BucketId, PartSize } from '../records.ts'
import type { UploadRef, UploadStore } from '../upload-store.ts'
import { refusalOf } from '../write-condition.ts'
import { liveBucket, type Random } from './buckets.ts'
import type { Tables } from './lmdb-environment.ts'
import { madeBefore } from './made-before.ts'
import { appendRelease } from './outbox-rows.ts'
import { appendFollowUps } from './task-rows.ts'
import { closeUpload, uploadStateAt } from './upload-rows.ts'
import {
  currentObject,
  historyOf,
  placeObject,
  readVersion,
  versionByRow,
} from './version-history.ts'

type Completion = Parameters<UploadStore['complete']>[0]
type CompleteAnswer = Awaited<ReturnType<UploadStore['complete']>>

export function completeUpload(
  tables: Tables,
  completion: Completion,
  { random, commitId }: ChangeOptions & { readonly random: Random },
): CompleteAnswer {
  const bucket = liveBucket(tables, completion.bucket)
  if (bucket === undefined) return { is: 'noSuchBucket' }
  const { upload: ref, parts, content, condition, nowMs } = completion
  const history = historyOf(tables, bucket.id, ref.key)
  const before = madeBefore(history, 'committed', { bucket, nowMs, commitId })
  if (before !== undefined) {
    const { versionId, versioning } = before
    return { is: 'committed', versionId, modifiedMs: nowMs, versioning }
  }
  const state = uploadStateAt(tables, bucket.id, ref)
  if (state === undefined) return repeated(tables, bucket.id, completion)
  const current = currentObject(history)
  const refused = refusalOf(condition, current)
  if (refused) return refused
  if (state.revision !== completion.revision) return { is: 'partsChanged' }
  assert(
    state.parts === undefined || state.parts >= parts.length,
    'parts that were never committed',
  )
  closeUpload(tables, state)
  const { key, uploadId } = ref
  const data = { is: 'parts' as const, parts, bucketId: bucket.id, key, uploadId }
  const whole = { ...content, data }
  const { versionId, rowId } = placeObject(history, whole, {
    bucket,
    current,
    nowMs,
    random,
    commitId,
  })
  if (state.parts !== parts.length) {
    appendRelease(tables, bucket.tenantId, { what: 'unnamedParts', uploadId, rowId, after: 0 })
  }
  appendFollowUps(tables, bucket.tenantId, completion.followUps)
  const { versioning } = bucket
  tables.completions.put(
    Buffer.from(uploadId, 'hex'),
    encodeCompletion({ bucketId: bucket.id, key, rowId, versioning }),
  )
  return { is: 'committed', versionId, modifiedMs: nowMs, versioning }
}

/** The answer to a completion of an upload that is not under way. */
function repeated(tables: Tables, bucketId: BucketId, completion: Completion): CompleteAnswer {
  const { upload: ref, parts, content } = completion
  const found = versionOfUpload(tables, bucketId, ref)
  if (found === undefined) return { is: 'noSuchUpload' }
  const { versionId, modifiedMs, data, etag } = found.version
  // The ETag is made of those of the parts.
  const isSame = data.is === 'parts' && etag === content.etag && isEqual(data.parts, parts)
  if (!isSame) return { is: 'noSuchUpload' }
  return { is: 'committed', versionId, modifiedMs, versioning: found.versioning }
}

/** The version that an upload became, while it is there. */
export function versionOfUpload(tables: Tables, bucketId: BucketId, ref: UploadRef) {
  const bytes = tables.completions.get(Buffer.from(ref.uploadId, 'hex'))
  const completion = bytes && parseCompletion(bytes)
  if (completion?.bucketId !== bucketId || completion.key !== ref.key) return undefined
  const { rowId, versioning } = completion
  const history = historyOf(tables, bucketId, ref.key)
  const found = versionByRow(history, rowId)
  const version = found && readVersion(history, found)
  return version?.is === 'object' ? { version, versioning } : undefined
}

function isEqual(a: readonly PartSize[], b: readonly PartSize[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ number, size }, at) => b[at]?.number === number && b[at].size === size)
  )
}
