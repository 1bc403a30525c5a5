// The work of gathering what bundles wait for, for a job engine: some at a time, and of each tenant fewer, so
// that nobody waits for another's slow sources. The bundle changes first, and the job ends then: one that
// finds no bundle waiting for it has come to its end before.
import type { Bundle } from '../../../metadata/bundle-store.ts'
import type { JobOf } from '../../../metadata/job-store.ts'
import type { Manifest, ManifestId } from '../../../metadata/manifest-store.ts'
import { parseManifestId } from '../../../metadata/record-ids.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { RecallAsker } from '../../access/asked-by.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'
import { requirePermission } from '../../access/require.ts'
import { type ClaimedJob, JobTaken } from '../../background/claimed-job.ts'
import type { JobEnd, JobWork } from '../../background/job-work.ts'
import { removeManifest } from '../../zip/manifest-cache.ts'
import { gatherAttemptsMax, gatheringLane, gatherMsMax, statesKept } from '../bundle-limits.ts'
import type { Gatherer } from '../external/gather-sources.ts'
import { SourceFailure } from '../external/source-failure.ts'
import { type FreezeDeps, fillManifest, keptUntil, removeManifests } from '../freeze-bundle.ts'
import { openSources } from './sealed-sources.ts'

export type GatheringDeps = FreezeDeps & {
  readonly gatherer: Gatherer
  readonly recallAsker: RecallAsker
  readonly keysOfTenant: (tenantId: TenantId) => Promise<TenantKeys | undefined>
  readonly now: () => number
  /** Milliseconds of a clock that does not jump. */
  readonly clock: () => number
}

/** The bundle was deleted or has expired, or has got what was gathered for it. */
class NotWaitedFor extends Error {
  override readonly name = 'NotWaitedFor'
}

/** Whether somebody still wants what flows is asked so often. */
const wantedEveryMs = 1_000

export function gatheringWork(deps: GatheringDeps): JobWork<'gathering'> {
  return {
    lanes: [gatheringLane],
    attemptsMax: gatherAttemptsMax,
    rememberedMs: 0,
    attempt: (claimed) => attempt(deps, claimed),
    mayPass: isTransient,
    isOurs: (cause) => !(cause instanceof S3Error) || cause.status >= 500,
    reasonOf: (cause) => failureOf(cause).message,
    giveUp: (job, cause) => giveUp(deps, job, cause),
    cleanUp: (job) => cleanUp(deps, job),
    leave: async (mine, now) => {
      if (now === undefined) await cleanUp(deps, mine)
    },
  }
}

async function attempt(
  deps: GatheringDeps,
  claimed: ClaimedJob<'gathering'>,
): Promise<JobEnd<'gathering'>> {
  try {
    const bundle = await waitingBundle(deps, claimed.job)
    await requireStillPermitted(deps, claimed.job, bundle)
    const { manifestId } = await fill(deps, claimed, bundle)
    try {
      // What was gathered is held for the new list now. Until here nobody else has gathered in our place, who
      // could have put something of his own where it lies, before it was held.
      await claimed.confirm()
      await putState(deps, bundle, manifestId)
    } catch (cause) {
      // Of any other failure it is not known whether the bundle names the list.
      const isUnused = cause instanceof JobTaken || cause instanceof NotWaitedFor
      if (isUnused) await removeManifest(deps.metadata, manifestId)
      throw cause
    }
    return { state: 'done' }
  } catch (cause) {
    if (cause instanceof NotWaitedFor) return { state: 'cancelled' }
    throw cause
  }
}

/** Throws `NotWaitedFor`. */
async function waitingBundle(
  { metadata }: GatheringDeps,
  { jobId, payload }: JobOf<'gathering'>,
): Promise<Bundle> {
  const bundle = await metadata.bundles.get(payload.bundleId)
  if (bundle?.gathering === undefined || bundle.gathering !== manifestOf(jobId)) {
    throw new NotWaitedFor()
  }
  return bundle
}

/** Of whoever has asked for it. Throws `AccessDenied`. */
async function requireStillPermitted(
  { recallAsker }: GatheringDeps,
  { payload: { askedBy } }: JobOf<'gathering'>,
  { tenantId, bucketName }: Bundle,
): Promise<void> {
  if (askedBy === undefined) return
  const asker = await recallAsker(askedBy)
  if (asker === undefined) throw new S3Error('AccessDenied')
  const bucket = { tenantId, name: bucketName }
  await requirePermission(asker, 'holdfast:FetchExternal', { is: 'bucket', bucket })
}

async function fill(
  deps: GatheringDeps,
  claimed: ClaimedJob<'gathering'>,
  { windows, expiresMs }: Bundle,
): Promise<Manifest> {
  const { metadata, now } = deps
  const { tenantId, jobId, payload } = claimed.job
  const manifestId = manifestOf(jobId)
  const manifest = await metadata.manifests.get(manifestId)
  const keys = await deps.keysOfTenant(tenantId)
  const timeLeftMs = Math.min(gatherMsMax, expiresMs - now())
  if (manifest === undefined || keys === undefined || timeLeftMs <= 0) {
    throw new S3Error('BundleExpired', {}, { message: 'The bundle expired before it was ready.' })
  }
  const gathered = await deps.gatherer.gather({
    tenantId,
    keys,
    manifestId,
    selections: openSources({ keys, manifestId }, payload.sealedSources),
    signal: AbortSignal.any([claimed.signal, AbortSignal.timeout(timeLeftMs)]),
    stillWanted: wantedCheck(deps, claimed.job),
  })
  return fillManifest(deps, { manifest, windows, gathered, signal: claimed.signal })
}

/** Throws `NotWaitedFor`, now and then. */
function wantedCheck(deps: GatheringDeps, job: JobOf<'gathering'>): () => Promise<void> {
  const { clock } = deps
  let askedMs = clock()
  return async () => {
    if (clock() - askedMs < wantedEveryMs) return
    askedMs = clock()
    await waitingBundle(deps, job)
  }
}

/** Throws `NotWaitedFor`. */
async function putState(
  { metadata }: GatheringDeps,
  bundle: Bundle,
  manifestId: ManifestId,
): Promise<void> {
  const { gathering: _, failure: __, ...rest } = bundle
  const states = [manifestId, ...bundle.states]
  const ready = { ...rest, states: states.slice(0, statesKept), revision: bundle.revision + 1 }
  const put = await metadata.bundles.put(ready, keptUntil(ready))
  if (put.is !== 'done') throw new NotWaitedFor()
  await removeManifests(metadata, states.slice(statesKept))
}

/** The bundle tells why, to whoever has asked for it. Of one that does not wait, nothing is changed. */
async function giveUp(deps: GatheringDeps, job: JobOf<'gathering'>, cause: unknown): Promise<void> {
  const { bundles } = deps.metadata
  const bundle = await bundles.get(job.payload.bundleId)
  const manifestId = manifestOf(job.jobId)
  if (bundle?.gathering !== manifestId) return
  const { gathering: _, ...rest } = bundle
  const failure = { manifestId, ...failureOf(cause) }
  const failed = { ...rest, failure, revision: bundle.revision + 1 }
  await bundles.put(failed, keptUntil(failed))
}

/** What was gathered for a manifest that no bundle names any more. Safe to repeat. */
async function cleanUp(
  { metadata, gatherer }: GatheringDeps,
  { tenantId, jobId }: JobOf<'gathering'>,
): Promise<void> {
  const manifestId = manifestOf(jobId)
  await removeManifest(metadata, manifestId)
  await gatherer.forget({ tenantId, manifestId })
}

/** A job has the id of the manifest that it gathers for. */
function manifestOf(jobId: string): ManifestId {
  const manifestId = parseManifestId(jobId)
  if (manifestId === undefined) throw new RangeError('a job whose id is that of no manifest')
  return manifestId
}

function isTransient(cause: unknown): boolean {
  if (cause instanceof SourceFailure) return cause.isTransient
  // What we did wrong ourselves, or the disk, may be better later.
  return !(cause instanceof S3Error) || cause.status >= 500
}

function failureOf(cause: unknown): Pick<NonNullable<Bundle['failure']>, 'code' | 'message'> {
  const { code, message } = cause instanceof S3Error ? cause : new S3Error('InternalError')
  return { code, message }
}
