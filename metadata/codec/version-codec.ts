// Object versions and delete markers as bytes, in two records: a short head, which is what listings
// decode and conditions ask, and the content, which only a reader of the object needs.
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

/** What the head tells; the key and the row id are where the head is stored. */
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

export function encodeMarkerHead(marker: { versionId: VersionId; modifiedMs: number }): Buffer {
  const flags = markerFlag | (marker.versionId === 'null' ? nullFlag : 0)
  return encodeRecord(1, [flags, marker.modifiedMs])
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

/** Everything that the head does not say. */
export function encodeContent(content: ObjectContent): Buffer {
  return encodeRecord(1, [
    content.crc32,
    flattenData(content.data),
    flattenHeaders(content.headers),
    flattenChecksum(content.checksum),
    flattenUserMetadata(content.userMetadata),
    flattenTags(content.tags),
  ])
}

/** Where the bytes of the object are. */
export function dataOfContent(content: Buffer): ObjectData {
  return parseData(array(decodeRecord('version content', content), 1))
}

export function versionIdOfRow(rowId: string, head: VersionHead): VersionId {
  const versionId: VersionId | undefined = head.isNull ? 'null' : parseVersionId(rowId)
  if (versionId === undefined) throw new RecordCorrupt(`version: row id ${rowId}`)
  return versionId
}

export function parseVersion(
  name: { key: string; rowId: string },
  head: VersionHead,
  content: Buffer | undefined,
): ObjectVersion | DeleteMarker {
  const versionId = versionIdOfRow(name.rowId, head)
  const { modifiedMs } = head
  if (head.is === 'deleteMarker') return { is: 'deleteMarker', ...name, versionId, modifiedMs }
  if (content === undefined) throw new RecordCorrupt(`version ${name.rowId} has no content`)
  const rest = decodeRecord('version content', content)
  const checksum = parseChecksum(array(rest, 3))
  return {
    is: 'object',
    ...name,
    versionId,
    modifiedMs,
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
