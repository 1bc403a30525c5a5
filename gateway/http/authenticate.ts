// Who sent a request: finds and verifies its signature, and says how its payload is to be read.
import type { IncomingMessage } from 'node:http'
import { parseAwsChunkedOptions } from '../../protocol/s3/body/aws-chunked-options.ts'
import { headerText } from '../../protocol/s3/request-headers.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { parseCredentials } from '../../protocol/s3/sigv4/parse-credentials.ts'
import type {
  PresentedSignature,
  RawRequest,
  VerifiedRequest,
} from '../../protocol/s3/sigv4/signed-request.ts'
import type { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import { verifySignature } from '../../protocol/s3/sigv4/verify-signature.ts'
import type { Identity } from '../identity.ts'
import type { TenantKeys } from '../keys/tenant-keys.ts'
import type { Credentials, CredentialsCache } from './credentials.ts'
import type { BodyOptions } from './request-body.ts'

export type Caller = {
  readonly identity: Identity
  readonly keys: TenantKeys
  readonly payload: Pick<BodyOptions, 'chunked' | 'expectedSha256'>
}

export type Authenticate = (incoming: IncomingMessage) => Promise<Caller>

export type AuthenticateParts = {
  readonly credentials: CredentialsCache
  readonly signingKeys: SigningKeyCache
  readonly region: string
  readonly now: () => number
}

/**
 * Throws what `parseCredentials` and `verifySignature` throw, `InvalidAccessKeyId`, and `AccessDenied` for
 * a request without a signature.
 */
export function makeAuthenticate(parts: AuthenticateParts): Authenticate {
  return async (incoming) => {
    const raw: RawRequest = {
      method: incoming.method ?? 'GET',
      target: incoming.url ?? '/',
      rawHeaders: incoming.rawHeaders,
    }
    const presented = parseCredentials(raw)
    if (presented === 'anonymous') throw new S3Error('AccessDenied')
    const found = await findCredentials(parts.credentials, presented.scope.accessKeyId)
    const verified = verifySignature(raw, presented, {
      secretAccessKey: found.secretAccessKey,
      signingKeys: parts.signingKeys,
      region: parts.region,
      nowMs: parts.now(),
    })
    return {
      identity: found.identity,
      keys: found.keys,
      payload: payloadOf(verified, presented, incoming),
    }
  }
}

/** Throws `InvalidAccessKeyId` for a key that is unknown or not active. */
export async function findCredentials(
  credentials: CredentialsCache,
  accessKeyId: string,
): Promise<Credentials> {
  const found = await credentials.find(accessKeyId)
  if (found === undefined) throw new S3Error('InvalidAccessKeyId', { AWSAccessKeyId: accessKeyId })
  return found
}

function payloadOf(
  verified: VerifiedRequest,
  presented: PresentedSignature,
  incoming: IncomingMessage,
): Caller['payload'] {
  const { payload } = presented
  const headers = {
    'x-amz-decoded-content-length': headerText(incoming.headers, 'x-amz-decoded-content-length'),
    'x-amz-trailer': headerText(incoming.headers, 'x-amz-trailer'),
  }
  return {
    chunked: parseAwsChunkedOptions(payload, headers, verified.chunkSigning),
    expectedSha256: payload.is === 'sha256' ? payload.hex : undefined,
  }
}
