// From layout 4 to 5. Until layout 4 each kind of task had a table, in which nothing said who does it; and lists
// under way belonged to owners that were known by their names alone. Done by the primary before anybody
// else opens the store, page by page; killed in the middle, it goes on where it was.
import { decodeRecord, id, RecordCorrupt } from '../codec/record-frame.ts'
import { parseTenantId } from '../record-ids.ts'
import { noteListOfOwner, parseOwner } from './chunk-lists.ts'
import { leasesOf, letLeaseGo } from './lease-rows.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import type { Row } from './lmdb-table.ts'
import { ownTasks } from './outbox-rows.ts'
import { endOwner } from './owners.ts'
import { everyRow, justAfter, numberOfKey } from './row-keys.ts'
import {
  encodeTaskRow,
  parseTaskKey,
  parseTaskRow,
  type TaskKey,
  type TaskRow,
  taskKey,
} from './task-rows.ts'

const movedAtOnce = 2_000
const oldTables = [
  { from: 'releases', kind: 'release', to: 'tasks' },
  { from: 'deletions', kind: 'deleteBlob', to: 'tasks' },
  { from: 'brokenReleases', kind: 'release', to: 'buriedTasks' },
] as const

type OldTable = (typeof oldTables)[number]
export type FoundTask = Pick<TaskKey, 'kind' | 'tenantId'> & Pick<TaskRow, 'fields'>

/** `finish` is done with the last step. */
export async function migrateTasks(
  env: LmdbEnvironment,
  finish: (tables: Tables) => void,
): Promise<void> {
  for (const table of oldTables) {
    while ((await env.write((tables) => moveTasks(tables, table))) === movedAtOnce);
  }
  let from: Buffer | undefined = everyRow.start
  while (from !== undefined) {
    const page: Buffer = from
    from = await env.write((tables) => fileLists(tables, page))
  }
  await env.write((tables) => {
    // Those of reads had no owner: whoever took them is gone, too.
    for (const { leaseId, purpose } of leasesOf(tables)) {
      if (purpose === 'read') letLeaseGo(tables, leaseId)
    }
    finish(tables)
  })
}

/**
 * Every task, in whichever layout it lies, and what reads it, or throws `RecordCorrupt`: for checks, which
 * change nothing.
 */
export function* everyTask(
  tables: Tables,
  where: 'waiting' | 'buried',
): Generator<{ readonly key: Buffer; readonly read: () => FoundTask }> {
  const table = where === 'waiting' ? 'tasks' : 'buriedTasks'
  for (const { key, value } of tables[table].intactRows(everyRow)) {
    yield { key, read: () => ({ ...parseTaskKey(key), ...parseTaskRow(value) }) }
  }
  for (const { from, kind, to } of oldTables) {
    if (to !== table) continue
    for (const { key, value } of tables[from].intactRows(everyRow)) {
      yield { key, read: () => parseOldTask(kind, value) }
    }
  }
}

/** Its tenant, and then what the kind adds. */
function parseOldTask(kind: string, bytes: Buffer): FoundTask {
  const fields = decodeRecord(kind, bytes)
  return { kind, tenantId: id(parseTenantId, fields, 0), fields: fields.slice(1) }
}

function moveTasks(tables: Tables, { from, kind, to }: OldTable): number {
  const rows = pageOf(tables[from].rows(everyRow))
  for (const { key, value } of rows) {
    const seq = numberOfKey(key)
    try {
      const { tenantId, fields } = parseOldTask(kind, value)
      const row = { attempts: 0, owner: undefined, cause: undefined, fields }
      tables[to].put(taskKey({ kind, tenantId, dueMs: 0, seq }), encodeTaskRow(row))
    } catch (cause) {
      if (!(cause instanceof RecordCorrupt)) throw cause
      // As it is: whose it was cannot be told.
      tables.buriedTasks.put(taskKey({ kind, tenantId: ownTasks, dueMs: 0, seq }), value)
    }
    tables[from].remove(key)
  }
  return rows.length
}

/** Whoever began them is gone. Answers where the next page begins. */
function fileLists(tables: Tables, start: Buffer): Buffer | undefined {
  const rows = pageOf(tables.listOwners.rows({ start, end: everyRow.end }))
  for (const { key, value } of rows) {
    const { owner } = parseOwner(value)
    noteListOfOwner(tables, owner, key)
    endOwner(tables, owner)
  }
  const last = rows.at(-1)
  return rows.length < movedAtOnce || last === undefined ? undefined : justAfter(last.key)
}

function pageOf(rows: Iterable<Row>): readonly Row[] {
  const page: Row[] = []
  for (const row of rows) {
    page.push(row)
    if (page.length === movedAtOnce) break
  }
  return page
}
