// Requests of our own on the S3 port, below `/-/`: no bucket can have that name. What they are given,
// and how their answers look. They take and give JSON; which there are, `compose/native-routes.ts` knows.
import type { IncomingHttpHeaders } from 'node:http'
import type { Query, RequestTarget } from '../../protocol/s3/request-target.ts'
import { percentDecode } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { RequestContext } from '../access/authorize.ts'
import type { User } from '../access/identity.ts'
import type { Reply } from '../reply.ts'
import type { RequestBody, Services } from '../s3/operation.ts'

export type NativeCaller = {
  readonly identity: User
  readonly body: RequestBody
}

export type NativeCall = {
  readonly services: Services
  readonly method: string
  /** What stands behind `/-/NAME`, component by component, decoded. */
  readonly path: readonly string[]
  readonly query: Query
  /** Node's: names in lower case, values as latin1 text. */
  readonly headers: IncomingHttpHeaders
  /** For permissions (`native-permission.ts`). */
  readonly context: RequestContext
  /** `http://host` as the client addressed the server. */
  readonly endpoint: string
  /** Who has signed the request, and its payload. Throws as `Authenticate`. To be called once. */
  readonly authenticate: () => Promise<NativeCaller>
  /** The payload of a request that proves itself by a secret. To be called once. */
  readonly unsignedBody: () => RequestBody
}

export type NativeRoute = (call: NativeCall) => Promise<Reply>

/** By the first component behind `/-/`. */
export type NativeRoutes = ReadonlyMap<string, NativeRoute>

const beginning = '/-/'

/** Whether a path is one of ours. On a bucket's own host (virtual-host style), none is. */
export function isNativePath(rawPath: string): boolean {
  return rawPath.startsWith(beginning)
}

/** The route's name and the rest of the path. Throws `InvalidURI`. */
export function parseNativePath(target: RequestTarget): {
  readonly name: string
  readonly path: readonly string[]
} {
  const [name = '', ...path] = target.rawPath
    .slice(beginning.length)
    .split('/')
    .map((component) => percentDecode(component))
  // A slash at the end names the same thing.
  if (path.at(-1) === '') path.pop()
  return { name, path }
}

/** A value as JSON. Secrets may be in it: nothing on the way is to keep it. */
export function jsonReply(status: number, value: unknown, headers: Reply['headers'] = {}): Reply {
  return {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers },
    body: `${JSON.stringify(value)}\n`,
  }
}

/** The S3 registry's code and status, in JSON. */
export function jsonErrorReply(error: S3Error, requestId: string): Reply {
  if (error.status === 304) return { status: 304, headers: error.headers }
  const { code, message, details } = error
  return jsonReply(error.status, { ...details, code, message, requestId }, error.headers)
}

/** For methods and paths that a route does not have. */
export function noSuchRoute(call: Pick<NativeCall, 'method'>): S3Error {
  return new S3Error('MethodNotAllowed', { Method: call.method, ResourceType: 'ROUTE' })
}
