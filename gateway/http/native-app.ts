// Requests below `/-/` on the S3 port, which no bucket can be called: Hono finds their route. It gets the raw
// path, since what a client signed is what is meant.
import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { hostedBucket } from '../../protocol/s3/address.ts'
import { checkHeadersOfOwn } from '../../protocol/s3/check-headers.ts'
import { refuseRepeated } from '../../protocol/s3/check-parameters.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { type Authenticate, plainFraming } from '../access/authenticate.ts'
import type { FindCorsRules } from '../access/cors-rules.ts'
import { checkPresignedHeaders } from '../access/presigned-headers.ts'
import { jsonErrorReply, type NativeCall, type NativeRoute } from '../native-api/native-route.ts'
import type { Reply } from '../reply.ts'
import type { Services } from '../s3/operation.ts'
import { answerPreflightOfRoute } from './answer-preflight.ts'
import { arrive, targetOf } from './arrive.ts'
import type { Begun } from './begun.ts'
import type { Answering, Serve } from './serve-request.ts'
import { shareReply } from './share-reply.ts'

export type NativeEnv = {
  Bindings: HttpBindings & {
    readonly expectsContinue: boolean
    /** What `NativeApp.pathOf` says. */
    readonly nativePath: string | undefined
  }
}

export type NativeApp = {
  readonly app: Hono<NativeEnv>
  /** The path that Hono is shown. Undefined: a request of S3's. */
  readonly pathOf: (incoming: IncomingMessage) => string | undefined
}

export type NativeAppDeps = {
  readonly services: Services
  readonly authenticate: Authenticate
  readonly findCorsRules: FindCorsRules
  /** Domains whose subdomains are buckets, lower case: within a bucket, nothing is ours. */
  readonly domains: readonly string[]
  readonly serve: Serve
}

const beginning = '/-/'

export function makeNativeApp(deps: NativeAppDeps, routes: readonly NativeRoute[]): NativeApp {
  const app = new Hono<NativeEnv>()
  for (const route of routes) {
    app.on(route.method, route.path, async (c) => {
      const { incoming, outgoing, expectsContinue } = c.env
      const param = (name: string) => c.req.param(name) ?? ''
      const answering = answeringNative(deps, { route, param })
      await deps.serve(answering)(incoming, outgoing, { expectsContinue })
      return RESPONSE_ALREADY_SENT
    })
  }
  app.all('/-/*', async ({ env: { incoming, outgoing, expectsContinue } }) => {
    await deps.serve(answeringNative(deps, undefined))(incoming, outgoing, { expectsContinue })
    return RESPONSE_ALREADY_SENT
  })
  return { app, pathOf: (incoming) => pathOf(incoming, deps.domains) }
}

function pathOf(
  { url = '/', headers }: IncomingMessage,
  domains: readonly string[],
): string | undefined {
  // A proxy may have made the target an absolute one.
  const path = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?]*/i, '')
  if (!path.startsWith(beginning) || hostedBucket(headers.host, domains) !== undefined) {
    return undefined
  }
  const mark = path.indexOf('?')
  const whole = mark === -1 ? path : path.slice(0, mark)
  // A slash at the end names the same thing.
  return whole.endsWith('/') && whole !== beginning ? whole.slice(0, -1) : whole
}

type Found = { readonly route: NativeRoute; readonly param: (name: string) => string }

function answeringNative(deps: NativeAppDeps, found: Found | undefined): Answering {
  return {
    answer: async (begun) => {
      const { method = 'GET' } = begun.incoming
      if (method === 'OPTIONS') return answerPreflightOfRoute(deps, begun)
      begun.operation = `${method} ${found?.route.path ?? beginning}`
      await shareReply(begun, deps.findCorsRules, undefined)
      begun.notes.ownId = ownIdOf(found?.param('id'))
      const call = nativeCall(deps, begun)
      // Hono takes HEAD for GET.
      if (found === undefined || (method === 'HEAD' && found.route.alsoHead !== true)) {
        throw new S3Error('MethodNotAllowed', { Method: method, ResourceType: 'ROUTE' })
      }
      return found.route.answer(call, found.param)
    },
    refuse: (error, { requestId }): Reply => jsonErrorReply(error, requestId),
  }
}

/** Ids are no secrets; what stands in the place of one may be. */
function ownIdOf(raw: string | undefined): string | undefined {
  return raw !== undefined && /^[0-9a-f]{32}$/.test(raw) ? raw : undefined
}

function nativeCall({ services, authenticate }: NativeAppDeps, begun: Begun): NativeCall {
  const { incoming, notes } = begun
  const target = targetOf(incoming)
  const { method = 'GET' } = incoming
  const call = arrive(services, begun, { target, address: {} })
  return {
    ...call,
    method,
    authenticate: async () => {
      const { identity, payload, signer } = await authenticate(incoming, {
        ...{ target, of: 'ours', notes },
      })
      if (identity.is === 'anonymous' || signer === undefined) throw new S3Error('AccessDenied')
      notes.identity = identity
      refuseRepeated(target.query)
      checkPresignedHeaders(target.query)
      checkHeadersOfOwn(method, call.headers)
      return { identity, signer, body: begun.receive(payload) }
    },
    unsignedBody: () => begun.receive(plainFraming),
  }
}
