// Reads every row that can be read by itself, for `holdfast check`: what cannot be parsed is damage, or was
// written by a later version.
import { parseBundle } from '../codec/bundle-codec.ts'
import { parseChunkRefs } from '../codec/chunk-ref-codec.ts'
import { parseJob } from '../codec/job-codec.ts'
import { parseManifestHead } from '../codec/manifest-codec.ts'
import { parseAccessKey, parseBucket, parseTenant } from '../codec/tenancy-codec.ts'
import {
  parseCompletion,
  parsePartData,
  parsePartHead,
  parseUpload,
} from '../codec/upload-codec.ts'
import { parseOwner } from './chunk-lists.ts'
import type { Tables } from './lmdb-environment.ts'
import { everyTask } from './migrate-tasks.ts'
import { parseDeletion, parseRelease } from './outbox-rows.ts'
import { parseOwnerRow } from './owners.ts'
import { bucketKey } from './row-keys.ts'
import { type TableName, tableNames } from './tables.ts'

export const everyRow = { start: Buffer.of(0), end: Buffer.alloc(64, 0xff) }

/** Versions and their contents, which say something together alone, are `verify-versions.ts`'s. */
const parsers: Partial<Record<TableName, (row: Buffer) => unknown>> = {
  tenants: parseTenant,
  accessKeys: parseAccessKey,
  buckets: parseBucket,
  uploads: parseUpload,
  parts: (row) => [parsePartHead(row), parsePartData(row)],
  completions: parseCompletion,
  lists: parseChunkRefs,
  listOwners: parseOwner,
  owners: parseOwnerRow,
  manifests: parseManifestHead,
  bundles: parseBundle,
  jobs: parseJob,
}

/** Tells of each row that cannot be read. */
export function verifyRows(tables: Tables, tell: (what: string) => void): void {
  verifyKeys(tables, tell)
  verifyTasks(tables, tell)
  for (const name of Object.keys(parsers) as TableName[]) {
    for (const { key, value } of tables[name].rows(everyRow)) {
      try {
        parsers[name]?.(value)
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause)
        tell(`a row of ${name} cannot be read (${key.toString('hex')}): ${why}`)
      }
    }
  }
}

function verifyTasks(tables: Tables, tell: (what: string) => void): void {
  for (const where of ['waiting', 'buried'] as const) {
    for (const { key, read } of everyTask(tables, where)) {
      try {
        const { kind, fields } = read()
        if (kind === 'release') parseRelease(fields)
        if (kind === 'deleteBlob') parseDeletion(fields)
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause)
        tell(`a task that is ${where} cannot be read (${key.toString('hex')}): ${why}`)
      }
    }
  }
}

/** A row that stands in the wrong place, or under a key that is not its own, is listed and never found. */
function verifyKeys(tables: Tables, tell: (what: string) => void): void {
  for (const name of tableNames) {
    let before: Buffer | undefined
    for (const { key, value } of tables[name].rows({ ...everyRow, start: Buffer.alloc(1) })) {
      const isFound = tables[name].get(key)?.equals(value) === true
      if (!isFound || (before !== undefined && Buffer.compare(before, key) >= 0)) {
        tell(`a row of ${name} is not where it must be (${key.toString('hex')})`)
      }
      before = Buffer.from(key)
    }
  }
  for (const { key, value } of tables.buckets.rows(everyRow)) {
    if (!isOwnKey(key, value)) tell(`a bucket has the key of another (${key.toString('hex')})`)
  }
}

function isOwnKey(key: Buffer, value: Buffer): boolean {
  try {
    const { tenantId, name } = parseBucket(value)
    return bucketKey(tenantId, name).equals(key)
  } catch {
    // Told of by its parser.
    return true
  }
}
