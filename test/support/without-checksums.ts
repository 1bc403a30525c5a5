// Rows of metadata as programs before layout 3, or before layout 7, left them.
import { layoutOf, putLayout } from '../../metadata/lmdb/layout-row.ts'
import { LmdbEnvironment, type Tables } from '../../metadata/lmdb/lmdb-environment.ts'
import { RowChecksum } from '../../metadata/lmdb/row-checksum.ts'
import { bucketIdBytes, everyRow, rawKeyAt } from '../../metadata/lmdb/row-keys.ts'
import { tableNames } from '../../metadata/lmdb/tables.ts'

/** Current objects and null versions back to where layouts up to 6 had them. */
export function asBeforeLayout7({
  tables,
  checksums,
}: Pick<LmdbEnvironment, 'tables' | 'checksums'>): void {
  const moves = [
    ['objects', 'listing'],
    ['nullVersions', 'nulls'],
  ] as const
  for (const [from, to] of moves) {
    const checksum = new RowChecksum(to)
    for (const { key, value } of [...tables[from].rows(everyRow)]) {
      const old = Buffer.concat([key.subarray(0, bucketIdBytes), key.subarray(rawKeyAt)])
      tables[to].putStored(old, checksums.areOn ? checksum.seal(old, value) : Buffer.from(value))
    }
    tables[from].clear()
  }
}

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
        for (const { key, value } of rows[index] ?? []) tables[name].putStored(key, value)
      }
      asBeforeLayout7(environment)
      putLayout(tables, format)
      more(tables)
    })
  } finally {
    await environment.close()
  }
}
