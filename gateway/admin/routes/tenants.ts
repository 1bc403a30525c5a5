// `/v1/tenants`: made, listed, shown and changed; how they are suspended and deleted is in `tenant-states.ts`.
import { createRoute, z } from '@hono/zod-openapi'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import { parseTenantId } from '../../../metadata/record-ids.ts'
import type { Tenant, TenantId } from '../../../metadata/records.ts'
import type { AdminDeps, AdminRoutes } from '../api/admin-env.ts'
import { requireRevision, tagOfRevision } from '../api/entity-tags.ts'
import { madeOnce } from '../api/made-once.ts'
import { type PageAsked, page, pageOf, pageQuery, readAfter } from '../api/pages.ts'
import { AdminProblem } from '../api/problem.ts'
import {
  changeHeaders,
  jsonBody,
  jsonReply,
  onceHeaders,
  refusals,
  tenantParam,
} from '../api/route-parts.ts'
import { requireAll, requireRole } from '../sign-in/principal.ts'
import { changeTenant, setOfTenant } from '../tenants/change-tenant.ts'
import { createTenant } from '../tenants/create-tenant.ts'
import { changedTenant, openTenant } from './open-tenant.ts'
import {
  madeTenantSchema,
  newTenantSchema,
  quotaOf,
  quotaSchema,
  regionSchema,
  showTenant,
  tenantSchema,
} from './shown-tenant.ts'

const tags = ['tenants']

const filters = pageQuery.extend({
  status: z.enum(['active', 'suspended', 'deleting']).optional(),
  namespace: z.enum(['own', 'default']).optional(),
  prefix: z.string().max(63).optional().openapi({ description: 'What names begin with.' }),
})

const create = createRoute({
  ...{ method: 'post', path: '/v1/tenants', tags, summary: 'Make a tenant' },
  request: { headers: onceHeaders, ...jsonBody(newTenantSchema) },
  responses: {
    201: jsonReply('With the first key of its root user.', madeTenantSchema),
    ...refusals,
  },
})

const list = createRoute({
  ...{ method: 'get', path: '/v1/tenants', tags, summary: 'List tenants' },
  request: { query: filters },
  responses: { 200: jsonReply('In the order of their ids.', pageOf(tenantSchema)), ...refusals },
})

const show = createRoute({
  ...{ method: 'get', path: '/v1/tenants/{tenant}', tags, summary: 'Show a tenant' },
  request: { params: tenantParam },
  responses: { 200: jsonReply('The tenant, with its ETag.', tenantSchema), ...refusals },
})

const changes = z
  .strictObject({
    region: regionSchema.nullable().optional().openapi({ description: 'null: the server’s.' }),
    quota: quotaSchema.optional().openapi({ description: 'In the place of the one that is.' }),
  })
  .openapi('TenantChanges')

const change = createRoute({
  ...{ method: 'patch', path: '/v1/tenants/{tenant}', tags, summary: 'Change a tenant' },
  request: { params: tenantParam, headers: changeHeaders, ...jsonBody(changes) },
  responses: { 200: jsonReply('As it is now.', tenantSchema), ...refusals },
})

export function tenantRoutes(app: AdminRoutes, deps: AdminDeps): void {
  app.openapi(create, async (c) => {
    requireAll(c.get('principal'), 'govern')
    const wanted = c.req.valid('json')
    const made = await madeOnce(c, { deps, schema: madeTenantSchema }, async (draws) => {
      const outcome = await createTenant(
        { ...deps, ...draws },
        { ...wanted, quota: quotaOf(wanted.quota) },
      )
      if (outcome.is === 'nameTaken') throw nameTaken()
      const { accessKeyId, secretKey: secretAccessKey } = outcome.key
      return { ...showTenant(outcome.tenant), key: { accessKeyId, secretAccessKey } }
    })
    const headers = { ETag: tagOfRevision(1), Location: `/v1/tenants/${made.id}` }
    return c.json(made, 201, headers)
  })

  app.openapi(list, async (c) => {
    const principal = c.get('principal')
    requireRole(principal, 'read')
    const asked = c.req.valid('query')
    const isWanted = (tenant: Tenant) =>
      (asked.status === undefined || asked.status === tenant.status) &&
      (asked.namespace === undefined || asked.namespace === namespaceOf(tenant)) &&
      tenant.name.startsWith(asked.prefix ?? '')
    const { items, next } =
      principal.tenantId === undefined
        ? await listWanted(deps, asked, isWanted)
        : { items: (await ownTenant(deps, principal.tenantId)).filter(isWanted), next: undefined }
    return c.json(page(items.map(showTenant), next), 200)
  })

  app.openapi(show, async (c) => {
    const called = c.req.valid('param').tenant
    const tenant = await openTenant(c, deps, { called, doing: 'read' })
    return c.json(showTenant(tenant), 200, { ETag: tagOfRevision(tenant.revision) })
  })

  app.openapi(change, async (c) => {
    const called = c.req.valid('param').tenant
    const { id } = await openTenant(c, deps, { called, doing: 'govern' })
    const ifRevision = requireRevision(c.req.header('if-match'))
    const { region, quota } = c.req.valid('json')
    const wanted = { region, quota: quota && quotaOf(quota) }
    const target = { tenantId: id, ifRevision }
    const tenant = changedTenant(await changeTenant(deps, target, setOfTenant(wanted)))
    return c.json(showTenant(tenant), 200, { ETag: tagOfRevision(tenant.revision) })
  })
}

async function ownTenant({ metadata }: AdminDeps, id: TenantId): Promise<readonly Tenant[]> {
  const tenant = await metadata.tenants.get(id)
  return tenant === undefined ? [] : [tenant]
}

function nameTaken(): AdminProblem {
  return new AdminProblem('AlreadyExists', { detail: 'A tenant of this name is there already.' })
}

function namespaceOf({ namespace }: Tenant): 'own' | 'default' {
  return namespace === defaultNamespace ? 'default' : 'own'
}

/** So many rows are looked at for one answer, however few of them are wanted. */
const rowsMax = 5_000

async function listWanted(
  { metadata }: AdminDeps,
  asked: PageAsked,
  isWanted: (tenant: Tenant) => boolean,
): Promise<{ readonly items: readonly Tenant[]; readonly next: string | undefined }> {
  const items: Tenant[] = []
  let after = parseTenantId(readAfter(asked) ?? '')
  for (let rows = 0; ; ) {
    const from = after === undefined ? {} : { after }
    const found = await metadata.tenants.list({ ...from, limit: asked.limit })
    for (const [at, tenant] of found.tenants.entries()) {
      after = tenant.id
      if (!isWanted(tenant)) continue
      items.push(tenant)
      const isLast = at === found.tenants.length - 1 && !found.isTruncated
      if (items.length === asked.limit) return { items, next: isLast ? undefined : after }
    }
    rows += found.tenants.length
    if (!found.isTruncated) return { items, next: undefined }
    if (rows >= rowsMax) return { items, next: after }
  }
}
