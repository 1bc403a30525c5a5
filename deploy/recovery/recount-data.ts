// `holdfast check --recount`: counts anew what buckets hold. Changes nothing but the counts, which are made of what is there.
import { setTimeout as sleep } from 'node:timers/promises'
import { recountUsage } from '../../metadata/lmdb/count-usage.ts'
import { requireCurrentLayout } from '../../metadata/lmdb/layout-format.ts'
import { LmdbEnvironment } from '../../metadata/lmdb/lmdb-environment.ts'
import type { Print } from '../process/serving.ts'
import { lockDataDirectory } from '../stores/data-directory.ts'
import { lookAroundWhole } from '../stores/pair-stores.ts'
import { requireOwnDirectory } from '../stores/store-marker.ts'
import { metadataDirectory } from '../stores/store-paths.ts'

export type Recount = {
  readonly dataDirectory: string
  readonly masterKeyFile: string
  readonly print: Print
}

/** Throws `DataDirectoryRefused` and `StoreRefused`, also for a backup and while a server runs. */
export async function recountData({ dataDirectory, masterKeyFile, print }: Recount): Promise<void> {
  await requireOwnDirectory(dataDirectory, [masterKeyFile])
  const lock = await lockDataDirectory(dataDirectory, {
    ...{ pid: process.pid, wait: sleep },
    as: 'command',
  })
  try {
    await lookAroundWhole(dataDirectory)
    lock.foundSound()
    const environment = await LmdbEnvironment.open({ path: metadataDirectory(dataDirectory) })
    try {
      requireCurrentLayout(environment)
      await recountUsage(environment)
    } finally {
      await environment.close()
    }
  } finally {
    lock.release()
  }
  print('What buckets hold was counted anew.')
}
