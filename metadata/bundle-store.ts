// PORT, a noun of `metadata-store.ts`: bundles, chosen entries that are downloaded as one archive by
// whoever knows their URL. What a bundle holds stands in a manifest; here is who owns it, how it is
// reached, and how long it lives.
import type { ManifestId } from './manifest-store.ts'
import type { TenantId } from './records.ts'

/** 32 lower-case hex digits. */
export type BundleId = string & { readonly __brand: 'BundleId' }

export type Bundle = {
  readonly bundleId: BundleId
  readonly tenantId: TenantId
  readonly bucketName: string
  /** With whose permissions the secret adds entries. */
  readonly createdBy: { readonly userName: string; readonly accessKeyId: string }
  /** Ends with `.zip`. */
  readonly fileName: string
  /** SHA-256 of the secret with which it is changed, 32 bytes. */
  readonly secretHash: Uint8Array
  /** SHA-256 of the token with which it is downloaded, 32 bytes. */
  readonly tokenHash: Uint8Array
  /** Names that Windows takes too. */
  readonly windows: boolean
  readonly createdMs: number
  readonly expiresMs: number
  /** The manifests it has had, newest first, at least one; those from before are kept for resumes. */
  readonly states: readonly ManifestId[]
}

export type NoSuchBundle = { readonly is: 'noSuchBundle' }

export interface BundleStore {
  create(bundle: Bundle): Promise<{ is: 'created' } | { is: 'exists' }>
  get(bundleId: BundleId): Promise<Bundle | undefined>
  /** In order of the ids. `after` is exclusive. */
  list(
    tenantId: TenantId,
    page: { readonly after?: BundleId; readonly limit: number },
  ): Promise<readonly Bundle[]>
  /** Replaces the states if the newest is still the one named. */
  setStates(
    bundleId: BundleId,
    change: { readonly newest: ManifestId; readonly states: readonly ManifestId[] },
  ): Promise<{ is: 'done' } | { is: 'changed' } | NoSuchBundle>
  /** Safe to repeat. */
  remove(bundleId: BundleId): Promise<void>
  /** Bundles whose expiry is before this time, at most `limit`, in order of the ids. */
  expired(page: {
    readonly expiresBeforeMs: number
    readonly after?: BundleId
    readonly limit: number
  }): Promise<readonly Bundle[]>
}
