// Which rule of a CORS configuration lets a request be made and its answer be read: the first that fits counts,
// whatever the others would say.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html#cors-eval-criteria
import type { CorsRule } from './cors-rule.ts'

export type PageRequest = {
  /** `https://app.example.org`, as the browser has sent it. */
  readonly origin: string
  readonly method: string
  /** Those that a preflight names, in lower case. Any other request has been let through with what it brings. */
  readonly headers: readonly string[]
}

export type CorsMatch = {
  readonly rule: CorsRule
  /** What is answered: the origin, or `*` where the rule is for all. */
  readonly allowOrigin: string
}

/** No page names as many. They are compared with each that a rule allows, for anybody who asks. */
const headersMax = 100

export function matchCorsRule(
  rules: readonly CorsRule[],
  { origin, method, headers }: PageRequest,
): CorsMatch | undefined {
  if (headers.length > headersMax) return undefined
  for (const rule of rules) {
    if (!rule.allowedMethods.some((allowed) => allowed === method)) continue
    const pattern = rule.allowedOrigins.find((allowed) => fits(allowed, origin))
    if (pattern === undefined || !allowsHeaders(rule, headers)) continue
    return { rule, allowOrigin: pattern === '*' ? '*' : origin }
  }
  return undefined
}

function allowsHeaders({ allowedHeaders }: CorsRule, headers: readonly string[]): boolean {
  if (headers.length === 0) return true
  const patterns = allowedHeaders.map((pattern) => pattern.toLowerCase())
  return headers.every((name) => patterns.some((pattern) => fits(pattern, name)))
}

/** `*` stands for any text, none too. */
function fits(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*')
  if (star === -1) return pattern === text
  const [before, behind] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return (
    text.length >= before.length + behind.length && text.startsWith(before) && text.endsWith(behind)
  )
}
