// One attempt to gather what a bundle waits for, from its claim to what becomes of it: a new state, to be
// tried again, or failed.
import type { Bundle, Gathering } from '../../../metadata/bundle-store.ts'
import type { Manifest } from '../../../metadata/manifest-store.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'
import { storagePauseMs } from '../../data/storage-full.ts'
import { removeManifest } from '../../zip/manifest-cache.ts'
import { statesKept } from '../bundle-limits.ts'
import { attemptsMax, gatherMsMax, pauseBeforeRetry } from '../external/external-limits.ts'
import type { Gatherer } from '../external/gather-sources.ts'
import { SourceFailure } from '../external/source-failure.ts'
import { type FreezeDeps, fillManifest, keptUntil, removeManifests } from '../freeze-bundle.ts'
import { openSources } from './sealed-sources.ts'

export type GatheringDeps = FreezeDeps & {
  readonly gatherer: Gatherer
  readonly keysOfTenant: (tenantId: TenantId) => Promise<TenantKeys | undefined>
  readonly now: () => number
  /** Milliseconds of a clock that does not jump. */
  readonly clock: () => number
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void
}

/** Somebody else has changed the bundle: it was deleted, or has expired. */
class BundleTaken extends Error {
  override readonly name = 'BundleTaken'
}

type GatheringBundle = Bundle & { readonly gathering: Gathering }

/** Whether somebody still wants what flows is asked so often. */
const wantedEveryMs = 1_000

/** `bundle` waits and its time has come. Throws only what the metadata store throws. */
export async function runGathering(
  deps: GatheringDeps,
  bundle: Bundle,
  stopping: AbortSignal,
): Promise<void> {
  const claimed = await claim(deps, bundle)
  if (claimed === undefined) return
  try {
    await finish(deps, claimed, await attempt(deps, claimed, stopping))
    await cleanUpGathering(deps, claimed)
  } catch (cause) {
    await giveBack(deps, claimed, { cause, isStopping: stopping.aborted })
  }
}

/** Of several that try, one gets it. */
async function claim(deps: GatheringDeps, bundle: Bundle): Promise<GatheringBundle | undefined> {
  const { gathering } = bundle
  if (gathering === undefined) return undefined
  const attempts = gathering.attempts + 1
  const claimed = {
    ...bundle,
    gathering: { ...gathering, attempts, state: { is: 'running' } as const },
    revision: bundle.revision + 1,
  }
  const put = await deps.metadata.bundles.put(claimed, keptUntil(claimed))
  return put.is === 'done' ? claimed : undefined
}

async function attempt(
  deps: GatheringDeps,
  bundle: GatheringBundle,
  stopping: AbortSignal,
): Promise<Manifest> {
  const { metadata, now } = deps
  const { tenantId, windows, expiresMs, gathering } = bundle
  const { manifestId } = gathering
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
    selections: openSources({ keys, manifestId }, gathering.sealedSources),
    signal: AbortSignal.any([stopping, AbortSignal.timeout(timeLeftMs)]),
    stillWanted: wantedCheck(deps, bundle),
  })
  return fillManifest(deps, { manifest, windows, gathered })
}

/** Throws `BundleTaken`, now and then. */
function wantedCheck(
  { metadata, clock }: GatheringDeps,
  { bundleId, revision }: Bundle,
): () => Promise<void> {
  let askedMs = clock()
  return async () => {
    if (clock() - askedMs < wantedEveryMs) return
    askedMs = clock()
    const found = await metadata.bundles.get(bundleId)
    if (found?.revision !== revision) throw new BundleTaken()
  }
}

async function finish(
  { metadata }: GatheringDeps,
  bundle: GatheringBundle,
  manifest: Manifest,
): Promise<void> {
  const { gathering: _, failure: __, ...rest } = bundle
  const states = [manifest.manifestId, ...bundle.states]
  const ready = { ...rest, states: states.slice(0, statesKept), revision: bundle.revision + 1 }
  const put = await metadata.bundles.put(ready, keptUntil(ready))
  if (put.is !== 'done') {
    await removeManifest(metadata, manifest.manifestId)
    throw new BundleTaken()
  }
  await removeManifests(metadata, states.slice(statesKept))
}

/** What was gathered for a manifest that no bundle names any more. Safe to repeat. */
async function cleanUpGathering(
  { metadata, gatherer }: GatheringDeps,
  { tenantId, gathering: { manifestId } }: GatheringBundle,
): Promise<void> {
  await removeManifest(metadata, manifestId)
  await gatherer.forget({ tenantId, manifestId })
}

type Broken = { readonly cause: unknown; readonly isStopping: boolean }

async function giveBack(
  deps: GatheringDeps,
  bundle: GatheringBundle,
  { cause, isStopping }: Broken,
): Promise<void> {
  const { now } = deps
  const { gathering } = bundle
  if (cause instanceof BundleTaken) return cleanUpGathering(deps, bundle)
  const { attempts } = gathering
  const storageMs = storagePauseMs(cause)
  const mayRetry = isTransient(cause) && attempts < attemptsMax
  if (isStopping || storageMs !== undefined || mayRetry) {
    const pauseMs = storageMs ?? pauseBeforeRetry(attempts)
    const notBeforeMs = isStopping ? now() : now() + pauseMs
    const counted = isStopping || storageMs !== undefined ? attempts - 1 : attempts
    const state = { is: 'queued', notBeforeMs } as const
    const waiting = { ...bundle, gathering: { ...gathering, attempts: counted, state } }
    if (await put(deps, waiting)) return noteFailure(deps, bundle, cause)
  } else {
    const { gathering: _, ...rest } = bundle
    const failure = { manifestId: gathering.manifestId, ...failureOf(cause) }
    if (await put(deps, { ...rest, failure })) noteFailure(deps, bundle, cause)
  }
  await cleanUpGathering(deps, bundle)
}

async function put({ metadata }: GatheringDeps, bundle: Bundle): Promise<boolean> {
  const next = { ...bundle, revision: bundle.revision + 1 }
  return (await metadata.bundles.put(next, keptUntil(next))).is === 'done'
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

/** Sources that are not there are no failure of ours; what the storage lacks is told elsewhere. */
function noteFailure({ log }: GatheringDeps, { bundleId }: Bundle, cause: unknown): void {
  if (cause instanceof S3Error && cause.status < 500) return
  if (storagePauseMs(cause) !== undefined) return
  log('gathering for a bundle failed', { bundle: bundleId, cause })
}
