// What the routes of bundles use besides the request.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import type { FindCredentials } from '../access/credentials.ts'
import type { FindTenantKeys } from '../access/keys/tenant-keyring.ts'
import type { ZipService } from '../zip/zip-service.ts'
import type { Gatherer, SourceSettings } from './external/gather-sources.ts'

export type BundleDeps = {
  readonly metadata: MetadataStore
  readonly zip: ZipService
  readonly random: RandomBytes
  readonly now: () => number
  /** Where entries may be gathered from. */
  readonly sources: SourceSettings
  readonly gatherer: Gatherer
  /** Absent: no such key, or it is not active. */
  readonly credentials: FindCredentials
  /** Absent: the tenant is gone. */
  readonly keysOfTenant: FindTenantKeys
}
