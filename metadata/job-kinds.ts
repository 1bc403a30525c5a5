// Which kinds of jobs there are, and what each of them has to say beyond what all jobs have. A new kind
// is a type here, a codec in `codec/job-payload-codec.ts`, and its work in the gateway; no verb, and no engine.
import type { BundleId } from './bundle-store.ts'
import type { ManifestId } from './manifest-store.ts'
import type { UploadId, VersionId } from './records.ts'

export const archiveSizeClasses = ['small', 'large'] as const
export type ArchiveSizeClass = (typeof archiveSizeClasses)[number]

/** Stores a prefix as one zip object. */
export type ArchivePayload = {
  readonly bucketName: string
  readonly prefix: string
  /** Names that Windows takes too. */
  readonly windows: boolean
  readonly destination: { readonly bucketName: string; readonly key: string }
  /** How long the result is kept once it is there. */
  readonly lifeMs: number
  readonly manifestId: ManifestId
  /** Of the archive, without quotes. */
  readonly etag: string
  readonly totalEntries: number
  readonly totalBytes: number
  readonly sizeClass: ArchiveSizeClass
  /** JSON of who has asked for it, with whose permissions it is made. Absent: they were asked when it was ordered. */
  readonly askedBy?: string
  /** The upload under way into the destination, or what became the result. */
  readonly uploadId?: UploadId
  readonly result?: {
    readonly versionId: VersionId
    /** Of the object stored, hex without quotes. */
    readonly objectEtag: string
    readonly expiresMs: number
  }
}

/** Gathers entries from elsewhere for a bundle. The job has the id of the manifest that they are to fill. */
export type GatheringPayload = {
  readonly bundleId: BundleId
  /** Where they are to be had, and with which credentials: under the tenant's key. */
  readonly sealedSources: Uint8Array
  /** As of an archive. */
  readonly askedBy?: string
}

/** Sweeps the store again and again, for as long as its owner lives: a job that has no end. */
export type SweepsPayload = Readonly<Record<string, never>>

/** Removes all that a tenant has, and then the tenant. The job is the tenant's own, and goes last. */
export type TenantRemovalPayload = {
  /** Of the deletion that it was put for: of another, which came after a way back was taken, it does nothing. */
  readonly deleteAfterMs: number
}

export type JobPayloads = {
  readonly archive: ArchivePayload
  readonly gathering: GatheringPayload
  readonly sweeps: SweepsPayload
  readonly tenantRemoval: TenantRemovalPayload
}

export type JobKind = keyof JobPayloads

/** Stored as positions: append, never reorder. */
export const jobKinds = [
  'archive',
  'gathering',
  'sweeps',
  'tenantRemoval',
] as const satisfies readonly JobKind[]
