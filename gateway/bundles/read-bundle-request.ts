// A request that asks for a bundle, or for the zip itself: who asks, what for, and that it may be had.

import { S3Error } from '../../protocol/s3/s3-error.ts'
import { findBucket } from '../access/find-bucket.ts'
import type { NativeCall, NativeCaller } from '../native-api/native-route.ts'
import { readJson } from '../native-api/read-json.ts'
import type { BundleDeps } from './bundle-deps.ts'
import { bundleRequestBytesMax } from './bundle-limits.ts'
import { permitBundle, permitSelections } from './bundle-permission.ts'
import { type BundleRequest, bundleRequest } from './bundle-request.ts'
import type { BundleOrder } from './freeze-bundle.ts'

export type AskedBundle = {
  readonly caller: NativeCaller
  readonly request: BundleRequest
  readonly order: BundleOrder
}

/** Throws what authenticating and parsing throw, `AccessDenied`, and `NoSuchBucket`. */
export async function readBundleRequest(deps: BundleDeps, call: NativeCall): Promise<AskedBundle> {
  const { services } = call
  const caller = await call.authenticate()
  const request = await readJson(caller.body, bundleRequest, bundleRequestBytesMax)
  const { bucketName, selections, windows } = request
  const asking = { services, identity: caller.identity, sources: deps.sources }
  await permitBundle(asking, 'holdfast:CreateBundle', bucketName)
  await permitSelections(asking, bucketName, selections)
  const bucket = await findBucket(services.metadata, caller.identity.tenantId, bucketName)
  if (bucket === undefined) throw new S3Error('NoSuchBucket', { BucketName: bucketName })
  return { caller, request, order: { bucket, selections, windows } }
}
