// How a tenant is suspended and resumed, and deleted with a way back for a while.
import { createRoute, z } from '@hono/zod-openapi'
import type { AdminDeps, AdminRoutes } from '../api/admin-env.ts'
import { requireRevision, tagOfRevision } from '../api/entity-tags.ts'
import { changeHeaders, jsonReply, refusals, tenantParam } from '../api/route-parts.ts'
import {
  beginDeletion,
  changeTenant,
  resume,
  suspend,
  takeBackDeletion,
} from '../tenants/change-tenant.ts'
import { ensureRemoval } from '../tenants/tenant-removal-job.ts'
import { changedTenant, openTenant } from './open-tenant.ts'
import { showTenant, tenantSchema } from './shown-tenant.ts'

const tags = ['tenants']
const day = 24 * 60 * 60
const graceDefault = 7 * day
const graceMax = 365 * day

const states = {
  suspend: { summary: 'Refuse all its requests, and keep all it has', change: suspend },
  resume: { summary: 'Take its requests again', change: resume },
  undelete: { summary: 'Take its deletion back, while there is time', change: takeBackDeletion },
} as const

const remove = createRoute({
  ...{ method: 'delete', path: '/v1/tenants/{tenant}', tags },
  summary: 'Delete a tenant with all it has',
  description:
    'Its requests are refused at once. When the time for a way back is over, everything it has is removed in the background, and its name is free at the end. Asked again, it answers as it is.',
  request: {
    params: tenantParam,
    headers: changeHeaders,
    query: z.object({
      graceSeconds: z.coerce.number().int().min(0).max(graceMax).default(graceDefault).openapi({
        description: 'How long `undelete` takes it back.',
      }),
    }),
  },
  responses: { 202: jsonReply('As it is now.', tenantSchema), ...refusals },
})

export function tenantStateRoutes(app: AdminRoutes, deps: AdminDeps): void {
  for (const [verb, { summary, change }] of Object.entries(states)) {
    const route = createRoute({
      ...{ method: 'post', path: `/v1/tenants/{tenant}/${verb}`, tags, summary },
      request: { params: tenantParam },
      responses: { 200: jsonReply('As it is now.', tenantSchema), ...refusals },
    })
    app.openapi(route, async (c) => {
      const called = c.req.valid('param').tenant
      const { id } = await openTenant(c, deps, { called, doing: 'govern' })
      const tenant = changedTenant(await changeTenant(deps, { tenantId: id }, change))
      return c.json(showTenant(tenant), 200, { ETag: tagOfRevision(tenant.revision) })
    })
  }

  app.openapi(remove, async (c) => {
    const called = c.req.valid('param').tenant
    const { id } = await openTenant(c, deps, { called, doing: 'govern' })
    const ifRevision = requireRevision(c.req.header('if-match'))
    const { graceSeconds } = c.req.valid('query')
    const nowMs = deps.now()
    const target = { tenantId: id, ifRevision }
    const begin = beginDeletion(nowMs + graceSeconds * 1_000)
    const tenant = changedTenant(await changeTenant(deps, target, begin))
    await ensureRemoval(deps.metadata.jobs, tenant, nowMs)
    return c.json(showTenant(tenant), 202, { ETag: tagOfRevision(tenant.revision) })
  })
}
