// Requests of our own on the S3 port, below `/-/`: what their routes are given, and how their answers look.
// They take and give JSON; which there are, `compose/compose-gateway.ts` knows.
import type { IncomingHttpHeaders } from 'node:http'
import type { Query } from '../../protocol/s3/request-target.ts'
import type { S3Error } from '../../protocol/s3/s3-error.ts'
import type { Signer } from '../access/authenticate.ts'
import type { RequestContext } from '../access/authorize.ts'
import type { User } from '../access/identity.ts'
import type { Reply } from '../reply.ts'
import type { Client, RequestBody, Services } from '../s3/operation.ts'
import type { RequestNotes } from '../s3/request-notes.ts'

export type NativeCaller = {
  readonly identity: User
  /** To presign URLs with, which are worth what his key is. */
  readonly signer: Signer
  readonly body: RequestBody
}

export type NativeCall = {
  readonly services: Services
  readonly notes: RequestNotes
  readonly client: Client
  readonly method: string
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

export type NativeRoute = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** As Hono has it: `/-/bundles/:id`. The first of a table that fits counts. */
  readonly path: `/-/${string}`
  /** HEAD is answered too, by the same function. */
  readonly alsoHead?: true
  /** `param`: a component of the path, decoded. */
  readonly answer: (call: NativeCall, param: (name: string) => string) => Promise<Reply>
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
