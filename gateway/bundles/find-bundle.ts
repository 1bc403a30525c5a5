// Finds the bundle that a request names, and decides who asks: somebody who has signed, or somebody
// who holds the bundle's secret and then acts for whoever has made it.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Bundle } from '../../metadata/bundle-store.ts'
import { parseBundleId } from '../../metadata/record-ids.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import { headerText } from '../../protocol/s3/request-headers.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { OwnedBucket } from '../access/authorize.ts'
import type { FindCredentials } from '../access/credentials.ts'
import type { Session, User } from '../access/identity.ts'
import { askerOf, type NativeAsker, permitOnBucket } from '../native-api/native-permission.ts'
import type { NativeCall, NativeCaller } from '../native-api/native-route.ts'
import { retryAfterSeconds } from './bundle-limits.ts'
import type { BundleAction } from './bundle-permission.ts'

export const secretHeader = 'x-holdfast-bundle-secret'

export type BundleCaller = {
  readonly bundle: Bundle
  readonly asker: NativeAsker
  readonly body: NativeCaller['body']
}

/** Throws `NoSuchBundle`, and `BundleExpired` when it is over. */
export async function findBundle(call: NativeCall, rawId: string): Promise<Bundle> {
  const bundleId = parseBundleId(rawId)
  const bundle = bundleId && (await call.services.metadata.bundles.get(bundleId))
  if (bundle === undefined) throw new S3Error('NoSuchBundle', { BundleId: rawId })
  call.notes.bucket = bucketOf(bundle)
  return bundle
}

export function requireAlive(call: NativeCall, bundle: Bundle): void {
  if (call.services.now() >= bundle.expiresMs) {
    throw new S3Error('BundleExpired', { BundleId: bundle.bundleId })
  }
}

/**
 * That it has a state to be downloaded. Throws `BundleNotReady` while the first is being gathered, and
 * `BundleFailed` when that has come to nothing.
 */
export function requireReady({ bundleId, states, gathering, failure }: Bundle): void {
  if (states.length > 0) return
  const details = { BundleId: bundleId }
  if (gathering !== undefined) {
    const headers = { 'Retry-After': String(retryAfterSeconds) }
    throw new S3Error('BundleNotReady', details, { headers })
  }
  const reason = failure === undefined ? {} : { message: failure.message }
  throw new S3Error('BundleFailed', details, reason)
}

/**
 * The bundle and who acts on it, both found and permitted. Throws `NoSuchBundle`, `AccessDenied`, and
 * what authenticating throws. To a signer of another tenant who may not, the bundle is not there.
 */
export async function findOwnBundle(
  call: NativeCall,
  rawId: string,
  options: { readonly action: BundleAction; readonly credentials: FindCredentials },
): Promise<BundleCaller> {
  const presented = headerText(call.headers, secretHeader)
  if (presented === undefined) {
    const { identity, body } = await call.authenticate()
    const bundle = await findBundle(call, rawId)
    const asker = askerOf(call, identity)
    await permitOnBucket(asker, options.action, bucketOf(bundle)).catch((cause: unknown) => {
      if (bundle.tenantId === identity.tenantId) throw cause
      throw new S3Error('NoSuchBundle', { BundleId: rawId }, { cause })
    })
    return { bundle, asker, body }
  }
  const bundle = await findBundle(call, rawId)
  if (!isBundleSecret(presented, bundle.secretHash)) throw new S3Error('AccessDenied')
  // The secret is worth as much as the key of whoever made the bundle still is.
  const creator = await creatorOf(call, bundle, options.credentials)
  call.notes.openedBy = 'bundleSecret'
  const asker = askerOf(call, creator)
  await permitOnBucket(asker, options.action, bucketOf(bundle))
  return { bundle, asker, body: call.unsignedBody() }
}

/** Throws `AccessDenied` when he has no longer what he had signed with. */
async function creatorOf(
  { services }: NativeCall,
  { tenantId, createdBy }: Bundle,
  credentials: FindCredentials,
): Promise<User> {
  const { userName, accessKeyId } = createdBy
  if (createdBy.session === undefined) {
    const found = await credentials(accessKeyId)
    if (found?.identity.userName === userName) return found.identity
    throw new S3Error('AccessDenied')
  }
  const session: Session = JSON.parse(createdBy.session)
  const tenant = await services.metadata.tenants.get(tenantId)
  if (tenant?.status !== 'active' || session.expiresMs <= services.now()) {
    throw new S3Error('AccessDenied')
  }
  return { is: 'user', tenantId, namespace: tenant.namespace, userName, accessKeyId, session }
}

/** The bucket itself may be gone. */
function bucketOf({ tenantId, bucketName }: Bundle): OwnedBucket {
  return { tenantId, name: bucketName }
}

// Two things open a bundle without a signature: the token in its URL, with which it is downloaded, and the
// secret, with which it is changed. Only their digests are stored.
const secretBytes = 32

/** 43 characters that stand in a URL as they are. */
export function newBundleSecret(random: RandomBytes): string {
  return random(secretBytes).toString('base64url')
}

/** 32 bytes. Secrets are random, so that a plain digest cannot be searched. */
export function hashBundleSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Takes the same time whatever was presented. */
export function isBundleSecret(presented: string, hash: Uint8Array): boolean {
  return timingSafeEqual(hashBundleSecret(presented), hash)
}
