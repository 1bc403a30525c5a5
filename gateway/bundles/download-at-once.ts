// `POST /-/bundles?download`: makes no bundle, and answers with the zip itself.
import type { Manifest } from '../../metadata/manifest-store.ts'
import { Query } from '../../protocol/s3/request-target.ts'
import type { NativeCall } from '../native-api/native-route.ts'
import type { Reply } from '../reply.ts'
import { removeManifest } from '../zip/manifest-cache.ts'
import type { BundleDeps } from './bundle-deps.ts'
import { gatherMsMax } from './bundle-limits.ts'
import { externalSelections } from './bundle-selection.ts'
import { fillManifest, freezeBundle } from './freeze-bundle.ts'
import { type AskedBundle, readBundleRequest } from './read-bundle-request.ts'

export async function downloadAtOnce(deps: BundleDeps, call: NativeCall): Promise<Reply> {
  const asked = await readBundleRequest(deps, call)
  const frozen = await freezeBundle(deps, asked.order)
  const manifest = await gathered(deps, asked, frozen)
  // Conditions and ranges are about what is there already; this has just been made.
  const plain = { method: 'GET', headers: {}, query: new Query([]) } as const
  const { fileName } = asked.request
  return deps.zip.reply(plain, { manifest, tenantKeys: asked.keys, fileName })
}

/** In a single attempt: the client waits. */
async function gathered(
  deps: BundleDeps,
  { order, request, keys }: AskedBundle,
  manifest: Manifest,
): Promise<Manifest> {
  const { metadata, gatherer } = deps
  const { manifestId } = manifest
  const { windows } = request
  const { tenantId } = order.bucket
  const selections = externalSelections(request.selections)
  if (selections.length === 0) return manifest
  try {
    const gathering = { tenantId, keys, manifestId, selections }
    const signal = AbortSignal.any([order.signal, AbortSignal.timeout(gatherMsMax)])
    const stillWanted = async () => {}
    const found = await gatherer.gather({ ...gathering, signal, stillWanted })
    const filled = await fillManifest(deps, {
      manifest,
      windows,
      gathered: found,
      signal: order.signal,
    })
    // What is local is held for the first list, which goes.
    await metadata.leases.handOver(manifestId, filled.manifestId)
    return filled
  } finally {
    await removeManifest(metadata, manifestId)
    await gatherer.forget({ tenantId, manifestId })
  }
}
