// A rule of a CORS configuration: the pages of which origins may ask what of a bucket, and what their scripts may
// read of the answers. Their XML is in `xml/cors-configuration.ts`, what they mean for a request in
// `match-cors-rule.ts`. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CORSRule.html

export const corsMethods = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD'] as const
export type CorsMethod = (typeof corsMethods)[number]

export type CorsRule = {
  readonly id?: string
  /** At least one. */
  readonly allowedMethods: readonly CorsMethod[]
  /** At least one, each with at most one `*`. */
  readonly allowedOrigins: readonly string[]
  /** Each with at most one `*`, in any letter case. */
  readonly allowedHeaders: readonly string[]
  /** Names that a header can have. */
  readonly exposeHeaders: readonly string[]
  /** How long a browser may remember the answer to a preflight. */
  readonly maxAgeSeconds?: number
}

/** Undefined for all others, also in lower case, as S3 has it. */
export function parseCorsMethod(raw: string): CorsMethod | undefined {
  return corsMethods.find((method) => method === raw)
}
