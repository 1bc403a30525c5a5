// Lays tasks, lists and owners out as programs of layout 2 did.
import { encodeRecord } from '../../metadata/codec/record-frame.ts'
import type { Tables } from '../../metadata/lmdb/lmdb-environment.ts'
import { everyRow, numberKey } from '../../metadata/lmdb/row-keys.ts'
import { parseTaskKey, parseTaskRow } from '../../metadata/lmdb/task-rows.ts'

export function asLayout2(tables: Tables): void {
  const buried = { from: tables.buriedTasks, to: tables.brokenReleases }
  for (const { from, to } of [{ from: tables.tasks, to: undefined }, buried]) {
    for (const { key, value } of [...from.rows(everyRow)]) {
      const { kind, tenantId, seq } = parseTaskKey(key)
      const old = kind === 'release' ? tables.releases : tables.deletions
      const row = encodeRecord(1, [tenantId, ...parseTaskRow(value).fields])
      ;(to ?? old).putStored(numberKey(seq), row)
      from.remove(key)
    }
  }
  for (const table of [tables.owners, tables.listsOfOwners]) {
    for (const { key } of [...table.rows(everyRow)]) table.remove(key)
  }
}
