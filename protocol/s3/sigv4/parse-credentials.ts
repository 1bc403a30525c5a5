// Finds the signature of a request, in whichever of its forms, and parses it. Nothing is checked here
// that needs a key, a clock or settings: see `verify-signature.ts`. POST forms: `post-signature.ts`. URLs presigned
// with Signature Version 2: `../sigv2`.
import { S3Error } from '../s3-error.ts'
import { parseAuthorizationHeader } from './parse-authorization-header.ts'
import { findAuthParameters, parsePresignedQuery } from './parse-presigned-query.ts'
import { collectHeaders, refuseRepeatedHeaders } from './request-headers.ts'
import type { OtherService, PresentedSignature, RawRequest } from './signed-request.ts'

/**
 * Throws `AuthorizationHeaderMalformed`, `AuthorizationQueryParametersError`, `InvalidArgument` (also for
 * headers that are there twice),
 * `InvalidRequest` (Signature Version 2 in the header; no payload hash), `AccessDenied` (no date) or `NotImplemented`
 * (ECDSA), each with AWS's message.
 */
export function parseCredentials(
  request: RawRequest,
  other?: OtherService,
): PresentedSignature | 'anonymous' {
  const headers = collectHeaders(request.rawHeaders)
  refuseRepeatedHeaders(request.rawHeaders, headers)
  const authorization = headers.get('authorization')
  const parameters = findAuthParameters(request.target)
  if (authorization !== undefined) {
    if (parameters !== undefined) throw twoMechanisms(authorization)
    return parseAuthorizationHeader(authorization, headers, other)
  }
  return parameters === undefined ? 'anonymous' : parsePresignedQuery(parameters, headers, other)
}

/** `authorization`: the header that came beside a signature in the query. */
export function twoMechanisms(authorization: string): S3Error {
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: 'Authorization', ArgumentValue: authorization },
    {
      message:
        'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
    },
  )
}
