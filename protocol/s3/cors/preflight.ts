// A preflight: a browser asks whether a page may send a request, before it sends it. Nobody signs one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
import { isHeaderName } from '../header-text.ts'
import { headerText, type RequestHeaders } from '../request-headers.ts'
import { S3Error } from '../s3-error.ts'
import { corsHeaders } from './cors-headers.ts'
import { type CorsMethod, type CorsRule, parseCorsMethod } from './cors-rule.ts'
import { matchCorsRule, type PageRequest } from './match-cors-rule.ts'

export type Preflight = PageRequest & { readonly method: CorsMethod }

/** Throws `BadRequest` without an origin, and without a method that a rule can allow. */
export function parsePreflight(headers: RequestHeaders): Preflight {
  const origin = headerText(headers, 'origin')
  if (origin === undefined) {
    throw badRequest('Insufficient information. Origin request header needed.')
  }
  const asked = headerText(headers, 'access-control-request-method')
  const method = parseCorsMethod(asked ?? '')
  if (method === undefined) {
    throw badRequest(`Invalid Access-Control-Request-Method: ${asked ?? 'null'}`)
  }
  return { origin, method, headers: requestedHeaders(headers) }
}

/** In lower case, as they came. */
function requestedHeaders(headers: RequestHeaders): readonly string[] {
  return (headerText(headers, 'access-control-request-headers') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
}

export type PreflightTarget = {
  readonly resourceType: 'BUCKET' | 'OBJECT' | 'ROUTE'
  /** Why there is no rule, where there is none. */
  readonly withoutRules: string
}

/**
 * The headers of the answer 200. Throws `AccessForbidden` when there are no rules, and when none of them lets a page of
 * that origin send the request.
 */
export function answerPreflight(
  { origin, method, headers }: Preflight,
  rules: readonly CorsRule[],
  { resourceType, withoutRules }: PreflightTarget,
): Readonly<Record<string, string>> {
  const refused = { Method: method, ResourceType: resourceType }
  if (rules.length === 0) {
    throw new S3Error('AccessForbidden', refused, { message: `CORSResponse: ${withoutRules}` })
  }
  // A rule for all headers is for those that there can be.
  const match = headers.every(isHeaderName)
    ? matchCorsRule(rules, { origin, method, headers })
    : undefined
  if (match === undefined) throw new S3Error('AccessForbidden', refused)
  return corsHeaders(match, headers)
}

function badRequest(message: string): S3Error {
  return new S3Error('BadRequest', {}, { message })
}
