// Opens metadata and chunks together, or not at all: first it is proved that they belong together and are of
// one moment (`protocol/store/lineage.ts`), then both note the new life of the server.
import { randomBytes } from 'node:crypto'
import type { OpenedNode } from '../../datanode/blob-node.ts'
import { DiskBlobStore, type DiskBlobStoreOptions } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { segmentPaths } from '../../datanode/disk/segment-paths.ts'
import { readStoreNote } from '../../datanode/disk/store-note.ts'
import { surveyStore } from '../../datanode/disk/survey-store.ts'
import { requireSoundPages } from '../../metadata/lmdb/check-environment-file.ts'
import { environmentFile } from '../../metadata/lmdb/lmdb-environment.ts'
import {
  type LmdbMetadataOptions,
  LmdbMetadataStore,
} from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { type PeekedLineage, peekLineage } from '../../metadata/lmdb/peek-lineage.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import {
  type CatalogFound,
  type CatalogLineage,
  type ChunksFound,
  type ChunksNote,
  compareLineage,
  type Verdict,
} from '../../protocol/store/lineage.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { explainMismatch } from './explain-mismatch.ts'
import { beginLife, type LineageKeeper } from './lineage-keeper.ts'
import { readMarker, type StoreMarker } from './store-marker.ts'
import { chunksDirectory, metadataDirectory } from './store-paths.ts'

/** What is in a data directory, found without changing anything. */
export type Found = {
  readonly marker: StoreMarker | undefined
  readonly chunks: ChunksFound
  /** What the metadata note, if they do. */
  readonly metadata: PeekedLineage | 'missing' | 'unmarked'
}

/**
 * Throws `StoreRefused` when something of it is damaged or of a later format. `use`: for whom nothing at all
 * may change, and nobody else has the metadata open.
 */
export async function lookAround(dataDirectory: string, use?: 'toLookAt'): Promise<Found> {
  const paths = segmentPaths(chunksDirectory(dataDirectory))
  return {
    marker: await readMarker(dataDirectory),
    chunks: await surveyStore({ vfs: realVfs, paths }),
    metadata: await peekLineage(metadataDirectory(dataDirectory), use),
  }
}

/**
 * The same, after every page of the metadata was read: LMDB ends the process on one that is damaged. For
 * who holds the lock.
 */
export async function lookAroundWhole(dataDirectory: string, use?: 'toLookAt'): Promise<Found> {
  await requireSoundPages(environmentFile(metadataDirectory(dataDirectory)))
  return lookAround(dataDirectory, use)
}

/** How the two belong together. */
export function compare({ marker, chunks, metadata }: Found): Verdict {
  const catalog: CatalogFound =
    typeof metadata === 'object' ? { is: 'marked', ...metadata } : { is: metadata }
  const verdict = compareLineage(catalog, chunks)
  if (marker === undefined || verdict.is === 'mismatch') return verdict
  // The marker is written when both are there, and have noted it.
  if (verdict.is === 'fresh') return { is: 'mismatch', why: 'bothMissing' }
  if (verdict.is === 'unmarked') return { is: 'mismatch', why: 'catalogOlder' }
  return verdict.lineage.storeId === marker.storeId ? verdict : { is: 'mismatch', why: 'foreign' }
}

/** That the two may be opened together. To be had once, before anything is made. */
export type Proof = {
  readonly marker: StoreMarker | undefined
  /** The life that both are of, if they have noted any. */
  readonly before: CatalogLineage | undefined
  /** Nothing was ever stored here. */
  readonly isNew: boolean
}

/** Throws `StoreRefused` when they do not belong together, or one of them is missing. Changes nothing. `readAll`: as `OpenEngines`. */
export async function proveStores(
  dataDirectory: string,
  { readAll }: { readonly readAll: boolean },
): Promise<Proof> {
  const found = await (readAll ? lookAroundWhole(dataDirectory) : lookAround(dataDirectory))
  const verdict = compare(found)
  if (verdict.is === 'mismatch') {
    throw new StoreRefused(explainMismatch(verdict.why, dataDirectory))
  }
  const before = verdict.is === 'same' ? verdict.lineage : undefined
  return { marker: found.marker, before, isNew: verdict.is === 'fresh' }
}

export type Pair = {
  readonly metadata: LmdbMetadataStore
  readonly blobs: OpenedNode
  /** Of a primary alone. */
  readonly lineage: LineageKeeper | undefined
}

export type PairOptions = Pick<DiskBlobStoreOptions, 'role' | 'processId'> & {
  readonly dataDirectory: string
  /** Of a primary that has it already. */
  readonly proof?: Proof | undefined
  readonly onMetadataUnusable?: LmdbMetadataOptions['onUnusable']
  readonly onIndexUnusable?: DiskBlobStoreOptions['onUnusable']
}

/** Throws `StoreRefused` when they do not belong together; nothing was changed then. */
export async function openPair(options: PairOptions): Promise<Pair> {
  return options.role === 'worker' ? openInWorker(options) : openInPrimary(options)
}

async function openInPrimary(options: PairOptions): Promise<Pair> {
  const { dataDirectory } = options
  const { marker, before } = options.proof ?? (await proveStores(dataDirectory, { readAll: false }))
  const metadata = await openMetadata(options)
  let lineage: LineageKeeper | undefined
  try {
    const begun = await beginLife(dataDirectory, { metadata, marker, before })
    lineage = begun
    return { metadata, lineage, blobs: await openBlobs(options, metadata, () => begun.note) }
  } catch (cause) {
    await lineage?.close()
    await metadata.close()
    throw cause
  }
}

async function openInWorker(options: PairOptions): Promise<Pair> {
  const paths = segmentPaths(chunksDirectory(options.dataDirectory))
  const note = await readStoreNote({ vfs: realVfs, paths })
  const metadata = await openMetadata(options)
  try {
    return { metadata, lineage: undefined, blobs: await openBlobs(options, metadata, () => note) }
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
  { chunks }: Pick<MetadataStore, 'chunks'>,
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
