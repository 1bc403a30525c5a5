// `/v1/tenants/{tenant}/users`: users of a tenant and their access keys. What policies they have is in `attached.ts`.
import { createRoute, z } from '@hono/zod-openapi'
import type { UserDocument } from '../../../metadata/identity-records.ts'
import type { Tenant } from '../../../metadata/records.ts'
import { iamArn } from '../../access/owner.ts'
import { nameKey } from '../../iam/iam-names.ts'
import { noSuchEntity } from '../../iam/no-such-entity.ts'
import { conditionOf } from '../account/account-condition.ts'
import { pageOfDocuments } from '../account/page-of-documents.ts'
import { makeByIam, runIamAction } from '../account/run-iam-action.ts'
import type { AdminDeps, AdminRoutes } from '../api/admin-env.ts'
import { tagOfContent } from '../api/entity-tags.ts'
import { madeOnce } from '../api/made-once.ts'
import { page, pageOf, pageQuery } from '../api/pages.ts'
import {
  changeHeaders,
  jsonBody,
  jsonReply,
  noReply,
  onceHeaders,
  refusals,
  tenantParam,
  time,
  timeOf,
} from '../api/route-parts.ts'
import { keyChangesSchema, keySchema, newKeyOf, showKey } from './keys.ts'
import { openTenant } from './open-tenant.ts'
import { keyWithSecretSchema } from './shown-tenant.ts'

const tags = ['users']
const all = '/v1/tenants/{tenant}/users'
const one = '/v1/tenants/{tenant}/users/{user}'
const keys = '/v1/tenants/{tenant}/users/{user}/keys'
const key = '/v1/tenants/{tenant}/users/{user}/keys/{accessKeyId}'

const newUserSchema = z
  .strictObject({ name: z.string().min(1).max(64), path: z.string().max(512).optional() })
  .openapi('NewUser')
const userSchema = z
  .object({
    ...{ name: z.string(), id: z.string(), arn: z.string(), path: z.string(), created: time },
    groups: z.array(z.string()).openapi({ description: 'In lower case.' }),
    attached: z.array(z.string()).openapi({ description: 'ARNs of managed policies.' }),
    inline: z.array(z.string()).openapi({ description: 'Names of policies of its own.' }),
    boundary: z.string().optional(),
    keys: z.int().openapi({ description: 'How many access keys.' }),
  })
  .openapi('User')

const userParam = tenantParam.extend({ user: z.string().min(1).max(64) })
const keyParam = userParam.extend({ accessKeyId: z.string().min(1).max(128) })

const list = createRoute({
  ...{ method: 'get', path: all, tags, summary: 'List users of a tenant' },
  request: {
    params: tenantParam,
    query: pageQuery.extend({ prefix: z.string().max(64).optional() }),
  },
  responses: { 200: jsonReply('In the order of their names.', pageOf(userSchema)), ...refusals },
})
const create = createRoute({
  ...{ method: 'post', path: all, tags, summary: 'Make a user' },
  request: { params: tenantParam, headers: onceHeaders, ...jsonBody(newUserSchema) },
  responses: { 201: jsonReply('The user, without keys and policies.', userSchema), ...refusals },
})
const show = createRoute({
  ...{ method: 'get', path: one, tags, summary: 'Show a user' },
  request: { params: userParam },
  responses: { 200: jsonReply('The user, with its ETag.', userSchema), ...refusals },
})
const remove = createRoute({
  ...{ method: 'delete', path: one, tags, summary: 'Remove a user' },
  description: 'One that has no keys, policies and groups any more.',
  request: { params: userParam, headers: changeHeaders },
  responses: { 204: noReply, ...refusals },
})
const listKeys = createRoute({
  ...{ method: 'get', path: keys, tags, summary: 'List keys of a user' },
  request: { params: userParam },
  responses: { 200: jsonReply('All of them.', pageOf(keySchema)), ...refusals },
})
const createKey = createRoute({
  ...{ method: 'post', path: keys, tags, summary: 'Make a key of a user' },
  request: { params: userParam, headers: onceHeaders },
  responses: { 201: jsonReply('With its secret.', keyWithSecretSchema), ...refusals },
})
const changeKey = createRoute({
  ...{ method: 'patch', path: key, tags, summary: 'Open or close a key of a user' },
  request: { params: keyParam, ...jsonBody(keyChangesSchema) },
  responses: { 204: noReply, ...refusals },
})
const removeKey = createRoute({
  ...{ method: 'delete', path: key, tags, summary: 'Remove a key of a user' },
  request: { params: keyParam },
  responses: { 204: noReply, ...refusals },
})

export function userRoutes(app: AdminRoutes, deps: AdminDeps): void {
  const { identities } = deps.metadata

  app.openapi(list, async (c) => {
    const called = c.req.valid('param').tenant
    const tenant = await openTenant(c, deps, { called, doing: 'read' })
    const { prefix = '', ...asked } = c.req.valid('query')
    const users = await pageOfDocuments(deps, tenant.id, {
      ...{ kind: 'user', prefix: nameKey(prefix), asked },
      show: ({ document }) => showUser(tenant, document),
    })
    return c.json(users, 200)
  })

  app.openapi(create, async (c) => {
    const called = c.req.valid('param').tenant
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const { name: UserName, path: Path } = c.req.valid('json')
    const made = await madeOnce(c, { deps, schema: userSchema }, async (draws) => {
      const user = await makeByIam(c, deps, {
        ...{ tenant, action: 'CreateUser', parameters: { UserName, Path }, draws },
        find: () => identities.get(tenant.id, 'user', nameKey(UserName)),
      })
      return showUser(tenant, user)
    })
    const location = `/v1/tenants/${called}/users/${encodeURIComponent(made.name)}`
    return c.json(made, 201, { Location: location })
  })

  app.openapi(show, async (c) => {
    const { tenant: called, user: name } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'read' })
    const user = await requireUser(deps, tenant, name)
    return c.json(showUser(tenant, user), 200, { ETag: tagOfContent(user) })
  })

  app.openapi(remove, async (c) => {
    const { tenant: called, user: UserName } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const ref = { kind: 'user', name: nameKey(UserName) } as const
    const condition = conditionOf(c.req.header('if-match'), ref)
    const parameters = { UserName }
    await runIamAction(c, deps, { tenant, action: 'DeleteUser', parameters, condition })
    return c.body(null, 204)
  })

  app.openapi(listKeys, async (c) => {
    const { tenant: called, user: name } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'read' })
    const user = await requireUser(deps, tenant, name)
    const shown = user.accessKeys.map((each) => showKey(deps, { ...each, userName: user.name }))
    return c.json(page(await Promise.all(shown), undefined), 200)
  })

  app.openapi(createKey, async (c) => {
    const { tenant: called, user: UserName } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const made = await madeOnce(c, { deps, schema: keyWithSecretSchema }, async (draws) => {
      const parameters = { UserName }
      const asked = { tenant, action: 'CreateAccessKey', parameters, draws }
      return newKeyOf(await runIamAction(c, deps, asked))
    })
    return c.json(made, 201)
  })

  app.openapi(changeKey, async (c) => {
    const { tenant: called, user: UserName, accessKeyId: AccessKeyId } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const Status = c.req.valid('json').status === 'active' ? 'Active' : 'Inactive'
    const parameters = { UserName, AccessKeyId, Status }
    await runIamAction(c, deps, { tenant, action: 'UpdateAccessKey', parameters })
    return c.body(null, 204)
  })

  app.openapi(removeKey, async (c) => {
    const { tenant: called, user: UserName, accessKeyId: AccessKeyId } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const parameters = { UserName, AccessKeyId }
    await runIamAction(c, deps, { tenant, action: 'DeleteAccessKey', parameters })
    return c.body(null, 204)
  })
}

/** Throws `NoSuchEntity`. */
async function requireUser(
  { metadata }: AdminDeps,
  { id }: Tenant,
  name: string,
): Promise<UserDocument> {
  const user = await metadata.identities.get(id, 'user', nameKey(name))
  if (user === undefined) throw noSuchEntity('user', name)
  return user
}

function showUser({ id: tenantId }: Tenant, user: UserDocument) {
  const { name, id, path, createdMs, groups, attached, inline, boundary, accessKeys } = user
  return {
    ...{ name, id, path, arn: iamArn(tenantId, 'user', user), created: timeOf(createdMs) },
    ...{ groups: [...groups], attached: [...attached], keys: accessKeys.length },
    inline: inline.map((policy) => policy.name),
    ...(boundary === undefined ? {} : { boundary }),
  }
}
