// What an operation is given and what it gives back. Operations are pure of HTTP: they never see the
// socket, and answer with a `Reply` that `http/send-reply.ts` writes.

import type { IncomingHttpHeaders } from 'node:http'
import type { BlobStore } from '../../datanode/blob-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket } from '../../metadata/records.ts'
import type { Query } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { Authorize } from '../access/authorize.ts'
import { findBucket } from '../access/find-bucket.ts'
import type { Identity } from '../access/identity.ts'
import type { TenantKeys } from '../access/keys/tenant-keys.ts'
import type { ReadLeases } from '../data/read/read-leases.ts'
import type { Ingest } from '../data/write/ingest.ts'
import type { Reply } from '../reply.ts'

/** Everything an operation may use besides the request. Made once, in `compose.ts`. */
export type Services = {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly ingest: Ingest
  readonly readLeases: ReadLeases
  readonly authorize: Authorize
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly region: string
  /** All names of regions mean this one. */
  readonly anyRegion: boolean
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

export type Call = {
  readonly services: Services
  readonly identity: Identity
  readonly keys: TenantKeys
  /** Empty strings for operations whose scope does not have them. */
  readonly bucketName: string
  readonly key: string
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

export type Operation = (call: Call) => Promise<Reply>

/** A browser's form upload: who sends it stands in the form, so the operation finds out by itself. */
export type FormOperation = (call: Omit<Call, 'identity' | 'keys'>) => Promise<Reply>

/** The bucket the request names; throws `NoSuchBucket`. */
export async function requireBucket(call: Call): Promise<Bucket> {
  const bucket = await findBucket(call.services.metadata, call.identity.tenantId, call.bucketName)
  if (bucket === undefined) throw new S3Error('NoSuchBucket', { BucketName: call.bucketName })
  return bucket
}
