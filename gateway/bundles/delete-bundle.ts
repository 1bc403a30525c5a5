// `DELETE /-/bundles/ID`: its URL stops working at once; downloads under way break off.
import type { Bundle } from '../../metadata/bundle-store.ts'
import type { NativeCall } from '../native-api/native-route.ts'
import type { Reply } from '../reply.ts'
import type { BundleDeps } from './bundle-deps.ts'
import { findOwnBundle } from './find-bundle.ts'
import { removeManifests } from './freeze-bundle.ts'
import { endGathering } from './gathering/begin-gathering.ts'

export async function deleteBundle(deps: BundleDeps, call: NativeCall, id: string): Promise<Reply> {
  const { credentials } = deps
  const action = 'holdfast:DeleteBundle'
  const { bundle } = await findOwnBundle(call, id, { action, credentials })
  await deleteWhole(deps, bundle)
  return { status: 204 }
}

/** With what it has held. Who gathers for it finds out by itself, and clears up what it has then. */
export async function deleteWhole(
  { metadata, gatherer }: Pick<BundleDeps, 'metadata' | 'gatherer'>,
  bundle: Bundle,
): Promise<void> {
  const { bundleId, tenantId, states, gathering } = bundle
  await metadata.bundles.remove(bundleId)
  await removeManifests(metadata, states)
  if (gathering === undefined) return
  await endGathering(metadata, bundle)
  await removeManifests(metadata, [gathering])
  await gatherer.forget({ tenantId, manifestId: gathering })
}
