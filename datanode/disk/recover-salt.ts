// The salt of a segment whose header is damaged, told by what it was used for. A checksum and the bytes that
// it covers leave one salt that it can have started from; that of the footer is proved by all of its
// records, and otherwise most of the records agree on one. Reads only.
import { crc32c } from '@node-rs/crc32'
import { chunkBytesMax } from '../../protocol/chunks/chunk-ref.ts'
import { FileWindow } from './file-window.ts'
import { readWholeRecord } from './read-record.ts'
import {
  parseRecordHeader,
  parseTrailer,
  recordHeaderBytes,
  recordMagic,
  segmentHeaderBytes,
  trailerBytes,
} from './segment-format.ts'
import type { VfsFile } from './vfs.ts'

const stepBytes = 512 * 1024
const checkedHeaderBytes = recordHeaderBytes - 4
const checkedTrailerBytes = trailerBytes - 4

/**
 * `undefined`: nothing in the file is a record, nor a footer, or they cannot tell. `written`: what a header that
 * seems intact says, which counts for as much as one record.
 */
export async function recoverSalt(
  file: VfsFile,
  written: number | undefined,
): Promise<number | undefined> {
  const bytes = await file.size()
  return (await saltOfFooter(file, bytes)) ?? (await saltOfRecords(file, { bytes, written }))
}

async function saltOfFooter(file: VfsFile, fileBytes: number): Promise<number | undefined> {
  if (fileBytes < segmentHeaderBytes + trailerBytes) return undefined
  const tail = Buffer.alloc(trailerBytes)
  await file.read(tail, fileBytes - trailerBytes)
  const crc = tail.readUInt32LE(checkedTrailerBytes)
  const salt = crc32cStart(tail.subarray(0, checkedTrailerBytes), crc)
  const trailer = parseTrailer(tail, { salt, fileBytes })
  if (trailer === undefined || trailer.records === 0) return undefined
  const payload = Buffer.allocUnsafe(trailer.records * recordHeaderBytes)
  await file.read(payload, trailer.end)
  return crc32c(payload, salt) === trailer.crc ? salt : undefined
}

type Candidate = {
  readonly salt: number
  votes: number
  /** The first of the records that it would be right for, if there is any. */
  header: Buffer | undefined
}

async function saltOfRecords(
  file: VfsFile,
  { bytes, written }: { readonly bytes: number; readonly written: number | undefined },
): Promise<number | undefined> {
  const candidates = new Map<number, Candidate>()
  if (written !== undefined) {
    candidates.set(written, { salt: written, votes: 1, header: undefined })
  }
  for await (const header of recordsLookedFor(file, bytes)) vote(candidates, header)
  const all = [...candidates.values()]
  const most = all.reduce((max, { votes }) => Math.max(max, votes), 0)
  const first = all.filter(({ votes }) => votes === most)
  return most > 1 && first.length === 1 ? first[0]?.salt : provedByFrames(file, first)
}

/** Whatever begins as a record does, the copies in the footer included. Each is a view, good for one turn. */
async function* recordsLookedFor(file: VfsFile, fileBytes: number): AsyncGenerator<Buffer> {
  const window = new FileWindow(file)
  for (let at = segmentHeaderBytes; at < fileBytes; at += stepBytes) {
    // So much longer that each of them is whole in the step in which it begins.
    const count = Math.min(stepBytes + recordHeaderBytes - 1, fileBytes - at)
    const bytes = await window.bytes(at, count)
    let hit = bytes.indexOf(recordMagic)
    while (hit >= 0 && hit < stepBytes) {
      yield bytes.subarray(hit, hit + recordHeaderBytes)
      hit = bytes.indexOf(recordMagic, hit + 1)
    }
  }
}

function vote(candidates: Map<number, Candidate>, header: Buffer): void {
  if (!seemsRecord(header)) return
  const crc = header.readUInt32LE(checkedHeaderBytes)
  const salt = crc32cStart(header.subarray(0, checkedHeaderBytes), crc)
  const known = candidates.get(salt) ?? { salt, votes: 0, header: undefined }
  known.votes += 1
  known.header ??= Buffer.from(header)
  candidates.set(salt, known)
}

/** True where what is the same in all records is as it must be. */
function seemsRecord(header: Buffer): boolean {
  if (header.length < recordHeaderBytes || header.readUInt16LE(34) !== 0) return false
  const length = header.readUInt32LE(16)
  const isChunk = header.readUInt16LE(4) === 1 && length > 0 && length <= chunkBytesMax
  const isDelete = header.readUInt16LE(4) === 2 && length === 0 && header.readUInt32LE(68) === 0
  return isChunk || isDelete
}

/**
 * Of salts that as many records speak for, the one whose record also fits the frames behind it. A single
 * delete record is believed: if it says something wrong, it speaks of no chunk. Where nothing can tell,
 * nothing is answered: with a wrong salt the right records would count as a torn tail.
 */
async function provedByFrames(
  file: VfsFile,
  candidates: readonly Candidate[],
): Promise<number | undefined> {
  const proved: number[] = []
  const notes: number[] = []
  for (const { salt, header } of candidates) {
    if (header === undefined) continue
    const record = parseRecordHeader(header, { salt, offset: header.readUInt32LE(12) })
    if (record?.is === 'delete') notes.push(salt)
    else if (record !== undefined && (await readWholeRecord(file, record)) !== undefined) {
      proved.push(salt)
    }
  }
  const told = proved.length > 0 ? proved : notes
  return told.length === 1 ? told[0] : undefined
}

// CRC-32C run backwards: which value a checksum was started from. For known bytes there is exactly one start
// for each result.
const polynomial = 0x82f63b78

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  return crc >>> 0
})

/** By the highest byte of its entry, which is another one for each, the index of the entry. */
const byHighest = new Uint8Array(256)
for (const [index, entry] of table.entries()) byHighest[entry >>> 24] = index

/** The `start` for which `crc32c(bytes, start)` is `crc`. */
export function crc32cStart(bytes: Buffer, crc: number): number {
  let register = ~crc >>> 0
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    const index = byHighest[register >>> 24] ?? 0
    const shifted = ((register ^ (table[index] ?? 0)) << 8) >>> 0
    register = (shifted | (index ^ (bytes[at] ?? 0))) >>> 0
  }
  return ~register >>> 0
}
