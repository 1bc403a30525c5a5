// `/v1/admins`: those who administer the server, and their keys. For superadmins alone.
import { createRoute, z } from '@hono/zod-openapi'
import type { AdminDocument } from '../../../metadata/identity-records.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { accountId } from '../../access/owner.ts'
import { findTenant } from '../../access/tenant-names.ts'
import { pageOfDocuments } from '../account/page-of-documents.ts'
import { adminsTenantId } from '../admins/admins-tenant.ts'
import {
  addAdminKey,
  changeAdmin,
  createAdmin,
  removeAdmin,
  removeAdminKey,
} from '../admins/change-admins.ts'
import type { AdminDeps, AdminRoutes } from '../api/admin-env.ts'
import { requireRevision, tagOfRevision } from '../api/entity-tags.ts'
import { madeOnce } from '../api/made-once.ts'
import { pageOf, pageQuery } from '../api/pages.ts'
import { AdminProblem } from '../api/problem.ts'
import {
  changeHeaders,
  jsonBody,
  jsonReply,
  noReply,
  onceHeaders,
  refusals,
  time,
  timeOf,
} from '../api/route-parts.ts'
import { requireAll } from '../sign-in/principal.ts'
import { keyWithSecretSchema } from './shown-tenant.ts'

const tags = ['admins']
const roles = z.enum(['superadmin', 'tenantAdmin', 'readOnly'])
const name = z.string().regex(/^[\w+=,.@-]{1,64}$/)
const tenant = z.string().min(1).max(63).openapi({ description: 'Name, or id of the account.' })

const newAdminSchema = z
  .strictObject({ name, role: roles, tenant: tenant.optional() })
  .openapi('NewAdmin')
const adminChangesSchema = z
  .strictObject({
    ...{ name: name.optional(), role: roles.optional() },
    tenant: tenant.nullable().optional().openapi({ description: 'null: all tenants.' }),
  })
  .openapi('AdminChanges')
const adminSchema = z
  .object({
    ...{ id: z.string(), name: z.string(), role: roles },
    tenant: z.string().optional().openapi({ description: 'Id of the account. Absent: all.' }),
    keys: z.array(z.object({ accessKeyId: z.string(), created: time })),
    created: time,
  })
  .openapi('Admin')
const madeAdminSchema = adminSchema.extend({ key: keyWithSecretSchema }).openapi('MadeAdmin')

const idParam = z.object({ id: z.string().regex(/^[0-9a-f]{16}$/) })
const keyParam = idParam.extend({ accessKeyId: z.string().max(128) })

const [all, one] = ['/v1/admins', '/v1/admins/{id}'] as const
const create = createRoute({
  ...{ method: 'post', path: all, tags, summary: 'Make an admin' },
  request: { headers: onceHeaders, ...jsonBody(newAdminSchema) },
  responses: { 201: jsonReply('With his first key.', madeAdminSchema), ...refusals },
})
const list = createRoute({
  ...{ method: 'get', path: all, tags, summary: 'List admins' },
  request: { query: pageQuery },
  responses: { 200: jsonReply('In the order of their ids.', pageOf(adminSchema)), ...refusals },
})
const show = createRoute({
  ...{ method: 'get', path: one, tags, summary: 'Show an admin' },
  request: { params: idParam },
  responses: { 200: jsonReply('The admin, with his ETag.', adminSchema), ...refusals },
})
const change = createRoute({
  ...{ method: 'patch', path: one, tags, summary: 'Change an admin' },
  request: { params: idParam, headers: changeHeaders, ...jsonBody(adminChangesSchema) },
  responses: { 200: jsonReply('As he is now.', adminSchema), ...refusals },
})
const remove = createRoute({
  ...{ method: 'delete', path: one, tags, summary: 'Remove an admin with his keys and tokens' },
  request: { params: idParam, headers: changeHeaders },
  responses: { 204: noReply, ...refusals },
})
const addKey = createRoute({
  ...{ method: 'post', path: '/v1/admins/{id}/keys', tags, summary: 'Make a key of an admin' },
  request: { params: idParam, headers: onceHeaders },
  responses: { 201: jsonReply('With its secret.', keyWithSecretSchema), ...refusals },
})
const removeKey = createRoute({
  ...{ method: 'delete', path: '/v1/admins/{id}/keys/{accessKeyId}', tags },
  summary: 'Remove a key of an admin',
  request: { params: keyParam },
  responses: { 204: noReply, ...refusals },
})

export function adminsRoutes(app: AdminRoutes, deps: AdminDeps): void {
  const { identities } = deps.metadata

  app.openapi(create, async (c) => {
    requireAll(c.get('principal'), 'govern')
    const { tenant: called, ...wanted } = c.req.valid('json')
    const tenantId = called === undefined ? undefined : await idOf(deps, called)
    const made = await madeOnce(c, { deps, schema: madeAdminSchema }, async (draws) => {
      const { admin, key } = await createAdmin({ ...deps, ...draws }, { ...wanted, tenantId })
      const { accessKeyId, secretKey: secretAccessKey } = key
      return { ...showAdmin(admin), key: { accessKeyId, secretAccessKey } }
    })
    return c.json(made, 201, { ETag: tagOfRevision(1), Location: `${all}/${made.id}` })
  })

  app.openapi(list, async (c) => {
    requireAll(c.get('principal'), 'read')
    const asked = c.req.valid('query')
    const admins = await pageOfDocuments(deps, adminsTenantId, {
      kind: 'admin',
      asked,
      show: ({ document }) => showAdmin(document),
    })
    return c.json(admins, 200)
  })

  app.openapi(show, async (c) => {
    requireAll(c.get('principal'), 'read')
    const admin = await identities.get(adminsTenantId, 'admin', c.req.valid('param').id)
    if (admin === undefined) throw new AdminProblem('NoSuchAdmin')
    return c.json(showAdmin(admin), 200, { ETag: tagOfRevision(admin.revision) })
  })

  app.openapi(change, async (c) => {
    requireAll(c.get('principal'), 'govern')
    const { id } = c.req.valid('param')
    const target = { id, ifRevision: requireRevision(c.req.header('if-match')) }
    const { tenant: called, ...wanted } = c.req.valid('json')
    const tenantId = typeof called === 'string' ? await idOf(deps, called) : called
    const admin = await changeAdmin(deps, target, { ...wanted, tenantId })
    return c.json(showAdmin(admin), 200, { ETag: tagOfRevision(admin.revision) })
  })

  app.openapi(remove, async (c) => {
    requireAll(c.get('principal'), 'govern')
    const { id } = c.req.valid('param')
    await removeAdmin(deps, { id, ifRevision: requireRevision(c.req.header('if-match')) })
    return c.body(null, 204)
  })

  app.openapi(addKey, async (c) => {
    requireAll(c.get('principal'), 'govern')
    const { id } = c.req.valid('param')
    const made = await madeOnce(c, { deps, schema: keyWithSecretSchema }, async (draws) => {
      const { accessKeyId, secretKey } = await addAdminKey({ ...deps, ...draws }, id)
      return { accessKeyId, secretAccessKey: secretKey }
    })
    return c.json(made, 201, { Location: `${all}/${id}/keys/${made.accessKeyId}` })
  })

  app.openapi(removeKey, async (c) => {
    requireAll(c.get('principal'), 'govern')
    await removeAdminKey(deps, c.req.valid('param'))
    return c.body(null, 204)
  })
}

/** Throws `NoSuchTenant`. */
async function idOf({ metadata }: AdminDeps, called: string): Promise<TenantId> {
  const tenant = await findTenant(metadata.tenants, called)
  if (tenant === undefined) throw new AdminProblem('NoSuchTenant')
  return tenant.id
}

function showAdmin({ id, name, role, tenantId, keys, createdMs }: AdminDocument) {
  return {
    ...{ id, name, role, created: timeOf(createdMs) },
    ...(tenantId === undefined ? {} : { tenant: accountId(tenantId) }),
    keys: keys.map((key) => ({ accessKeyId: key.accessKeyId, created: timeOf(key.createdMs) })),
  }
}
