// The tasks that this engine makes itself: what a release has to release, how both are appended inside the
// transaction that causes them, and how they are read back. Rows of tasks in general: `task-rows.ts`.
import assert from 'node:assert'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import {
  encodeBlobRef,
  encodeChunkRefs,
  parseBlobRef,
  parseChunkRefs,
} from '../codec/chunk-ref-codec.ts'
import { array, bytesAt, count, type Fields, id, text, word } from '../codec/record-frame.ts'
import { parseBucketId, parseChunkListId, parseTenantId, parseUploadId } from '../record-ids.ts'
import type { BucketId, ChunkListId, PieceData, TenantId, UploadId } from '../records.ts'
import type { Tables } from './lmdb-environment.ts'
import { appendTasks } from './task-rows.ts'

/** What a release gives back. */
export type ReleaseTarget =
  /** A row of the graveyard. */
  | { readonly what: 'version'; readonly graveKey: Buffer }
  /** References that nothing else names any more. */
  | { readonly what: 'chunks'; readonly refs: readonly BlobRefOfChunk[] }
  | { readonly what: 'list'; readonly listId: ChunkListId }
  /** All parts under this id. */
  | { readonly what: 'parts'; readonly uploadId: UploadId }
  /** Those of them behind `after` that the version in this row does not name. */
  | {
      readonly what: 'unnamedParts'
      readonly uploadId: UploadId
      readonly rowId: string
      readonly after: number
    }
  /** All uploads of a bucket that is gone. */
  | { readonly what: 'bucketUploads'; readonly bucketId: BucketId }
  /** What an ended lease has filed under this number: to be filed elsewhere, or released. */
  | { readonly what: 'heldReleases'; readonly file: number }
  /** The rows of scopes of a life that is over. */
  | { readonly what: 'leaseScopes'; readonly life: number }

type BlobRefOfChunk = Extract<PieceData, { is: 'chunks' }>['chunks'][number]
const targets = [
  'version',
  'chunks',
  'list',
  'parts',
  'bucketUploads',
  'heldReleases',
  'leaseScopes',
  'unnamedParts',
] as const

/** Of tasks that are no tenant's: leases may hold rows of several. */
export const ownTasks = requireTenantId('-')

function requireTenantId(raw: string): TenantId {
  const tenantId = parseTenantId(raw)
  assert(tenantId !== undefined)
  return tenantId
}

export function appendRelease(tables: Tables, tenantId: TenantId, target: ReleaseTarget): void {
  const fields = [targets.indexOf(target.what), payloadOf(target)]
  appendTasks(tables, { kind: 'release', tenantId }, [fields])
}

export function appendDeletions(
  tables: Tables,
  tenantId: TenantId,
  blobs: readonly BlobRef[],
): void {
  const tasks = blobs.map((blob) => [encodeBlobRef(blob)])
  appendTasks(tables, { kind: 'deleteBlob', tenantId }, tasks)
}

/** The release of a part's or list's data; nothing when it lies inline. */
export function appendPieceRelease(tables: Tables, tenantId: TenantId, data: PieceData): void {
  if (data.is === 'chunks') appendRelease(tables, tenantId, { what: 'chunks', refs: data.chunks })
  if (data.is === 'list') appendRelease(tables, tenantId, { what: 'list', listId: data.listId })
}

/** Out of the fields that a release adds to the row of its task. */
export function parseRelease(fields: Fields): ReleaseTarget {
  const what = word(targets, fields, 0)
  switch (what) {
    case 'version':
      return { what, graveKey: bytesAt(fields, 1) }
    case 'chunks':
      return { what, refs: parseChunkRefs(bytesAt(fields, 1)) }
    case 'list':
      return { what, listId: id(parseChunkListId, fields, 1) }
    case 'parts':
      return { what, uploadId: id(parseUploadId, fields, 1) }
    case 'bucketUploads':
      return { what, bucketId: id(parseBucketId, fields, 1) }
    case 'heldReleases':
      return { what, file: count(fields, 1) }
    case 'leaseScopes':
      return { what, life: count(fields, 1) }
    case 'unnamedParts': {
      const payload = array(fields, 1)
      const uploadId = id(parseUploadId, payload, 0)
      return { what, uploadId, rowId: text(payload, 1), after: count(payload, 2) }
    }
    default:
      return what satisfies never
  }
}

/** Out of the field that a deletion adds to the row of its task. */
export function parseDeletion(fields: Fields): BlobRef {
  return parseBlobRef(bytesAt(fields, 0))
}

function payloadOf(target: ReleaseTarget): Buffer | string | number | Fields {
  switch (target.what) {
    case 'version':
      return target.graveKey
    case 'chunks':
      return encodeChunkRefs(target.refs)
    case 'list':
      return target.listId
    case 'parts':
      return target.uploadId
    case 'bucketUploads':
      return target.bucketId
    case 'heldReleases':
      return target.file
    case 'leaseScopes':
      return target.life
    case 'unnamedParts':
      return [target.uploadId, target.rowId, target.after]
    default:
      return target satisfies never
  }
}
