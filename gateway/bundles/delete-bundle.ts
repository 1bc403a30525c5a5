// `DELETE /-/bundles/ID`: its URL stops working at once; downloads under way break off.
import type { OwnCall } from '../http/own-route.ts'
import type { Reply } from '../operation.ts'
import type { BundleParts } from './bundle-parts.ts'
import { findOwnBundle } from './find-bundle.ts'
import { releaseBundle } from './freeze-bundle.ts'

export async function deleteBundle(parts: BundleParts, call: OwnCall, id: string): Promise<Reply> {
  const { credentials, metadata } = parts
  const action = 'holdfast:DeleteBundle'
  const { bundle } = await findOwnBundle(call, id, { action, credentials })
  await metadata.bundles.remove(bundle.bundleId)
  await releaseBundle(metadata, bundle)
  return { status: 204 }
}
