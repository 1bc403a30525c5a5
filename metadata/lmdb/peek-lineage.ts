// What metadata note of themselves, read before they are opened for use: nothing is brought up to date or
// cleared up in metadata that may not be those of the chunks.
import type { CatalogLineage } from '../../protocol/store/lineage.ts'
import { checkEnvironmentFile } from './check-environment-file.ts'
import { lmdbLineage } from './lineage.ts'
import { environmentFile, LmdbEnvironment } from './lmdb-environment.ts'

/** Throws `StoreRefused` when they are damaged or of a later format. Makes nothing. */
export async function peekLineage(path: string): Promise<CatalogLineage | 'missing' | 'unmarked'> {
  if ((await checkEnvironmentFile(environmentFile(path))) === 'absent') return 'missing'
  const env = await LmdbEnvironment.open({ path })
  try {
    return (await lmdbLineage(env).get()) ?? 'unmarked'
  } finally {
    await env.close()
  }
}
