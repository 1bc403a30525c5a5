// Rows of metadata as programs before layout 3 left them.
import { layoutOf, putLayout } from '../../metadata/lmdb/layout-row.ts'
import { LmdbEnvironment, type Tables } from '../../metadata/lmdb/lmdb-environment.ts'
import { tableNames } from '../../metadata/lmdb/tables.ts'
import { everyRow } from '../../metadata/lmdb/verify-rows.ts'

/** Takes the checksums off, and then what else the format had is for `more` to write. */
export async function withoutChecksums(
  path: string,
  { format, more = () => undefined }: { format: number; more?: (tables: Tables) => void },
): Promise<void> {
  const environment = await LmdbEnvironment.open({ path })
  try {
    const rows = tableNames.map((name) => [...environment.tables[name].intactRows(everyRow)])
    const { rows: state } = environment.read(layoutOf)
    environment.checksums.areOn = false
    await environment.write((tables) => {
      for (const [index, name] of tableNames.entries()) {
        if (state !== 'checksummed') break
        for (const { key, value } of rows[index] ?? []) tables[name].put(key, value)
      }
      putLayout(tables, format)
      more(tables)
    })
  } finally {
    await environment.close()
  }
}
