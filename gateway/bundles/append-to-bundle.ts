// `POST /-/bundles/ID/entries`: a new frozen state, what was there before first.
import type { Bundle } from '../../metadata/bundle-store.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { readJsonObject } from '../native-api/json-body.ts'
import { jsonReply, type NativeCall } from '../native-api/native-route.ts'
import type { Reply } from '../reply.ts'
import { removeManifest } from '../zip/manifest-cache.ts'
import type { BundleDeps } from './bundle-deps.ts'
import { describeWhole } from './bundle-description.ts'
import { bundleRequestBytesMax } from './bundle-limits.ts'
import { permitSelections } from './bundle-permission.ts'
import { parseSelections, type Selection } from './bundle-selection.ts'
import { findOwnBundle, requireAlive, requireReady } from './find-bundle.ts'
import { freezeBundle, keptUntil, removeManifests } from './freeze-bundle.ts'
import { awaitGathering } from './gathering/await-gathering.ts'
import { withChoice } from './gathering/begin-gathering.ts'

/** 200 with the new state, 202 with the one before while what is new is being gathered. */
export async function appendToBundle(
  deps: BundleDeps,
  call: NativeCall,
  id: string,
): Promise<Reply> {
  const { services } = call
  const { credentials, metadata, sources } = deps
  const action = 'holdfast:AppendBundle'
  const { bundle, identity, body } = await findOwnBundle(call, id, { action, credentials })
  requireAlive(call, bundle)
  const json = await readJsonObject(body, bundleRequestBytesMax)
  const selections = parseSelections(json)
  json.end()
  await permitSelections({ services, identity, sources }, bundle.bucketName, selections)
  if (bundle.gathering !== undefined) throw busy('Entries of the bundle are still being gathered.')
  requireReady(bundle)
  const appended = await append(deps, bundle, selections)
  const settled = await awaitGathering(metadata, call, appended)
  const status = settled.gathering === undefined ? 200 : 202
  return jsonReply(status, await describeWhole(metadata, settled, services.now()))
}

async function append(
  deps: BundleDeps,
  bundle: Bundle,
  selections: readonly Selection[],
): Promise<Bundle> {
  const { metadata, random, now } = deps
  const { bucketName, tenantId, bundleId, windows } = bundle
  const bucket = await metadata.buckets.get(tenantId, bucketName)
  if (bucket === undefined) throw new S3Error('NoSuchBucket', { BucketName: bucketName })
  const before = await newestState(deps, bundle)
  const keys = await deps.keysOfTenant(tenantId)
  if (keys === undefined) throw new S3Error('BundleExpired', { BundleId: bundleId })
  const manifest = await freezeBundle(deps, { bucket, selections, windows, before })
  const choice = { manifest, selections, keys, nowMs: now() }
  const { bundle: chosen, job } = withChoice(bundle, choice, random)
  const next = { ...chosen, revision: bundle.revision + 1 }
  const put = await metadata.bundles.put(next, keptUntil(next), job)
  if (put.is !== 'done') {
    await removeManifest(metadata, manifest.manifestId)
    if (put.is === 'noSuchBundle') throw new S3Error('NoSuchBundle', { BundleId: bundleId })
    throw busy('The bundle was appended to by another request at the same time.')
  }
  await removeManifests(
    metadata,
    bundle.states.filter((state) => !next.states.includes(state)),
  )
  return next
}

async function newestState({ metadata }: BundleDeps, bundle: Bundle): Promise<Manifest> {
  const [newest] = bundle.states
  const manifest = newest && (await metadata.manifests.get(newest))
  if (manifest === undefined) throw new S3Error('BundleExpired', { BundleId: bundle.bundleId })
  return manifest
}

function busy(why: string): S3Error {
  return new S3Error('OperationAborted', undefined, { message: `${why} Try again.` })
}
