// `POST /-/bundles/ID/entries`: a new frozen state, what was there before first.
import type { Bundle } from '../../metadata/bundle-store.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { readJsonObject } from '../http/json-body.ts'
import { jsonReply, type OwnCall } from '../http/own-route.ts'
import type { Reply } from '../operation.ts'
import { removeManifest } from '../zip/archives.ts'
import { describeBundle } from './bundle-description.ts'
import { bundleRequestBytesMax, statesKept } from './bundle-limits.ts'
import type { BundleParts } from './bundle-parts.ts'
import { permitSelections } from './bundle-permission.ts'
import { parseSelections } from './bundle-selection.ts'
import { findOwnBundle, requireAlive } from './find-bundle.ts'
import { freezeBundle, keepBundle } from './freeze-bundle.ts'

export async function appendToBundle(
  parts: BundleParts,
  call: OwnCall,
  id: string,
): Promise<Reply> {
  const { services } = call
  const action = 'holdfast:AppendBundle'
  const { credentials } = parts
  const { bundle, identity, body } = await findOwnBundle(call, id, { action, credentials })
  requireAlive(call, bundle)
  const json = await readJsonObject(body, bundleRequestBytesMax)
  const selections = parseSelections(json, services.now())
  json.end()
  await permitSelections({ services, identity }, bundle.bucketName, selections)
  const { metadata } = parts
  const bucket = await metadata.buckets.get(bundle.tenantId, bundle.bucketName)
  if (bucket === undefined) throw new S3Error('NoSuchBucket', { BucketName: bundle.bucketName })
  const before = await newestState(parts, bundle)
  const { windows } = bundle
  const keys = await parts.keysOfTenant(bundle.tenantId)
  if (keys === undefined) throw new S3Error('BundleExpired', { BundleId: bundle.bundleId })
  const manifest = await freezeBundle(parts, { bucket, selections, windows, keys, before })
  const states = [manifest.manifestId, ...bundle.states]
  try {
    await keepBundle(metadata, bundle, manifest)
    await replaceStates(parts, bundle, states.slice(0, statesKept))
  } catch (cause) {
    await removeManifest(metadata, manifest.manifestId)
    throw cause
  }
  for (const old of states.slice(statesKept)) await removeManifest(metadata, old)
  return jsonReply(200, describeBundle(bundle, manifest))
}

async function newestState({ metadata }: BundleParts, bundle: Bundle): Promise<Manifest> {
  const [newest] = bundle.states
  const manifest = newest && (await metadata.manifests.get(newest))
  if (manifest === undefined) throw new S3Error('BundleExpired', { BundleId: bundle.bundleId })
  return manifest
}

async function replaceStates(
  { metadata }: BundleParts,
  bundle: Bundle,
  states: Bundle['states'],
): Promise<void> {
  const [newest] = bundle.states
  const change = newest && { newest, states }
  const outcome = change && (await metadata.bundles.setStates(bundle.bundleId, change))
  if (outcome?.is === 'done') return
  if (outcome?.is === 'noSuchBundle')
    throw new S3Error('NoSuchBundle', { BundleId: bundle.bundleId })
  throw new S3Error('OperationAborted', undefined, {
    message: 'The bundle was appended to by another request at the same time. Try again.',
  })
}
