// What a bundle becomes when entries were chosen for it: it has them at once, or a job is to gather them. The
// request waits a moment for that: most sources are there at once.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bundle } from '../../../metadata/bundle-store.ts'
import type { JobOf } from '../../../metadata/job-store.ts'
import type { Manifest, ManifestId } from '../../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import { parseJobId } from '../../../metadata/record-ids.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import { headerText } from '../../../protocol/s3/request-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'
import type { NativeCall } from '../../native-api/native-route.ts'
import { gatheringLane, gatheringLookMs, gatheringWaitMs, statesKept } from '../bundle-limits.ts'
import { externalSelections, type Selection } from '../bundle-selection.ts'
import { sealSources } from './sealed-sources.ts'

export type Choice = {
  /** As `freezeBundle` has made it of the selections. */
  readonly manifest: Manifest
  readonly selections: readonly Selection[]
  readonly keys: TenantKeys
  /** Who has chosen them (`gateway/access/asked-by.ts`). */
  readonly askedBy: string
  readonly nowMs: number
}

export type Chosen = { readonly bundle: Bundle; readonly job?: JobOf<'gathering'> }

export function withChoice(bundle: Bundle, choice: Choice, random: RandomBytes): Chosen {
  const { manifestId } = choice.manifest
  const { failure: _, ...rest } = bundle
  const external = externalSelections(choice.selections)
  if (external.length === 0) {
    return { bundle: { ...rest, states: [manifestId, ...bundle.states].slice(0, statesKept) } }
  }
  const sealedSources = sealSources({ keys: choice.keys, manifestId }, external, random)
  const { askedBy, nowMs } = choice
  const job = newGathering(bundle, { manifestId, sealedSources, askedBy, nowMs })
  return { bundle: { ...rest, gathering: manifestId }, job }
}

type NewGathering = Pick<Choice, 'askedBy' | 'nowMs'> &
  Pick<Manifest, 'manifestId'> & { readonly sealedSources: Uint8Array }

function newGathering(
  { bundleId, tenantId }: Bundle,
  { manifestId, sealedSources, askedBy, nowMs }: NewGathering,
): JobOf<'gathering'> {
  const jobId = parseJobId(manifestId)
  if (jobId === undefined) throw new RangeError('a manifest whose id is that of no job')
  return {
    kind: 'gathering',
    tenantId,
    jobId,
    revision: 1,
    state: 'queued',
    next: { lane: gatheringLane.name, dueMs: nowMs },
    attempts: 0,
    progress: { items: 0, bytes: 0 },
    createdMs: nowMs,
    changedMs: nowMs,
    payload: { bundleId, sealedSources, askedBy },
  }
}

/** That a bundle is ended by somebody: nobody gathers for it any more. Whoever does, finds out by himself. */
export async function endGathering(
  { jobs }: Pick<MetadataStore, 'jobs'>,
  { tenantId, gathering }: Bundle,
): Promise<void> {
  const jobId = gathering && parseJobId(gathering)
  const job = jobId && (await jobs.get({ kind: 'gathering', tenantId, jobId }))
  if (job !== undefined) await jobs.remove(job)
}

/**
 * The bundle as it is when the gathering has ended, or when the time to wait is over. Throws what the
 * gathering has failed with, and `NoSuchBundle` when the bundle was deleted meanwhile.
 */
export async function awaitGathering(
  metadata: Pick<MetadataStore, 'bundles'>,
  call: NativeCall,
  begun: Bundle,
): Promise<Bundle> {
  const untilMs = call.services.now() + waitMs(call)
  const manifestId = begun.gathering
  let bundle: Bundle | undefined = begun
  while (bundle !== undefined && isGathering(bundle, manifestId)) {
    if (call.services.now() >= untilMs) return bundle
    await sleep(gatheringLookMs)
    bundle = await metadata.bundles.get(begun.bundleId)
  }
  if (bundle === undefined) throw new S3Error('NoSuchBundle', { BundleId: begun.bundleId })
  const { failure } = bundle
  if (failure === undefined || failure.manifestId !== manifestId) return bundle
  throw new S3Error(failure.code, {}, { message: failure.message })
}

function isGathering({ gathering }: Bundle, manifestId: ManifestId | undefined): boolean {
  return gathering !== undefined && gathering === manifestId
}

/** `Prefer: wait=N` shortens it, `Prefer: respond-async` waits for nothing. RFC 7240 section 4. */
function waitMs({ headers }: NativeCall): number {
  const preferred = headerText(headers, 'prefer') ?? ''
  if (/(?:^|,)\s*respond-async\s*(?:$|[,;])/i.test(preferred)) return 0
  const [, seconds] = /(?:^|,)\s*wait\s*=\s*"?(\d{1,6})/i.exec(preferred) ?? []
  return Math.min(gatheringWaitMs, Number(seconds ?? Infinity) * 1000)
}
