// Which policies users and groups have: managed ones by their ARNs, and policies of their own by their names.
import { createRoute, z } from '@hono/zod-openapi'
import { nameKey } from '../../iam/iam-names.ts'
import { noSuchEntity } from '../../iam/no-such-entity.ts'
import { runIamAction } from '../account/run-iam-action.ts'
import type { AdminDeps, AdminRoutes } from '../api/admin-env.ts'
import { AdminProblem } from '../api/problem.ts'
import { jsonBody, jsonReply, noReply, refusals, tenantParam } from '../api/route-parts.ts'
import { openTenant } from './open-tenant.ts'
import { documentSchema } from './policies.ts'

const holders = [
  { kind: 'user', Kind: 'User', plural: 'users' },
  { kind: 'group', Kind: 'Group', plural: 'groups' },
] as const

const holderParam = tenantParam.extend({ name: z.string().min(1).max(128) })
const inlineParam = holderParam.extend({ policy: z.string().min(1).max(128) })
const arnSchema = z
  .strictObject({
    arn: z
      .string()
      .min(20)
      .max(2048)
      .openapi({ example: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }),
  })
  .openapi('PolicyArn')

export function attachedRoutes(app: AdminRoutes, deps: AdminDeps): void {
  for (const { kind, Kind, plural } of holders) {
    const base = `/v1/tenants/{tenant}/${plural}/{name}` as const
    const tags = [plural]
    const named = (name: string) => ({ [`${Kind}Name`]: name })

    for (const [verb, done] of [
      ['attach', 'Attach'],
      ['detach', 'Detach'],
    ] as const) {
      const route = createRoute({
        ...{ method: 'post', path: `${base}/${verb}` as const, tags },
        summary: `${done} a managed policy of a ${kind}`,
        request: { params: holderParam, ...jsonBody(arnSchema) },
        responses: { 204: noReply, ...refusals },
      })
      app.openapi(route, async (c) => {
        const { tenant: called, name } = c.req.valid('param')
        const tenant = await openTenant(c, deps, { called, doing: 'change' })
        const parameters = { ...named(name), PolicyArn: c.req.valid('json').arn }
        await runIamAction(c, deps, { tenant, action: `${done}${Kind}Policy`, parameters })
        return c.body(null, 204)
      })
    }

    const show = createRoute({
      ...{ method: 'get', path: `${base}/policies/{policy}` as const, tags },
      summary: `Show a policy of a ${kind}’s own`,
      request: { params: inlineParam },
      responses: { 200: jsonReply('The document.', documentSchema), ...refusals },
    })
    app.openapi(show, async (c) => {
      const { tenant: called, name, policy } = c.req.valid('param')
      const tenant = await openTenant(c, deps, { called, doing: 'read' })
      const holder = await deps.metadata.identities.get(tenant.id, kind, nameKey(name))
      if (holder === undefined) throw noSuchEntity(kind, name)
      const found = holder.inline.find((each) => each.name === policy)
      if (found === undefined) throw new AdminProblem('NoSuchEntity')
      return c.json(documentSchema.parse(JSON.parse(found.document)), 200)
    })

    const put = createRoute({
      ...{ method: 'put', path: `${base}/policies/{policy}` as const, tags },
      summary: `Put a policy of a ${kind}’s own, or another in its place`,
      request: { params: inlineParam, ...jsonBody(documentSchema) },
      responses: { 204: noReply, ...refusals },
    })
    app.openapi(put, async (c) => {
      const { tenant: called, name, policy: PolicyName } = c.req.valid('param')
      const tenant = await openTenant(c, deps, { called, doing: 'change' })
      const PolicyDocument = JSON.stringify(c.req.valid('json'))
      const parameters = { ...named(name), PolicyName, PolicyDocument }
      await runIamAction(c, deps, { tenant, action: `Put${Kind}Policy`, parameters })
      return c.body(null, 204)
    })

    const remove = createRoute({
      ...{ method: 'delete', path: `${base}/policies/{policy}` as const, tags },
      summary: `Remove a policy of a ${kind}’s own`,
      request: { params: inlineParam },
      responses: { 204: noReply, ...refusals },
    })
    app.openapi(remove, async (c) => {
      const { tenant: called, name, policy: PolicyName } = c.req.valid('param')
      const tenant = await openTenant(c, deps, { called, doing: 'change' })
      const parameters = { ...named(name), PolicyName }
      await runIamAction(c, deps, { tenant, action: `Delete${Kind}Policy`, parameters })
      return c.body(null, 204)
    })
  }
}
