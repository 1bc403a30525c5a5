// Finds the route of a request below `/-/` and gives it what it needs.
import { checkHeadersOfOwn } from '../../protocol/s3/check-headers.ts'
import { refuseRepeated } from '../../protocol/s3/check-parameters.ts'
import type { RequestTarget } from '../../protocol/s3/request-target.ts'
import type { Reply, RequestBody } from '../operation.ts'
import { requireOwner } from '../require-owner.ts'
import type { Caller } from './authenticate.ts'
import { noSuchRoute, type OwnCall, type OwnRoutes, parseOwnPath } from './own-route.ts'
import { checkPresignedHeaders } from './presigned-headers.ts'

const plainPayload: Caller['payload'] = { chunked: undefined, expectedSha256: undefined }

export type OwnRequest = {
  readonly target: RequestTarget
  readonly call: Omit<OwnCall, 'path' | 'authenticate' | 'unsignedBody'>
  readonly authenticate: () => Promise<Caller>
  readonly receive: (payload: Caller['payload']) => RequestBody
}

/** Throws `MethodNotAllowed` for a path that no route has, and what the route throws. */
export async function answerOwn(routes: OwnRoutes, request: OwnRequest): Promise<Reply> {
  const { name, path } = parseOwnPath(request.target)
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
