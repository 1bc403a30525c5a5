// Holds every version against its content, its parts and its lists, and opens what is kept inline, for
// `holdfast check`. Chunks are `verify-references.ts`'s.
import assert from 'node:assert'
import { isUtf8 } from 'node:buffer'
import { crc32 } from '@node-rs/crc32'
import type { ChunkKeys } from '../../protocol/chunks/chunk-keys.ts'
import { openInline } from '../../protocol/chunks/seal-inline.ts'
import { parsePartData, parsePartHead } from '../codec/upload-codec.ts'
import { parseVersion, parseVersionHead } from '../codec/version-codec.ts'
import { parseBucketId } from '../record-ids.ts'
import type { Bucket, BucketId, ObjectVersion, PieceData, TenantId } from '../records.ts'
import { rowIdBytes } from '../row-ids.ts'
import { pagesFrom } from './chunk-lists.ts'
import type { Tables } from './lmdb-environment.ts'
import type { Row } from './lmdb-table.ts'
import {
  bucketIdBytes,
  contentKey,
  everyRow,
  idOfHistoryRow,
  partKey,
  rawKeyAt,
  rawKeyOfHistoryRow,
} from './row-keys.ts'
import { bucketsById } from './verify-rows.ts'

export type VersionCounts = {
  readonly buckets: number
  /** Current objects. */
  readonly objects: number
  /** Versions that are not current, delete markers among them. */
  readonly olderVersions: number
  /** Pieces that lie inline and were not opened, for want of a key. */
  readonly unopened: number
}

export type VersionCheck = {
  /** The keys of a tenant; `undefined`: they are not to be had. */
  readonly keysOf: (tenantId: TenantId) => Pick<ChunkKeys, 'inlineKeys'> | undefined
  /** Told of whatever is not as it must be. */
  readonly tell: (what: string) => void
}

export function verifyVersions(tables: Tables, check: VersionCheck): VersionCounts {
  const buckets = bucketsById(tables)
  const verifier = new Verifier(tables, check)
  let objects = 0
  for (const { key, name, value } of currentRows(tables)) {
    objects += 1
    const rowId = value.toString('hex', 0, rowIdBytes)
    verifier.verify(
      { ...whereOf(key), key: name, rowId, row: value, headAt: rowIdBytes, isBuried: false },
      buckets,
    )
  }
  let olderVersions = 0
  for (const table of ['versions', 'graveyard'] as const) {
    for (const { key, value } of tables[table].intactRows(everyRow)) {
      const isBuried = table === 'graveyard'
      if (!isBuried) olderVersions += 1
      const name = rawKeyOfHistoryRow(key)
      verifier.verify(
        { ...whereOf(key), key: name, rowId: idOfHistoryRow(key), row: value, headAt: 0, isBuried },
        buckets,
      )
    }
  }
  const contents = tables.contents.count()
  const unnamed = contents - verifier.contents
  if (unnamed > 0) check.tell(`${unnamed} contents that no version names`)
  return { buckets: buckets.size, objects, olderVersions, unopened: verifier.unopened }
}

function whereOf(rowKey: Buffer): Pick<Named, 'bucketId'> {
  const bucketId = parseBucketId(rowKey.toString('hex', 0, bucketIdBytes))
  assert(bucketId !== undefined, 'a row key that is too short')
  return { bucketId }
}

/** Where this layout has them, or where an earlier one had them. */
function* currentRows(tables: Tables): Generator<Row & { readonly name: Buffer }> {
  // While they are moved they are in both.
  const table = tables.listing.count() > 0 ? 'listing' : 'objects'
  const nameAt = table === 'listing' ? bucketIdBytes : rawKeyAt
  for (const { key, value } of tables[table].intactRows(everyRow)) {
    yield { key, name: key.subarray(nameAt), value }
  }
}

type Named = {
  readonly bucketId: BucketId
  /** UTF-8, or damaged. */
  readonly key: Buffer
  readonly rowId: string
  readonly row: Buffer
  readonly headAt: number
  /** Deleted, and not yet released: its bucket may be gone. */
  readonly isBuried: boolean
}

class Verifier {
  unopened = 0
  /** Of versions that were verified. */
  contents = 0
  readonly #tables: Tables
  readonly #check: VersionCheck

  constructor(tables: Tables, check: VersionCheck) {
    this.#tables = tables
    this.#check = check
  }

  verify(named: Named, buckets: ReadonlyMap<BucketId, Bucket>): void {
    const { bucketId, rowId, row, headAt } = named
    const bucket = buckets.get(bucketId)
    const key = named.key.toString()
    const name = `${bucket?.name ?? 'a bucket that is not there'}/${key} (${rowId})`
    try {
      const content = this.#contentOf(rowId)
      if (content !== undefined) this.contents += 1
      const version = parseVersion({ bucketId, key, rowId }, parseVersionHead(row, headAt), content)
      if (!isUtf8(named.key)) throw new Error('its key is no text, and no listing can show it')
      if (version.is === 'deleteMarker') return
      if (bucket === undefined && !named.isBuried) throw new Error('its bucket is missing')
      // What is being released is no longer whole.
      if (!named.isBuried) this.#verifyData(version, bucket?.tenantId)
    } catch (cause) {
      this.#check.tell(`${name}: ${cause instanceof Error ? cause.message : cause}`)
    }
  }

  #contentOf(rowId: string): Buffer | undefined {
    try {
      const content = this.#tables.contents.get(contentKey(rowId))
      if (content !== undefined) this.contents += 1
      return content
    } catch (cause) {
      // Damaged, and named nevertheless.
      this.contents += 1
      throw cause
    }
  }

  #verifyData({ data, size, crc32: crc }: ObjectVersion, tenantId: TenantId | undefined): void {
    if (data.is !== 'parts') {
      this.#verifyPiece(data, { size, crc, tenantId })
      return
    }
    let bytes = 0
    for (const { number, size: partSize } of data.parts) {
      const row = this.#tables.parts.get(partKey(data.uploadId, number))
      if (row === undefined) throw new Error(`part ${number} is missing`)
      const head = parsePartHead(row)
      if (head.size !== partSize) throw new Error(`part ${number} is of another size`)
      this.#verifyPiece(parsePartData(row), { size: partSize, crc: head.crc32, tenantId })
      bytes += partSize
    }
    requireSize(bytes, size)
  }

  #verifyPiece(
    data: PieceData,
    piece: { readonly size: number; readonly crc: number; readonly tenantId: TenantId | undefined },
  ): void {
    switch (data.is) {
      case 'inline':
        this.#verifyInline(data.sealed, piece)
        return
      case 'chunks':
        requireSize(sumOf(data.chunks), piece.size)
        return
      case 'list': {
        let end = 0
        for (const { offset, refs } of pagesFrom(this.#tables, data.listId, everyPage)) {
          if (offset !== end) throw new Error(`its list of chunks has a gap at ${end}`)
          end += sumOf(refs)
        }
        requireSize(end, piece.size)
        return
      }
      default:
        data satisfies never
    }
  }

  #verifyInline(
    sealed: Uint8Array,
    { size, crc, tenantId }: { size: number; crc: number; tenantId: TenantId | undefined },
  ): void {
    const keys = tenantId === undefined ? undefined : this.#check.keysOf(tenantId)
    if (keys === undefined && size > 0) {
      this.unopened += 1
      return
    }
    const plaintext = keys === undefined ? Buffer.alloc(0) : openInline(keys, sealed)
    requireSize(plaintext.length, size)
    if (crc32(plaintext) !== crc) throw new Error('its bytes are not those that were stored')
  }
}

const everyPage = { fromOffset: 0, limit: Number.MAX_SAFE_INTEGER }

function sumOf(refs: readonly { readonly length: number }[]): number {
  return refs.reduce((sum, { length }) => sum + length, 0)
}

function requireSize(bytes: number, size: number): void {
  if (bytes !== size) throw new Error(`it has ${bytes} bytes of ${size}`)
}
