// `holdfast recover`: takes metadata and chunks that do not match for each other's, on the operator's word.
// First it says what that costs. Nothing is deleted: what the metadata do not know is set aside, and for a
// while nothing else is deleted either, so that there is a way back.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkEnvironmentFile } from '../../metadata/lmdb/check-environment-file.ts'
import { lmdbChunks } from '../../metadata/lmdb/chunk-catalog.ts'
import { requireWholeLayout } from '../../metadata/lmdb/layout-format.ts'
import { environmentFile, LmdbEnvironment } from '../../metadata/lmdb/lmdb-environment.ts'
import type { ChunkCatalog } from '../../metadata/metadata-store.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import type { Print } from '../process/serving.ts'
import { lockDataDirectory } from '../stores/data-directory.ts'
import { explainMismatch } from '../stores/explain-mismatch.ts'
import { compare, lookAroundWhole, openMetadata } from '../stores/pair-stores.ts'
import { requireOwnDirectory } from '../stores/store-marker.ts'
import { metadataDirectory } from '../stores/store-paths.ts'
import { lackingChunks } from './lacking-chunks.ts'
import { lookAtBlobs } from './look-at-blobs.ts'
import { pairAnew } from './pair-anew.ts'

export type Recovery = {
  readonly dataDirectory: string
  /** Running time for which nothing is deleted afterwards. */
  readonly keepMs: number
  readonly isConfirmed: boolean
  readonly print: Print
}

/** Answers whether the two are in step now. Throws `StoreRefused` where there is nothing to go on with. */
export async function recoverData(recovery: Recovery): Promise<boolean> {
  const { dataDirectory, keepMs, isConfirmed, print } = recovery
  await requireOwnDirectory(dataDirectory, [join(dataDirectory, 'master.key')])
  const file = environmentFile(metadataDirectory(dataDirectory))
  if ((await checkEnvironmentFile(file)) === 'absent') {
    throw new StoreRefused(
      `There are no metadata in ${dataDirectory}: they alone say which object a chunk is of. Put a copy of them back, or restore a backup: holdfast restore, docs/recovery.md.`,
    )
  }
  const lock = await lockDataDirectory(dataDirectory, {
    pid: process.pid,
    wait: sleep,
    as: 'command',
  })
  try {
    const found = await lookAroundWhole(dataDirectory)
    lock.foundSound()
    const verdict = compare(found)
    if (verdict.is !== 'mismatch') {
      print('Metadata and chunks belong together: there is nothing to recover.')
      return true
    }
    const why = explainMismatch(verdict.why, dataDirectory)
    if (verdict.why === 'foreign') throw new StoreRefused(why)
    print(why)
    await tellCost(dataDirectory, print)
    if (!isConfirmed) {
      print('Nothing was changed. To go on with these metadata, run the command again with --yes.')
      return false
    }
    const metadata = await openMetadata({ dataDirectory, role: 'primary' })
    try {
      // First: a server may be started as soon as they are paired.
      await metadata.orphans.deferDeletions(keepMs)
      await pairAnew(dataDirectory, { ...found, metadata })
    } finally {
      await metadata.close()
    }
  } finally {
    lock.release()
  }
  print("Metadata and chunks are taken for each other's from now on. The server can be started.")
  return true
}

/** Looks at metadata as they are: opened for use, those of an earlier format would be brought up to date. */
async function tellCost(dataDirectory: string, print: Print): Promise<void> {
  const path = metadataDirectory(dataDirectory)
  const environment = await LmdbEnvironment.open({ path, use: 'toLookAt' })
  try {
    requireWholeLayout(environment)
    await tellCostOf(dataDirectory, lmdbChunks(environment), print)
  } finally {
    await environment.close()
  }
}

/** What cannot be read, and what is not listed, if these metadata are taken for those of the chunks. */
export async function tellCostOf(
  dataDirectory: string,
  chunks: ChunkCatalog,
  print: Print,
): Promise<void> {
  await lookAtBlobs(dataDirectory, { chunks }, async (blobs) => {
    const { known, lacking } = await lackingChunks({ chunks, blobs })
    const unknown = Math.max(0, (await blobs.usage()).chunks - (known - lacking))
    print(
      `The metadata refer to ${known} chunks, of which ${lacking} are missing: objects that need them cannot be read.`,
    )
    print(
      `About ${unknown} chunks are not known to the metadata: what they were part of is not listed any more. They are kept.`,
    )
  })
}
