// A look at an LMDB data file before LMDB maps it into memory: on a file that is no environment, or
// that was cut short, the library ends the process instead of failing. Layout: MDB_meta of LMDB's
// mdb.c, 64-bit, little endian; the offsets are of this version of the format only.
import { type FileHandle, open } from 'node:fs/promises'
import { errorCode } from './vfs.ts'

const metaBytes = 0xa0
const magic = 0xbeefc0de
const formatVersion = 2

/** Pages that a transaction took and gave back may never have been written, at the very end. */
const looseEndPages = 64n

type Meta = { readonly pageBytes: number; readonly lastPage: bigint; readonly txn: bigint }

/** Throws when the file is there and cannot be an intact environment. Not a full check. */
export async function checkLmdbFile(path: string): Promise<void> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return
    throw cause
  }
  try {
    const { size } = await file.stat()
    if (size === 0) return
    const newer = await newerMeta(file, path)
    const needed = (newer.lastPage + 1n - looseEndPages) * BigInt(newer.pageBytes)
    if (BigInt(size) < needed) throw new Error(`${path} has ${size} bytes of ${needed}`)
  } finally {
    await file.close()
  }
}

/** How much of an environment's file is in use, as of its last commit. */
export async function lmdbUsedBytes(path: string): Promise<number> {
  const file = await open(path, 'r')
  try {
    const { lastPage, pageBytes } = await newerMeta(file, path)
    return (Number(lastPage) + 1) * pageBytes
  } finally {
    await file.close()
  }
}

async function newerMeta(file: FileHandle, path: string): Promise<Meta> {
  const readMeta = async (position: number): Promise<Meta> => {
    const bytes = Buffer.alloc(metaBytes)
    await file.read(bytes, 0, metaBytes, position)
    return parseMeta(bytes, path)
  }
  const first = await readMeta(0)
  const second = await readMeta(first.pageBytes)
  return first.txn > second.txn ? first : second
}

function parseMeta(bytes: Buffer, path: string): Meta {
  if (bytes.readUInt32LE(0x18) !== magic || bytes.readUInt32LE(0x1c) !== formatVersion) {
    throw new Error(`${path} is not an LMDB environment`)
  }
  return {
    pageBytes: bytes.readUInt32LE(0x30),
    lastPage: bytes.readBigUInt64LE(0x90),
    txn: bytes.readBigUInt64LE(0x98),
  }
}
