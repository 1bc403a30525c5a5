// Opens the chunks of a data directory beside metadata that lie elsewhere, or not at all: what `pair-stores.ts` proves
// of two stores in one directory is proved here of what the metadata say of themselves.
import { existsSync } from 'node:fs'
import type { OpenedNode } from '../../datanode/blob-node.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { segmentPaths } from '../../datanode/disk/segment-paths.ts'
import { readStoreNote } from '../../datanode/disk/store-note.ts'
import { surveyStore } from '../../datanode/disk/survey-store.ts'
import type { LineageStore } from '../../metadata/lineage-store.ts'
import { environmentFile } from '../../metadata/lmdb/lmdb-environment.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { explainOuterMismatch } from './explain-mismatch.ts'
import { beginLife, type LineageKeeper } from './lineage-keeper.ts'
import type { OuterMetadata } from './outer-metadata.ts'
import { compare, type Found, openBlobs, type PairOptions, type Proof } from './pair-stores.ts'
import { readMarker } from './store-marker.ts'
import { chunksDirectory, metadataDirectory } from './store-paths.ts'

/**
 * What there is, found without changing anything. Throws `StoreRefused` when the directory has metadata of its own, or
 * what is there is damaged.
 */
export async function lookBeside(dataDirectory: string, lineage: LineageStore): Promise<Found> {
  if (existsSync(environmentFile(metadataDirectory(dataDirectory)))) {
    throw new StoreRefused(
      `${dataDirectory} has metadata of its own, and --metadata names others: leave --metadata away, or choose another directory with --data.`,
    )
  }
  const noted = await lineage.get()
  return {
    marker: await readMarker(dataDirectory),
    chunks: await surveyStore({
      vfs: realVfs,
      paths: segmentPaths(chunksDirectory(dataDirectory)),
    }),
    metadata:
      noted === undefined ? 'missing' : { lineage: noted, commits: await lineage.commits() },
  }
}

/** Throws `StoreRefused` when they do not belong together. Changes nothing. */
export async function proveBeside(dataDirectory: string, lineage: LineageStore): Promise<Proof> {
  const found = await lookBeside(dataDirectory, lineage)
  const verdict = compare(found)
  if (verdict.is === 'mismatch') {
    throw new StoreRefused(explainOuterMismatch(verdict.why, dataDirectory))
  }
  const before = verdict.is === 'same' ? verdict.lineage : undefined
  return { marker: found.marker, before, isNew: verdict.is === 'fresh' }
}

export type Beside = {
  readonly blobs: OpenedNode
  /** Of a primary alone. */
  readonly lineage: LineageKeeper | undefined
}

/** A primary has the proof. */
export async function openBeside(options: PairOptions, { store }: OuterMetadata): Promise<Beside> {
  const { dataDirectory, proof } = options
  if (proof === undefined) {
    const paths = segmentPaths(chunksDirectory(dataDirectory))
    const note = await readStoreNote({ vfs: realVfs, paths })
    return { lineage: undefined, blobs: await openBlobs(options, store, () => note) }
  }
  const lineage = await beginLife(dataDirectory, { ...proof, metadata: store })
  try {
    return { lineage, blobs: await openBlobs(options, store, () => lineage.note) }
  } catch (cause) {
    await lineage.close()
    throw cause
  }
}
