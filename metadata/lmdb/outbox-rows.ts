// The rows of the outbox: what a release task has to release, how tasks are appended inside the
// transaction that causes them, and how they are read back.
import assert from 'node:assert'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import {
  encodeBlobRef,
  encodeChunkRefs,
  parseBlobRef,
  parseChunkRefs,
} from '../codec/chunk-ref-codec.ts'
import {
  bytesAt,
  count,
  decodeRecord,
  encodeRecord,
  id,
  text,
  word,
} from '../codec/record-frame.ts'
import { parseBucketId, parseChunkListId, parseTenantId, parseUploadId } from '../record-ids.ts'
import type { BucketId, ChunkListId, PieceData, TenantId, UploadId } from '../records.ts'
import type { Tables } from './lmdb-environment.ts'
import { numberKey, numberOfKey } from './row-keys.ts'

/** What a release gives back. */
export type ReleaseTarget =
  /** A row of the graveyard. */
  | { readonly what: 'version'; readonly graveKey: Buffer }
  /** References that nothing else names any more. */
  | { readonly what: 'chunks'; readonly refs: readonly BlobRefOfChunk[] }
  | { readonly what: 'list'; readonly listId: ChunkListId }
  /** All parts under this id. */
  | { readonly what: 'parts'; readonly uploadId: UploadId }
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
] as const

/** Of tasks that are no tenant's: leases may hold rows of several. */
export const ownTasks = requireTenantId('-')

function requireTenantId(raw: string): TenantId {
  const tenantId = parseTenantId(raw)
  assert(tenantId !== undefined)
  return tenantId
}

const seqKey = Buffer.from('seq')

/** The number of the task appended last; 0 before the first. */
function lastSeq(tables: Tables): number {
  const bytes = tables.meta.get(seqKey)
  return bytes === undefined ? 0 : numberOfKey(bytes)
}

export function appendRelease(tables: Tables, tenantId: TenantId, target: ReleaseTarget): void {
  const seq = takeSeqs(tables, 1)
  tables.releases.put(numberKey(seq), encodeRelease(tenantId, target))
}

export function appendDeletions(
  tables: Tables,
  tenantId: TenantId,
  blobs: readonly BlobRef[],
): void {
  if (blobs.length === 0) return
  let seq = takeSeqs(tables, blobs.length)
  for (const blob of blobs) {
    tables.deletions.put(numberKey(seq), encodeRecord(1, [tenantId, encodeBlobRef(blob)]))
    seq += 1
  }
}

/** The release of a part's or list's data; nothing when it lies inline. */
export function appendPieceRelease(tables: Tables, tenantId: TenantId, data: PieceData): void {
  if (data.is === 'chunks') appendRelease(tables, tenantId, { what: 'chunks', refs: data.chunks })
  if (data.is === 'list') appendRelease(tables, tenantId, { what: 'list', listId: data.listId })
}

export function parseRelease(bytes: Buffer): { tenantId: TenantId; target: ReleaseTarget } {
  const fields = decodeRecord('release task', bytes)
  const tenantId = id(parseTenantId, fields, 0)
  const what = word(targets, fields, 1)
  switch (what) {
    case 'version':
      return { tenantId, target: { what, graveKey: bytesAt(fields, 2) } }
    case 'chunks':
      return { tenantId, target: { what, refs: parseChunkRefs(bytesAt(fields, 2)) } }
    case 'list':
      return { tenantId, target: { what, listId: id(parseChunkListId, fields, 2) } }
    case 'parts':
      return { tenantId, target: { what, uploadId: id(parseUploadId, fields, 2) } }
    case 'bucketUploads':
      return { tenantId, target: { what, bucketId: id(parseBucketId, fields, 2) } }
    case 'heldReleases':
      return { tenantId, target: { what, file: count(fields, 2) } }
    case 'leaseScopes':
      return { tenantId, target: { what, life: count(fields, 2) } }
    default:
      return what satisfies never
  }
}

export function parseDeletion(bytes: Buffer): { tenantId: TenantId; blob: BlobRef } {
  const fields = decodeRecord('deletion task', bytes)
  return { tenantId: id(parseTenantId, fields, 0), blob: parseBlobRef(bytesAt(fields, 1)) }
}

/** The tenant of a release task alone, for listings of tasks. */
export function tenantOfRelease(bytes: Buffer): TenantId {
  return requireTenantId(text(decodeRecord('release task', bytes), 0))
}

/** Never shorter than `row-bounds.ts` says: the last field is filler. */
function encodeRelease(tenantId: TenantId, target: ReleaseTarget): Buffer {
  const payload = payloadOf(target)
  const filler = typeof payload === 'number' ? '----' : undefined
  return encodeRecord(1, [tenantId, targets.indexOf(target.what), payload, filler])
}

function payloadOf(target: ReleaseTarget): Buffer | string | number {
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
    default:
      return target satisfies never
  }
}

/** Reserves so many numbers and answers the first of them. */
export function takeSeqs(tables: Tables, many: number): number {
  const first = lastSeq(tables) + 1
  tables.meta.put(seqKey, numberKey(first + many - 1))
  return first
}
