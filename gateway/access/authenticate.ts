// Who sent a request: finds and verifies its signature, and says how its payload is to be read.
import type { IncomingMessage } from 'node:http'
import { hostedBucket } from '../../protocol/s3/address.ts'
import {
  type AwsChunkedHeaders,
  type AwsChunkedOptions,
  parseAwsChunkedOptions,
} from '../../protocol/s3/body/aws-chunked-options.ts'
import { headerText } from '../../protocol/s3/request-headers.ts'
import type { RequestTarget } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { type PresignedV2, parsePresignedV2 } from '../../protocol/s3/sigv2/presigned-query.ts'
import { verifyPresignedV2 } from '../../protocol/s3/sigv2/verify-signature-v2.ts'
import { parseCredentials, twoMechanisms } from '../../protocol/s3/sigv4/parse-credentials.ts'
import {
  parsePayloadDeclaration,
  unsignedPayload,
} from '../../protocol/s3/sigv4/payload-declaration.ts'
import { collectHeaders, refuseRepeatedHeaders } from '../../protocol/s3/sigv4/request-headers.ts'
import type {
  OtherService,
  PresentedSignature,
  RawRequest,
  VerifiedRequest,
} from '../../protocol/s3/sigv4/signed-request.ts'
import type { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import { verifySignature } from '../../protocol/s3/sigv4/verify-signature.ts'
import type { Credentials, CredentialsCache, PresentedKey } from './credentials.ts'
import { anonymous, type Identity, type User } from './identity.ts'
import type { KeyUses } from './key-uses.ts'
import type { SignatureNote, SignatureNotes } from './signature-note.ts'

/** How a body is to be read, as the signature says. */
export type PayloadFraming = {
  /** Present when the payload is aws-chunked. */
  readonly chunked: AwsChunkedOptions | undefined
  /** Hex, when the client bound the payload to its signature. */
  readonly expectedSha256: string | undefined
}

/** As the bytes come. */
export const plainFraming: PayloadFraming = { chunked: undefined, expectedSha256: undefined }

/** With what a request was signed, by Signature Version 4. */
export type Signer = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export type Caller = {
  readonly identity: Identity
  readonly signer?: Signer
  readonly payload: PayloadFraming
}

/** What a signature is to open. */
export type Asked = {
  /** That of the request, parsed. */
  readonly target: RequestTarget
  /** An operation of S3's, an extension of ours, or another service, for which the body has been read. */
  readonly of: 's3' | 'ours' | OtherService
  readonly notes: SignatureNotes
}

export type Authenticate = (incoming: IncomingMessage, asked: Asked) => Promise<Caller>

export type AuthenticateDeps = {
  readonly credentials: Pick<CredentialsCache, 'find'>
  readonly signingKeys: SigningKeyCache
  /** Told of keys whose signature was right. */
  readonly keyUses: Pick<KeyUses, 'note'>
  /** That requests must be signed for. Undefined: for any. */
  readonly region: string | undefined
  readonly now: () => number
}

/** With the domains whose subdomains are buckets, in lower case. */
type RequestAuthenticateDeps = AuthenticateDeps & { readonly domains: readonly string[] }

/**
 * Throws what `parseCredentials` and `verifySignature` throw, or those of Signature Version 2,
 * `InvalidAccessKeyId`, `InvalidToken`. A request without a signature is anonymous.
 */
export function makeAuthenticate(deps: RequestAuthenticateDeps): Authenticate {
  return async (incoming, asked) => {
    const { target } = asked
    const version2 = parsePresignedV2(target.query)
    if (version2 !== undefined) return authenticateV2(deps, incoming, { ...asked, ...version2 })
    const raw: RawRequest = {
      method: incoming.method ?? 'GET',
      target: originForm(target),
      rawHeaders: incoming.rawHeaders,
    }
    const other = typeof asked.of === 'string' ? undefined : asked.of
    const presented = parseCredentials(raw, other)
    if (presented === 'anonymous')
      return { identity: anonymous, payload: unsignedPayloadOf(incoming) }
    const by = presented.by === 'query' ? 'presigned' : 'header'
    const signature: SignatureNote = { version: 4, by, accessKeyId: undefined }
    asked.notes.signature = signature
    const found = await findCredentials(deps.credentials, {
      accessKeyId: presented.scope.accessKeyId,
      sessionToken: presented.sessionToken,
    })
    signature.accessKeyId = found.identity.accessKeyId
    const verified = verifySignature(raw, presented, {
      secretAccessKey: found.secretAccessKey,
      signingKeys: deps.signingKeys,
      // IAM has none, and STS signs for one of its own.
      region: other === undefined ? regionFor(deps, found.identity, presented) : undefined,
      nowMs: deps.now(),
    })
    deps.keyUses.note(found.identity, {
      service: other?.service ?? 's3',
      region: presented.scope.region,
    })
    if (asked.of === 'ours') requireBoundBody(raw, presented)
    const { sessionToken = '' } = presented
    const { accessKeyId } = presented.scope
    const { secretAccessKey } = found
    return {
      identity: found.identity,
      signer:
        sessionToken === ''
          ? { accessKeyId, secretAccessKey }
          : { accessKeyId, secretAccessKey, sessionToken },
      payload: payloadOf(verified, presented, incoming),
    }
  }
}

/** The one that was signed for, where the signer's tenant has it; else the server's. Undefined: any. */
export function regionFor(
  { region }: Pick<AuthenticateDeps, 'region'>,
  identity: User,
  { scope }: Pick<PresentedSignature, 'scope'>,
): string | undefined {
  return region !== undefined && identity.region === scope.region ? scope.region : region
}

/** Throws `InvalidAccessKeyId` for a key that is unknown or not active, and as `CredentialsCache.find`. */
export async function findCredentials(
  credentials: Pick<CredentialsCache, 'find'>,
  presented: PresentedKey,
): Promise<Credentials> {
  const found = await credentials.find(presented)
  if (found !== undefined) return found
  throw new S3Error('InvalidAccessKeyId', { AWSAccessKeyId: presented.accessKeyId })
}

/** What a client signs, also when a proxy made the target an absolute one. */
function originForm({ rawPath, rawQuery }: RequestTarget): string {
  return rawQuery === '' ? rawPath : `${rawPath}?${rawQuery}`
}

async function authenticateV2(
  deps: RequestAuthenticateDeps,
  incoming: IncomingMessage,
  presented: PresignedV2 & Asked,
): Promise<Caller> {
  const signature: SignatureNote = { version: 2, by: 'presigned', accessKeyId: undefined }
  presented.notes.signature = signature
  const { authorization, host } = incoming.headers
  if (authorization !== undefined) throw twoMechanisms(authorization)
  if (presented.of !== 's3') throw notOpened()
  const headers = collectHeaders(incoming.rawHeaders)
  refuseRepeatedHeaders(incoming.rawHeaders, headers)
  const { identity, secretAccessKey } = await findCredentials(deps.credentials, {
    accessKeyId: presented.accessKeyId,
    sessionToken: headers.get('x-amz-security-token') ?? presented.sessionToken,
  })
  signature.accessKeyId = identity.accessKeyId
  const { rawPath, query } = presented.target
  verifyPresignedV2(
    {
      method: incoming.method ?? 'GET',
      rawPath,
      query,
      headers,
      hostedBucket: hostedBucket(host, deps.domains),
    },
    presented,
    { secretAccessKey, nowMs: deps.now() },
  )
  deps.keyUses.note(identity, ofVersion2)
  return { identity, payload: payloadOfV2(headers.get('x-amz-content-sha256')) }
}

/** Its signatures name no region. */
export const ofVersion2 = { service: 's3', region: 'N/A' }

/**
 * The documents that our routes take choose what is done and to which objects: whoever holds a URL would
 * choose it, if the signature did not cover the document.
 */
function requireBoundBody({ method }: RawRequest, { by, payload }: PresentedSignature): void {
  if (by !== 'query' || method !== 'POST' || payload.is === 'sha256') return
  throw new S3Error('AccessDenied', undefined, {
    message: 'A presigned URL opens this request only with the SHA-256 of its body.',
  })
}

/**
 * Version 2 signs no parameters but those that AWS lists, and bodies not at all: what ours, IAM and STS are asked is bound
 * by neither.
 */
function notOpened(): S3Error {
  return new S3Error('AccessDenied', undefined, {
    message:
      'Signature Version 2 does not open this request, which is no operation of S3. Please use AWS4-HMAC-SHA256.',
  })
}

/** Signed chunks chain on a signature of Version 4, so they cannot come with one of Version 2. */
function payloadOfV2(declared: string | undefined): Caller['payload'] {
  const payload = parsePayloadDeclaration(declared ?? unsignedPayload)
  if (payload.is === 'sha256') return { chunked: undefined, expectedSha256: payload.hex }
  if (payload.is === 'unsigned') return { chunked: undefined, expectedSha256: undefined }
  throw new S3Error('InvalidRequest', undefined, {
    message: 'aws-chunked payloads require AWS4-HMAC-SHA256.',
  })
}

function payloadOf(
  verified: VerifiedRequest,
  { payload }: PresentedSignature,
  incoming: IncomingMessage,
): Caller['payload'] {
  return {
    chunked: parseAwsChunkedOptions(payload, chunkedHeaders(incoming), verified.chunkSigning),
    expectedSha256: payload.is === 'sha256' ? payload.hex : undefined,
  }
}

/** Without a signature there is none that chunks could chain on. */
function unsignedPayloadOf(incoming: IncomingMessage): Caller['payload'] {
  const declared = headerText(incoming.headers, 'x-amz-content-sha256')
  const payload = parsePayloadDeclaration(declared ?? unsignedPayload)
  if (payload.is === 'signedChunks') {
    throw new S3Error('InvalidRequest', undefined, {
      message: 'Signed chunks require AWS4-HMAC-SHA256.',
    })
  }
  return {
    chunked: parseAwsChunkedOptions(payload, chunkedHeaders(incoming), undefined),
    expectedSha256: payload.is === 'sha256' ? payload.hex : undefined,
  }
}

function chunkedHeaders({ headers }: IncomingMessage): AwsChunkedHeaders {
  return {
    'x-amz-decoded-content-length': headerText(headers, 'x-amz-decoded-content-length'),
    'x-amz-trailer': headerText(headers, 'x-amz-trailer'),
  }
}
