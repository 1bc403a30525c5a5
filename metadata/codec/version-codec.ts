// Object versions and delete markers as bytes, in two records: a short head, which is what listings
// decode and conditions ask, and the content, which only a reader of the object needs.
import { parseVersionId } from '../record-ids.ts'
import type {
  BucketId,
  DeleteMarker,
  ObjectContent,
  ObjectData,
  ObjectSummary,
  ObjectVersion,
  VersionId,
} from '../records.ts'
import { flattenAcl, parseAcl, parseOwner } from './acl-codec.ts'
import {
  encodeChecksumKind,
  flattenChecksum,
  flattenData,
  flattenHeaders,
  flattenUserMetadata,
  parseChecksum,
  parseChecksumByte,
  parseData,
  parseHeaders,
  parseUserMetadata,
  type StoredData,
} from './content-codec.ts'
import { array, count, decodeRecord, encodeRecord, RecordCorrupt } from './record-frame.ts'
import { flattenTags, parseTags } from './tenancy-codec.ts'

/** What the head tells; the key and the row id are where the head is stored. */
export type VersionHead = {
  readonly isNull: boolean
  /** The row id ends as the commit id did that its caller has drawn. */
  readonly isNamed: boolean
  readonly modifiedMs: number
} & (
  | ({ readonly is: 'object'; readonly holdsChunks: boolean } & Omit<
      ObjectSummary,
      'key' | 'modifiedMs'
    > & { readonly crc32: number })
  | { readonly is: 'deleteMarker' }
)

const nullFlag = 1
const markerFlag = 2
const chunksFlag = 4
const namedFlag = 8
/** The object belongs to another account than the bucket. */
const ownerFlag = 16

// A head is laid out by hand, since decoding heads is what a listing costs: format, flags, time (6
// bytes), and of objects size (6), CRC-32 (4), checksum kind, ETag and storage class, each with its
// length; and so the owner, where the bucket's is another.
const format = 1
const timeAt = 2
const sizeAt = 8
const crc32At = 14
const checksumAt = 18
const textsAt = 19

export function encodeObjectHead(
  content: Omit<ObjectContent, 'headers' | 'userMetadata' | 'tags'>,
  made: Made,
): Buffer {
  const owner = content.acl?.owner
  const flags =
    flagsOf(made) |
    (content.data.is === 'inline' ? 0 : chunksFlag) |
    (owner === undefined ? 0 : ownerFlag)
  const storageClass = content.storageClass === 'STANDARD' ? '' : content.storageClass
  const texts = [content.etag, storageClass, ...(owner === undefined ? [] : [owner])].map((value) =>
    Buffer.from(value, 'latin1'),
  )
  const head = Buffer.allocUnsafe(texts.reduce((sum, value) => sum + 1 + value.length, textsAt))
  writeBeginning(head, flags, made.modifiedMs)
  head.writeUIntBE(content.size, sizeAt, 6)
  head.writeUInt32BE(content.crc32, crc32At)
  head.writeUInt8(encodeChecksumKind(content.checksum), checksumAt)
  let at = textsAt
  for (const value of texts) {
    head.writeUInt8(value.length, at)
    head.set(value, at + 1)
    at += 1 + value.length
  }
  return head
}

export function encodeMarkerHead(made: Made): Buffer {
  const head = Buffer.allocUnsafe(sizeAt)
  writeBeginning(head, markerFlag | flagsOf(made), made.modifiedMs)
  return head
}

type Made = {
  readonly versionId: VersionId
  readonly isNamed: boolean
  readonly modifiedMs: number
}

function flagsOf({ versionId, isNamed }: Made): number {
  return (versionId === 'null' ? nullFlag : 0) | (isNamed ? namedFlag : 0)
}

/** The head that begins at `at` and ends with the bytes. */
export function parseVersionHead(bytes: Buffer, at = 0): VersionHead {
  if (bytes[at] !== format) throw new RecordCorrupt(`version: format ${bytes[at]}`)
  const flags = bytes.readUInt8(at + 1)
  const isNull = (flags & nullFlag) !== 0
  const isNamed = (flags & namedFlag) !== 0
  const modifiedMs = bytes.readUIntBE(at + timeAt, 6)
  if ((flags & markerFlag) !== 0) return { is: 'deleteMarker', isNull, isNamed, modifiedMs }
  const holdsChunks = (flags & chunksFlag) !== 0
  const size = bytes.readUIntBE(at + sizeAt, 6)
  const crc32 = bytes.readUInt32BE(at + crc32At)
  const etagAt = at + textsAt + 1
  const etagEnd = etagAt + bytes.readUInt8(etagAt - 1)
  const etag = bytes.toString('latin1', etagAt, etagEnd)
  const classEnd = etagEnd + 1 + bytes.readUInt8(etagEnd)
  const owner = (flags & ownerFlag) === 0 ? undefined : ownerAt(bytes, classEnd)
  const end = owner === undefined ? classEnd : classEnd + 1 + owner.length
  if (end !== bytes.length) throw new RecordCorrupt('version: a head of the wrong length')
  const storageClass =
    classEnd === etagEnd + 1 ? 'STANDARD' : bytes.toString('latin1', etagEnd + 1, classEnd)
  const checksum = parseChecksumByte(bytes.readUInt8(at + checksumAt))
  const is = 'object' as const
  // Field by field, for every row of a listing: to copy so many with `...` takes as long as all the rest.
  const head = checksum
    ? { is, isNull, isNamed, modifiedMs, holdsChunks, size, crc32, etag, storageClass, checksum }
    : { is, isNull, isNamed, modifiedMs, holdsChunks, size, crc32, etag, storageClass }
  return owner === undefined ? head : { ...head, owner }
}

function ownerAt(bytes: Buffer, at: number): string {
  if (at >= bytes.length) throw new RecordCorrupt('version: a head of the wrong length')
  return parseOwner(bytes.toString('latin1', at + 1, at + 1 + bytes.readUInt8(at)))
}

/** What an archive needs of an object's head, and no more: a million of them are read for one. */
export function parseFrozenHead(
  bytes: Buffer,
  at: number,
): Pick<ObjectContent, 'size' | 'crc32'> & { readonly modifiedMs: number } {
  if (bytes[at] !== format) throw new RecordCorrupt(`version: format ${bytes[at]}`)
  return {
    size: bytes.readUIntBE(at + sizeAt, 6),
    crc32: bytes.readUInt32BE(at + crc32At),
    modifiedMs: bytes.readUIntBE(at + timeAt, 6),
  }
}

function writeBeginning(head: Buffer, flags: number, modifiedMs: number): void {
  head.writeUInt8(format, 0)
  head.writeUInt8(flags, 1)
  head.writeUIntBE(modifiedMs, timeAt, 6)
}

/** Everything that the head does not say, and the number of leases' tally at the commit. */
export function encodeContent(content: ObjectContent, born: number): Buffer {
  return encodeRecord(1, [
    flattenData(content.data),
    flattenHeaders(content.headers),
    flattenChecksum(content.checksum),
    flattenUserMetadata(content.userMetadata),
    flattenTags(content.tags),
    born === 0 ? undefined : born,
    flattenAcl(content.acl),
  ])
}

/** 0: from before any lease, or from before it was recorded. */
export function bornOfContent(content: Buffer): number {
  const fields = decodeRecord('version content', content)
  return fields[5] == null ? 0 : count(fields, 5)
}

/** Where the bytes of the object are. */
export function dataOfContent(content: Buffer): StoredData {
  return parseData(array(decodeRecord('version content', content), 0))
}

export function versionIdOfRow(rowId: string, head: Pick<VersionHead, 'isNull'>): VersionId {
  const versionId: VersionId | undefined = head.isNull ? 'null' : parseVersionId(rowId)
  if (versionId === undefined) throw new RecordCorrupt(`version: row id ${rowId}`)
  return versionId
}

/** The same of a version of this key. */
export function placedData(data: StoredData, { bucketId, key }: Place): ObjectData {
  return data.is === 'parts' ? { ...data, bucketId, key } : data
}

type Place = { readonly bucketId: BucketId; readonly key: string }

export function parseVersion(
  { bucketId, key, rowId }: Place & { readonly rowId: string },
  head: VersionHead,
  content: Buffer | undefined,
): ObjectVersion | DeleteMarker {
  const versionId = versionIdOfRow(rowId, head)
  const { modifiedMs } = head
  if (head.is === 'deleteMarker') return { is: 'deleteMarker', key, rowId, versionId, modifiedMs }
  if (content === undefined) throw new RecordCorrupt(`version ${rowId} has no content`)
  const rest = decodeRecord('version content', content)
  const checksum = parseChecksum(array(rest, 2))
  const version: { -readonly [Name in keyof ObjectVersion]: ObjectVersion[Name] } = {
    is: 'object',
    key,
    rowId,
    versionId,
    modifiedMs,
    size: head.size,
    etag: head.etag,
    storageClass: head.storageClass,
    crc32: head.crc32,
    data: placedData(parseData(array(rest, 0)), { bucketId, key }),
    headers: parseHeaders(array(rest, 1)),
    userMetadata: parseUserMetadata(array(rest, 3)),
    tags: parseTags(array(rest, 4)),
  }
  if (checksum !== undefined) version.checksum = checksum
  const acl = parseAcl(array(rest, 6))
  if (acl !== undefined) version.acl = acl
  return version
}
