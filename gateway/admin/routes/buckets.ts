// `/v1/tenants/{tenant}/buckets`: the buckets of a tenant.
import { createRoute, z } from '@hono/zod-openapi'
import type { Bucket, Tenant } from '../../../metadata/records.ts'
import type { AdminDeps, AdminRoutes } from '../api/admin-env.ts'
import { page, pageOf, pageQuery, readAfter } from '../api/pages.ts'
import { AdminProblem } from '../api/problem.ts'
import { jsonReply, refusals, tenantParam, time, timeOf } from '../api/route-parts.ts'
import { openTenant } from './open-tenant.ts'

export const bucketParam = tenantParam.extend({ bucket: z.string().min(1).max(63) })

const bucketSchema = z
  .object({
    ...{ name: z.string(), region: z.string(), created: time },
    versioning: z.enum(['off', 'enabled', 'suspended']),
  })
  .openapi('Bucket')

const list = createRoute({
  ...{ method: 'get', path: '/v1/tenants/{tenant}/buckets', tags: ['buckets'] },
  summary: 'List buckets of a tenant',
  request: {
    params: tenantParam,
    query: pageQuery.extend({ prefix: z.string().max(63).optional() }),
  },
  responses: { 200: jsonReply('In the order of their names.', pageOf(bucketSchema)), ...refusals },
})

export function bucketRoutes(app: AdminRoutes, deps: AdminDeps): void {
  app.openapi(list, async (c) => {
    const called = c.req.valid('param').tenant
    const tenant = await openTenant(c, deps, { called, doing: 'read' })
    const { prefix = '', ...asked } = c.req.valid('query')
    const after = readAfter(asked)
    const found = await deps.metadata.buckets.list(tenant.id, {
      ...{ namespace: tenant.namespace, prefix, limit: asked.limit },
      ...(after === undefined ? {} : { after }),
    })
    const next = found.isTruncated ? found.buckets.at(-1)?.name : undefined
    return c.json(page(found.buckets.map(showBucket), next), 200)
  })
}

/** Throws `NoSuchBucket`. */
export async function openBucket(
  { metadata }: AdminDeps,
  { id, namespace }: Tenant,
  name: string,
): Promise<Bucket> {
  const bucket = await metadata.buckets.get(namespace, name)
  if (bucket?.tenantId !== id) throw new AdminProblem('NoSuchBucket')
  return bucket
}

function showBucket({ name, region, createdMs, versioning }: Bucket) {
  return { name, region, versioning, created: timeOf(createdMs) }
}
