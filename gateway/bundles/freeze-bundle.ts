// Freezes what a bundle holds: a manifest for each state it has. One lease holds the data of all its
// states from before the first look until the bundle has expired.
import type { Bundle, BundleId } from '../../metadata/bundle-store.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'
import type { BucketRef, MetadataStore } from '../../metadata/metadata-store.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { TenantKeys } from '../keys/tenant-keys.ts'
import { removeManifest } from '../zip/archives.ts'
import type { ZipService } from '../zip/zip-service.ts'
import { nameEntries } from './bundle-entries.ts'
import { afterExpiryMs } from './bundle-limits.ts'
import type { Selection } from './bundle-selection.ts'
import type { FetchEntries } from './external/fetch-entries.ts'
import { emptySpool, type Spooled } from './external/spool.ts'
import { type Chosen, openSelections } from './raw-entries.ts'

export type FreezeParts = {
  readonly metadata: MetadataStore
  readonly zip: ZipService
  readonly random: RandomBytes
  readonly now: () => number
  readonly fetchEntries: FetchEntries
}

export type BundleOrder = {
  readonly bucket: BucketRef & { readonly createdMs: number }
  readonly selections: readonly Selection[]
  readonly windows: boolean
  /** Of the bucket's tenant. */
  readonly keys: TenantKeys
  /** What the bundle holds already. */
  readonly before?: Manifest
}

/**
 * A manifest that nobody else has. It lives for a day after its last use, unless it is kept. Throws
 * what choosing and naming the entries throws, and `SlowDown` when the tenant's quota is in use.
 */
export async function freezeBundle(parts: FreezeParts, order: BundleOrder): Promise<Manifest> {
  const { bucket, keys, selections } = order
  const spooled: Spooled[] = []
  try {
    const place = { tenantId: bucket.tenantId, keys, spooled }
    const fetched = await parts.fetchEntries(selections, place)
    return await freezeChosen(parts, order, fetched)
  } finally {
    await emptySpool({ metadata: parts.metadata, now: parts.now }, spooled)
  }
}

function freezeChosen(
  { metadata, zip, random }: FreezeParts,
  order: BundleOrder,
  fetched: Chosen['fetched'],
): Promise<Manifest> {
  const { bucket, selections, windows, before } = order
  return zip.archives.freeze({
    tenantId: bucket.tenantId,
    scope: `bundle ${random(16).toString('hex')}`,
    options: windows ? 'bundle windows' : 'bundle plain',
    emptyModifiedMs: bucket.createdMs,
    open: async () =>
      nameEntries({
        added: await openSelections(metadata.objects, bucket, { selections, fetched }),
        windows,
        ...(before === undefined
          ? {}
          : { before: { manifests: metadata.manifests, manifest: before } }),
      }),
  })
}

export function bundleLease(bundleId: BundleId): string {
  return `bundle-${bundleId}`
}

/** A bundle that is not there yet holds its data for so long: what a crash leaves behind goes then. */
const beginningMs = 24 * 60 * 60 * 1000

/** Before anything is frozen for it. */
export async function holdNewBundle(
  metadata: MetadataStore,
  bundleId: BundleId,
  nowMs: number,
): Promise<void> {
  const lease = { leaseId: bundleLease(bundleId), purpose: 'bundle' }
  await metadata.leases.take({ ...lease, expiresMs: nowMs + beginningMs })
}

/** Lets the bundle's data and this manifest of it live until it has expired. */
export async function keepBundle(
  metadata: MetadataStore,
  bundle: Pick<Bundle, 'bundleId' | 'expiresMs'>,
  manifest: Manifest,
): Promise<void> {
  const { bundleId, expiresMs } = bundle
  const { manifestId } = manifest
  // Used at the expiry, as far as its sweeper is concerned.
  const touched = await metadata.manifests.touch(manifestId, expiresMs + afterExpiryMs)
  const renewed = await metadata.leases.renew(bundleLease(bundleId), expiresMs + afterExpiryMs)
  if (touched.is === 'done' && renewed.is === 'renewed') return
  throw new S3Error('SlowDown', undefined, {
    message: 'Freezing the bundle took too long. Try again.',
  })
}

/** Removes a bundle's manifests and lets go of its data. Safe to repeat. */
export async function releaseBundle(metadata: MetadataStore, bundle: Bundle): Promise<void> {
  for (const manifestId of bundle.states) await removeManifest(metadata, manifestId)
  await metadata.leases.letGo(bundleLease(bundle.bundleId))
}
