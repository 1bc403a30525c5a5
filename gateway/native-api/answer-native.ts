// Finds the route of a request below `/-/` and gives it what it needs.
import { checkHeadersOfOwn } from '../../protocol/s3/check-headers.ts'
import { refuseRepeated } from '../../protocol/s3/check-parameters.ts'
import type { RequestTarget } from '../../protocol/s3/request-target.ts'
import type { Caller } from '../access/authenticate.ts'
import { checkPresignedHeaders } from '../access/presigned-headers.ts'
import { requireOwner } from '../access/require-owner.ts'
import type { Reply } from '../reply.ts'
import type { RequestBody } from '../s3/operation.ts'
import { type NativeCall, type NativeRoutes, noSuchRoute, parseNativePath } from './native-route.ts'

const plainPayload: Caller['payload'] = { chunked: undefined, expectedSha256: undefined }

export type NativeRequest = {
  readonly target: RequestTarget
  readonly call: Omit<NativeCall, 'path' | 'authenticate' | 'unsignedBody'>
  readonly authenticate: () => Promise<Caller>
  readonly receive: (payload: Caller['payload']) => RequestBody
}

/** Throws `MethodNotAllowed` for a path that no route has, and what the route throws. */
export async function answerNative(routes: NativeRoutes, request: NativeRequest): Promise<Reply> {
  const { name, path } = parseNativePath(request.target)
  const route = routes.get(name)
  if (route === undefined) throw noSuchRoute(request.call)
  return route({
    ...request.call,
    path,
    authenticate: async () => {
      const { identity, keys, payload } = await request.authenticate()
      refuseRepeated(request.target.query)
      checkPresignedHeaders(request.target.query)
      checkHeadersOfOwn(request.call.method, request.call.headers)
      requireOwner(request.call.headers, identity.tenantId)
      return { identity, keys, body: request.receive(payload) }
    },
    unsignedBody: () => request.receive(plainPayload),
  })
}
