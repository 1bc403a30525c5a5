// Object versions and delete markers as bytes, in two halves: a short summary, which is what listings
// decode, and the rest. A listing row holds a copy of the summary.
import { parseVersionId } from '../record-ids.ts'
import type {
  DeleteMarker,
  ObjectContent,
  ObjectData,
  ObjectSummary,
  ObjectVersion,
  VersionId,
} from '../records.ts'
import {
  flattenChecksum,
  flattenData,
  flattenHeaders,
  flattenUserMetadata,
  optionalChecksumKind,
  parseChecksum,
  parseData,
  parseHeaders,
  parseUserMetadata,
  storageClassAt,
} from './content-codec.ts'
import { array, count, decodeRecord, encodeRecord, RecordCorrupt, text } from './record-frame.ts'
import { flattenTags, parseTags } from './tenancy-codec.ts'

/** What a version row tells without its second half; the key and the row id are in the row's key. */
export type VersionHead = {
  readonly isNull: boolean
  readonly modifiedMs: number
} & (
  | ({ readonly is: 'object'; readonly holdsChunks: boolean } & Omit<
      ObjectSummary,
      'key' | 'modifiedMs'
    >)
  | { readonly is: 'deleteMarker' }
)

const nullFlag = 1
const markerFlag = 2
const chunksFlag = 4

export function encodeObjectHead(
  version: Pick<ObjectContent, 'size' | 'etag' | 'storageClass' | 'checksum' | 'data'> & {
    versionId: VersionId
    modifiedMs: number
  },
): Buffer {
  const flags =
    (version.versionId === 'null' ? nullFlag : 0) | (version.data.is === 'inline' ? 0 : chunksFlag)
  return encodeRecord(1, [
    flags,
    version.modifiedMs,
    version.size,
    version.etag,
    version.storageClass === 'STANDARD' ? undefined : version.storageClass,
    version.checksum && flattenChecksum({ ...version.checksum, value: '' }),
  ])
}

export function encodeMarker(marker: { versionId: VersionId; modifiedMs: number }): Buffer {
  const flags = markerFlag | (marker.versionId === 'null' ? nullFlag : 0)
  return joinHalves(encodeRecord(1, [flags, marker.modifiedMs]), Buffer.alloc(0))
}

export function parseVersionHead(bytes: Uint8Array): VersionHead {
  const fields = decodeRecord('version', bytes)
  const flags = count(fields, 0)
  const isNull = (flags & nullFlag) !== 0
  const modifiedMs = count(fields, 1)
  if ((flags & markerFlag) !== 0) return { is: 'deleteMarker', isNull, modifiedMs }
  return {
    is: 'object',
    isNull,
    modifiedMs,
    holdsChunks: (flags & chunksFlag) !== 0,
    size: count(fields, 2),
    etag: text(fields, 3),
    storageClass: storageClassAt(fields, 4),
    ...optionalChecksumKind(fields, 5),
  }
}

/** A whole version row: the head as given, then everything that the head does not say. */
export function encodeObjectRow(head: Buffer, content: ObjectContent): Buffer {
  const rest = encodeRecord(1, [
    content.crc32,
    flattenData(content.data),
    flattenHeaders(content.headers),
    flattenChecksum(content.checksum),
    flattenUserMetadata(content.userMetadata),
    flattenTags(content.tags),
  ])
  return joinHalves(head, rest)
}

/** The first half of a version row. */
export function headOfRow(row: Buffer): Buffer {
  return row.subarray(2, 2 + row.readUInt16BE(0))
}

/** Where the bytes of a row's object are; undefined for a delete marker. */
export function dataOfRow(row: Buffer): ObjectData | undefined {
  const rest = row.subarray(2 + row.readUInt16BE(0))
  return rest.length === 0 ? undefined : parseData(array(decodeRecord('version content', rest), 1))
}

export function parseVersionRow(
  key: string,
  rowId: string,
  row: Buffer,
): ObjectVersion | DeleteMarker {
  const head = parseVersionHead(headOfRow(row))
  const versionId: VersionId | undefined = head.isNull ? 'null' : parseVersionId(rowId)
  if (versionId === undefined) throw new RecordCorrupt(`version: row id ${rowId}`)
  const named = { key, versionId, rowId, modifiedMs: head.modifiedMs }
  if (head.is === 'deleteMarker') return { is: 'deleteMarker', ...named }
  const rest = decodeRecord('version content', row.subarray(2 + row.readUInt16BE(0)))
  const checksum = parseChecksum(array(rest, 3))
  return {
    is: 'object',
    ...named,
    size: head.size,
    etag: head.etag,
    storageClass: head.storageClass,
    crc32: count(rest, 0),
    data: parseData(array(rest, 1)),
    headers: parseHeaders(array(rest, 2)),
    ...(checksum && { checksum }),
    userMetadata: parseUserMetadata(array(rest, 4)),
    tags: parseTags(array(rest, 5)),
  }
}

function joinHalves(head: Buffer, rest: Buffer): Buffer {
  const row = Buffer.allocUnsafe(2 + head.length + rest.length)
  row.writeUInt16BE(head.length, 0)
  row.set(head, 2)
  row.set(rest, 2 + head.length)
  return row
}
