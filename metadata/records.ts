// What the metadata holds, as plain values. How an engine lays them out is its own affair; the codecs
// shared by the engines are in `codec/`.
import type { ChunkRef } from '../protocol/chunks/chunk-ref.ts'
import type { ObjectAcl } from '../protocol/s3/acl/acl.ts'
import type { Namespace } from './namespaces.ts'

export type TenantId = string & { readonly __brand: 'TenantId' }
/** 16 hex digits, drawn anew for each bucket, so that a bucket made again never sees old rows. */
export type BucketId = string & { readonly __brand: 'BucketId' }
/** 32 lower-case hex digits; ids of one key sort newest first. `null` is S3's null version. */
export type VersionId = (string & { readonly __brand: 'VersionId' }) | 'null'
/** 32 lower-case hex digits that sort by the time of creation. */
export type UploadId = string & { readonly __brand: 'UploadId' }
/** 32 lower-case hex digits: names a paged chunk list. */
export type ChunkListId = string & { readonly __brand: 'ChunkListId' }

/** `suspended`: whatever it asks is refused, and all is kept. `deleting`: all of it goes, once its time has come. */
export type TenantStatus = 'active' | 'suspended' | 'deleting'

/** What a tenant or a bucket may hold at most. Absent: as much as there is room for. */
export type Quota = {
  /** Of the data of all versions and of parts of uploads under way, as clients see them. */
  readonly bytes?: number
  /** Versions. */
  readonly objects?: number
  /** Of a tenant. */
  readonly buckets?: number
}

export type Tenant = {
  readonly id: TenantId
  /** No two have one; it may stand in a host name. */
  readonly name: string
  /** Where the names of its buckets are looked up. */
  readonly namespace: Namespace
  readonly createdMs: number
  /** Counts its changes; 1: it is as it was created. */
  readonly revision: number
  readonly status: TenantStatus
  /** Of one that is being deleted: until then there is a way back. Milliseconds since 1970. Absent: it is being removed. */
  readonly deleteAfterMs?: number
  /** Where its buckets are made, if its owner does not say. Absent: in the server's. */
  readonly region?: string
  readonly quota: Quota
  /** The tenant's 32-byte root key, sealed under the master key (`gateway/access/keys`). */
  readonly sealedKey: Uint8Array
}

export type AccessKey = {
  readonly accessKeyId: string
  readonly tenantId: TenantId
  /** The user the key belongs to; the tenant's root user is called `root`. */
  readonly userName: string
  readonly status: 'active' | 'inactive'
  readonly createdMs: number
  /** The secret, sealed under the master key. */
  readonly sealedSecret: Uint8Array
}

export type VersioningStatus = 'off' | 'enabled' | 'suspended'
export type Tag = { readonly key: string; readonly value: string }

export type Bucket = {
  readonly namespace: Namespace
  /** Unique within the namespace. */
  readonly name: string
  /** The owner: whose keys seal what is in it, and whose chunks these are. */
  readonly tenantId: TenantId
  readonly id: BucketId
  readonly region: string
  readonly createdMs: number
  readonly versioning: VersioningStatus
  /** Grows with each change of what is set of it (`bucket-config-store.ts`). 0: nothing ever was. */
  readonly configRevision: number
}

export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256'
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT'
export type Checksum = {
  readonly algorithm: ChecksumAlgorithm
  readonly type: ChecksumType
  /** Base64; of a composite one with its `-N`, as on the wire. */
  readonly value: string
}

/** Header values as S3 stores and returns them. Absent: never set. */
export type SystemHeaders = {
  readonly contentType?: string
  readonly cacheControl?: string
  readonly contentDisposition?: string
  readonly contentEncoding?: string
  readonly contentLanguage?: string
  readonly expires?: string
  readonly websiteRedirectLocation?: string
}

export type PartSize = { readonly number: number; readonly size: number }

/** Where the bytes of a part, or of an object put in one piece, are. */
export type PieceData =
  /** At most `inlineBytesMax` plaintext bytes, sealed (`protocol/chunks/seal-inline.ts`). Empty: none. */
  | { readonly is: 'inline'; readonly sealed: Uint8Array }
  /** At most `embeddedChunksMax` chunks. */
  | { readonly is: 'chunks'; readonly chunks: readonly ChunkRef[] }
  /** More; read them with `ChunkCatalog.readList`. */
  | { readonly is: 'list'; readonly listId: ChunkListId }

export type ObjectData =
  | PieceData
  | ({ readonly is: 'parts'; readonly parts: readonly PartSize[] } & PartsPlace)

/** Where the parts of a completed multipart upload are: `UploadStore.readParts`. */
export type PartsPlace = Pick<Upload, 'bucketId' | 'key' | 'uploadId'>

export const embeddedChunksMax = 64
/** Objects and parts up to this size are kept in metadata. Plaintext bytes. */
export const inlineBytesMax = 4096

/** What the client gave and the gateway computed; the commit adds version id and time. */
export type ObjectContent = {
  readonly size: number
  /** Hex without quotes: an MD5, or `<md5>-<parts>`. */
  readonly etag: string
  /** CRC-32 (IEEE) of the whole object, whatever checksum the client asked for. */
  readonly crc32: number
  readonly checksum?: Checksum
  readonly headers: SystemHeaders
  /** Names in lower case without `x-amz-meta-`. */
  readonly userMetadata: Readonly<Record<string, string>>
  readonly tags: readonly Tag[]
  readonly storageClass: string
  /** Absent: the owner of the bucket owns it, and nobody is granted anything. */
  readonly acl?: ObjectAcl
  readonly data: ObjectData
}

export type ObjectVersion = ObjectContent & {
  readonly is: 'object'
  readonly key: string
  readonly versionId: VersionId
  /** Engine-made, unique within the key and ordered newest first: names this row for good. */
  readonly rowId: string
  readonly modifiedMs: number
}

export type DeleteMarker = {
  readonly is: 'deleteMarker'
  readonly key: string
  readonly versionId: VersionId
  readonly rowId: string
  readonly modifiedMs: number
}

/** What a listing shows of a current object: kept small, for decoding it is what a listing costs. */
export type ObjectSummary = {
  readonly key: string
  readonly size: number
  readonly etag: string
  readonly modifiedMs: number
  readonly storageClass: string
  readonly checksum?: Pick<Checksum, 'algorithm' | 'type'>
  /** Canonical user id of the account that owns it. Absent: the owner of the bucket does. */
  readonly owner?: string
}

export type VersionSummary = Omit<ObjectSummary, 'size' | 'etag'> & {
  readonly versionId: VersionId
  readonly isLatest: boolean
} & (
    | { readonly is: 'object'; readonly size: number; readonly etag: string }
    | { readonly is: 'deleteMarker' }
  )

/** A multipart upload under way. */
export type Upload = {
  readonly bucketId: BucketId
  readonly tenantId: TenantId
  readonly key: string
  readonly uploadId: UploadId
  readonly initiatedMs: number
  readonly headers: SystemHeaders
  readonly userMetadata: Readonly<Record<string, string>>
  readonly tags: readonly Tag[]
  readonly storageClass: string
  /** Of the object that it becomes. */
  readonly acl?: ObjectAcl
  /** What the client asked for at creation. */
  readonly checksum?: Pick<Checksum, 'algorithm' | 'type'>
}

export type Part = {
  readonly number: number
  readonly size: number
  /** Hex MD5. */
  readonly etag: string
  readonly crc32: number
  readonly checksum?: Pick<Checksum, 'algorithm' | 'value'>
  /**
   * Base64: what the object gets unless its upload asked for something else. Absent where `checksum` is
   * it, where it is of no use, and of parts that were stored before it was kept.
   */
  readonly crc64nvme?: string
  readonly modifiedMs: number
  readonly data: PieceData
}
