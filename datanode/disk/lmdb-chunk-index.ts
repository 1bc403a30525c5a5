// The chunk index as an LMDB environment that all processes of a data directory open. Commits are
// not synced: after a loss of power the environment may be torn, and `recover.ts` builds it anew.
import { closeSync, openSync, statfsSync } from 'node:fs'
import { mkdir, open as openFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32c } from '@node-rs/crc32'
import { type Database, open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import { noRoomError } from '../../protocol/no-room.ts'
import type { ChunkIndex, IndexHome, IndexTxn, Place, SegmentRow } from './chunk-index.ts'
import { chunkKey, chunkKeyBytes, parseChunkKey } from './chunk-index.ts'
import { checkLmdbFile } from './lmdb-file-check.ts'
import { parseSegmentId, type SegmentId } from './segment-format.ts'
import { errorCode } from './vfs.ts'

/** Address space, not disk or memory: room for some hundred million chunks. */
const mapBytes = 256 * 1024 ** 3
const readersMax = 1024
const digestPieceBytes = 4 * 1024 * 1024
const placeBytes = 18
const ioError = 5
const readOnlyCode = 30
/** A write that is cut short has taken what there was. */
const leftBytesMax = 1024 * 1024
/** A bad place has one byte more. */
const badPlaceBytes = placeBytes + 1

type Tables = {
  readonly root: RootDatabase<Buffer, Buffer>
  readonly chunks: Database<Buffer, Buffer>
  readonly segments: Database<Buffer, Buffer>
  readonly notes: Database<Buffer, Buffer>
}

/** `disk`: whether another process could open the index to write to it. */
export type OnIndexUnusable = (cause: unknown, disk: 'writable' | 'readOnly') => void

/**
 * The index in `directory`. Nothing else may lie there: `erase` removes it whole. `onUnusable`: a write of
 * the meta page failed, after which the library refuses this process everything, reads included.
 */
export function lmdbIndexHome(
  directory: string,
  onUnusable: OnIndexUnusable = () => undefined,
): IndexHome {
  return {
    open: async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await checkLmdbFile(join(directory, 'data.mdb'))
      return openIndex(directory, onUnusable)
    },
    erase: () => rm(directory, { recursive: true, force: true }),
    digest: () => digestOf(join(directory, 'data.mdb')),
  }
}

function openIndex(directory: string, onUnusable: OnIndexUnusable): ChunkIndex {
  const binary = { keyEncoding: 'binary', encoding: 'binary' } as const
  const options = {
    path: directory,
    ...binary,
    // For the library's native part; its types do not name it.
    permissionsMode: 0o600,
    noSubdir: false,
    noSync: true,
    overlappingSync: false,
    mapSize: mapBytes,
    maxReaders: readersMax,
    maxDbs: 4,
  } as const
  const root = openRoot(options)
  const tables: Tables = {
    root,
    chunks: root.openDB({ name: 'chunks', ...binary }),
    segments: root.openDB({ name: 'segments', ...binary }),
    notes: root.openDB({ name: 'notes', ...binary }),
  }
  const read = tableReads(tables)
  // lmdb keeps a read snapshot for the rest of the event turn; another process may have committed.
  const fresh = (): Tables => {
    root.resetReadTxn()
    return tables
  }
  const txn: IndexTxn = { ...read, ...tableWrites(tables) }
  return {
    find: (ref) => {
      fresh()
      return read.find(ref)
    },
    segment: (id) => {
      fresh()
      return read.segment(id)
    },
    remembered: (name) => {
      fresh()
      return read.remembered(name)
    },
    segments: () =>
      [...fresh().segments.getRange({ snapshot: true })].map((entry) => parseRow(entry.value)),
    page: (after, limit) => {
      const start = after === undefined ? {} : { start: nextKey(chunkKey(after)) }
      const entries = fresh().chunks.getRange({ ...start, limit })
      return [...entries].map(({ key, value }) => ({
        ref: parseChunkKey(Buffer.from(key)),
        place: parsePlace(value),
      }))
    },
    transact: (work) => {
      requireWritable(directory)
      try {
        return root.transactionSync(() => work(txn))
      } catch (cause) {
        if (isFatal(root)) onUnusable(cause, diskStateOf(directory))
        throw explained(cause, directory)
      }
    },
    flush: () => flushFile(directory),
    diskBytes: async () => (await stat(join(directory, 'data.mdb'))).size,
    dropDeadReaders: () => {
      root.readerCheck()
    },
    close: () => root.close(),
  }
}

/** To be read alone where the disk is read-only. Throws what opening throws. */
function openRoot(options: RootDatabaseOptionsWithPath): RootDatabase<Buffer, Buffer> {
  try {
    return open(options)
  } catch (cause) {
    if (!isReadOnly(cause)) throw cause
    return open({ ...options, readOnly: true })
  }
}

function isReadOnly(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === readOnlyCode
}

function isFatal(root: RootDatabase<Buffer, Buffer>): boolean {
  try {
    root.resetReadTxn()
    root.doesExist(Buffer.from('any'))
    return false
  } catch {
    return true
  }
}

function diskStateOf(directory: string): 'writable' | 'readOnly' {
  try {
    requireWritable(directory)
    return 'writable'
  } catch (cause) {
    return errorCode(cause) === 'EROFS' ? 'readOnly' : 'writable'
  }
}

/**
 * Throws EROFS while the disk is read-only, in a microsecond. LMDB is not asked to write to it then: unless it was mended
 * (`../../deploy/mend-lmdb.mjs`), its native part writes past a buffer when a page is refused.
 */
function requireWritable(directory: string): void {
  closeSync(openSync(join(directory, 'data.mdb'), 'r+'))
}

/**
 * LMDB calls a write that was cut short an error of the device. Nothing is synced here, so that no page
 * that was lost can hide behind it: on a disk that is used up, it was want of room.
 */
function explained(cause: unknown, directory: string): unknown {
  if (!(cause instanceof Error && 'code' in cause && cause.code === ioError)) return cause
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize < leftBytesMax ? noRoomError(cause.message) : cause
}

function tableReads(tables: Tables) {
  return {
    find: (ref: BlobRef): Place | undefined => {
      const value = tables.chunks.getBinaryFast(chunkKey(ref))
      return value === undefined ? undefined : parsePlace(value)
    },
    segment: (id: SegmentId): SegmentRow | undefined => {
      const value = tables.segments.get(segmentKey(id))
      return value === undefined ? undefined : parseRow(value)
    },
    remembered: (name: string): string | undefined =>
      tables.notes.get(Buffer.from(name))?.toString(),
  }
}

function tableWrites(tables: Tables) {
  return {
    put: (ref: BlobRef, place: Place): void => {
      tables.chunks.putSync(chunkKey(ref), encodePlace(place))
    },
    remove: (ref: BlobRef): void => {
      tables.chunks.removeSync(chunkKey(ref))
    },
    putSegment: (row: SegmentRow): void => {
      tables.segments.putSync(segmentKey(row.id), Buffer.from(JSON.stringify(row)))
    },
    removeSegment: (id: SegmentId): void => {
      tables.segments.removeSync(segmentKey(id))
    },
    remember: (name: string, value: string): void => {
      tables.notes.putSync(Buffer.from(name), Buffer.from(value))
    },
  }
}

/** Commits were written to the file's cache without a sync, so one sync of the file covers them. */
async function flushFile(directory: string): Promise<void> {
  const file = await openFile(join(directory, 'data.mdb'), 'r+')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** CRC-32C of the file. Some GB a second, once at a start and once at a stop. */
async function digestOf(path: string): Promise<string> {
  let file: Awaited<ReturnType<typeof openFile>>
  try {
    file = await openFile(path, 'r')
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw cause
    return 'absent'
  }
  try {
    const piece = Buffer.allocUnsafeSlow(digestPieceBytes)
    let crc = 0
    for (let at = 0; ; ) {
      const { bytesRead } = await file.read(piece, 0, piece.length, at)
      if (bytesRead === 0) return crc.toString(16).padStart(8, '0')
      crc = crc32c(piece.subarray(0, bytesRead), crc)
      at += bytesRead
    }
  } finally {
    await file.close()
  }
}

function segmentKey(id: SegmentId): Buffer {
  const key = Buffer.allocUnsafe(6)
  key.writeUIntBE(id, 0, 6)
  return key
}

/** The smallest key after `key`. */
function nextKey(key: Buffer): Buffer {
  const next = Buffer.alloc(chunkKeyBytes + 1)
  key.copy(next)
  return next
}

function encodePlace(place: Place): Buffer {
  const bytes = Buffer.alloc(place.isBad ? badPlaceBytes : placeBytes)
  bytes.writeUIntBE(place.segment, 0, 6)
  bytes.writeUInt32BE(place.offset, 6)
  bytes.writeUInt32BE(place.length, 10)
  bytes.writeUInt32BE(place.writtenSec, 14)
  return bytes
}

function parsePlace(bytes: Buffer): Place {
  if (bytes.length < placeBytes) throw new Error('the chunk index holds a short value')
  return {
    segment: parseSegmentId(bytes.readUIntBE(0, 6)),
    offset: bytes.readUInt32BE(6),
    length: bytes.readUInt32BE(10),
    writtenSec: bytes.readUInt32BE(14),
    isBad: bytes.length >= badPlaceBytes,
  }
}

function parseRow(bytes: Buffer): SegmentRow {
  const row: unknown = JSON.parse(bytes.toString())
  if (typeof row !== 'object' || row === null || !('id' in row) || !('liveBytes' in row)) {
    throw new Error('the chunk index holds no segment row where one should be')
  }
  // Rows of earlier versions lack what came later.
  return { skippedBytes: 0, ...row } as SegmentRow
}
