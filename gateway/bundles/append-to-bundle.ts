// `POST /-/bundles/ID/entries`: a new frozen state, what was there before first.
import type { Bundle } from '../../metadata/bundle-store.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'
import type { Bucket } from '../../metadata/records.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { keepAsker } from '../access/asked-by.ts'
import { findBucket } from '../access/find-bucket.ts'
import { jsonReply, type NativeCall } from '../native-api/native-route.ts'
import { readJson } from '../native-api/read-json.ts'
import type { Reply } from '../reply.ts'
import { removeManifest } from '../zip/manifest-cache.ts'
import type { BundleDeps } from './bundle-deps.ts'
import { bundleRequestBytesMax } from './bundle-limits.ts'
import { permitSelections } from './bundle-permission.ts'
import { appendRequest } from './bundle-request.ts'
import { findOwnBundle, requireAlive, requireReady } from './find-bundle.ts'
import { type BundleOrder, freezeBundle, keptUntil, removeManifests } from './freeze-bundle.ts'
import { awaitGathering, withChoice } from './gathering/begin-gathering.ts'
import { describeWhole } from './show-bundles.ts'

/** 200 with the new state, 202 with the one before while what is new is being gathered. */
export async function appendToBundle(
  deps: BundleDeps,
  call: NativeCall,
  id: string,
): Promise<Reply> {
  const { services } = call
  const { credentials, metadata, sources } = deps
  const action = 'holdfast:AppendBundle'
  const { bundle, asker, body } = await findOwnBundle(call, id, { action, credentials })
  requireAlive(call, bundle)
  const { entries: selections } = await readJson(body, appendRequest, bundleRequestBytesMax)
  const { bucketName, tenantId } = bundle
  // It may have been made anew since, but for the same tenant.
  const bucket = await findBucket(metadata, tenantId, bucketName)
  if (bucket === undefined) throw new S3Error('NoSuchBucket', { BucketName: bucketName })
  const readable = await permitSelections(asker, { sources, bucket, selections })
  if (bundle.gathering !== undefined) throw busy('Entries of the bundle are still being gathered.')
  requireReady(bundle)
  const signal = call.client.hungUp()
  const askedBy = keepAsker(asker.identity, call.context)
  const appended = await append(deps, bundle, { bucket, selections, readable, askedBy, signal })
  const settled = await awaitGathering(metadata, call, appended)
  const status = settled.gathering === undefined ? 200 : 202
  return jsonReply(status, await describeWhole(metadata, settled, services.now()))
}

type Addition = Pick<BundleOrder, 'selections' | 'readable' | 'signal'> & {
  readonly bucket: Bucket
  readonly askedBy: string
}

async function append(deps: BundleDeps, bundle: Bundle, addition: Addition): Promise<Bundle> {
  const { metadata, random, now } = deps
  const { tenantId, bundleId, windows } = bundle
  const before = await newestState(deps, bundle)
  const keys = await deps.keysOfTenant(tenantId)
  if (keys === undefined) throw new S3Error('BundleExpired', { BundleId: bundleId })
  const { selections, askedBy } = addition
  const manifest = await freezeBundle(deps, { ...addition, windows, before })
  const choice = { manifest, selections, keys, askedBy, nowMs: now() }
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
