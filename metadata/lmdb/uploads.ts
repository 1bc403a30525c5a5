// Multipart uploads under way: the verbs of `UploadStore`. Completion is `upload-completion.ts`'s.
import assert from 'node:assert'
import {
  commitOfPart,
  encodePart,
  parsePart,
  parsePartData,
  parsePartHead,
  parseUpload,
  parseUploadState,
} from '../codec/upload-codec.ts'
import type { ChangeOptions, CommitId } from '../commit-id.ts'
import { drawUploadId, uploadTimePrefix } from '../draw-upload-id.ts'
import type { Listed } from '../metadata-store.ts'
import type { BucketId, Part, Upload, UploadId } from '../records.ts'
import { orderBytes } from '../row-ids.ts'
import type { NewUpload, UploadStore } from '../upload-store.ts'
import { liveBucket, type Random } from './buckets.ts'
import { takePiece } from './chunk-claims.ts'
import { type KeyedRow, walkKeys } from './key-walk.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { appendPieceRelease } from './outbox-rows.ts'
import { recall, remember } from './remembered-commits.ts'
import {
  historyBound,
  historyKey,
  historyRowKey,
  justAfter,
  partKey,
  rangeOf,
  rawKeyOfHistoryRow,
} from './row-keys.ts'
import { completeUpload, versionOfUpload } from './upload-completion.ts'
import {
  beginUpload,
  putUploadState,
  removeUpload,
  uploadAt,
  uploadStateAt,
} from './upload-rows.ts'
import { countChange } from './usage-rows.ts'

export function lmdbUploads(env: LmdbEnvironment, random: Random): UploadStore {
  return {
    create: (ref, fresh, options) =>
      env.add((tables) => {
        const bucket = liveBucket(tables, ref)
        if (bucket === undefined) return { is: 'noSuchBucket' }
        const uploadId = fresh.uploadId ?? newUploadId(fresh, { random, ...options })
        const { id: bucketId, tenantId } = bucket
        const before = uploadAt(tables, bucketId, { key: fresh.key, uploadId })
        if (before !== undefined) return { is: 'created', upload: before }
        const upload: Upload = { ...fresh, bucketId, tenantId, uploadId }
        // A call that comes late: the parts are a version's, or about to be released.
        const isOver = !tables.parts.isEmpty(rangeOf(Buffer.from(uploadId, 'hex')))
        if (isOver) return { is: 'created', upload }
        beginUpload(tables, upload)
        return { is: 'created', upload }
      }),

    get: async (bucket, upload) => env.read((tables) => uploadAt(tables, bucket.id, upload)),

    commitPart: (ref, uploadRef, part, options) =>
      env.add((tables) => {
        const key = partKey(uploadRef.uploadId, part.number)
        const old = tables.parts.get(key)
        const commitId = options?.commitId
        if (isDone(tables, old, commitId)) return { is: 'committed' }
        const bucket = liveBucket(tables, ref)
        const state = bucket && uploadStateAt(tables, bucket.id, uploadRef)
        if (state === undefined) return { is: 'noSuchUpload' }
        const { upload, revision, parts, partBytes } = state
        const piece = takePiece(tables, upload.tenantId, part.data)
        if (piece.is !== 'taken') return piece
        if (old) {
          appendPieceRelease(tables, upload.tenantId, parsePartData(old))
          remember(tables, commitOfPart(old), { is: 'partCommitted' })
        }
        tables.parts.put(key, encodePart({ ...part, data: piece.data }, commitId))
        const counted = parts === undefined || old !== undefined ? parts : parts + 1
        const added = part.size - (old ? parsePartHead(old).size : 0)
        putUploadState(tables, {
          ...{ upload, revision: revision + 1, parts: counted },
          partBytes: partBytes + added,
        })
        countChange(tables, upload, { partBytes: added })
        return { is: 'committed' }
      }),

    listParts: async (bucket, upload, page) =>
      env.read((tables) => {
        const revision = uploadStateAt(tables, bucket.id, upload)?.revision
        if (revision === undefined) return { is: 'noSuchUpload' }
        return { is: 'listed', revision, ...listParts(tables, upload.uploadId, page) }
      }),

    readParts: async ({ uploadId }, numbers) =>
      env.read((tables) =>
        numbers.map((number) => {
          const row = tables.parts.get(partKey(uploadId, number))
          assert(row !== undefined, `part ${number} of upload ${uploadId} is missing`)
          return parsePart(row)
        }),
      ),

    list: async (bucket, query) => env.read((tables) => listUploads(tables, bucket.id, query)),

    complete: (completion, options) =>
      env.add((tables) => completeUpload(tables, completion, { random, ...options })),
    completed: async (bucket, upload) =>
      env.read((tables) => versionOfUpload(tables, bucket.id, upload)?.version),

    abort: (ref, uploadRef, options) =>
      env.write((tables) => {
        const commitId = options?.commitId
        if (recall(tables, commitId, 'aborted')) return { is: 'aborted' }
        const state = uploadStateAt(tables, ref.id, uploadRef)
        if (state === undefined) return { is: 'noSuchUpload' }
        removeUpload(tables, state)
        remember(tables, commitId, { is: 'aborted' })
        return { is: 'aborted' }
      }),

    abortStale: ({ initiatedBeforeMs, limit }) => abortStale(env, initiatedBeforeMs, limit),
  }
}

/** Of a commit that its caller has named, the same whenever it is repeated. */
function newUploadId(
  { initiatedMs }: NewUpload,
  { random, commitId }: ChangeOptions & { readonly random: Random },
): UploadId {
  const bytes = commitId && Buffer.from(commitId, 'hex').subarray(orderBytes)
  return drawUploadId(initiatedMs, bytes ? () => bytes : random)
}

function isDone(tables: Tables, part: Buffer | undefined, commitId: CommitId | undefined): boolean {
  if (commitId === undefined) return false
  if (part !== undefined && commitOfPart(part) === commitId) return true
  return recall(tables, commitId, 'partCommitted') !== undefined
}

function listUploads(
  tables: Tables,
  bucketId: BucketId,
  query: Parameters<UploadStore['list']>[1],
): Listed<Upload & { is: 'upload' }> {
  const { after, afterUploadId } = query
  const rows = function* (start: Buffer, end: Buffer): Generator<KeyedRow<Buffer>> {
    for (const row of tables.uploads.rows({ start, end: historyBound(bucketId, end) })) {
      yield { bytes: rawKeyOfHistoryRow(row.key), keyAt: 0, row: row.value }
    }
  }
  const isWithin = after !== undefined && !after.group && afterUploadId !== undefined
  return walkKeys({
    query,
    rowsWithin: ({ start, end }) => rows(historyBound(bucketId, start), end),
    rowsResumed:
      isWithin && Buffer.byteLength(after.key) <= 1024
        ? ({ end }) =>
            rows(justAfter(historyRowKey(historyKey(bucketId, after.key), afterUploadId)), end)
        : undefined,
    entry: ({ row }) => ({ is: 'upload' as const, ...parseUpload(row) }),
  })
}

function listParts(
  tables: Tables,
  uploadId: UploadId,
  { after, limit }: { after: number; limit: number },
): { parts: readonly Omit<Part, 'data'>[]; isTruncated: boolean } {
  const parts: Omit<Part, 'data'>[] = []
  const isLast = after >= 0xffff
  if (limit <= 0 || isLast) return { parts, isTruncated: false }
  const { end } = rangeOf(Buffer.from(uploadId, 'hex'))
  for (const row of tables.parts.rows({ start: partKey(uploadId, after + 1), end })) {
    if (parts.length === limit) return { parts, isTruncated: true }
    parts.push(parsePartHead(row.value))
  }
  return { parts, isTruncated: false }
}

async function abortStale(
  env: LmdbEnvironment,
  initiatedBeforeMs: number,
  limit: number,
): Promise<number> {
  const stale = (tables: Tables) => {
    const range = { start: Buffer.alloc(16), end: uploadTimePrefix(initiatedBeforeMs) }
    const keys: Buffer[] = []
    for (const row of tables.uploadTimes.rows(range)) {
      if (keys.length === limit) break
      keys.push(row.value)
    }
    return keys
  }
  // Looked at before writing: this is asked often, and mostly finds nothing.
  if (env.read(stale).length === 0) return 0
  return env.write((tables) => {
    const keys = stale(tables)
    for (const key of keys) {
      const row = tables.uploads.get(key)
      assert(row !== undefined, 'an upload that is noted by its time only')
      removeUpload(tables, parseUploadState(row))
    }
    return keys.length
  })
}
