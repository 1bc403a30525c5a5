// What metadata note of themselves, read before they are opened for use: nothing is brought up to date or
// cleared up in metadata that may not be those of the chunks.
import type { CatalogLineage } from '../../protocol/store/lineage.ts'
import { checkEnvironmentFile } from './check-environment-file.ts'
import { lmdbLineage } from './lineage.ts'
import { environmentFile, LmdbEnvironment } from './lmdb-environment.ts'

export type PeekedLineage = { readonly lineage: CatalogLineage; readonly commits: number }

/**
 * Throws `StoreRefused` when they are damaged or of a later format. Makes nothing. `use`: as for the
 * environment, where nobody else has it open.
 */
export async function peekLineage(
  path: string,
  use?: 'toLookAt',
): Promise<PeekedLineage | 'missing' | 'unmarked'> {
  if ((await checkEnvironmentFile(environmentFile(path))) === 'absent') return 'missing'
  const env = await LmdbEnvironment.open({ path, ...(use === undefined ? {} : { use }) })
  try {
    const lineage = await lmdbLineage(env).get()
    return lineage === undefined ? 'unmarked' : { lineage, commits: env.lastCommit() }
  } finally {
    await env.close()
  }
}
