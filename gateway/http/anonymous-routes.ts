// What the S3 port answers to those who have no key and are no S3 client: a browser that somebody has
// pointed at it, and health checks by the paths that MinIO has for them. Only these very requests, only
// without a signature, and never on a bucket's own host: a bucket called `minio` or `favicon.ico` is reached
// by all others.
import type { IncomingHttpHeaders } from 'node:http'
import type { RequestTarget } from '../../protocol/s3/request-target.ts'
import type { Reply } from '../reply.ts'
import type { Health } from './health.ts'
import { takesHtml, welcomePage } from './welcome-page.ts'

export type AnonymousRequest = {
  readonly method: string
  readonly target: RequestTarget
  readonly headers: IncomingHttpHeaders
  /** `http://host` as the client addressed the server. */
  readonly endpoint: string
}

/** Undefined, at once, for all that belongs to S3. */
export function answerAnonymous(
  { method, target, headers, endpoint }: AnonymousRequest,
  health: Health,
): Promise<Reply> | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined
  const { rawPath, rawQuery } = target
  if (rawPath.startsWith(healthPaths))
    return answerHealth(rawPath.slice(healthPaths.length), health)
  if (rawQuery !== '') return undefined
  // Clients list buckets here, and none of them takes HTML.
  if (rawPath === '/' && method === 'GET' && takesHtml(headers.accept)) {
    return Promise.resolve(pageReply(welcomePage({ is: 's3', endpoint })))
  }
  return rawPath === '/favicon.ico' ? Promise.resolve(noIcon) : undefined
}

/** Whether a request brings a signature, in whatever form: then it is S3's. */
export function isAnonymous(headers: IncomingHttpHeaders, { query }: RequestTarget): boolean {
  if (headers.authorization !== undefined) return false
  return !query.parameters.some(({ name }) => name.startsWith('X-Amz-') || signedV2.has(name))
}

const signedV2: ReadonlySet<string> = new Set(['AWSAccessKeyId', 'Signature'])

/** What all probes of health begin with. */
export const healthPaths = '/minio/health/'
/** By their names behind it. One server is its own cluster. */
const stateful: ReadonlySet<string> = new Set(['ready', 'cluster', 'cluster/read'])

function answerHealth(name: string, health: Health): Promise<Reply> | undefined {
  if (name === 'live') return Promise.resolve(healthReply(true))
  return stateful.has(name) ? health.isWell().then(healthReply) : undefined
}

function healthReply(isWell: boolean): Reply {
  return { status: isWell ? 200 : 503, headers: { 'Cache-Control': 'no-store' } }
}

/** Browsers ask for it beside any page, and need not be told that they may not have it. */
const noIcon: Reply = { status: 204, headers: { 'Cache-Control': 'max-age=86400' } }

function pageReply(body: string): Reply {
  return { status: 200, headers: pageHeaders, body }
}

const pageHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
  Vary: 'Accept',
}
