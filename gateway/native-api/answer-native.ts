// Finds the route of a request below `/-/` and gives it what it needs.
import { checkHeadersOfOwn } from '../../protocol/s3/check-headers.ts'
import { refuseRepeated } from '../../protocol/s3/check-parameters.ts'
import type { RequestTarget } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { Caller } from '../access/authenticate.ts'
import { checkPresignedHeaders } from '../access/presigned-headers.ts'
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
      const { identity, payload } = await request.authenticate()
      if (identity.is === 'anonymous') throw new S3Error('AccessDenied')
      refuseRepeated(request.target.query)
      checkPresignedHeaders(request.target.query)
      checkHeadersOfOwn(request.call.method, request.call.headers)
      return { identity, body: request.receive(payload) }
    },
    unsignedBody: () => request.receive(plainPayload),
  })
}
