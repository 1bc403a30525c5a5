// Holds what is counted of buckets against what there is, for `holdfast check`. Nothing is lost by a wrong count, and
// nothing is deleted on its word: it says what a tenant has, and whether he may have more.
import { parseUploadState } from '../codec/upload-codec.ts'
import type { Bucket } from '../records.ts'
import { isUsageEqual, type Usage, usageFields } from '../usage.ts'
import { bytesOfParts, countUsage } from './count-usage.ts'
import { layoutOf } from './layout-row.ts'
import type { Tables } from './lmdb-environment.ts'
import { everyRow } from './row-keys.ts'
import { parseUsage, usageKey } from './usage-rows.ts'
import { bucketsById } from './verify-rows.ts'

/** The layout from which on it is counted. */
const countedFrom = 9

type Tell = (what: string) => void

export function verifyUsage(tables: Tables, tell: Tell): void {
  const layout = layoutOf(tables)
  if (layout.rows === 'none' || layout.format < countedFrom) return
  const buckets = bucketsById(tables)
  const expected = new Map<string, { readonly bucket: Bucket; readonly usage: Usage }>()
  for (const [bucketId, { tenantId, usage }] of countUsage(tables)) {
    const bucket = buckets.get(bucketId)
    const key = usageKey({ tenantId, bucketId }).toString('hex')
    if (bucket !== undefined) expected.set(key, { bucket, usage })
  }
  for (const { key, value } of tables.usage.intactRows(everyRow)) {
    const found = expected.get(key.toString('hex'))
    expected.delete(key.toString('hex'))
    if (found === undefined) {
      tell(`a bucket that is not there is counted (${key.toString('hex')})`)
    } else if (!isUsageEqual(parseUsage(value), found.usage)) {
      tell(
        `bucket ${found.bucket.name} is counted wrongly: ${difference(parseUsage(value), found.usage)}`,
      )
    }
  }
  for (const { bucket } of expected.values()) tell(`bucket ${bucket.name} is not counted`)
  verifyUploads(tables, tell)
}

function difference(counted: Usage, found: Usage): string {
  return usageFields
    .filter((field) => counted[field] !== found[field])
    .map((field) => `${counted[field]} ${field} where there are ${found[field]}`)
    .join(', ')
}

function verifyUploads(tables: Tables, tell: Tell): void {
  for (const { value } of tables.uploads.intactRows(everyRow)) {
    try {
      const state = parseUploadState(value)
      const bytes = bytesOfParts(tables, state)
      if (state.partBytes === bytes) continue
      tell(`parts of upload ${state.upload.uploadId} are ${bytes} bytes, not ${state.partBytes}`)
    } catch {
      // Told of by its parser.
    }
  }
}
