// Whether a file can be an intact LMDB environment, by its first pages and its length: on one that is
// none, or that was cut short, the library ends the process instead of failing. Pure. Layout: MDB_meta of
// LMDB's mdb.c, 64-bit, little endian; the offsets are of this version of the format only.

const metaBytes = 0xa0
const magic = 0xbeefc0de
const formatVersion = 2
const pageBytesMax = 64 * 1024

/** So much from the beginning of the file has to be looked at. */
export const lmdbHeadBytes = pageBytesMax + metaBytes

/** Pages that a transaction took and gave back may never have been written, at the very end. */
const looseEndPages = 64n

export type LmdbFile =
  | { readonly is: 'empty' }
  | { readonly is: 'whole' }
  /** A few pages are missing at the end: those that nothing uses, or it was cut. */
  | { readonly is: 'shortened' }
  | { readonly is: 'unusable'; readonly why: string }

type Meta = { readonly pageBytes: number; readonly lastPage: bigint; readonly txn: bigint }

/** `head`: the first `lmdbHeadBytes` of the file, or all of a shorter one. */
export function judgeLmdbFile(head: Buffer, fileBytes: number): LmdbFile {
  if (fileBytes === 0) return { is: 'empty' }
  const newer = newerMeta(head)
  if (newer === undefined) {
    return { is: 'unusable', why: 'is not an LMDB environment, or was cut off at its beginning' }
  }
  const pages = newer.lastPage + 1n
  if (BigInt(fileBytes) >= pages * BigInt(newer.pageBytes)) return { is: 'whole' }
  const needed = (pages - looseEndPages) * BigInt(newer.pageBytes)
  if (BigInt(fileBytes) >= needed) return { is: 'shortened' }
  const whole = pages * BigInt(newer.pageBytes)
  return { is: 'unusable', why: `was cut short: it has ${fileBytes} bytes of ${whole}` }
}

/** Bytes of the file that were in use at the last commit. Throws when it is no environment. */
export function lmdbUsage(head: Buffer): number {
  const newer = newerMeta(head)
  if (newer === undefined) throw new Error('this is not an LMDB environment')
  return (Number(newer.lastPage) + 1) * newer.pageBytes
}

function newerMeta(head: Buffer): Meta | undefined {
  const first = parseMeta(head, 0)
  const second = first && parseMeta(head, first.pageBytes)
  if (first === undefined || second === undefined) return undefined
  return first.txn > second.txn ? first : second
}

function parseMeta(head: Buffer, at: number): Meta | undefined {
  if (head.length < at + metaBytes) return undefined
  const bytes = head.subarray(at, at + metaBytes)
  if (bytes.readUInt32LE(0x18) !== magic || bytes.readUInt32LE(0x1c) !== formatVersion) {
    return undefined
  }
  const pageBytes = bytes.readUInt32LE(0x30)
  if (pageBytes < metaBytes || pageBytes > pageBytesMax) return undefined
  return {
    pageBytes,
    lastPage: bytes.readBigUInt64LE(0x90),
    txn: bytes.readBigUInt64LE(0x98),
  }
}
