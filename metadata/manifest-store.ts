// PORT, a noun of `metadata-store.ts`: manifests, the frozen lists that archives are made from. Rows
// lie in pages that are found by where they stand in the archive, so that a range of an archive costs
// one seek and the pages it covers. What the offsets mean is `protocol/zip`'s affair.
import type { ChangeOptions } from './commit-id.ts'
import type { BucketId, TenantId } from './records.ts'

/** 32 lower-case hex digits. */
export type ManifestId = string & { readonly __brand: 'ManifestId' }

/** Whose bytes an entry has: a version by the row it was committed as. */
export type EntrySource = {
  readonly bucketId: BucketId
  readonly key: string
  readonly rowId: string
}

export type ManifestEntry = {
  /** As it stands in the archive; a directory's ends with `/`. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** CRC-32 (IEEE) of the bytes. */
  readonly crc32: number
  /** Milliseconds since 1970. */
  readonly modifiedMs: number
  /** Absent: the entry has no bytes. */
  readonly source?: EntrySource
}

/** Consecutive entries, at least one. */
export type ManifestPage = {
  /** Where the first entry begins in the archive. */
  readonly offset: number
  /** Where the first entry begins in the archive's central directory, counted from its beginning. */
  readonly centralOffset: number
  readonly entries: readonly ManifestEntry[]
}

/** What a manifest comes to, known once all its pages are written. */
export type ManifestSummary = {
  /** Strong, without quotes: archives of one ETag are equal byte for byte. */
  readonly etag: string
  /** CRC-32 (IEEE) of the whole archive. */
  readonly crc32: number
  readonly entries: number
  readonly totalBytes: number
  /** The archive's central directory. */
  readonly directory: { readonly offset: number; readonly bytes: number }
  /** The time of its newest entry, for Last-Modified. */
  readonly modifiedMs: number
}

export type Manifest = ManifestSummary & {
  readonly manifestId: ManifestId
  readonly tenantId: TenantId
  /** What was asked for, in words of the caller's own. Manifests of one scope replace each other. */
  readonly scope: string
  /** Later than that of all sealed before it in its scope, whatever the clock says. */
  readonly createdMs: number
  /** When it was last touched. */
  readonly usedMs: number
}

export type NoSuchManifest = { readonly is: 'noSuchManifest' }

/** Sharded by manifest id; what finds them by scope, by tenant. */
export interface ManifestStore {
  /** Begins a manifest that nobody finds before it is sealed. Safe to repeat until then. */
  begin(
    manifest: Pick<Manifest, 'manifestId' | 'tenantId' | 'scope'> & { readonly nowMs: number },
  ): Promise<void>

  /**
   * Adds pages of a manifest that is not sealed yet, or the same ones again. Calls may be under way at
   * once.
   */
  putPages(
    manifestId: ManifestId,
    pages: readonly ManifestPage[],
  ): Promise<{ is: 'done' } | NoSuchManifest>

  /**
   * Makes a manifest findable, all of whose pages are written. `known`: the newest of its scope has the
   * same ETag already; this one stays unsealed and is to be removed. With it the lease is sealed that has
   * the manifest's id: what is committed from then on is not in the list, and the lease does not cover it.
   * Repeated with the same summary, it answers as before.
   */
  seal(
    manifestId: ManifestId,
    summary: ManifestSummary,
  ): Promise<
    { is: 'sealed'; manifest: Manifest } | { is: 'known'; manifest: Manifest } | NoSuchManifest
  >

  get(manifestId: ManifestId): Promise<Manifest | undefined>
  /** Sealed manifests of a scope, at most `limit`, the last one sealed first. */
  ofScope(tenantId: TenantId, scope: string, limit: number): Promise<readonly Manifest[]>
  /**
   * Sealed manifests of a tenant, a page at a time, in no particular order. `next` of one page is `after`
   * of the page behind it. One that is moved meanwhile may be missed, or met twice.
   */
  ofTenant(
    tenantId: TenantId,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<{ readonly manifests: readonly Manifest[]; readonly next?: string }>

  /**
   * The page that holds this place: an offset in the archive, or one in its central directory. The
   * page after it is at the place where its last entry ends. Absent: no manifest, or no entry there.
   */
  pageAt(
    manifestId: ManifestId,
    place: { readonly offset: number } | { readonly centralOffset: number },
  ): Promise<ManifestPage | undefined>

  /**
   * Moves a sealed manifest to another scope: of all who have found it in the first one, a single one
   * gets it. `noSuchManifest`: also when it is not in `from` (any more).
   */
  moveToScope(
    manifestId: ManifestId,
    scopes: { readonly from: string; readonly to: string },
    options?: ChangeOptions,
  ): Promise<{ is: 'done' } | NoSuchManifest>

  /** Notes that it is in use; one that is being made may be, too. */
  touch(manifestId: ManifestId, nowMs: number): Promise<{ is: 'done' } | NoSuchManifest>

  /**
   * On all shards, manifests to be removed: not touched since `usedBeforeMs`, or, while they are not sealed, since
   * `openBeforeMs`, or with a removal under way. At most `limit`.
   */
  stale(page: {
    readonly usedBeforeMs: number
    /** Default: as for the others. */
    readonly openBeforeMs?: number
    readonly limit: number
  }): Promise<readonly ManifestId[]>

  /**
   * One step of a removal, safe to repeat. From the first step on nobody finds the manifest; `more`:
   * call again.
   */
  remove(manifestId: ManifestId): Promise<{ is: 'more' } | { is: 'done' }>
}
