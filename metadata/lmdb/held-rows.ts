// Versions that were removed and that a lease holds back: each is filed under one of the leases that
// cover it. When that lease ends, what it has held is sifted: filed under another, or released. So a
// release that waits is in nobody's way, and costs nothing while it waits.
import assert from 'node:assert'
import { bytesAt, count, decodeRecord, encodeRecord, id } from '../codec/record-frame.ts'
import { bornOfContent, dataOfContent } from '../codec/version-codec.ts'
import { parseBucketId, parseTenantId } from '../record-ids.ts'
import type { TenantId } from '../records.ts'
import { type LeaseRow, leaseOfLife, leaseTally } from './lease-rows.ts'
import { type CoveredRow, livesOver } from './lease-scopes.ts'
import type { Tables } from './lmdb-environment.ts'
import type { Row } from './lmdb-table.ts'
import { appendRelease } from './outbox-rows.ts'
import {
  bucketIdBytes,
  contentKey,
  idOfHistoryRow,
  numberKey,
  rangeOf,
  rawKeyOfHistoryRow,
} from './row-keys.ts'
import { takeSeqs } from './task-rows.ts'

const siftedAtOnce = 256

type HeldRow = {
  /** In the graveyard. */
  readonly graveKey: Buffer
  readonly tenantId: TenantId
  /** Numbers of the tally of leases when it was committed, and when it was removed. */
  readonly born: number
  readonly buried: number
}

/**
 * Files a version that is about to be buried under a lease that holds it. False, and nothing done: none
 * does. Costs one look at a row while no lease lives.
 */
export function holdBack(
  tables: Tables,
  version: { readonly graveKey: Buffer; readonly tenantId: TenantId } & CoveredRow,
): boolean {
  const { last, living } = leaseTally(tables)
  if (living === 0) return false
  const { graveKey, tenantId } = version
  let known: number | undefined
  const born = () => {
    known ??= bornOf(tables, version.rowId)
    return known
  }
  const holder = holderOf(tables, version, { born, buried: last })
  if (holder === undefined) return false
  fileUnder(tables, holder, { graveKey, tenantId, born: born(), buried: last })
  return true
}

/** A page of what a lease has held that ended; `more`: there may be more of it. */
export function siftHeld(tables: Tables, file: number): 'more' | 'done' {
  const rows: Row[] = []
  for (const row of tables.heldReleases.rows(rangeOf(numberKey(file)))) {
    rows.push(row)
    if (rows.length === siftedAtOnce) break
  }
  for (const { key, value } of rows) {
    tables.heldReleases.remove(key)
    refile(tables, parseHeld(value))
  }
  return rows.length < siftedAtOnce ? 'done' : 'more'
}

function refile(tables: Tables, held: HeldRow): void {
  const { graveKey, born, buried } = held
  const holder = holderOf(tables, rowOfGrave(graveKey), { born: () => born, buried })
  if (holder !== undefined) fileUnder(tables, holder, held)
  else release(tables, held)
}

function release(tables: Tables, { graveKey, tenantId }: HeldRow): void {
  const contentRow = contentKey(idOfHistoryRow(graveKey))
  const content = tables.contents.get(contentRow)
  if (content !== undefined && dataOfContent(content).is === 'inline') {
    tables.contents.remove(contentRow)
    tables.graveyard.remove(graveKey)
  } else {
    appendRelease(tables, tenantId, { what: 'version', graveKey })
  }
}

type Ages = { readonly born: () => number; readonly buried: number }

function holderOf(tables: Tables, row: CoveredRow, { born, buried }: Ages): LeaseRow | undefined {
  for (const life of livesOver(tables, row, buried)) {
    const lease = leaseOfLife(tables, life)
    if (lease === undefined) continue
    if (lease.sealed === undefined || born() < lease.sealed) return lease
  }
  return undefined
}

export function fileUnder(tables: Tables, { file }: Pick<LeaseRow, 'file'>, held: HeldRow): void {
  const { graveKey, tenantId, born, buried } = held
  const key = Buffer.concat([numberKey(file), numberKey(takeSeqs(tables, 1))])
  tables.heldReleases.put(key, encodeRecord(1, [graveKey, tenantId, born, buried]))
}

function parseHeld(bytes: Buffer): HeldRow {
  const fields = decodeRecord('held release', bytes)
  return {
    graveKey: bytesAt(fields, 0),
    tenantId: id(parseTenantId, fields, 1),
    born: count(fields, 2),
    buried: count(fields, 3),
  }
}

function bornOf(tables: Tables, rowId: string): number {
  const content = tables.contents.get(contentKey(rowId))
  assert(content !== undefined, 'a version without its content')
  return bornOfContent(content)
}

function rowOfGrave(graveKey: Buffer): CoveredRow {
  const bucketId = parseBucketId(graveKey.toString('hex', 0, bucketIdBytes))
  assert(bucketId !== undefined)
  const key = rawKeyOfHistoryRow(graveKey).toString()
  return { bucketId, key, rowId: idOfHistoryRow(graveKey) }
}
