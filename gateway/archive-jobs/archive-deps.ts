// What the routes of archive jobs use besides the request.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import type { ZipService } from '../zip/zip-service.ts'

export type ArchiveRouteDeps = {
  readonly metadata: MetadataStore
  readonly zip: ZipService
  readonly signingKeys: SigningKeyCache
}
