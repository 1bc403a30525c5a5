// From layout 7 to 8: tenants are found by name, and their access keys by tenant. Both are said by rows of their own,
// which are made of the tenants and the keys. Killed in the middle, it is done again: what is there is written over.
import { parseAccessKey, parseTenant } from '../codec/tenancy-codec.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import type { Row } from './lmdb-table.ts'
import { everyRow, justAfter } from './row-keys.ts'
import { ownedKey } from './tenants.ts'

const readAtOnce = 1_000

const indexes = {
  tenants: ({ tenantNames }: Tables, { key, value }: Row) => {
    tenantNames.put(Buffer.from(parseTenant(value).name), key)
  },
  accessKeys: ({ keysOfTenants }: Tables, { value }: Row) => {
    const { tenantId, accessKeyId } = parseAccessKey(value)
    keysOfTenants.put(ownedKey(tenantId, accessKeyId), Buffer.alloc(0))
  },
} as const

/** `finish` is done with the last step. */
export async function migrateTenants(
  env: Pick<LmdbEnvironment, 'write'>,
  finish: (tables: Tables) => void,
): Promise<void> {
  for (const table of ['tenants', 'accessKeys'] as const) {
    let start: Buffer | undefined = everyRow.start
    while (start !== undefined) {
      const from: Buffer = start
      start = await env.write((tables) => indexRows(tables, table, from))
    }
  }
  await env.write(finish)
}

/** Answers where the next page begins. */
function indexRows(tables: Tables, table: keyof typeof indexes, start: Buffer): Buffer | undefined {
  let rows = 0
  for (const row of tables[table].rows({ start, end: everyRow.end })) {
    indexes[table](tables, row)
    rows += 1
    if (rows === readAtOnce) return justAfter(row.key)
  }
  return undefined
}
