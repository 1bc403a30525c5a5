// A request that asks for a bundle, or for the zip itself: who asks, what for, and that it may be had.
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { TenantKeys } from '../access/keys/tenant-keys.ts'
import { askerOf, openBucket } from '../native-api/native-permission.ts'
import type { NativeCall, NativeCaller } from '../native-api/native-route.ts'
import { readJson } from '../native-api/read-json.ts'
import type { BundleDeps } from './bundle-deps.ts'
import { bundleRequestBytesMax } from './bundle-limits.ts'
import { permitSelections } from './bundle-permission.ts'
import { type BundleRequest, bundleRequest } from './bundle-request.ts'
import type { BundleOrder } from './freeze-bundle.ts'

export type AskedBundle = {
  readonly caller: NativeCaller
  readonly request: BundleRequest
  readonly order: BundleOrder
  /** Of whoever owns the bucket, and the bundle with it. */
  readonly keys: TenantKeys
}

/** Throws what authenticating and parsing throw, `AccessDenied`, and `NoSuchBucket`. */
export async function readBundleRequest(deps: BundleDeps, call: NativeCall): Promise<AskedBundle> {
  const caller = await call.authenticate()
  const request = await readJson(caller.body, bundleRequest, bundleRequestBytesMax)
  const { bucketName, selections, windows } = request
  const asker = askerOf(call, caller.identity)
  const bucket = await openBucket(call, asker, {
    action: 'holdfast:CreateBundle',
    name: bucketName,
  })
  const keys = await deps.keysOfTenant(bucket.tenantId)
  if (keys === undefined) throw new S3Error('NoSuchBucket', { BucketName: bucketName })
  const { sources } = deps
  const readable = await permitSelections(asker, { sources, bucket, selections })
  const signal = call.client.hungUp()
  return { caller, request, keys, order: { bucket, selections, windows, readable, signal } }
}
