// What a reply says to the browser of a page that may read it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
import type { CorsMatch } from './match-cors-rule.ts'

/**
 * The same for a preflight and for what follows it, as S3 has it; only `Access-Control-Allow-Headers` is an answer to a
 * preflight alone. `requested`: the headers that it names, in lower case.
 */
export function corsHeaders(
  { rule, allowOrigin }: CorsMatch,
  requested: readonly string[] = [],
): Readonly<Record<string, string>> {
  const { allowedMethods, exposeHeaders, maxAgeSeconds } = rule
  return {
    'Access-Control-Allow-Origin': allowOrigin,
    'Access-Control-Allow-Methods': allowedMethods.join(', '),
    ...(requested.length === 0 ? {} : { 'Access-Control-Allow-Headers': requested.join(', ') }),
    ...(exposeHeaders.length === 0
      ? {}
      : { 'Access-Control-Expose-Headers': exposeHeaders.join(', ') }),
    ...(maxAgeSeconds === undefined ? {} : { 'Access-Control-Max-Age': String(maxAgeSeconds) }),
    // Browsers take no such leave for all origins at once.
    ...(allowOrigin === '*' ? {} : { 'Access-Control-Allow-Credentials': 'true' }),
    Vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  }
}
