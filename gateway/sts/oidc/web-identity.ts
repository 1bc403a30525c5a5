// Who somebody is by a token of OpenID Connect: its issuer is a provider of the account, has signed it, and for whom it was
// issued is a client of that provider. https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
  type LocalJWKSet,
} from 'jose'
import type { OidcProviderDocument } from '../../../metadata/identity-records.ts'
import type { IdentityStore } from '../../../metadata/identity-store.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { accountId } from '../../access/owner.ts'
import type { IssuerKeys } from './issuer-keys.ts'

export type WebIdentity = {
  /** As policies name it: `arn:aws:iam::ACCOUNT:oidc-provider/…`. */
  readonly providerArn: string
  /** Its URL without the scheme: what condition keys begin with. */
  readonly providerName: string
  readonly issuer: string
  readonly subject: string
  /** The client that it was issued for. */
  readonly audience: string
  readonly claims: JWTPayload
}

export type WebIdentityDeps = {
  readonly identities: Pick<IdentityStore, 'get'>
  readonly issuerKeys: IssuerKeys
  readonly now: () => number
}

/** Signatures by a secret that both sides know are none of a provider that many trust; nor is none at all. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]
const issuerMax = 255
const subjectMax = 255
/** Seconds by which clocks may differ. */
const clockTolerance = 5
/** So many keys are tried with a token that does not say which it is signed with. */
const triedMax = 5

/** `tenantId`: undefined where there is none. Throws `InvalidIdentityToken`, `ExpiredTokenException`, `IDPCommunicationError`. */
export async function readWebIdentity(
  token: string,
  tenantId: TenantId | undefined,
  deps: WebIdentityDeps,
): Promise<WebIdentity> {
  const { issuer, keyId } = readUnproven(token)
  const providerName = nameOf(issuer)
  const provider = await findProvider(deps, tenantId, { issuer, providerName })
  if (tenantId === undefined || provider === undefined) {
    throw invalid(`No OpenIDConnect provider found in your account for ${issuer}`)
  }
  const found = await deps.issuerKeys.find({ issuer, tenantId, keyId })
  if (found.is === 'unreachable') {
    throw new QueryError(
      'IDPCommunicationError',
      'The identity provider could not be reached, or has answered no keys. Try again.',
    )
  }
  const claims = await verify(token, found.keys, { issuer, nowMs: deps.now() })
  const { sub: subject } = claims
  if (typeof subject !== 'string' || subject === '' || subject.length > subjectMax) {
    throw invalid('The token has no subject that could be used.')
  }
  return {
    ...{ providerName, issuer, subject, claims, audience: audienceOf(claims, provider) },
    providerArn: `arn:aws:iam::${accountId(tenantId)}:oidc-provider/${providerName}`,
  }
}

/** What it says of itself: nothing of it is proved. Throws `InvalidIdentityToken`. */
function readUnproven(token: string): {
  readonly issuer: string
  readonly keyId: string | undefined
} {
  try {
    const { alg, kid } = decodeProtectedHeader(token)
    const { iss } = decodeJwt(token)
    if (alg !== undefined && algorithms.includes(alg) && isIssuer(iss)) {
      return { issuer: iss, keyId: typeof kid === 'string' ? kid : undefined }
    }
  } catch (cause) {
    if (!(cause instanceof errors.JOSEError || cause instanceof TypeError)) throw cause
  }
  throw invalid(
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  )
}

function isIssuer(iss: unknown): iss is string {
  if (typeof iss !== 'string' || iss.length > issuerMax || !/^https?:\/\/[!-~]+$/.test(iss))
    return false
  if (!URL.canParse(iss)) return false
  const { search, hash, username, password } = new URL(iss)
  return search === '' && hash === '' && username === '' && password === ''
}

/** Without its scheme, and names of hosts have no case. */
function nameOf(issuer: string): string {
  return issuer.replace(/^https?:\/\/([^/]*)/, (_, host: string) => host.toLowerCase())
}

async function findProvider(
  { identities }: WebIdentityDeps,
  tenantId: TenantId | undefined,
  { issuer, providerName }: { readonly issuer: string; readonly providerName: string },
): Promise<OidcProviderDocument | undefined> {
  if (tenantId === undefined) return undefined
  const provider = await identities.get(tenantId, 'oidcProvider', providerName)
  // Of one that was registered with its scheme, the scheme counts.
  const isMeant = provider?.url === issuer || provider?.url === providerName
  return isMeant ? provider : undefined
}

type Expected = { readonly issuer: string; readonly nowMs: number }

/** Throws `InvalidIdentityToken`, `ExpiredTokenException`. */
async function verify(token: string, keys: LocalJWKSet, expected: Expected): Promise<JWTPayload> {
  const options = {
    ...{ issuer: expected.issuer, algorithms, clockTolerance },
    ...{ currentDate: new Date(expected.nowMs), requiredClaims: ['exp', 'iat', 'sub', 'aud'] },
  }
  try {
    return (await jwtVerify(token, keys, options)).payload
  } catch (cause) {
    if (!(cause instanceof errors.JWKSMultipleMatchingKeys)) throw refusalOf(cause)
    let tried = 0
    for await (const key of cause) {
      tried += 1
      if (tried > triedMax) break
      try {
        return (await jwtVerify(token, key, options)).payload
      } catch (each) {
        if (!(each instanceof errors.JWSSignatureVerificationFailed)) throw refusalOf(each)
      }
    }
    throw unverified
  }
}

function refusalOf(cause: unknown): unknown {
  if (cause instanceof errors.JWTExpired) {
    return new QueryError('ExpiredTokenException', 'Token expired: it is past its expiration time.')
  }
  if (cause instanceof errors.JWTClaimValidationFailed) {
    return invalid(`The claim ${cause.claim} of the token does not hold.`)
  }
  if (cause instanceof errors.JWKSNoMatchingKey) {
    return invalid("Couldn't retrieve verification key from your identity provider.")
  }
  // Keys of the provider that are none are met here too.
  const isOfToken = cause instanceof errors.JOSEError || cause instanceof TypeError
  return isOfToken || cause instanceof DOMException ? unverified : cause
}

/**
 * The party that the token was issued to goes before those who may read it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
 */
function audienceOf({ aud, azp }: JWTPayload, { clientIds }: OidcProviderDocument): string {
  const named = typeof azp === 'string' ? [azp] : [aud].flat()
  const audience = named.find((each) => each !== undefined && clientIds.includes(each))
  if (audience === undefined) throw invalid('Incorrect token audience')
  return audience
}

function invalid(message: string): QueryError {
  return new QueryError('InvalidIdentityToken', message)
}

const unverified = invalid('The signature of the token could not be verified.')
