// `/v1/tenants/{tenant}/keys`: access keys of the tenant's root user, and a list of all that there are.
import { createRoute, z } from '@hono/zod-openapi'
import type { AccessKey } from '../../../metadata/records.ts'
import { runIamAction } from '../account/run-iam-action.ts'
import type { AdminDeps, AdminRoutes } from '../api/admin-env.ts'
import { madeOnce } from '../api/made-once.ts'
import { page, pageOf, pageQuery, readAfter } from '../api/pages.ts'
import {
  jsonBody,
  jsonReply,
  noReply,
  onceHeaders,
  refusals,
  tenantParam,
  time,
  timeOf,
} from '../api/route-parts.ts'
import { openTenant } from './open-tenant.ts'
import { keyWithSecretSchema } from './shown-tenant.ts'

const tags = ['keys']
const [all, one] = ['/v1/tenants/{tenant}/keys', '/v1/tenants/{tenant}/keys/{accessKeyId}'] as const

export const keyStatus = z.enum(['active', 'inactive'])
export const keySchema = z
  .object({
    ...{ accessKeyId: z.string(), user: z.string(), status: keyStatus, created: time },
    lastUsed: z
      .object({ at: time, service: z.string(), region: z.string() })
      .optional()
      .openapi({ description: 'Within some ten minutes.' }),
  })
  .openapi('Key')
export const keyChangesSchema = z.strictObject({ status: keyStatus }).openapi('KeyChanges')
const keyParam = tenantParam.extend({ accessKeyId: z.string().min(1).max(128) })

const list = createRoute({
  ...{ method: 'get', path: all, tags, summary: 'List access keys of all users' },
  request: { params: tenantParam, query: pageQuery },
  responses: { 200: jsonReply('In the order of their ids.', pageOf(keySchema)), ...refusals },
})
const create = createRoute({
  ...{ method: 'post', path: all, tags, summary: 'Make a key of the root user' },
  request: { params: tenantParam, headers: onceHeaders },
  responses: { 201: jsonReply('With its secret.', keyWithSecretSchema), ...refusals },
})
const change = createRoute({
  ...{ method: 'patch', path: one, tags, summary: 'Open or close a key of the root user' },
  description: 'The last one that is active stays so.',
  request: { params: keyParam, ...jsonBody(keyChangesSchema) },
  responses: { 204: noReply, ...refusals },
})
const remove = createRoute({
  ...{ method: 'delete', path: one, tags, summary: 'Remove a key of the root user' },
  description: 'The last one that is active stays.',
  request: { params: keyParam },
  responses: { 204: noReply, ...refusals },
})

export function keyRoutes(app: AdminRoutes, deps: AdminDeps): void {
  app.openapi(list, async (c) => {
    const called = c.req.valid('param').tenant
    const { id } = await openTenant(c, deps, { called, doing: 'read' })
    const asked = c.req.valid('query')
    const after = readAfter(asked)
    const from = after === undefined ? {} : { after }
    const limit = asked.limit + 1
    const rows = await deps.metadata.tenants.listAccessKeys(id, { ...from, limit })
    const shown = rows.slice(0, asked.limit)
    const next = rows.length > shown.length ? shown.at(-1)?.accessKeyId : undefined
    return c.json(page(await Promise.all(shown.map((row) => showKey(deps, row))), next), 200)
  })

  app.openapi(create, async (c) => {
    const called = c.req.valid('param').tenant
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const made = await madeOnce(c, { deps, schema: keyWithSecretSchema }, async (draws) =>
      newKeyOf(
        await runIamAction(c, deps, { tenant, action: 'CreateAccessKey', parameters: {}, draws }),
      ),
    )
    return c.json(made, 201, { Location: `/v1/tenants/${called}/keys/${made.accessKeyId}` })
  })

  app.openapi(change, async (c) => {
    const { tenant: called, accessKeyId: AccessKeyId } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const Status = c.req.valid('json').status === 'active' ? 'Active' : 'Inactive'
    const parameters = { AccessKeyId, Status }
    await runIamAction(c, deps, { tenant, action: 'UpdateAccessKey', parameters })
    return c.body(null, 204)
  })

  app.openapi(remove, async (c) => {
    const { tenant: called, accessKeyId: AccessKeyId } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const parameters = { AccessKeyId }
    await runIamAction(c, deps, { tenant, action: 'DeleteAccessKey', parameters })
    return c.body(null, 204)
  })
}

export function newKeyOf(fields: ReadonlyMap<string, string>) {
  const [accessKeyId = '', secretAccessKey = ''] = ['AccessKeyId', 'SecretAccessKey'].map((name) =>
    fields.get(name),
  )
  return { accessKeyId, secretAccessKey }
}

export async function showKey(
  { metadata }: AdminDeps,
  { accessKeyId, userName, status, createdMs }: Omit<AccessKey, 'sealedSecret' | 'tenantId'>,
) {
  const use = await metadata.tenants.keyUse(accessKeyId)
  const lastUsed = use && { at: timeOf(use.usedMs), service: use.service, region: use.region }
  return {
    ...{ accessKeyId, user: userName, status, created: timeOf(createdMs) },
    ...(lastUsed === undefined ? {} : { lastUsed }),
  }
}
