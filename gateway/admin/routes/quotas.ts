// `/v1/tenants/{tenant}/quota`, and that of a bucket: what they may hold at most.
import { createRoute } from '@hono/zod-openapi'
import type { AdminDeps, AdminRoutes } from '../api/admin-env.ts'
import { requireRevision, tagOfRevision } from '../api/entity-tags.ts'
import { AdminProblem } from '../api/problem.ts'
import { changeHeaders, jsonBody, jsonReply, refusals, tenantParam } from '../api/route-parts.ts'
import { changeTenant, setOfTenant } from '../tenants/change-tenant.ts'
import { bucketParam, openBucket } from './buckets.ts'
import { changedTenant, openTenant } from './open-tenant.ts'
import { bucketQuotaSchema, quotaOf, quotaSchema } from './shown-tenant.ts'

const ofTenant = '/v1/tenants/{tenant}/quota'
const ofBucket = '/v1/tenants/{tenant}/buckets/{bucket}/quota'
const tags = ['quotas']

const show = createRoute({
  ...{ method: 'get', path: ofTenant, tags, summary: 'Show the quota of a tenant' },
  request: { params: tenantParam },
  responses: {
    200: jsonReply('The quota, with the ETag of the tenant.', quotaSchema),
    ...refusals,
  },
})
const set = createRoute({
  ...{ method: 'put', path: ofTenant, tags, summary: 'Set the quota of a tenant' },
  request: { params: tenantParam, headers: changeHeaders, ...jsonBody(quotaSchema) },
  responses: { 200: jsonReply('As it is now.', quotaSchema), ...refusals },
})
const showOfBucket = createRoute({
  ...{ method: 'get', path: ofBucket, tags, summary: 'Show the quota of a bucket' },
  request: { params: bucketParam },
  responses: { 200: jsonReply('The quota, with its ETag.', bucketQuotaSchema), ...refusals },
})
const setOfBucket = createRoute({
  ...{ method: 'put', path: ofBucket, tags, summary: 'Set the quota of a bucket' },
  request: { params: bucketParam, headers: changeHeaders, ...jsonBody(bucketQuotaSchema) },
  responses: { 200: jsonReply('As it is now.', bucketQuotaSchema), ...refusals },
})

export function quotaRoutes(app: AdminRoutes, deps: AdminDeps): void {
  app.openapi(show, async (c) => {
    const called = c.req.valid('param').tenant
    const tenant = await openTenant(c, deps, { called, doing: 'read' })
    return c.json(tenant.quota, 200, { ETag: tagOfRevision(tenant.revision) })
  })

  app.openapi(set, async (c) => {
    const called = c.req.valid('param').tenant
    const { id } = await openTenant(c, deps, { called, doing: 'govern' })
    const target = { tenantId: id, ifRevision: requireRevision(c.req.header('if-match')) }
    const change = setOfTenant({ quota: quotaOf(c.req.valid('json')) })
    const { quota, revision } = changedTenant(await changeTenant(deps, target, change))
    return c.json(quota, 200, { ETag: tagOfRevision(revision) })
  })

  app.openapi(showOfBucket, async (c) => {
    const { tenant: called, bucket: name } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'read' })
    const bucket = await openBucket(deps, tenant, name)
    const found = await deps.metadata.bucketConfigs.get(bucket, 'quota')
    return c.json(found?.document ?? {}, 200, { ETag: tagOfRevision(found?.revision ?? 0) })
  })

  app.openapi(setOfBucket, async (c) => {
    const { tenant: called, bucket: name } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const bucket = await openBucket(deps, tenant, name)
    const { bytes, objects } = quotaOf(c.req.valid('json'))
    const wanted = {
      ...(bytes === undefined ? {} : { bytes }),
      ...(objects === undefined ? {} : { objects }),
    }
    const asked = requireRevision(c.req.header('if-match'))
    const ifRevision = asked === undefined ? {} : { ifRevision: asked }
    const { bucketConfigs } = deps.metadata
    const setQuota = async () => {
      const isSet = bytes !== undefined || objects !== undefined
      if (isSet) return bucketConfigs.put(bucket, 'quota', { document: wanted, ...ifRevision })
      const removed = await bucketConfigs.delete(bucket, 'quota', ifRevision)
      return removed.is === 'done' ? { ...removed, revision: 0 } : removed
    }
    const outcome = await setQuota()
    if (outcome.is === 'noSuchBucket') throw new AdminProblem('NoSuchBucket')
    if (outcome.is === 'changed') throw new AdminProblem('PreconditionFailed')
    return c.json(wanted, 200, { ETag: tagOfRevision(outcome.revision) })
  })
}
