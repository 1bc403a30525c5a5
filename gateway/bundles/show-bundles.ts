// `GET /-/bundles` and `GET /-/bundles/ID`: what a bundle looks like in JSON. Its URL and its secret are told
// once, when it is made.
import type { Bundle } from '../../metadata/bundle-store.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { parseBundleId } from '../../metadata/record-ids.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { askerOf, permitOnService } from '../native-api/native-permission.ts'
import { jsonReply, type NativeCall } from '../native-api/native-route.ts'
import type { Reply } from '../reply.ts'
import type { BundleDeps } from './bundle-deps.ts'
import { findOwnBundle } from './find-bundle.ts'

const pageBundles = 100

export async function showBundle(deps: BundleDeps, call: NativeCall, id: string): Promise<Reply> {
  const { credentials, metadata } = deps
  const action = 'holdfast:GetBundle'
  const { bundle } = await findOwnBundle(call, id, { action, credentials })
  return jsonReply(200, await describeWhole(metadata, bundle, call.services.now()))
}

/** Pages of 100, in order of the ids; `next` of one is `after` of the following. */
export async function listBundles(deps: BundleDeps, call: NativeCall): Promise<Reply> {
  const { services } = call
  const { identity } = await call.authenticate()
  await permitOnService(askerOf(call, identity), 'holdfast:ListBundles')
  const raw = call.query.get('after')
  const after = raw === undefined ? undefined : parseBundleId(raw)
  if (raw !== undefined && after === undefined) {
    throw new S3Error('InvalidArgument', { ArgumentName: 'after', ArgumentValue: raw })
  }
  const bundles = await deps.metadata.bundles.list(identity.tenantId, {
    limit: pageBundles,
    ...(after === undefined ? {} : { after }),
  })
  const nowMs = services.now()
  const next = bundles.length === pageBundles ? bundles.at(-1)?.bundleId : undefined
  return jsonReply(200, {
    bundles: bundles.map((bundle) => describeBundle(bundle, nowMs)),
    ...(next === undefined ? {} : { next }),
  })
}

/** With what its newest state comes to, if it has been ready. */
export async function describeWhole(
  { manifests }: Pick<MetadataStore, 'manifests'>,
  bundle: Bundle,
  nowMs: number,
) {
  const [newest] = bundle.states
  const manifest = newest && (await manifests.get(newest))
  return { ...describeBundle(bundle, nowMs), ...(manifest && describeArchive(manifest)) }
}

function describeBundle(bundle: Bundle, nowMs: number) {
  const expired = nowMs >= bundle.expiresMs
  return {
    id: bundle.bundleId,
    bucket: bundle.bucketName,
    fileName: bundle.fileName,
    options: { windows: bundle.windows },
    created: new Date(bundle.createdMs).toISOString(),
    expires: new Date(bundle.expiresMs).toISOString(),
    expired,
    state: expired ? 'expired' : stateOf(bundle),
    ...(bundle.failure === undefined ? {} : { reason: bundle.failure.message }),
  }
}

function stateOf({ states, gathering }: Bundle): 'ready' | 'gathering' | 'failed' {
  if (gathering !== undefined) return 'gathering'
  return states.length > 0 ? 'ready' : 'failed'
}

function describeArchive(manifest: Manifest) {
  return {
    etag: manifest.etag,
    entries: manifest.entries,
    bytes: manifest.totalBytes,
    crc32: manifest.crc32.toString(16).padStart(8, '0'),
  }
}
