// Reads every row that can be read by itself, for `holdfast check`: what cannot be parsed is damage, or was
// written by a later version.
import { parseBundle } from '../codec/bundle-codec.ts'
import { parseChunkRefs } from '../codec/chunk-ref-codec.ts'
import { parseJob } from '../codec/job-codec.ts'
import { parseManifestHead } from '../codec/manifest-codec.ts'
import { parseRemembered } from '../codec/remembered-codec.ts'
import { parseAccessKey, parseBucket, parseKeyUse, parseTenant } from '../codec/tenancy-codec.ts'
import {
  parseCompletion,
  parsePartData,
  parsePartHead,
  parseUpload,
} from '../codec/upload-codec.ts'
import type { Bucket, BucketId } from '../records.ts'
import { parseOwner } from './chunk-lists.ts'
import { layoutOf } from './layout-row.ts'
import type { Tables } from './lmdb-environment.ts'
import type { Row } from './lmdb-table.ts'
import { everyTask } from './migrate-tasks.ts'
import { nameRow } from './name-row.ts'
import { parseDeletion, parseRelease } from './outbox-rows.ts'
import { parseOwnerRow } from './owners.ts'
import { everyRow } from './row-keys.ts'
import { type TableName, tableNames } from './tables.ts'
import { verifyBuckets } from './verify-buckets.ts'
import { verifyTenants } from './verify-tenants.ts'

/** The layout from which on buckets are found by namespace and name. */
const filedByNamespace = 4
/** From which on tenants are found by name, and keys by tenant. */
const tenantsByName = 8

/** Versions and their contents, which say something together alone, are `verify-versions.ts`'s. */
const parsers: Partial<Record<TableName, (row: Buffer) => unknown>> = {
  tenants: parseTenant,
  accessKeys: parseAccessKey,
  keyUses: parseKeyUse,
  buckets: parseBucket,
  uploads: parseUpload,
  parts: (row) => [parsePartHead(row), parsePartData(row)],
  completions: parseCompletion,
  commits: parseRemembered,
  lists: parseChunkRefs,
  listOwners: parseOwner,
  owners: parseOwnerRow,
  manifests: parseManifestHead,
  bundles: parseBundle,
  jobs: parseJob,
}

/** Tells of each row that cannot be read, or is not as it was written. */
export function verifyRows(tables: Tables, tell: (what: string) => void): void {
  verifyKeys(tables, tell)
  verifyTasks(tables, tell)
  for (const name of Object.keys(parsers) as TableName[]) {
    for (const { key, value } of tables[name].intactRows(everyRow)) {
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

/**
 * A row whose checksum fails is told of here, once. One that stands in the wrong place, or under a key that
 * is not its own, is listed and never found.
 */
function verifyKeys(tables: Tables, tell: (what: string) => void): void {
  const buckets = bucketsById(tables)
  for (const name of tableNames) {
    let before: Buffer | undefined
    const damaged = (key: Buffer) =>
      tell(`a row of ${name} is damaged, and is not served (${nameRow(name, key, buckets)})`)
    for (const { key, value } of tables[name].intactRows(everyRow, damaged)) {
      if (!isFound(tables, name, { key, value }) || !isBehind(key, before)) {
        tell(`a row of ${name} is not where it must be (${key.toString('hex')})`)
      }
      before = Buffer.from(key)
    }
  }
  // They are filed otherwise before: the server's next start moves them.
  const layout = layoutOf(tables)
  if (layout.rows === 'none') return
  if (layout.format >= filedByNamespace) verifyBuckets(tables, tell)
  if (layout.format >= tenantsByName) verifyTenants(tables, tell)
}

function isBehind(key: Buffer, before: Buffer | undefined): boolean {
  return before === undefined || Buffer.compare(before, key) < 0
}

function isFound(tables: Tables, name: TableName, { key, value }: Row): boolean {
  try {
    return tables[name].get(key)?.equals(value) === true
  } catch {
    // Another row stands under its key.
    return false
  }
}

/** Those that can be read. */
export function bucketsById(tables: Tables): ReadonlyMap<BucketId, Bucket> {
  const buckets = new Map<BucketId, Bucket>()
  for (const { value } of tables.buckets.intactRows(everyRow)) {
    const bucket = readable(value)
    if (bucket !== undefined) buckets.set(bucket.id, bucket)
  }
  return buckets
}

function readable(row: Buffer): Bucket | undefined {
  try {
    return parseBucket(row)
  } catch {
    return undefined
  }
}
