// Opens metadata and chunks together, or not at all: first it is proved that they belong together and are of
// one moment (`protocol/store/lineage.ts`), then both note the new life of the server.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DiskBlobStore, type DiskBlobStoreOptions } from '../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../datanode/disk/real-vfs.ts'
import { segmentPaths } from '../datanode/disk/segment-paths.ts'
import { readStoreNote, StoreNote } from '../datanode/disk/store-note.ts'
import { surveyStore } from '../datanode/disk/survey-store.ts'
import { checkEnvironmentFile } from '../metadata/lmdb/check-environment-file.ts'
import { environmentFile } from '../metadata/lmdb/lmdb-environment.ts'
import {
  type LmdbMetadataOptions,
  LmdbMetadataStore,
} from '../metadata/lmdb/lmdb-metadata-store.ts'
import { MetadataFull } from '../metadata/metadata-full.ts'
import { isNoRoom } from '../protocol/no-room.ts'
import {
  type CatalogFound,
  type CatalogLineage,
  type ChunksFound,
  type ChunksNote,
  compareLineage,
  nextLife,
  noteOf,
  parseLifeId,
  parseStoreId,
  type Verdict,
} from '../protocol/store/lineage.ts'
import { StoreRefused } from '../protocol/store/store-refused.ts'
import { explainMismatch } from './explain-mismatch.ts'
import { readMarker, type StoreMarker, writeMarker } from './store-marker.ts'

export function metadataDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'metadata')
}

export function chunksDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'chunks')
}

/** What is in a data directory, found without changing anything. */
export type Found = {
  readonly marker: StoreMarker | undefined
  readonly chunks: ChunksFound
  readonly metadataFile: 'absent' | 'present'
}

/** Throws `StoreRefused` when something of it is damaged or of a later format. */
export async function lookAround(dataDirectory: string): Promise<Found> {
  const paths = segmentPaths(chunksDirectory(dataDirectory))
  return {
    marker: await readMarker(dataDirectory),
    chunks: await surveyStore({ vfs: realVfs, paths }),
    metadataFile: await checkEnvironmentFile(environmentFile(metadataDirectory(dataDirectory))),
  }
}

/** How the two belong together. `metadata`: open, if there is any. */
export async function compare(
  { marker, chunks, metadataFile }: Found,
  metadata: Pick<LmdbMetadataStore, 'lineage'> | undefined,
): Promise<Verdict> {
  const lineage = await metadata?.lineage.get()
  const catalog: CatalogFound =
    lineage !== undefined
      ? { is: 'marked', lineage }
      : { is: metadataFile === 'absent' ? 'missing' : 'unmarked' }
  const verdict = compareLineage(catalog, chunks)
  if (marker === undefined || verdict.is === 'mismatch') return verdict
  // The marker is written when both are there, and have noted it.
  if (verdict.is === 'fresh') return { is: 'mismatch', why: 'bothMissing' }
  if (verdict.is === 'unmarked') return { is: 'mismatch', why: 'catalogOlder' }
  return verdict.lineage.storeId === marker.storeId ? verdict : { is: 'mismatch', why: 'foreign' }
}

/** True when nothing was ever stored here. Throws `StoreRefused` when something was, and is missing. */
export async function isNewStore(dataDirectory: string): Promise<boolean> {
  const found = await lookAround(dataDirectory)
  if (found.metadataFile === 'present') return false
  return refuse(await compare(found, undefined), dataDirectory).is === 'fresh'
}

export type Pair = {
  readonly metadata: LmdbMetadataStore
  readonly blobs: DiskBlobStore
  /** Of a primary alone. */
  readonly lineage: LineageKeeper | undefined
}

export type PairOptions = Pick<DiskBlobStoreOptions, 'role' | 'processId'> & {
  readonly dataDirectory: string
  readonly onMetadataUnusable?: LmdbMetadataOptions['onUnusable']
  readonly onIndexUnusable?: DiskBlobStoreOptions['onUnusable']
}

/** Throws `StoreRefused` when they do not belong together; nothing was changed then. */
export async function openPair(options: PairOptions): Promise<Pair> {
  const { role, dataDirectory } = options
  const found = role === 'primary' ? await lookAround(dataDirectory) : undefined
  if (found?.metadataFile === 'absent') refuse(await compare(found, undefined), dataDirectory)
  const metadata = await openMetadata(options)
  try {
    if (found === undefined) {
      const note = await readStoreNote({ vfs: realVfs, paths: pathsOf(dataDirectory) })
      return { metadata, blobs: await openBlobs(options, metadata, () => note), lineage: undefined }
    }
    const verdict = refuse(await compare(found, metadata), dataDirectory)
    const lineage = await beginLife(dataDirectory, { metadata, found, verdict })
    try {
      const blobs = await openBlobs(options, metadata, () => lineage.note)
      return { metadata, blobs, lineage }
    } catch (cause) {
      await lineage.close()
      throw cause
    }
  } catch (cause) {
    await metadata.close()
    throw cause
  }
}

/** For commands on stores that no server has open, which look and do not pair. */
export function openMetadata({
  dataDirectory,
  role,
  onMetadataUnusable: onUnusable,
}: Omit<PairOptions, 'processId'>): Promise<LmdbMetadataStore> {
  return LmdbMetadataStore.open({
    path: metadataDirectory(dataDirectory),
    random: randomBytes,
    role,
    ...(onUnusable === undefined ? {} : { onUnusable }),
  })
}

export function openBlobs(
  { dataDirectory, role, processId, onIndexUnusable: onUnusable }: PairOptions,
  { chunks }: Pick<LmdbMetadataStore, 'chunks'>,
  origin: () => ChunksNote | undefined,
): Promise<DiskBlobStore> {
  return DiskBlobStore.open({
    path: chunksDirectory(dataDirectory),
    role,
    processId,
    vfs: realVfs,
    nowMs: Date.now,
    randomBytes,
    isReferenced: (refs) => chunks.areReferenced(refs),
    origin,
    ...(onUnusable === undefined ? {} : { onUnusable }),
  })
}

function refuse(verdict: Verdict, dataDirectory: string): Exclude<Verdict, { is: 'mismatch' }> {
  if (verdict.is !== 'mismatch') return verdict
  throw new StoreRefused(explainMismatch(verdict.why, dataDirectory))
}

type Beginning = {
  readonly metadata: LmdbMetadataStore
  readonly found: Pick<Found, 'marker' | 'chunks'>
  readonly verdict: Exclude<Verdict, { is: 'mismatch' }>
}

/** Both note a new life, in an order that a stop at any moment leaves in agreement. */
export async function beginLife(
  dataDirectory: string,
  { metadata, found, verdict }: Beginning,
): Promise<LineageKeeper> {
  const paths = pathsOf(dataDirectory)
  await realVfs.makeDirectory(paths.root)
  await realVfs.syncDirectory(dataDirectory)
  const note = await StoreNote.open({ vfs: realVfs, paths })
  try {
    const before = verdict.is === 'same' ? verdict.lineage : undefined
    const keeper = new LineageKeeper({ metadata, note, before })
    // A stop may have left the chunks behind by one step, and must not by two.
    if (before !== undefined) await note.write(noteOf(before))
    // On a full disk the life before goes on, which marks tell from its copies as well.
    const orBefore = before === undefined ? fail : unlessNoRoom
    await keeper.pair(nextLife(before, drawIds())).catch(orBefore)
    if (found.marker === undefined) {
      await Promise.resolve()
        .then(() => writeMarker(dataDirectory, keeper.note.storeId))
        .catch(unlessNoRoom)
    }
    return keeper
  } catch (cause) {
    await note.close()
    throw cause
  }
}

function fail(cause: unknown): never {
  throw cause
}

function unlessNoRoom(cause: unknown): void {
  if (!(cause instanceof MetadataFull || isNoRoom(cause))) throw cause
}

export function drawIds() {
  const storeId = parseStoreId(randomBytes(16).toString('hex'))
  const life = parseLifeId(randomBytes(16).toString('hex'))
  if (storeId === undefined || life === undefined) throw new Error('32 hex digits are no id')
  return { storeId, life }
}

function pathsOf(dataDirectory: string) {
  return segmentPaths(chunksDirectory(dataDirectory))
}

/** Keeps the notes of both stores in step while a server runs. */
export class LineageKeeper {
  private readonly metadata: Pick<LmdbMetadataStore, 'lineage'>
  private readonly file: StoreNote
  private noted: ChunksNote | undefined

  /** `before`: what the chunks note already. */
  constructor(parts: {
    metadata: Pick<LmdbMetadataStore, 'lineage'>
    note: StoreNote
    before: CatalogLineage | undefined
  }) {
    this.metadata = parts.metadata
    this.file = parts.note
    this.noted = parts.before && noteOf(parts.before)
  }

  /** What the chunks note by now. */
  get note(): ChunksNote {
    if (this.noted === undefined) throw new Error('the stores are not paired')
    return this.noted
  }

  /** Durable in both when it resolves. */
  async pair(lineage: CatalogLineage): Promise<void> {
    const { lineage: catalog } = this.metadata
    await catalog.put(lineage)
    await this.file.write(noteOf(lineage))
    this.noted = noteOf(lineage)
    await catalog.put({ ...lineage, isPaired: true })
  }

  /** To be called about once a second, never twice at once: bounds how much older a copy can pass for new. */
  async keep(): Promise<void> {
    const mark = await this.metadata.lineage.advance()
    if (mark === this.note.mark) return
    const note = { ...this.note, mark }
    await this.file.write(note)
    this.noted = note
  }

  async close(): Promise<void> {
    await this.file.close()
  }
}
