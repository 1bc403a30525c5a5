// What is done about the format of this engine's rows: noted where it is not, brought forward by the
// primary where it is an earlier one, refused where it is a later one. The note itself: `layout-row.ts`.
import { storeFormat } from '../../protocol/store/store-format.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { addChecksums, noReach } from './add-checksums.ts'
import { recountUsage } from './count-usage.ts'
import { firstWithChecksums, type Layout, layoutOf, putLayout } from './layout-row.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { migrateBuckets } from './migrate-buckets.ts'
import { migrateJobs } from './migrate-jobs.ts'
import { migrateLeases } from './migrate-leases.ts'
import { migrateRowKeys } from './migrate-row-keys.ts'
import { migrateTasks } from './migrate-tasks.ts'
import { migrateTenants } from './migrate-tenants.ts'

/** Does it in bounded transactions, `finish` with the last of them; killed in the middle, it is done again. */
type LayoutStep = (env: LmdbEnvironment, finish: (tables: Tables) => void) => Promise<void>

/** By the format that each leads to, from the one before; the one to rows with checksums aside. */
const layoutSteps: readonly (readonly [format: number, step: LayoutStep])[] = [
  // Leases have scopes, and what they hold is filed under them.
  [2, migrateLeases],
  // Buckets are found by namespace and name, and their tags are documents.
  [4, migrateBuckets],
  // Tasks of all kinds are in one table, by when they are due; what is under way has an owner.
  [5, migrateTasks],
  // Archive jobs, and what bundles gather, are jobs.
  [6, migrateJobs],
  // Keys of rows are long enough for pages to be split.
  [7, migrateRowKeys],
  // Tenants are found by name, and keys by tenant.
  [8, migrateTenants],
  // What buckets hold is counted.
  [9, recountUsage],
]

/** Throws `StoreRefused` for a format that is not known here, and to a worker for one that is not current. */
export async function checkLayoutFormat(
  env: LmdbEnvironment,
  role: 'primary' | 'worker',
): Promise<void> {
  const layout = env.read(layoutOf)
  if (layout.rows === 'none') {
    await env.write((tables) => putLayout(tables, storeFormat))
    env.checksums.areOn = true
    return
  }
  if (layout.rows === 'checksummed' && layout.format === storeFormat) return
  if (role === 'worker') throw notCurrent(layout)
  const takeSteps = async (isDue: (format: number) => boolean) => {
    for (const [format, step] of layoutSteps) {
      if (format > layout.format && isDue(format)) {
        await step(env, (tables) => putLayout(tables, format))
      }
    }
  }
  await takeSteps((format) => format < firstWithChecksums)
  if (layout.rows !== 'checksummed') {
    await addChecksums(env, layout.rows === 'midway' ? layout.reach : noReach)
  }
  await takeSteps((format) => format > firstWithChecksums)
}

/** For who reads rows before a server has brought them forward. Throws `StoreRefused`. */
export function requireWholeLayout(env: LmdbEnvironment): void {
  const layout = env.read(layoutOf)
  if (layout.rows === 'midway') throw notCurrent(layout)
}

/** For who writes rows and is no server. Throws `StoreRefused`. */
export function requireCurrentLayout(env: LmdbEnvironment): void {
  const layout = env.read(layoutOf)
  if (layout.rows === 'none') throw new StoreRefused('There are no metadata.')
  if (layout.rows !== 'checksummed' || layout.format !== storeFormat) throw notCurrent(layout)
}

function notCurrent(layout: Exclude<Layout, { rows: 'none' }>): StoreRefused {
  return new StoreRefused(
    layout.rows === 'midway'
      ? `The metadata are being brought to format ${firstWithChecksums}: start a server, and it goes on.`
      : `The metadata are of format ${layout.format}, not ${storeFormat}: start a server.`,
  )
}
