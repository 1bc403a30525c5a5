// Multipart uploads, their parts and their completions as bytes. A part has two halves: what a
// listing of parts shows, and where its bytes are.
import { type CommitId, parseCommitId } from '../commit-id.ts'
import { parseBucketId, parseTenantId, parseUploadId } from '../record-ids.ts'
import type { Part, PieceData, Upload, VersioningStatus } from '../records.ts'
import { flattenAcl, parseAcl } from './acl-codec.ts'
import {
  flattenChecksum,
  flattenData,
  flattenHeaders,
  flattenUserMetadata,
  optionalChecksumKind,
  parseHeaders,
  parsePartChecksum,
  parsePieceData,
  parseUserMetadata,
  storageClassAt,
} from './content-codec.ts'
import {
  array,
  bytesAt,
  count,
  decodeRecord,
  encodeRecord,
  type Fields,
  id,
  optionalText,
  text,
  word,
} from './record-frame.ts'
import { flattenTags, parseTags } from './tenancy-codec.ts'

/** An upload under way, and what has become of its parts. */
export type UploadState = {
  readonly upload: Upload
  /** Another with every part that is committed. */
  readonly revision: number
  /** How many part numbers it has. Undefined: it was begun before they were counted. */
  readonly parts: number | undefined
  /** What its parts come to. 0 also in rows from before that was counted, which are counted when a store is brought forward. */
  readonly partBytes: number
}

export function encodeUpload({ upload, revision, parts, partBytes }: UploadState): Buffer {
  return encodeRecord(1, [
    upload.bucketId,
    upload.tenantId,
    upload.key,
    upload.uploadId,
    upload.initiatedMs,
    upload.storageClass,
    flattenHeaders(upload.headers),
    flattenUserMetadata(upload.userMetadata),
    flattenTags(upload.tags),
    flattenChecksum(upload.checksum),
    revision,
    parts,
    flattenAcl(upload.acl),
    partBytes === 0 ? undefined : partBytes,
  ])
}

export function parseUpload(bytes: Uint8Array): Upload {
  return uploadOf(decodeRecord('upload', bytes))
}

function uploadOf(fields: Fields): Upload {
  const acl = parseAcl(array(fields, 12))
  return {
    bucketId: id(parseBucketId, fields, 0),
    tenantId: id(parseTenantId, fields, 1),
    key: text(fields, 2),
    uploadId: id(parseUploadId, fields, 3),
    initiatedMs: count(fields, 4),
    storageClass: storageClassAt(fields, 5),
    headers: parseHeaders(array(fields, 6)),
    userMetadata: parseUserMetadata(array(fields, 7)),
    tags: parseTags(array(fields, 8)),
    ...optionalChecksumKind(fields, 9),
    ...(acl === undefined ? {} : { acl }),
  }
}

export function parseUploadState(bytes: Uint8Array): UploadState {
  const fields = decodeRecord('upload', bytes)
  return {
    upload: uploadOf(fields),
    revision: fields[10] == null ? 0 : count(fields, 10),
    parts: fields[11] == null ? undefined : count(fields, 11),
    partBytes: fields[13] == null ? 0 : count(fields, 13),
  }
}

/** With the commit that has made it, if its caller has named that. */
export function encodePart(part: Part, commitId?: CommitId): Buffer {
  const head = encodeRecord(1, [
    part.number,
    part.size,
    part.etag,
    part.crc32,
    part.modifiedMs,
    flattenChecksum(part.checksum),
    part.crc64nvme,
    commitId && Buffer.from(commitId, 'hex'),
  ])
  const data = encodeRecord(1, flattenData(part.data))
  const length = Buffer.allocUnsafe(2)
  length.writeUInt16BE(head.length)
  return Buffer.concat([length, head, data])
}

export function parsePart(row: Buffer): Part {
  return { ...parsePartHead(row), data: parsePartData(row) }
}

export function parsePartHead(row: Buffer): Omit<Part, 'data'> {
  const fields = decodeRecord('part', row.subarray(2, 2 + row.readUInt16BE(0)))
  const checksum = parsePartChecksum(array(fields, 5))
  const crc64nvme = optionalText(fields, 6)
  return {
    number: count(fields, 0),
    size: count(fields, 1),
    etag: text(fields, 2),
    crc32: count(fields, 3),
    modifiedMs: count(fields, 4),
    ...(checksum && { checksum }),
    ...(crc64nvme !== undefined && { crc64nvme }),
  }
}

export function commitOfPart(row: Buffer): CommitId | undefined {
  const fields = decodeRecord('part', row.subarray(2, 2 + row.readUInt16BE(0)))
  return fields[7] == null ? undefined : parseCommitId(bytesAt(fields, 7).toString('hex'))
}

export function parsePartData(row: Buffer): PieceData {
  return parsePieceData(decodeRecord('part data', row.subarray(2 + row.readUInt16BE(0))))
}

/** What a repeated completion is answered from: the version that the upload became. */
export type Completion = {
  readonly bucketId: Upload['bucketId']
  readonly key: string
  /** 32 hex digits. */
  readonly rowId: string
  readonly versioning: VersioningStatus
}

const versioningStatuses: readonly VersioningStatus[] = ['off', 'enabled', 'suspended']

export function encodeCompletion(completion: Completion): Buffer {
  return encodeRecord(1, [
    completion.bucketId,
    completion.key,
    completion.rowId,
    versioningStatuses.indexOf(completion.versioning),
  ])
}

export function parseCompletion(bytes: Uint8Array): Completion {
  const fields = decodeRecord('completion', bytes)
  return {
    bucketId: id(parseBucketId, fields, 0),
    key: text(fields, 1),
    rowId: text(fields, 2),
    versioning: word(versioningStatuses, fields, 3),
  }
}
