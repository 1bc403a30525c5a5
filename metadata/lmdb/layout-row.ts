// The row that says of which format the rows of an environment are, and whether all of them have got their
// checksum yet. It is a record that programs of every format can read the format of, and the last field is
// its own checksum, where those of all other rows stand too. What is done about an older format:
// `layout-format.ts`.
import { requireKnownFormat } from '../../protocol/store/store-format.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { array, bytesAt, count, decodeRecord, encodeRecord } from '../codec/record-frame.ts'
import type { Tables } from './lmdb-environment.ts'
import { checksumBytes, RowChecksum } from './row-checksum.ts'
import { type TableName, tableNames } from './tables.ts'

/** Rows of earlier formats have no checksums. */
export const firstWithChecksums = 3

/** Up to where rows have theirs: all of the tables before `table`, and those up to `key`. */
export type ChecksumsReach = { readonly table: TableName; readonly key: Buffer }

/** `midway`: some have theirs, `meta` has none. */
export type Layout =
  | { readonly rows: 'none' }
  | { readonly rows: 'bare' | 'checksummed'; readonly format: number }
  | { readonly rows: 'midway'; readonly format: number; readonly reach: ChecksumsReach }

type NoteReader = Pick<Tables['meta'], 'getStored' | 'count'>

export const formatKey = Buffer.from('format')
const checksum = new RowChecksum('meta')
const noChecksum = Buffer.alloc(checksumBytes)

/** Throws `StoreRefused` for a format that is not known here, and when nobody can tell the format. */
export function layoutOf({ meta }: { readonly meta: NoteReader }): Layout {
  const row = meta.getStored(formatKey)
  if (row === undefined) {
    if (meta.count() > 0) throw unknown('')
    return { rows: 'none' }
  }
  return parseLayout(row)
}

function parseLayout(row: Buffer): Layout {
  let fields: readonly unknown[]
  let format: number
  try {
    fields = decodeRecord('layout', row)
    format = count(fields, 0)
  } catch (cause) {
    throw unknown(cause instanceof Error ? cause.message : '')
  }
  requireKnownFormat(format, 'The metadata')
  const hasChecksum = fields.length > 1
  if (hasChecksum !== format >= firstWithChecksums) throw unknown('another kind of row')
  if (!hasChecksum) return { rows: 'bare', format }
  if (checksum.openAfter(checksum.afterKey(formatKey), row) === undefined) throw unknown('damaged')
  const reach = array(fields, 1)
  if (reach.length === 0) return { rows: 'checksummed', format }
  const table = tableNames[count(reach, 0)]
  if (table === undefined) throw unknown('no such table')
  return { rows: 'midway', format, reach: { table, key: bytesAt(reach, 1) } }
}

function unknown(why: string): StoreRefused {
  return new StoreRefused(
    `The metadata do not say their format (${why || 'it is missing'}): they are damaged. Put a copy of them back that is whole: see docs/recovery.md.`,
  )
}

/** `reach`: of rows that have not all got their checksum. */
export function putLayout({ meta }: Tables, format: number, reach?: ChecksumsReach): void {
  if (format < firstWithChecksums) {
    meta.putStored(formatKey, encodeRecord(1, [format]))
    return
  }
  const noted = reach && [tableNames.indexOf(reach.table), reach.key]
  const record = encodeRecord(1, [format, noted ?? [], noChecksum])
  const sealed = checksum.seal(formatKey, record.subarray(0, record.length - checksumBytes))
  meta.putStored(formatKey, sealed)
}
