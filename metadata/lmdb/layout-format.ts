// What is done about the format of this engine's rows: noted where it is not, brought forward by the
// primary where it is an earlier one, refused where it is a later one. The note itself: `layout-row.ts`.
import { storeFormat } from '../../protocol/store/store-format.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { addChecksums, noReach } from './add-checksums.ts'
import { firstWithChecksums, layoutOf, putLayout } from './layout-row.ts'
import type { LmdbEnvironment } from './lmdb-environment.ts'
import { migrateLeases } from './migrate-leases.ts'

/** Throws `StoreRefused` for a format that is not known here, and to a worker for one that is not current. */
export async function checkLayoutFormat(
  env: LmdbEnvironment,
  role: 'primary' | 'worker',
): Promise<void> {
  const layout = env.read(layoutOf)
  if (layout.rows === 'checksummed') return
  if (layout.rows === 'none') {
    await env.write((tables) => putLayout(tables, storeFormat))
    env.checksums.areOn = true
    return
  }
  if (role === 'worker') throw notCurrent(layout)
  // 2: leases have scopes, and what they hold is filed under them.
  if (layout.format < 2) await migrateLeases(env, (tables) => putLayout(tables, 2))
  await addChecksums(env, layout.rows === 'midway' ? layout.reach : noReach)
}

/** For who reads rows before a server has brought them forward. Throws `StoreRefused`. */
export function requireWholeLayout(env: LmdbEnvironment): void {
  const layout = env.read(layoutOf)
  if (layout.rows === 'midway') throw notCurrent(layout)
}

function notCurrent({ rows, format }: { readonly rows: string; readonly format: number }) {
  return new StoreRefused(
    rows === 'midway'
      ? `The metadata are being brought to format ${firstWithChecksums}: start a server, and it goes on.`
      : `The metadata are of format ${format}, not ${storeFormat}: start a server.`,
  )
}
