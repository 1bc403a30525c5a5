// `/v1/tenants/{tenant}/groups`: groups of a tenant and who is in them. What policies they have is in `attached.ts`.
import { createRoute, z } from '@hono/zod-openapi'
import type { GroupDocument } from '../../../metadata/identity-records.ts'
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
import { pageOf, pageQuery } from '../api/pages.ts'
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
import { openTenant } from './open-tenant.ts'

const tags = ['groups']
const all = '/v1/tenants/{tenant}/groups'
const one = '/v1/tenants/{tenant}/groups/{group}'
const users = '/v1/tenants/{tenant}/groups/{group}/users'
const member = '/v1/tenants/{tenant}/groups/{group}/users/{user}'

const newGroupSchema = z
  .strictObject({ name: z.string().min(1).max(128), path: z.string().max(512).optional() })
  .openapi('NewGroup')
const groupSchema = z
  .object({
    ...{ name: z.string(), id: z.string(), arn: z.string(), path: z.string(), created: time },
    attached: z.array(z.string()).openapi({ description: 'ARNs of managed policies.' }),
    inline: z.array(z.string()).openapi({ description: 'Names of policies of its own.' }),
  })
  .openapi('Group')
const memberSchema = z.object({ name: z.string() }).openapi('Member')

const groupParam = tenantParam.extend({ group: z.string().min(1).max(128) })
const memberParam = groupParam.extend({ user: z.string().min(1).max(64) })

const list = createRoute({
  ...{ method: 'get', path: all, tags, summary: 'List groups of a tenant' },
  request: { params: tenantParam, query: pageQuery },
  responses: { 200: jsonReply('In the order of their names.', pageOf(groupSchema)), ...refusals },
})
const create = createRoute({
  ...{ method: 'post', path: all, tags, summary: 'Make a group' },
  request: { params: tenantParam, headers: onceHeaders, ...jsonBody(newGroupSchema) },
  responses: { 201: jsonReply('The group, with nobody in it.', groupSchema), ...refusals },
})
const show = createRoute({
  ...{ method: 'get', path: one, tags, summary: 'Show a group' },
  request: { params: groupParam },
  responses: { 200: jsonReply('The group, with its ETag.', groupSchema), ...refusals },
})
const remove = createRoute({
  ...{ method: 'delete', path: one, tags, summary: 'Remove a group' },
  description: 'One with nobody in it and without policies.',
  request: { params: groupParam, headers: changeHeaders },
  responses: { 204: noReply, ...refusals },
})
const listUsers = createRoute({
  ...{ method: 'get', path: users, tags, summary: 'List users of a group' },
  request: { params: groupParam, query: pageQuery },
  responses: { 200: jsonReply('In the order of their names.', pageOf(memberSchema)), ...refusals },
})
const addUser = createRoute({
  ...{ method: 'put', path: member, tags, summary: 'Put a user into a group' },
  request: { params: memberParam },
  responses: { 204: noReply, ...refusals },
})
const removeUser = createRoute({
  ...{ method: 'delete', path: member, tags, summary: 'Take a user out of a group' },
  request: { params: memberParam },
  responses: { 204: noReply, ...refusals },
})

export function groupRoutes(app: AdminRoutes, deps: AdminDeps): void {
  const { identities } = deps.metadata

  app.openapi(list, async (c) => {
    const called = c.req.valid('param').tenant
    const tenant = await openTenant(c, deps, { called, doing: 'read' })
    const asked = c.req.valid('query')
    const groups = await pageOfDocuments(deps, tenant.id, {
      ...{ kind: 'group', asked },
      show: ({ document }) => showGroup(tenant, document),
    })
    return c.json(groups, 200)
  })

  app.openapi(create, async (c) => {
    const called = c.req.valid('param').tenant
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const { name: GroupName, path: Path } = c.req.valid('json')
    const made = await madeOnce(c, { deps, schema: groupSchema }, async (draws) => {
      const group = await makeByIam(c, deps, {
        ...{ tenant, action: 'CreateGroup', parameters: { GroupName, Path }, draws },
        find: () => identities.get(tenant.id, 'group', nameKey(GroupName)),
      })
      return showGroup(tenant, group)
    })
    const location = `/v1/tenants/${called}/groups/${encodeURIComponent(made.name)}`
    return c.json(made, 201, { Location: location })
  })

  app.openapi(show, async (c) => {
    const { tenant: called, group: name } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'read' })
    const group = await requireGroup(deps, tenant, name)
    return c.json(showGroup(tenant, group), 200, { ETag: tagOfContent(group) })
  })

  app.openapi(remove, async (c) => {
    const { tenant: called, group: GroupName } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const ref = { kind: 'group', name: nameKey(GroupName) } as const
    const condition = conditionOf(c.req.header('if-match'), ref)
    const parameters = { GroupName }
    await runIamAction(c, deps, { tenant, action: 'DeleteGroup', parameters, condition })
    return c.body(null, 204)
  })

  app.openapi(listUsers, async (c) => {
    const { tenant: called, group: name } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'read' })
    await requireGroup(deps, tenant, name)
    const asked = c.req.valid('query')
    const members = await pageOfDocuments(deps, tenant.id, {
      ...{ kind: 'membership', prefix: `${nameKey(name)}/`, asked },
      show: ({ document }) => ({ name: document.userName }),
    })
    return c.json(members, 200)
  })

  for (const [route, action] of [
    [addUser, 'AddUserToGroup'],
    [removeUser, 'RemoveUserFromGroup'],
  ] as const) {
    app.openapi(route, async (c) => {
      const { tenant: called, group: GroupName, user: UserName } = c.req.valid('param')
      const tenant = await openTenant(c, deps, { called, doing: 'change' })
      await runIamAction(c, deps, { tenant, action, parameters: { GroupName, UserName } })
      return c.body(null, 204)
    })
  }
}

/** Throws `NoSuchEntity`. */
async function requireGroup(
  { metadata }: AdminDeps,
  { id }: Tenant,
  name: string,
): Promise<GroupDocument> {
  const group = await metadata.identities.get(id, 'group', nameKey(name))
  if (group === undefined) throw noSuchEntity('group', name)
  return group
}

function showGroup({ id: tenantId }: Tenant, group: GroupDocument) {
  const { name, id, path, createdMs, attached, inline } = group
  return {
    ...{ name, id, path, arn: iamArn(tenantId, 'group', group), created: timeOf(createdMs) },
    ...{ attached: [...attached], inline: inline.map((policy) => policy.name) },
  }
}
