// `/v1/tokens`: bearer tokens, with which one signs in as oneself for a while; and `/v1/self`, which says who that is.
import { createRoute, z } from '@hono/zod-openapi'
import type { AdminTokenDocument } from '../../../metadata/identity-records.ts'
import { rootTenantId } from '../../access/identity.ts'
import { accountId } from '../../access/owner.ts'
import { changeAccount } from '../../iam/change-account.ts'
import { adminsTenantId } from '../admins/admins-tenant.ts'
import type { AdminDeps, AdminRoutes } from '../api/admin-env.ts'
import { madeOnce } from '../api/made-once.ts'
import { page, pageOf, pageQuery, readAfter } from '../api/pages.ts'
import { AdminProblem } from '../api/problem.ts'
import {
  jsonBody,
  jsonReply,
  noReply,
  onceHeaders,
  refusals,
  time,
  timeOf,
} from '../api/route-parts.ts'
import type { Principal } from '../sign-in/principal.ts'
import { drawToken } from '../sign-in/tokens.ts'

const tags = ['sign-in']
const hour = 60 * 60
/** Of all who have any. */
const tokensMax = 1_000

const newTokenSchema = z
  .strictObject({
    name: z.string().min(1).max(64),
    expiresInSeconds: z
      .int()
      .min(60)
      .max(365 * 24 * hour)
      .default(12 * hour),
    readOnly: z.boolean().default(false).openapi({ description: 'It changes nothing.' }),
  })
  .openapi('NewToken')
const tokenSchema = z
  .object({ id: z.string(), name: z.string(), readOnly: z.boolean(), created: time, expires: time })
  .openapi('Token')
const madeTokenSchema = tokenSchema
  .extend({ token: z.string().openapi({ description: 'It is shown this once.' }) })
  .openapi('MadeToken')
const selfSchema = z
  .object({
    ...{ id: z.string(), name: z.string() },
    role: z.enum(['superadmin', 'tenantAdmin', 'readOnly']),
    tenant: z.string().optional().openapi({ description: 'Id of the account. Absent: all.' }),
  })
  .openapi('Self')

const create = createRoute({
  ...{ method: 'post', path: '/v1/tokens', tags, summary: 'Make a token for oneself' },
  description: 'Signed by a key: no token makes another.',
  request: { headers: onceHeaders, ...jsonBody(newTokenSchema) },
  responses: { 201: jsonReply('The token.', madeTokenSchema), ...refusals },
})
const list = createRoute({
  ...{ method: 'get', path: '/v1/tokens', tags, summary: 'List one’s own tokens' },
  request: { query: pageQuery },
  responses: { 200: jsonReply('Without what opens anything.', pageOf(tokenSchema)), ...refusals },
})
const remove = createRoute({
  ...{ method: 'delete', path: '/v1/tokens/{id}', tags, summary: 'Withdraw one of one’s tokens' },
  request: { params: z.object({ id: z.string().regex(/^[0-9a-f]{16}$/) }) },
  responses: { 204: noReply, ...refusals },
})
const self = createRoute({
  ...{ method: 'get', path: '/v1/self', tags, summary: 'Who has signed this' },
  responses: { 200: jsonReply('Who, and what he may do.', selfSchema), ...refusals },
})

export function tokenRoutes(app: AdminRoutes, deps: AdminDeps): void {
  const { identities } = deps.metadata

  app.openapi(self, (c) => {
    const { id, name, role, tenantId } = c.get('principal')
    const tenant = tenantId === undefined ? {} : { tenant: accountId(tenantId) }
    return c.json({ id, name, role, ...tenant }, 200)
  })

  app.openapi(create, async (c) => {
    const principal = c.get('principal')
    if (principal.by.is === 'token') throw new AdminProblem('Forbidden')
    const { name, expiresInSeconds, readOnly } = c.req.valid('json')
    const made = await madeOnce(c, { deps, schema: madeTokenSchema }, async ({ random, now }) => {
      const { id, token, hash } = drawToken(random)
      const createdMs = now()
      const document: AdminTokenDocument = {
        ...{ id, name, readOnly, hash, createdMs, of: ownerOf(principal) },
        expiresMs: createdMs + expiresInSeconds * 1_000,
      }
      await changeAccount(identities, adminsTenantId, async (account) => {
        const { isTruncated } = await account.list('adminToken', { limit: tokensMax - 1 })
        if (isTruncated) throw new AdminProblem('LimitExceeded')
        account.put('adminToken', id, document)
      })
      return { ...showToken(document), token }
    })
    return c.json(made, 201, { Location: `/v1/tokens/${made.id}` })
  })

  app.openapi(list, async (c) => {
    const principal = c.get('principal')
    const asked = c.req.valid('query')
    const after = readAfter(asked)
    const { entries } = await identities.list(adminsTenantId, 'adminToken', { limit: tokensMax })
    const own = entries.filter(
      ({ name, document }) => (after === undefined || name > after) && isOf(document, principal),
    )
    const shown = own.slice(0, asked.limit)
    const next = own.length > shown.length ? shown.at(-1)?.name : undefined
    return c.json(
      page(
        shown.map(({ document }) => showToken(document)),
        next,
      ),
      200,
    )
  })

  app.openapi(remove, async (c) => {
    const { id } = c.req.valid('param')
    await changeAccount(identities, adminsTenantId, async (account) => {
      const token = await account.get('adminToken', id)
      if (token === undefined || !isOf(token, c.get('principal'))) {
        throw new AdminProblem('NoSuchToken')
      }
      account.remove('adminToken', id)
    })
    return c.body(null, 204)
  })
}

function ownerOf({ id, tenantId }: Principal): AdminTokenDocument['of'] {
  const [, adminId] = /^admin (.*)$/.exec(id) ?? []
  if (adminId !== undefined) return { is: 'admin', id: adminId }
  return { is: 'root', tenantId: tenantId ?? rootTenantId }
}

function isOf({ of }: AdminTokenDocument, principal: Principal): boolean {
  const owner = ownerOf(principal)
  if (of.is === 'admin') return owner.is === 'admin' && owner.id === of.id
  return owner.is === 'root' && owner.tenantId === of.tenantId
}

function showToken({ id, name, readOnly, createdMs, expiresMs }: AdminTokenDocument) {
  return { id, name, readOnly, created: timeOf(createdMs), expires: timeOf(expiresMs) }
}
