// The admin API as an application: what every request passes (body, sign-in, limits, the record of it), its routes, and the
// description of them all that follows from the routes themselves.
import { bodyLimit } from 'hono/body-limit'
import type { RequestLimits } from '../access/request-limits.ts'
import type { RequestIds } from '../http/request-id.ts'
import { newNotes } from '../s3/request-notes.ts'
import type { AdminDeps, AdminRoutes } from './api/admin-env.ts'
import { adminRoutes } from './api/admin-env.ts'
import { asProblem } from './api/as-problem.ts'
import { describeApi } from './api/describe-api.ts'
import { AdminProblem, problemType, renderProblem } from './api/problem.ts'
import { requireShallow } from './api/require-shallow.ts'
import type { ObserveAdmin } from './observe-admin.ts'
import { adminsRoutes } from './routes/admins.ts'
import { attachedRoutes } from './routes/attached.ts'
import { bucketRoutes } from './routes/buckets.ts'
import { groupRoutes } from './routes/groups.ts'
import { keyRoutes } from './routes/keys.ts'
import { policyRoutes } from './routes/policies.ts'
import { quotaRoutes } from './routes/quotas.ts'
import { tenantStateRoutes } from './routes/tenant-states.ts'
import { tenantRoutes } from './routes/tenants.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { usageRoutes } from './routes/usage.ts'
import { userRoutes } from './routes/users.ts'
import type { SignIn } from './sign-in/sign-in.ts'

export type AdminAppDeps = {
  readonly services: AdminDeps
  readonly signIn: SignIn
  readonly ids: Pick<RequestIds, 'next'>
  /** Of each who signs in. Undefined: he may send as much as he likes. */
  readonly limits: RequestLimits | undefined
  /** Rejects when requests cannot be served now. */
  readonly check: () => Promise<void>
  readonly observe: ObserveAdmin
}

/** Bytes. No policy or list of changes is longer. */
export const bodyBytesMax = 256 * 1024

const standing = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

export function makeAdminApp(deps: AdminAppDeps): AdminRoutes {
  const app = adminRoutes()
  const { services } = deps
  app.use('/v1/*', async (c, next) => {
    const begun = { beganMs: performance.now(), notes: newNotes(undefined) }
    const requestId = deps.ids.next()
    c.set('requestId', requestId)
    c.set('notes', begun.notes)
    await next()
    c.header('X-Request-Id', requestId)
    for (const [name, value] of Object.entries(standing)) c.header(name, value)
    deps.observe(c, begun)
  })
  app.use(
    '/v1/*',
    bodyLimit({
      maxSize: bodyBytesMax,
      onError: () => {
        throw new AdminProblem('BodyTooLarge', { headers: { Connection: 'close' } })
      },
    }),
  )
  app.use('/v1/*', async (c, next) => {
    const body = new Uint8Array(await c.req.arrayBuffer())
    const { incoming } = c.env
    const principal = await deps.signIn({ incoming, body, notes: c.get('notes') })
    c.set('principal', principal)
    c.set('body', body)
    const waitMs = deps.limits?.take(principal.id)
    if (waitMs !== undefined) {
      const headers = { 'Retry-After': String(Math.ceil(waitMs / 1_000)) }
      throw new AdminProblem('TooManyRequests', { headers })
    }
    const type = c.req.header('content-type') ?? ''
    if (body.length > 0 && !/^application\/json *(;|$)/i.test(type)) {
      throw new AdminProblem('UnsupportedMediaType')
    }
    requireShallow(body)
    await deps.check()
    await next()
  })
  for (const add of [
    ...[
      tenantRoutes,
      tenantStateRoutes,
      bucketRoutes,
      quotaRoutes,
      usageRoutes,
      keyRoutes,
      userRoutes,
      groupRoutes,
    ],
    ...[policyRoutes, attachedRoutes, adminsRoutes, tokenRoutes],
  ]) {
    add(app, services)
  }
  describeApi(app)
  app.notFound(() => {
    throw new AdminProblem('NotFound')
  })
  app.onError((cause, c) => {
    const problem = asProblem(cause)
    c.set('problem', problem)
    const requestId = c.get('requestId') ?? ''
    for (const [name, value] of Object.entries(problem.more.headers ?? {})) c.header(name, value)
    const body = renderProblem(problem, { instance: c.req.path, requestId })
    return c.body(JSON.stringify(body), problem.status, { 'Content-Type': problemType })
  })
  return app
}
