// Gathers the entries of a request that lie elsewhere, one after the other, into the tenant's spool. Their
// length and CRC-32 are known then, so that the archive is exact and resumable like any other. What an
// earlier attempt has gathered is not asked for again.
import type { ManifestEntry, ManifestId } from '../../../metadata/manifest-store.ts'
import type { TenantId } from '../../../metadata/records.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'
import { externalBytesMax, silenceMs } from '../bundle-limits.ts'
import type { ExternalSelection } from '../bundle-selection.ts'
import { systemResolve } from './guarded-agent.ts'
import { isPublicAddress } from './public-address.ts'
import { readSource, type SourceRules } from './read-source.ts'
import {
  emptySpool,
  findSpooled,
  openSpool,
  type SpoolDeps,
  type Spooled,
  spoolBody,
} from './spool.ts'

export type GatheringOrder = {
  readonly tenantId: TenantId
  readonly keys: TenantKeys
  /** In which the entries are to take their places. */
  readonly manifestId: ManifestId
  readonly selections: readonly ExternalSelection[]
  /** Aborted when the time is up. */
  readonly signal: AbortSignal
  /** Asked now and then while bytes flow: throws when nobody wants them any more. */
  readonly stillWanted: () => Promise<void>
}

/** What an entry has become, by the name it was asked for. */
export type Gathered = ReadonlyMap<string, Omit<ManifestEntry, 'name'>>

export interface Gatherer {
  /** Throws `SourceFailure`, `InsufficientStorage`, and what `stillWanted` throws. */
  gather(order: GatheringOrder): Promise<Gathered>
  /** Gives up what was gathered for a manifest that is named by nobody any more. Safe to repeat. */
  forget(gathering: Pick<GatheringOrder, 'tenantId' | 'manifestId'>): Promise<void>
}

export type GathererDeps = { readonly rules: SourceRules; readonly spool: SpoolDeps }

export function openGatherer(deps: GathererDeps): Gatherer {
  return {
    gather: (order) => gather(deps, order),
    forget: (gathering) => emptySpool(deps.spool, gathering),
  }
}

export type SourceSettings = {
  readonly externalSources: 'off' | 'public' | 'any'
  /** Whether plain http may be asked too. */
  readonly externalHttp: boolean
}

/**
 * By the settings. `off` is decided before anybody asks. Without TLS nothing proves who answers, and most of
 * what a network hides speaks plain http: such requests go to public addresses whatever else is allowed.
 */
export function sourceRules({ externalSources, externalHttp }: SourceSettings): SourceRules {
  const isAllowed = externalSources === 'any' ? () => true : isPublicAddress
  const addresses = { isAllowed, resolve: systemResolve }
  const rules = { addresses, bytesMax: externalBytesMax, silenceMs }
  return externalHttp
    ? { ...rules, plainAddresses: { isAllowed: isPublicAddress, resolve: systemResolve } }
    : rules
}

async function gather({ rules, spool }: GathererDeps, order: GatheringOrder): Promise<Gathered> {
  const { tenantId, keys, manifestId, selections, signal, stillWanted } = order
  const gathered = new Map<string, Omit<ManifestEntry, 'name'>>()
  const bucket = await openSpool(spool, tenantId)
  for (const [number, { name, source }] of selections.entries()) {
    await stillWanted()
    const place = { bucket, manifestId, number }
    let spooled = await findSpooled(spool, place)
    if (spooled === undefined) {
      const body = await readSource(source, rules, signal)
      const stream = whileWanted(body.stream, stillWanted)
      spooled = await spoolBody(spool, { place, keys }, { ...body, stream })
    }
    gathered.set(name, entryOf(spooled, bucket.id))
  }
  return gathered
}

async function* whileWanted(
  stream: AsyncGenerator<Buffer, void, void>,
  stillWanted: () => Promise<void>,
): AsyncGenerator<Buffer, void, void> {
  for await (const piece of stream) {
    yield piece
    await stillWanted()
  }
}

function entryOf(
  { key, rowId, size, crc32, modifiedMs }: Spooled,
  bucketId: NonNullable<ManifestEntry['source']>['bucketId'],
): Omit<ManifestEntry, 'name'> {
  if (size === 0) return { size, crc32, modifiedMs }
  return { size, crc32, modifiedMs, source: { bucketId, key, rowId } }
}
