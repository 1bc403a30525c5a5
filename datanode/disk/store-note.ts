// The note that a chunk store keeps of itself, so that it can be told from copies that are older, newer
// or of another store (`protocol/store/lineage.ts`). It is written over in place soon after the catalog was
// written to, and needs no room for that on a full disk: two slots take turns, and of those that are intact
// the newer one counts.
import { crc32c } from '@node-rs/crc32'
import { type ChunksNote, parseLifeId, parseStoreId } from '../../protocol/store/lineage.ts'
import { requireKnownFormat, storeFormat } from '../../protocol/store/store-format.ts'
import type { SegmentPaths } from './segment-paths.ts'
import { errorCode, type Vfs, type VfsFile } from './vfs.ts'

/** What a disk writes whole or not at all. */
const slotBytes = 512
const slotMagic = Buffer.from('HFNOTE\r\n', 'latin1')
const checkedBytes = 64
/** Behind them and their checksum: the catalog's commits, with a checksum of all. */
const commitsAt = 68
const checkedWithCommits = 76

type Home = { readonly vfs: Vfs; readonly paths: SegmentPaths }

/** Throws `StoreRefused` when it is of a later format. `undefined`: there is none. */
export async function readStoreNote({ vfs, paths }: Home): Promise<ChunksNote | undefined> {
  const file = await openIfThere(vfs, { path: paths.note, mode: 'read' })
  if (file === undefined) return undefined
  try {
    return (await newestSlot(file, paths.note))?.note
  } finally {
    await file.close()
  }
}

/** The note of a store that is open: kept by its primary. */
export class StoreNote {
  private readonly file: VfsFile
  private turn: number

  private constructor(file: VfsFile, turn: number) {
    this.file = file
    this.turn = turn
  }

  /** Makes the file where it is missing. */
  static async open({ vfs, paths }: Home): Promise<StoreNote> {
    const file =
      (await openIfThere(vfs, { path: paths.note, mode: 'readWrite' })) ??
      (await makeFile({ vfs, paths }))
    try {
      return new StoreNote(file, (await newestSlot(file, paths.note))?.turn ?? 0)
    } catch (cause) {
      await file.close()
      throw cause
    }
  }

  /** Durable when it resolves. Not to be called again before it has. */
  async write(note: ChunksNote): Promise<void> {
    const turn = this.turn + 1
    await this.file.write([encodeSlot(note, turn)], (turn % 2) * slotBytes)
    await this.file.datasync()
    this.turn = turn
  }

  async close(): Promise<void> {
    await this.file.close()
  }
}

async function makeFile({ vfs, paths }: Home): Promise<VfsFile> {
  const file = await vfs.open(paths.note, 'create')
  try {
    await file.write([Buffer.alloc(2 * slotBytes)], 0)
    await file.datasync()
    await vfs.syncDirectory(paths.segments)
    return file
  } catch (cause) {
    await file.close()
    throw cause
  }
}

type Slot = { readonly turn: number; readonly note: ChunksNote }

async function newestSlot(file: VfsFile, path: string): Promise<Slot | undefined> {
  const bytes = Buffer.alloc(2 * slotBytes)
  await file.read(bytes, 0)
  const slots = [0, slotBytes].flatMap(
    (at) => parseSlot(bytes.subarray(at, at + slotBytes), path) ?? [],
  )
  return slots.sort((a, b) => b.turn - a.turn)[0]
}

function encodeSlot(note: ChunksNote, turn: number): Buffer {
  const { storeId, epoch, life, mark, commits } = note
  const bytes = Buffer.alloc(slotBytes)
  slotMagic.copy(bytes, 0)
  bytes.writeUInt32LE(storeFormat, 8)
  bytes.writeUIntLE(turn, 12, 6)
  bytes.writeUInt32LE(epoch, 18)
  bytes.writeUIntLE(mark, 22, 6)
  bytes.write(storeId, 28, 'hex')
  bytes.write(life, 44, 'hex')
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, checkedBytes)), checkedBytes)
  if (commits !== undefined) {
    bytes.writeUIntLE(commits, commitsAt, 6)
    bytes.writeUInt32LE(crc32c(bytes.subarray(0, checkedWithCommits)), checkedWithCommits)
  }
  return bytes
}

/** `undefined`: empty, or torn by a loss of power. */
function parseSlot(bytes: Buffer, path: string): Slot | undefined {
  if (!bytes.subarray(0, slotMagic.length).equals(slotMagic)) return undefined
  if (bytes.readUInt32LE(checkedBytes) !== crc32c(bytes.subarray(0, checkedBytes))) return undefined
  requireKnownFormat(bytes.readUInt32LE(8), path)
  const storeId = parseStoreId(bytes.toString('hex', 28, 44))
  const life = parseLifeId(bytes.toString('hex', 44, 60))
  if (storeId === undefined || life === undefined) return undefined
  const hasCommits =
    bytes.readUInt32LE(checkedWithCommits) === crc32c(bytes.subarray(0, checkedWithCommits))
  const note = {
    ...{ storeId, epoch: bytes.readUInt32LE(18), life, mark: bytes.readUIntLE(22, 6) },
    commits: hasCommits ? bytes.readUIntLE(commitsAt, 6) : undefined,
  }
  return { turn: bytes.readUIntLE(12, 6), note }
}

async function openIfThere(
  vfs: Vfs,
  { path, mode }: { readonly path: string; readonly mode: 'read' | 'readWrite' },
): Promise<VfsFile | undefined> {
  try {
    return await vfs.open(path, mode)
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw cause
    return undefined
  }
}
