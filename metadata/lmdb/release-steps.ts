// One step of a release: gives back a page of references and removes the rows that named them, in one
// transaction, so that a step is never done twice. The outbox row goes with the last step.
import assert from 'node:assert'
import type { StoredData } from '../codec/content-codec.ts'
import { parsePartData, parseUploadState } from '../codec/upload-codec.ts'
import { dataOfContent } from '../codec/version-codec.ts'
import type { BucketId, ChunkListId, TenantId, UploadId } from '../records.ts'
import { giveBackChunks } from './chunk-claims.ts'
import { pagesFrom } from './chunk-lists.ts'
import { siftHeld } from './held-rows.ts'
import { removeScopes } from './lease-scopes.ts'
import type { Tables } from './lmdb-environment.ts'
import type { Row } from './lmdb-table.ts'
import { appendRelease, type ReleaseTarget } from './outbox-rows.ts'
import { contentKey, idOfHistoryRow, numberOfPart, partKey, rangeOf } from './row-keys.ts'
import { removeUpload } from './upload-rows.ts'

type Step = 'more' | 'done'

/** Rows and references that one step may touch: some milliseconds of a transaction. */
const stepRefs = 512
const stepRows = 256

export function releaseStep(tables: Tables, tenantId: TenantId, target: ReleaseTarget): Step {
  switch (target.what) {
    case 'version':
      return releaseVersion(tables, tenantId, target.graveKey)
    case 'chunks':
      giveBackChunks(tables, tenantId, target.refs)
      return 'done'
    case 'list':
      return releaseList(tables, tenantId, target.listId)
    case 'parts':
      return releaseParts(tables, tenantId, target.uploadId)
    case 'bucketUploads':
      return abortUploadsOf(tables, target.bucketId)
    case 'heldReleases':
      return siftHeld(tables, target.file)
    case 'leaseScopes':
      return removeScopes(tables, target.life) ? 'done' : 'more'
    case 'unnamedParts':
      return releaseUnnamed(tables, tenantId, target)
    default:
      return target satisfies never
  }
}

function releaseVersion(tables: Tables, tenantId: TenantId, graveKey: Buffer): Step {
  const contentRow = contentKey(idOfHistoryRow(graveKey))
  const content = tables.contents.get(contentRow)
  assert(content !== undefined, 'a version to release that is not there')
  if (releaseData(tables, tenantId, dataOfContent(content)) === 'more') return 'more'
  tables.contents.remove(contentRow)
  tables.graveyard.remove(graveKey)
  return 'done'
}

function releaseData(tables: Tables, tenantId: TenantId, data: StoredData): Step {
  switch (data.is) {
    case 'inline':
      return 'done'
    case 'chunks':
      giveBackChunks(tables, tenantId, data.chunks)
      return 'done'
    case 'list':
      return releaseList(tables, tenantId, data.listId)
    case 'parts': {
      const step = releaseParts(tables, tenantId, data.uploadId)
      if (step === 'done') tables.completions.remove(Buffer.from(data.uploadId, 'hex'))
      return step
    }
    default:
      return data satisfies never
  }
}

function releaseList(tables: Tables, tenantId: TenantId, listId: ChunkListId): Step {
  const pages = pagesFrom(tables, listId, { fromOffset: 0, limit: stepRefs })
  giveBackChunks(
    tables,
    tenantId,
    pages.flatMap((page) => page.refs),
  )
  for (const page of pages) tables.lists.remove(page.key)
  return pages.reduce((sum, page) => sum + page.refs.length, 0) < stepRefs ? 'done' : 'more'
}

function releaseParts(tables: Tables, tenantId: TenantId, uploadId: UploadId): Step {
  const rows = take(tables.parts.rows(rangeOf(Buffer.from(uploadId, 'hex'))), stepRows)
  const isWhole = releasePartRows(tables, tenantId, rows) === 'done'
  return isWhole && rows.length < stepRows ? 'done' : 'more'
}

/** The whole of it goes with its version, if that is released meanwhile. */
function releaseUnnamed(
  tables: Tables,
  tenantId: TenantId,
  target: Extract<ReleaseTarget, { what: 'unnamedParts' }>,
): Step {
  const { uploadId, rowId, after } = target
  const content = tables.contents.get(contentKey(rowId))
  const data = content && dataOfContent(content)
  if (data?.is !== 'parts') return 'done'
  const named = new Set(data.parts.map(({ number }) => number))
  const { end } = rangeOf(Buffer.from(uploadId, 'hex'))
  const rows = take(tables.parts.rows({ start: partKey(uploadId, after + 1), end }), stepRows)
  const unnamed = rows.filter(({ key }) => !named.has(numberOfPart(key)))
  if (releasePartRows(tables, tenantId, unnamed) === 'more') return 'more'
  const last = rows.at(-1)
  if (last === undefined || rows.length < stepRows) return 'done'
  // What is named is not met again.
  appendRelease(tables, tenantId, { ...target, after: numberOfPart(last.key) })
  return 'done'
}

/** `more`: some of them are left. */
function releasePartRows(tables: Tables, tenantId: TenantId, rows: readonly Row[]): Step {
  let refs = 0
  for (const row of rows) {
    const data = parsePartData(row.value)
    if (refs >= stepRefs) return 'more'
    if (data.is === 'list') {
      // A list ends a step of its own: its pages first, the part's row when none is left.
      if (refs > 0 || releaseList(tables, tenantId, data.listId) === 'more') return 'more'
      refs = stepRefs
    } else if (data.is === 'chunks') {
      giveBackChunks(tables, tenantId, data.chunks)
      refs += data.chunks.length
    }
    tables.parts.remove(row.key)
  }
  return 'done'
}

function abortUploadsOf(tables: Tables, bucketId: BucketId): Step {
  const rows = take(tables.uploads.rows(rangeOf(Buffer.from(bucketId, 'hex'))), stepRows)
  for (const row of rows) removeUpload(tables, parseUploadState(row.value))
  return rows.length < stepRows ? 'done' : 'more'
}

/** The first rows, read before any of them is changed. */
function take(rows: Iterable<Row>, limit: number): readonly Row[] {
  const taken: Row[] = []
  for (const row of rows) {
    taken.push(row)
    if (taken.length === limit) break
  }
  return taken
}
