// `holdfast recover --metadata LOCATION`: the same of a directory of chunks whose metadata lie elsewhere.
import { setTimeout as sleep } from 'node:timers/promises'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { lockDataDirectory } from '../stores/data-directory.ts'
import { explainOuterMismatch } from '../stores/explain-mismatch.ts'
import type { OuterMetadata } from '../stores/outer-metadata.ts'
import { lookBeside } from '../stores/pair-outer.ts'
import { compare } from '../stores/pair-stores.ts'
import { requireOwnDirectory } from '../stores/store-marker.ts'
import { pairAnew } from './pair-anew.ts'
import { type Recovery, tellCostOf } from './recover-data.ts'

/**
 * Answers whether the two are in step now. No gateway may run meanwhile: what it writes would be to chunks of which
 * nobody knows whose they are.
 */
export async function recoverBeside(
  { dataDirectory, keepMs, isConfirmed, print }: Recovery,
  { store }: OuterMetadata,
): Promise<boolean> {
  await requireOwnDirectory(dataDirectory, [])
  const lock = await lockDataDirectory(dataDirectory, {
    ...{ pid: process.pid, wait: sleep, as: 'command' },
  })
  try {
    const found = await lookBeside(dataDirectory, store.lineage)
    const verdict = compare(found)
    if (verdict.is !== 'mismatch') {
      print('Metadata and chunks belong together: there is nothing to recover.')
      return true
    }
    const why = explainOuterMismatch(verdict.why, dataDirectory)
    if (verdict.why === 'foreign' || verdict.why === 'catalogMissing') throw new StoreRefused(why)
    print(why)
    await tellCostOf(dataDirectory, store.chunks, print)
    if (!isConfirmed) {
      print('Nothing was changed. To go on with these metadata, run the command again with --yes.')
      return false
    }
    // First: a data node may be started as soon as they are paired.
    await store.orphans.deferDeletions(keepMs)
    await pairAnew(dataDirectory, { ...found, metadata: store })
  } finally {
    lock.release()
  }
  print("Metadata and chunks are taken for each other's from now on. The data node can be started.")
  return true
}
