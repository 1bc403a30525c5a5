// `/v1/tenants/{tenant}/policies`: managed policies of a tenant, each with the document that holds.
import { createRoute, z } from '@hono/zod-openapi'
import type { PolicyDocument } from '../../../metadata/identity-records.ts'
import type { Tenant } from '../../../metadata/records.ts'
import { iamArn } from '../../access/owner.ts'
import { versionKey } from '../../access/standing.ts'
import { nameKey } from '../../iam/iam-names.ts'
import { conditionOf } from '../account/account-condition.ts'
import { pageOfDocuments } from '../account/page-of-documents.ts'
import { type Condition, makeByIam, runIamAction } from '../account/run-iam-action.ts'
import type { AdminDeps, AdminRoutes } from '../api/admin-env.ts'
import { tagOfContent } from '../api/entity-tags.ts'
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
  tenantParam,
  time,
  timeOf,
} from '../api/route-parts.ts'
import { openTenant } from './open-tenant.ts'

const tags = ['policies']
const all = '/v1/tenants/{tenant}/policies'
const one = '/v1/tenants/{tenant}/policies/{policy}'

export const documentSchema = z.record(z.string(), z.unknown()).openapi('PolicyDocument', {
  description: 'As in the language of policies.',
  example: { Version: '2012-10-17', Statement: [] },
})

const newPolicySchema = z
  .strictObject({
    ...{ name: z.string().min(1).max(128), path: z.string().max(512).optional() },
    description: z.string().max(1_000).optional(),
    document: documentSchema,
  })
  .openapi('NewPolicy')
const policySchema = z
  .object({
    ...{ name: z.string(), id: z.string(), arn: z.string(), path: z.string(), created: time },
    ...{ description: z.string(), updated: time },
    versions: z.array(z.string()),
    defaultVersion: z.string(),
  })
  .openapi('Policy')
const wholePolicySchema = policySchema.extend({ document: documentSchema }).openapi('WholePolicy')
const newDocumentSchema = z.strictObject({ document: documentSchema }).openapi('NewDocument')

const policyParam = tenantParam.extend({ policy: z.string().min(1).max(128) })

const list = createRoute({
  ...{ method: 'get', path: all, tags, summary: 'List policies of a tenant' },
  request: { params: tenantParam, query: pageQuery },
  responses: { 200: jsonReply('In the order of their names.', pageOf(policySchema)), ...refusals },
})
const create = createRoute({
  ...{ method: 'post', path: all, tags, summary: 'Make a policy' },
  request: { params: tenantParam, headers: onceHeaders, ...jsonBody(newPolicySchema) },
  responses: { 201: jsonReply('The policy, attached to nobody.', wholePolicySchema), ...refusals },
})
const show = createRoute({
  ...{ method: 'get', path: one, tags, summary: 'Show a policy' },
  request: { params: policyParam },
  responses: { 200: jsonReply('The policy, with its ETag.', wholePolicySchema), ...refusals },
})
const change = createRoute({
  ...{ method: 'put', path: one, tags, summary: 'Let another document hold' },
  description: 'It becomes a version. Of five, the oldest that does not hold goes.',
  request: { params: policyParam, headers: changeHeaders, ...jsonBody(newDocumentSchema) },
  responses: { 200: jsonReply('As it is now.', wholePolicySchema), ...refusals },
})
const remove = createRoute({
  ...{ method: 'delete', path: one, tags, summary: 'Remove a policy that is attached to nobody' },
  request: { params: policyParam, headers: changeHeaders },
  responses: { 204: noReply, ...refusals },
})

const versionsMax = 5

export function policyRoutes(app: AdminRoutes, deps: AdminDeps): void {
  const { identities } = deps.metadata

  app.openapi(list, async (c) => {
    const called = c.req.valid('param').tenant
    const tenant = await openTenant(c, deps, { called, doing: 'read' })
    const asked = c.req.valid('query')
    const policies = await pageOfDocuments(deps, tenant.id, {
      ...{ kind: 'policy', asked },
      show: ({ document }) => showPolicy(tenant, document),
    })
    return c.json(policies, 200)
  })

  app.openapi(create, async (c) => {
    const called = c.req.valid('param').tenant
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const { name: PolicyName, path: Path, description, document } = c.req.valid('json')
    const PolicyDocument = JSON.stringify(document)
    const made = await madeOnce(c, { deps, schema: wholePolicySchema }, async (draws) => {
      const parameters = { PolicyName, Path, PolicyDocument, Description: description }
      const policy = await makeByIam(c, deps, {
        ...{ tenant, action: 'CreatePolicy', parameters, draws },
        find: () => identities.get(tenant.id, 'policy', nameKey(PolicyName)),
      })
      return { ...showPolicy(tenant, policy), document }
    })
    const location = `/v1/tenants/${called}/policies/${encodeURIComponent(made.name)}`
    return c.json(made, 201, { Location: location })
  })

  app.openapi(show, async (c) => {
    const { tenant: called, policy: name } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'read' })
    const policy = await requirePolicy(deps, tenant, name)
    const document = await documentOf(deps, tenant, policy)
    return c.json({ ...showPolicy(tenant, policy), document }, 200, { ETag: tagOfContent(policy) })
  })

  app.openapi(change, async (c) => {
    const { tenant: called, policy: name } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const { document } = c.req.valid('json')
    const before = await requirePolicy(deps, tenant, name)
    const PolicyArn = iamArn(tenant.id, 'policy', before)
    const ref = { kind: 'policy', name: nameKey(name) } as const
    const condition = conditionOf(c.req.header('if-match'), ref)
    if (condition !== undefined && condition.tag !== tagOfContent(before)) {
      throw new AdminProblem('PreconditionFailed')
    }
    // From here on it is the policy as it was looked at.
    const first = { ref, tag: tagOfContent(before) }
    const oldest = before.versions.find(({ number }) => number !== before.defaultVersion)
    const isFull = before.versions.length >= versionsMax && oldest !== undefined
    if (isFull) {
      const parameters = { PolicyArn, VersionId: `v${oldest.number}` }
      const action = 'DeletePolicyVersion'
      await runIamAction(c, deps, { tenant, action, parameters, condition: first })
    }
    const parameters = {
      ...{ PolicyArn, PolicyDocument: JSON.stringify(document), SetAsDefault: 'true' },
    }
    await runIamAction(c, deps, {
      ...{ tenant, action: 'CreatePolicyVersion', parameters },
      ...(isFull ? {} : { condition: first }),
    })
    const policy = await requirePolicy(deps, tenant, name)
    const shown = { ...showPolicy(tenant, policy), document }
    return c.json(shown, 200, { ETag: tagOfContent(policy) })
  })

  app.openapi(remove, async (c) => {
    const { tenant: called, policy: name } = c.req.valid('param')
    const tenant = await openTenant(c, deps, { called, doing: 'change' })
    const policy = await requirePolicy(deps, tenant, name)
    const PolicyArn = iamArn(tenant.id, 'policy', policy)
    const ref = { kind: 'policy', name: nameKey(name) } as const
    const condition = conditionOf(c.req.header('if-match'), ref)
    if (condition !== undefined && condition.tag !== tagOfContent(policy)) {
      throw new AdminProblem('PreconditionFailed')
    }
    // IAM removes a policy without any version but the one that holds. The first step is of the policy as it was looked at.
    let first: { readonly condition?: Condition } = {
      condition: { ref, tag: tagOfContent(policy) },
    }
    for (const { number } of policy.versions) {
      if (number === policy.defaultVersion) continue
      const parameters = { PolicyArn, VersionId: `v${number}` }
      await runIamAction(c, deps, { tenant, action: 'DeletePolicyVersion', parameters, ...first })
      first = {}
    }
    const parameters = { PolicyArn }
    await runIamAction(c, deps, { tenant, action: 'DeletePolicy', parameters, ...first })
    return c.body(null, 204)
  })
}

/** Throws `NoSuchEntity`. */
async function requirePolicy(
  { metadata }: AdminDeps,
  { id }: Tenant,
  name: string,
): Promise<PolicyDocument> {
  const policy = await metadata.identities.get(id, 'policy', nameKey(name))
  if (policy !== undefined) return policy
  throw new AdminProblem('NoSuchEntity', { detail: `There is no policy of the name ${name}.` })
}

async function documentOf(
  { metadata }: AdminDeps,
  { id }: Tenant,
  { name, defaultVersion }: PolicyDocument,
): Promise<Record<string, unknown>> {
  const place = versionKey(nameKey(name), defaultVersion)
  const version = await metadata.identities.get(id, 'policyVersion', place)
  return documentSchema.parse(JSON.parse(version?.document ?? '{}'))
}

function showPolicy({ id: tenantId }: Tenant, policy: PolicyDocument) {
  const { name, id, path, createdMs, updatedMs, description, versions, defaultVersion } = policy
  return {
    ...{ name, id, path, description, arn: iamArn(tenantId, 'policy', policy) },
    ...{ created: timeOf(createdMs), updated: timeOf(updatedMs) },
    versions: versions.map(({ number }) => `v${number}`),
    defaultVersion: `v${defaultVersion}`,
  }
}
