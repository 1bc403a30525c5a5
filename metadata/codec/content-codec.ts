// The parts that versions, uploads and parts have in common: headers, user metadata, checksums, and
// where bytes are.
import { parseChunkListId, parseUploadId } from '../record-ids.ts'
import type {
  Checksum,
  ChecksumAlgorithm,
  ChecksumType,
  ObjectData,
  PartSize,
  PieceData,
  SystemHeaders,
} from '../records.ts'
import { encodeChunkRefs, parseChunkRefs } from './chunk-ref-codec.ts'
import {
  array,
  bytesAt,
  type Fields,
  id,
  optionalText,
  RecordCorrupt,
  text,
  word,
} from './record-frame.ts'

const algorithms: readonly ChecksumAlgorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']
const types: readonly ChecksumType[] = ['COMPOSITE', 'FULL_OBJECT']
const headerNames = [
  'contentType',
  'cacheControl',
  'contentDisposition',
  'contentEncoding',
  'contentLanguage',
  'expires',
  'websiteRedirectLocation',
] as const satisfies readonly (keyof SystemHeaders)[]

/** The positions of the headers that are set, each followed by its value. */
export function flattenHeaders(headers: SystemHeaders): Fields | undefined {
  const flat: (number | string)[] = []
  headerNames.forEach((name, position) => {
    const value = headers[name]
    if (value !== undefined) flat.push(position, value)
  })
  return flat.length === 0 ? undefined : flat
}

export function parseHeaders(flat: Fields): SystemHeaders {
  const headers: { -readonly [Name in keyof SystemHeaders]: string } = {}
  for (let i = 0; i < flat.length; i += 2) headers[word(headerNames, flat, i)] = text(flat, i + 1)
  return headers
}

export function flattenUserMetadata(metadata: Readonly<Record<string, string>>) {
  const flat = Object.entries(metadata).flat()
  return flat.length === 0 ? undefined : flat
}

export function parseUserMetadata(flat: Fields): Readonly<Record<string, string>> {
  if (flat.length === 0) return {}
  const pairs: [string, string][] = []
  for (let i = 0; i < flat.length; i += 2) pairs.push([text(flat, i), text(flat, i + 1)])
  return Object.fromEntries(pairs)
}

export function flattenChecksum(checksum: Partial<Checksum> | undefined): Fields | undefined {
  if (checksum?.algorithm === undefined) return undefined
  const type = checksum.type === undefined ? null : types.indexOf(checksum.type)
  return [algorithms.indexOf(checksum.algorithm), type, checksum.value ?? null]
}

export function parseChecksum(flat: Fields): Checksum | undefined {
  if (flat.length === 0) return undefined
  return { ...parseChecksumKind(flat), value: text(flat, 2) }
}

export function parseChecksumKind(flat: Fields): Pick<Checksum, 'algorithm' | 'type'> {
  return { algorithm: word(algorithms, flat, 0), type: word(types, flat, 1) }
}

/** Algorithm and type in one byte; 0 for none. */
export function encodeChecksumKind(kind: Pick<Checksum, 'algorithm' | 'type'> | undefined): number {
  if (kind === undefined) return 0
  return (algorithms.indexOf(kind.algorithm) + 1) * 16 + types.indexOf(kind.type)
}

export function parseChecksumByte(byte: number): Pick<Checksum, 'algorithm' | 'type'> | undefined {
  return byte === 0 ? undefined : parseChecksumKind([Math.floor(byte / 16) - 1, byte % 16])
}

export function parsePartChecksum(flat: Fields): Pick<Checksum, 'algorithm' | 'value'> | undefined {
  if (flat.length === 0) return undefined
  return { algorithm: word(algorithms, flat, 0), value: text(flat, 2) }
}

const places = ['inline', 'chunks', 'list', 'parts'] as const

/** As it stands in a row, whose key says the bucket and the key of its parts. */
export type StoredData = PieceData | Omit<Extract<ObjectData, { is: 'parts' }>, 'bucketId' | 'key'>

export function flattenData(data: StoredData): Fields {
  const place = places.indexOf(data.is)
  switch (data.is) {
    case 'inline':
      return [place, data.sealed]
    case 'chunks':
      return [place, encodeChunkRefs(data.chunks)]
    case 'list':
      return [place, data.listId]
    case 'parts':
      return [place, data.uploadId, encodePartSizes(data.parts)]
    default:
      return data satisfies never
  }
}

export function parsePieceData(flat: Fields): PieceData {
  const data = parseData(flat)
  if (data.is === 'parts') throw new RecordCorrupt('a part that consists of parts')
  return data
}

export function parseData(flat: Fields): StoredData {
  const is = word(places, flat, 0)
  switch (is) {
    case 'inline':
      return { is, sealed: bytesAt(flat, 1) }
    case 'chunks':
      return { is, chunks: parseChunkRefs(bytesAt(flat, 1)) }
    case 'list':
      return { is, listId: id(parseChunkListId, flat, 1) }
    case 'parts':
      return { is, uploadId: id(parseUploadId, flat, 1), parts: parsePartSizes(bytesAt(flat, 2)) }
    default:
      return is satisfies never
  }
}

/** Eight bytes each: a part's number in two, its size in six. */
function encodePartSizes(parts: readonly PartSize[]): Buffer {
  const bytes = Buffer.allocUnsafe(parts.length * 8)
  parts.forEach(({ number, size }, i) => {
    bytes.writeUInt16BE(number, i * 8)
    bytes.writeUIntBE(size, i * 8 + 2, 6)
  })
  return bytes
}

function parsePartSizes(bytes: Buffer): readonly PartSize[] {
  if (bytes.length % 8 !== 0) throw new RecordCorrupt(`part sizes: ${bytes.length} bytes`)
  const parts: PartSize[] = []
  for (let at = 0; at < bytes.length; at += 8) {
    parts.push({ number: bytes.readUInt16BE(at), size: bytes.readUIntBE(at + 2, 6) })
  }
  return parts
}

/** To be spread into a record: `checksum` is absent when the field is. */
export function optionalChecksumKind(
  fields: Fields,
  index: number,
): { checksum?: Pick<Checksum, 'algorithm' | 'type'> } {
  const flat = array(fields, index)
  return flat.length === 0 ? {} : { checksum: parseChecksumKind(flat) }
}

export function storageClassAt(fields: Fields, index: number): string {
  return optionalText(fields, index) ?? 'STANDARD'
}
