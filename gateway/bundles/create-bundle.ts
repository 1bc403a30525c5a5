// Makes a bundle; or makes none, and answers with the zip itself.
import type { Bundle } from '../../metadata/bundle-store.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'
import { parseBundleId } from '../../metadata/record-ids.ts'
import { Query } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { readJsonObject } from '../http/json-body.ts'
import { jsonReply, type OwnCall, type OwnCaller } from '../http/own-route.ts'
import type { Reply } from '../operation.ts'
import { describeBundle } from './bundle-description.ts'
import { bundleRequestBytesMax } from './bundle-limits.ts'
import type { BundleParts } from './bundle-parts.ts'
import { permitBundle, permitSelections } from './bundle-permission.ts'
import { type BundleRequest, parseBundleRequest } from './bundle-request.ts'
import { hashBundleSecret, newBundleSecret } from './bundle-secrets.ts'
import {
  type BundleOrder,
  freezeBundle,
  holdNewBundle,
  keepBundle,
  releaseBundle,
} from './freeze-bundle.ts'

type Asked = {
  readonly caller: OwnCaller
  readonly request: BundleRequest
  readonly order: BundleOrder
}

/** `POST /-/bundles`. */
export async function createBundle(parts: BundleParts, call: OwnCall): Promise<Reply> {
  const { caller, request, order } = await readRequest(call)
  const { metadata, random } = parts
  const nowMs = call.services.now()
  const token = newBundleSecret(random)
  const secret = newBundleSecret(random)
  const { userName, accessKeyId, tenantId } = caller.identity
  const draft: Bundle = {
    bundleId: drawBundleId(parts),
    tenantId,
    bucketName: request.bucketName,
    createdBy: { userName, accessKeyId },
    fileName: request.fileName,
    secretHash: hashBundleSecret(secret),
    tokenHash: hashBundleSecret(token),
    windows: request.windows,
    createdMs: nowMs,
    expiresMs: nowMs + request.lifeMs,
    states: [],
  }
  await holdNewBundle(metadata, draft.bundleId, nowMs)
  const { bundle, manifest } = await storeBundle(parts, draft, order)
  return jsonReply(201, {
    ...describeBundle(bundle, manifest),
    url: urlOf(call, bundle, token),
    secret,
  })
}

/** `POST /-/bundles?download`. */
export async function downloadAtOnce(parts: BundleParts, call: OwnCall): Promise<Reply> {
  const { caller, request, order } = await readRequest(call)
  const manifest = await freezeBundle(parts, order)
  // Conditions and ranges are about what is there already; this has just been made.
  const plain = { method: 'GET', headers: {}, query: new Query([]) } as const
  const { fileName } = request
  return parts.zip.reply(plain, { manifest, tenantKeys: caller.keys, fileName })
}

async function readRequest(call: OwnCall): Promise<Asked> {
  const { services } = call
  const caller = await call.authenticate()
  const json = await readJsonObject(caller.body, bundleRequestBytesMax)
  const request = parseBundleRequest(json, services.now())
  const { bucketName, selections, windows } = request
  const asking = { services, identity: caller.identity }
  await permitBundle(asking, 'holdfast:CreateBundle', bucketName)
  await permitSelections(asking, bucketName, selections)
  const bucket = await services.metadata.buckets.get(caller.identity.tenantId, bucketName)
  if (bucket === undefined) throw new S3Error('NoSuchBucket', { BucketName: bucketName })
  return { caller, request, order: { bucket, selections, windows, keys: caller.keys } }
}

async function storeBundle(
  parts: BundleParts,
  draft: Bundle,
  order: BundleOrder,
): Promise<{ readonly bundle: Bundle; readonly manifest: Manifest }> {
  const { metadata } = parts
  let bundle = draft
  try {
    const manifest = await freezeBundle(parts, order)
    bundle = { ...draft, states: [manifest.manifestId] }
    await keepBundle(metadata, bundle, manifest)
    await metadata.bundles.create(bundle)
    return { bundle, manifest }
  } catch (cause) {
    await releaseBundle(metadata, bundle)
    throw cause
  }
}

function drawBundleId({ random }: BundleParts): Bundle['bundleId'] {
  const id = parseBundleId(random(16).toString('hex'))
  if (id === undefined) throw new RangeError('random(16) must give 16 bytes')
  return id
}

function urlOf(call: OwnCall, bundle: Bundle, token: string): string {
  const name = encodeURIComponent(bundle.fileName)
  return `${call.endpoint}/-/bundles/${bundle.bundleId}/${name}?token=${token}`
}
