// The values that pass between the steps of Signature Version 4: what a request presents, what its
// verification yields. Steps: `parseCredentials`, look the key up, `verifySignature`.
import type { KeyObject } from 'node:crypto'
import type { RequestHeaders } from './request-headers.ts'

/** A request as it came over the wire. */
export type RawRequest = {
  readonly method: string
  /** Origin form, untouched: the path and, after the first `?`, the query. */
  readonly target: string
  /** Name, value, name, value, … as Node's `rawHeaders`; latin1. */
  readonly rawHeaders: readonly string[]
}

/** What the client says about its body in `x-amz-content-sha256`. */
export type PayloadDeclaration =
  /** The body's SHA-256 in lower-case hex: to be compared with what arrives. */
  | { readonly is: 'sha256'; readonly hex: string }
  | { readonly is: 'unsigned' }
  /** aws-chunked, each chunk signed; with `trailer` the trailing headers are signed too. */
  | { readonly is: 'signedChunks'; readonly trailer: boolean }
  /** aws-chunked without chunk signatures, with trailing headers. */
  | { readonly is: 'unsignedTrailer' }

/** As scopes name services: `holdfast` is the admin API. */
export type SignedService = 's3' | 'iam' | 'sts' | 'holdfast'

/** What a request is signed for other than S3, whose clients need not say in a header what they have signed of the body. */
export type OtherService = {
  readonly service: Exclude<SignedService, 's3'>
  /** SHA-256 of the body in hex, which has been read. */
  readonly bodyHash: string
}

export type CredentialScope = {
  readonly accessKeyId: string
  /** `YYYYMMDD`. */
  readonly date: string
  readonly region: string
  /** Default: `s3`. */
  readonly service?: SignedService
  /** All of it, as it came: names the signing key. */
  readonly credential: string
  /** `20130524/us-east-1/s3/aws4_request`. */
  readonly credentialScope: string
}

/** A signature as presented, well formed and not yet checked. */
export type PresentedSignature = {
  readonly by: 'header' | 'query'
  readonly scope: CredentialScope
  /** Lower case, sorted. */
  readonly signedHeaders: readonly string[]
  /** As given, which may be anything. */
  readonly signature: string
  /** `YYYYMMDDTHHMMSSZ`: when the request was signed. */
  readonly amzDate: string
  readonly signedMs: number
  /** Seconds a presigned URL lives from `signedMs`; undefined of a header signature. */
  readonly expiresSeconds: number | undefined
  readonly payload: PayloadDeclaration
  /** The literal that stands for the body in the canonical request. */
  readonly payloadHash: string
  /** `x-amz-security-token`, in header or query: the key is a temporary one. */
  readonly sessionToken: string | undefined
  /** All headers of the request. */
  readonly headers: RequestHeaders
}

/** What signed chunks and signed trailers chain on. */
export type ChunkSigning = {
  readonly signingKey: KeyObject
  /** The request's own signature, which the first chunk's is chained to. */
  readonly seedSignature: string
  readonly amzDate: string
  /** `20130524/us-east-1/s3/aws4_request`. */
  readonly credentialScope: string
}

export type VerifiedRequest = {
  readonly accessKeyId: string
  readonly payload: PayloadDeclaration
  readonly chunkSigning: ChunkSigning
}
