// `/v1/tenants/{tenant}/usage`, and that of a bucket: how much they hold now, exactly (`metadata/usage-store.ts`).
import { createRoute, z } from '@hono/zod-openapi'
import type { AdminDeps, AdminRoutes } from '../api/admin-env.ts'
import { jsonReply, refusals, tenantParam } from '../api/route-parts.ts'
import { bucketParam, openBucket } from './buckets.ts'
import { openTenant } from './open-tenant.ts'

const tags = ['usage']
const count = z.int()

const usageSchema = z
  .object({
    bytes: count.openapi({ description: 'Of the data of all versions, as clients see them.' }),
    objects: count.openapi({ description: 'Keys whose newest version is an object.' }),
    versions: count.openapi({ description: 'Without delete markers.' }),
    deleteMarkers: count,
    uploads: count.openapi({ description: 'Under way.' }),
    partBytes: count.openapi({ description: 'Of the parts of uploads under way.' }),
  })
  .openapi('Usage')
const tenantUsageSchema = usageSchema.extend({ buckets: count }).openapi('TenantUsage')

const ofTenant = createRoute({
  ...{ method: 'get', path: '/v1/tenants/{tenant}/usage', tags },
  summary: 'Show how much a tenant holds',
  request: { params: tenantParam },
  responses: { 200: jsonReply('Of one moment.', tenantUsageSchema), ...refusals },
})
const ofBucket = createRoute({
  ...{ method: 'get', path: '/v1/tenants/{tenant}/buckets/{bucket}/usage', tags },
  summary: 'Show how much a bucket holds',
  request: { params: bucketParam },
  responses: { 200: jsonReply('Of one moment.', usageSchema), ...refusals },
})

export function usageRoutes(app: AdminRoutes, deps: AdminDeps): void {
  const { usage } = deps.metadata

  app.openapi(ofTenant, async (c) => {
    const called = c.req.valid('param').tenant
    const { id } = await openTenant(c, deps, { called, doing: 'read' })
    return c.json(await usage.ofTenant(id), 200)
  })

  app.openapi(ofBucket, async (c) => {
    const { tenant: called, bucket: name } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'read' })
    return c.json(await usage.ofBucket(await openBucket(deps, tenant, name)), 200)
  })
}
