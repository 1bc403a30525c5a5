// Fetches the entries of a request that are URLs, one after the other, into the tenant's spool. Their
// length and CRC-32 are known then, so that the archive is exact and resumable like any other.
import type { TenantId } from '../../../metadata/records.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { ExternalSources } from '../../config.ts'
import type { TenantKeys } from '../../keys/tenant-keys.ts'
import type { Selection } from '../bundle-selection.ts'
import type { Chosen, RawEntry } from '../raw-entries.ts'
import { fetchMsMax } from './external-limits.ts'
import { fetchExternal } from './fetch-external.ts'
import { openSpool, type Spooled, type SpoolParts, spoolBody } from './spool.ts'

export type SpoolPlace = {
  readonly tenantId: TenantId
  readonly keys: TenantKeys
  /** Takes up what is stored, also when something fails later: to be emptied by the caller. */
  readonly spooled: Spooled[]
}

export type FetchEntries = (
  selections: readonly Selection[],
  place: SpoolPlace,
) => Promise<Chosen['fetched']>

export function entryFetcher(parts: {
  readonly rule: ExternalSources
  readonly spool: SpoolParts
}): FetchEntries {
  return async (selections, place) => {
    const fetched = new Map<Selection, RawEntry>()
    const external = selections.filter((selection) => selection.is === 'url')
    if (external.length === 0) return fetched
    if (parts.rule === 'off') {
      throw new S3Error('InvalidRequest', undefined, {
        message: 'This server fetches nothing from elsewhere.',
      })
    }
    const bucket = await openSpool(parts.spool, place.tenantId)
    const rules = {
      allowPrivate: parts.rule === 'any',
      signal: AbortSignal.timeout(fetchMsMax),
    }
    for (const selection of external) {
      const body = await fetchExternal(selection.url, rules)
      const spooled = await spoolBody(parts.spool, { bucket, keys: place.keys }, body)
      place.spooled.push(spooled)
      const { key, rowId, size, crc32 } = spooled.version
      fetched.set(selection, {
        name: selection.name,
        isDirectory: false,
        size,
        crc32,
        modifiedMs: body.modifiedMs ?? spooled.version.modifiedMs,
        source: { bucketId: bucket.id, key, rowId },
      })
    }
    return fetched
  }
}
