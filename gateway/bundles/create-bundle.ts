// `POST /-/bundles`: makes a bundle. What is local is frozen at once, what lies elsewhere is gathered.
import type { Bundle } from '../../metadata/bundle-store.ts'
import { parseBundleId } from '../../metadata/record-ids.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { keepAsker } from '../access/asked-by.ts'
import { jsonReply, type NativeCall } from '../native-api/native-route.ts'
import type { Reply } from '../reply.ts'
import { removeManifest } from '../zip/manifest-cache.ts'
import type { BundleDeps } from './bundle-deps.ts'
import { deleteWhole } from './delete-bundle.ts'
import { hashBundleSecret, newBundleSecret } from './find-bundle.ts'
import { freezeBundle, keptUntil } from './freeze-bundle.ts'
import { awaitGathering, withChoice } from './gathering/begin-gathering.ts'
import { type AskedBundle, readBundleRequest } from './read-bundle-request.ts'
import { describeWhole } from './show-bundles.ts'

/** 201 with a bundle that is ready, 202 with one that is being gathered. */
export async function createBundle(deps: BundleDeps, call: NativeCall): Promise<Reply> {
  const asked = await readBundleRequest(deps, call)
  const { metadata, random } = deps
  const token = newBundleSecret(random)
  const secret = newBundleSecret(random)
  const draft = draftBundle(deps, asked, { token, secret })
  const askedBy = keepAsker(asked.caller.identity, call.context)
  const made = await storeBundle(deps, draft, { ...asked, askedBy })
  const bundle = await awaitGathering(metadata, call, made).catch(async (cause: unknown) => {
    // Nobody was told of it.
    await deleteWhole(deps, made)
    throw cause
  })
  return jsonReply(bundle.gathering === undefined ? 201 : 202, {
    ...(await describeWhole(metadata, bundle, call.services.now())),
    url: urlOf(call, bundle, token),
    secret,
  })
}

function draftBundle(
  deps: BundleDeps,
  { caller, request, order }: AskedBundle,
  opened: { readonly token: string; readonly secret: string },
): Bundle {
  const { userName, accessKeyId, session } = caller.identity
  const { tenantId } = order.bucket
  const nowMs = deps.now()
  return {
    bundleId: drawBundleId(deps),
    tenantId,
    bucketName: request.bucketName,
    createdBy: {
      ...{ userName, accessKeyId },
      ...(session === undefined ? {} : { session: JSON.stringify(session) }),
    },
    fileName: request.fileName,
    secretHash: hashBundleSecret(opened.secret),
    tokenHash: hashBundleSecret(opened.token),
    windows: request.windows,
    createdMs: nowMs,
    expiresMs: nowMs + request.lifeMs,
    states: [],
    revision: 1,
  }
}

async function storeBundle(
  deps: BundleDeps,
  draft: Bundle,
  { order, request, keys, askedBy }: AskedBundle & { readonly askedBy: string },
): Promise<Bundle> {
  const { metadata, random } = deps
  const { selections } = request
  const manifest = await freezeBundle(deps, order)
  const choice = { manifest, selections, keys, askedBy, nowMs: draft.createdMs }
  const { bundle, job } = withChoice(draft, choice, random)
  const created = await metadata.bundles.create(bundle, keptUntil(bundle), job)
  if (created.is === 'created') return bundle
  await removeManifest(metadata, manifest.manifestId)
  throw new S3Error('SlowDown', undefined, {
    message: 'Freezing the bundle took too long. Try again.',
  })
}

function drawBundleId({ random }: BundleDeps): Bundle['bundleId'] {
  const id = parseBundleId(random(16).toString('hex'))
  if (id === undefined) throw new RangeError('random(16) must give 16 bytes')
  return id
}

function urlOf(call: NativeCall, bundle: Bundle, token: string): string {
  const name = encodeURIComponent(bundle.fileName)
  return `${call.endpoint}/-/bundles/${bundle.bundleId}/${name}?token=${token}`
}
