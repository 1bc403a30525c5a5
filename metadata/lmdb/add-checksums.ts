// From layout 2 to 3: every row gets its checksum, table by table, in commits of bounded size that also note
// how far they have come. Done by the primary before anybody else opens the store; killed in the middle, it
// goes on where it was. From the first commit on older programs refuse the store.

import { type ChecksumsReach, firstWithChecksums, formatKey, putLayout } from './layout-row.ts'
import type { LmdbEnvironment } from './lmdb-environment.ts'
import type { Row } from './lmdb-table.ts'
import { RowChecksum } from './row-checksum.ts'
import { everyRow, justAfter } from './row-keys.ts'
import { type TableName, tableNames } from './tables.ts'

const rowsAtOnce = 5_000
const bytesAtOnce = 8 * 1024 * 1024
/** No key begins so. */
const [firstTable] = tableNames
export const noReach: ChecksumsReach = { table: firstTable, key: Buffer.alloc(0) }

export async function addChecksums(env: LmdbEnvironment, reach: ChecksumsReach): Promise<void> {
  const first = tableNames.indexOf(reach.table)
  for (const table of tableNames.slice(first)) {
    // Is read before all others, and changes with them: so it goes last, at once.
    if (table === 'meta') continue
    let after = table === reach.table ? reach.key : Buffer.alloc(0)
    for (;;) {
      const rows = env.read(() => rowsBehind(env, table, after))
      const last = rows.at(-1)
      if (last === undefined) break
      after = last.key
      await env.write((tables) => {
        putChecksums(env, table, rows)
        putLayout(tables, firstWithChecksums, { table, key: last.key })
      })
    }
  }
  await env.write((tables) => {
    const rows = rowsBehind(env, 'meta', Buffer.alloc(0))
    putChecksums(
      env,
      'meta',
      rows.filter(({ key }) => !key.equals(formatKey)),
    )
    putLayout(tables, firstWithChecksums)
  })
  env.checksums.areOn = true
}

function rowsBehind(env: LmdbEnvironment, table: TableName, after: Buffer): readonly Row[] {
  const rows: Row[] = []
  let bytes = 0
  const start = after.length === 0 ? Buffer.of(0) : justAfter(after)
  for (const row of env.tables[table].storedRows({ start, end: everyRow.end })) {
    rows.push(row)
    bytes += row.key.length + row.value.length
    if (rows.length >= rowsAtOnce || bytes >= bytesAtOnce) break
  }
  return rows
}

function putChecksums(env: LmdbEnvironment, table: TableName, rows: readonly Row[]): void {
  const checksum = new RowChecksum(table)
  for (const { key, value } of rows) env.tables[table].putStored(key, checksum.seal(key, value))
}
