// The format of this engine's rows, noted among them: a program refuses those of a later one.
import { requireKnownFormat, storeFormat } from '../../protocol/store/store-format.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { decodeRecord, encodeRecord } from '../codec/record-frame.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { migrateJobs } from './migrate-jobs.ts'
import { migrateLeases } from './migrate-leases.ts'
import { migrateTasks } from './migrate-tasks.ts'

const formatKey = Buffer.from('format')

/** What brings rows to the next format. Each notes it with its last transaction. */
const steps = [
  // Leases have scopes, and what they hold is filed under them.
  { to: 2, migrate: migrateLeases },
  // Tasks of all kinds are in one table, by when they are due; what is under way has an owner.
  { to: 3, migrate: migrateTasks },
  // Archive jobs, and what bundles gather, are jobs.
  { to: 4, migrate: migrateJobs },
] as const

/**
 * Notes the format where there is none yet; the primary brings rows of an earlier one up to date. Throws
 * `StoreRefused` for one that is not known here.
 */
export async function checkLayoutFormat(
  env: LmdbEnvironment,
  role: 'primary' | 'worker',
): Promise<void> {
  const format = requireKnownLayout(env)
  if (format === undefined) return env.write((tables) => noteLayoutFormat(tables, storeFormat))
  if (format === storeFormat) return
  if (role === 'worker') {
    throw new StoreRefused(
      `The metadata are of format ${format}, not ${storeFormat}: start a server.`,
    )
  }
  for (const { to, migrate } of steps) {
    if (format < to) await migrate(env, (tables) => noteLayoutFormat(tables, to))
  }
}

/** Answers the format that is noted, if any. Throws `StoreRefused` for one that is not known here. */
export function requireKnownLayout(env: LmdbEnvironment): number | undefined {
  const noted = env.read(({ meta }) => meta.get(formatKey))
  if (noted === undefined) return undefined
  const [format] = decodeRecord('layout', noted)
  if (typeof format !== 'number') throw new StoreRefused('The metadata do not say their format.')
  requireKnownFormat(format, 'The metadata')
  return format
}

function noteLayoutFormat({ meta }: Tables, format: number): void {
  meta.put(formatKey, encodeRecord(1, [format]))
}
