// What an operation is given and what it gives back. Operations are pure of HTTP: they never see the
// socket, and answer with a `Reply` that `http/send-reply.ts` writes.
import type { IncomingHttpHeaders } from 'node:http'
import type { BlobStore } from '../../datanode/blob-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket, VersionId } from '../../metadata/records.ts'
import type { ObjectOwnership } from '../../protocol/s3/acl/object-ownership.ts'
import type { OperationName, operations } from '../../protocol/s3/operations-table.ts'
import type { Query } from '../../protocol/s3/request-target.ts'
import type { FindAddressedTenant } from '../access/addressed-tenant.ts'
import type { Authorize } from '../access/authorize.ts'
import type { BucketPermissionCache } from '../access/bucket-permissions.ts'
import type { Identity, User } from '../access/identity.ts'
import type { FindTenantKeys } from '../access/keys/tenant-keyring.ts'
import type { TenantKeys } from '../access/keys/tenant-keys.ts'
import type { RequestBounds } from '../access/limit-requests.ts'
import type { Asker } from '../access/require.ts'
import type { AccountBlocks } from '../acl/account-blocks.ts'
import type { ReadLeases } from '../data/read/read-leases.ts'
import type { Ingest } from '../data/write/ingest.ts'
import type { Quotas } from '../quota/quotas.ts'
import type { Reply } from '../reply.ts'
import type { KnownAccounts } from './acl/known-accounts.ts'
import type { RequestNotes } from './request-notes.ts'

/** Everything an operation may use besides the request. Made once, in `compose/compose-gateway.ts`. */
export type Services = {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly ingest: Ingest
  readonly readLeases: ReadLeases
  readonly authorize: Authorize
  readonly keysOfTenant: FindTenantKeys
  /** What `metadata` keeps to when it commits. */
  readonly quotas: Pick<Quotas, 'look'>
  readonly findAddressed: FindAddressedTenant
  /** How much may be asked. Absent: as much as one likes. */
  readonly bounds?: RequestBounds
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly region: string
  /** All names of regions mean this one. */
  readonly anyRegion: boolean
  /** New buckets begin with public access blocked. */
  readonly blockPublicAccess: boolean
  /** Of new buckets. */
  readonly objectOwnership: ObjectOwnership
  /** What buckets say of who may do what to them. */
  readonly permissions: BucketPermissionCache
  readonly accountBlocks: AccountBlocks
  readonly accounts: KnownAccounts
}

/** The payload of a request, still on the wire. Every way of reading it may throw an `S3Error`. */
export interface RequestBody {
  /** Bytes of the payload once decoded, when the client said so. */
  readonly decodedBytes: number | undefined
  /** Hex SHA-256 that the signature binds; what streams the body must compare it (`verify-digests`). */
  readonly expectedSha256: string | undefined
  /**
   * The decoded payload. Checks length, chunk signatures and pace as it goes. Asks the client to
   * continue (`Expect: 100-continue`) at the first read. To be iterated once.
   */
  stream(): AsyncIterable<Buffer>
  /** Trailing headers, lower case, known once the stream has ended. */
  trailer(name: string): string | undefined
  /** Names of the trailing headers that the client has announced, lower case. */
  readonly announcedTrailers: readonly string[]
  /**
   * The whole of a small payload, at most `bytesMax` (more: `MaxMessageLengthExceeded`), with its
   * SHA-256, Content-MD5 and checksum headers verified.
   */
  bytes(bytesMax: number): Promise<Buffer>
}

/** Whoever waits for the answer. */
export interface Client {
  /**
   * Aborted, with an `S3Error` for the log, when he has hung up before he had the whole answer: what only he needs
   * is not begun any more. What was begun as a write goes on to its end.
   */
  hungUp(): AbortSignal
}

/** What every operation is given. */
type AnyCall = Asker & {
  readonly services: Services
  readonly notes: RequestNotes
  readonly client: Client
  readonly identity: Identity
  readonly query: Query
  /** Node's: names in lower case, values as latin1 text. */
  readonly headers: IncomingHttpHeaders
  readonly body: RequestBody
  readonly requestId: string
  /** `http://host` as the client addressed the server, for Location elements. */
  readonly endpoint: string
  /** The path as it came, still encoded. */
  readonly rawPath: string
}

/** About no bucket: about what the caller's tenant has. */
export type ServiceCall = AnyCall & { readonly identity: User }

/** To make a bucket, for the caller's tenant. */
export type NewBucketCall = ServiceCall & { readonly bucketName: string }

/** About a bucket that is there, whoever owns it. */
export type BucketCall = AnyCall & {
  readonly bucket: Bucket
  /** Of the bucket's owner. */
  readonly keys: TenantKeys
}

/** About a key of a bucket. There may be no object. */
export type ObjectCall = BucketCall & { readonly key: string }

/** About a key, and an object that is copied there. It may not be there. */
export type CopyCall = ObjectCall & { readonly source: ReadTarget }

/** A version to be read, and the keys of whoever owns its bucket. */
export type ReadTarget = {
  readonly bucket: Bucket
  readonly keys: TenantKeys
  readonly key: string
  /** Absent: the current one. */
  readonly versionId?: VersionId
}

/** A browser's form upload: who sends it, and what else would be headers, stands in the form. */
export type FormCall = Omit<BucketCall, 'identity' | 'decider' | 'bucket' | 'keys'> & {
  readonly bucketName: string
  /** As for every operation: finds the bucket, and asks for what the row of the operation needs. */
  readonly enter: (form: ReadForm) => Promise<ObjectCall>
}
export type ReadForm = Pick<ObjectCall, 'identity' | 'key' | 'headers' | 'body'>

export type Operation<Call> = (call: Call) => Promise<Reply>

type Rows = typeof operations

/** The calls, by what an operation is about. */
export type Calls = {
  readonly service: ServiceCall
  readonly newBucket: NewBucketCall
  readonly bucket: BucketCall
  readonly object: ObjectCall
  readonly copy: CopyCall
  readonly form: FormCall
}

/** As the row of an operation says it (`run-operation.ts` reads it there). */
export type KindOf<Name extends OperationName> = Name extends 'PostObject'
  ? 'form'
  : Rows[Name] extends { readonly makesBucket: true }
    ? 'newBucket'
    : Rows[Name] extends { readonly header: 'x-amz-copy-source' }
      ? 'copy'
      : Rows[Name]['scope']

/** A row without a handler, or a handler of another kind than its row, is a mistake of the compiler's. */
export type Handlers = { readonly [Name in OperationName]: Operation<Calls[KindOf<Name>]> }

/** The store for what may take long and changes nothing. */
export function metadataWhileWanted({
  services,
  client,
}: Pick<AnyCall, 'services' | 'client'>): MetadataStore {
  return services.metadata.within({ signal: client.hungUp() })
}
