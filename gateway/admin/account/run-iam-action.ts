// What the admin API does to the users, groups and policies of a tenant, it does by the actions of IAM, as the tenant's root
// user: names, limits and refusals are those that the tenant meets itself.
import type { IncomingMessage } from 'node:http'
import type { IdentityRef } from '../../../metadata/identity-records.ts'
import type { IdentityStore } from '../../../metadata/identity-store.ts'
import type { Tenant, TenantId } from '../../../metadata/records.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { QueryParameters } from '../../../protocol/query/query-parameters.ts'
import { parseRequestTarget } from '../../../protocol/s3/request-target.ts'
import { readXml } from '../../../protocol/s3/xml/xml-reader.ts'
import type { Decider, RequestContext } from '../../access/authorize.ts'
import { rootUserName } from '../../access/identity.ts'
import { iamActions } from '../../iam/iam-actions.ts'
import type { AdminContext, AdminDeps } from '../api/admin-env.ts'
import { tagOfContent } from '../api/entity-tags.ts'
import type { Draws } from '../api/once.ts'
import { AdminProblem } from '../api/problem.ts'

export type IamAsked = {
  readonly tenant: Tenant
  /** As in `CreateUser`. */
  readonly action: string
  readonly parameters: Readonly<Record<string, string | undefined>>
  /** Of something that is made. */
  readonly draws?: Draws
  /** What is changed must have this ETag when it is. */
  readonly condition?: Condition | undefined
}

export type Condition = { readonly ref: IdentityRef; readonly tag: string }

/** What the action gives back, by the names of its fields. Throws `QueryError`, and `PreconditionFailed`. */
export async function runIamAction(
  c: AdminContext,
  deps: AdminDeps,
  asked: IamAsked,
): Promise<ReadonlyMap<string, string>> {
  const { condition } = asked
  if (condition === undefined) return runUnder(c, deps, asked)
  const requireSame = () => requireUnchanged(deps.metadata.identities, asked.tenant.id, condition)
  await requireSame()
  try {
    return await runUnder(c, deps, asked)
  } catch (cause) {
    // What it was refused for may be what somebody else has changed.
    if (cause instanceof QueryError) await requireSame()
    throw cause
  }
}

async function runUnder(
  c: AdminContext,
  deps: AdminDeps,
  { tenant, action, parameters, draws, condition }: IamAsked,
): Promise<ReadonlyMap<string, string>> {
  const run = iamActions.signed[action]
  if (run === undefined) throw new RangeError(`IAM has no action ${action}`)
  const { id, namespace } = tenant
  const { identities } = deps.metadata
  const store = condition === undefined ? identities : storeIf(identities, id, condition)
  const given = Object.entries(parameters).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  )
  const accessKeyId = c.get('principal').by.id
  const result = await run({
    services: { ...deps, ...draws, metadata: { ...storesOf(deps), identities: store } },
    parameters: new QueryParameters(new Map(given)),
    identity: { is: 'user', tenantId: id, namespace, userName: rootUserName, accessKeyId },
    decider: everything,
    context: contextOf(c.env.incoming, deps),
    requestId: c.get('requestId'),
  })
  return fieldsOf(result ?? '')
}

/**
 * Makes something that has a name, and answers what is there then. What was made before by the same draws is not in its own
 * way. Throws as `runIamAction`.
 */
export async function makeByIam<Document extends { readonly createdMs: number }>(
  c: AdminContext,
  deps: AdminDeps,
  {
    find,
    ...asked
  }: IamAsked & { readonly draws: Draws; readonly find: () => Promise<Document | undefined> },
): Promise<Document> {
  let refusal: unknown
  try {
    await runIamAction(c, deps, asked)
  } catch (cause) {
    const isThere = cause instanceof QueryError && cause.code === 'EntityAlreadyExists'
    if (!isThere) throw cause
    refusal = cause
  }
  const made = await find()
  if (refusal !== undefined && made?.createdMs !== asked.draws.now()) throw refusal
  if (made === undefined) throw new AdminProblem('NoSuchEntity')
  return made
}

/** Whoever comes so far may: `requireTenant` has seen to it. */
const everything: Decider = { allows: () => true, allowsBelow: () => 'all' }

function storesOf({ metadata }: AdminDeps) {
  const { tenants, buckets, bucketConfigs } = metadata
  return { tenants, buckets, bucketConfigs }
}

function contextOf({ headers, url, socket }: IncomingMessage, { now }: AdminDeps): RequestContext {
  return {
    ...{ headers, query: parseRequestTarget(url ?? '/').query, now },
    ...{ userAgent: headers['user-agent'], referer: headers.referer, isEncrypted: false },
    signature: () => undefined,
    sourceIp: () => socket.remoteAddress,
  }
}

/** Of the one structure that it holds. */
function fieldsOf(result: string): ReadonlyMap<string, string> {
  const { children } = readXml(Buffer.from(`<Result>${result}</Result>`), 'Result')
  const fields = children.length === 1 ? (children[0]?.children ?? []) : children
  return new Map(fields.map(({ name, text }) => [name, text]))
}

async function requireUnchanged(
  store: IdentityStore,
  tenantId: TenantId,
  { ref, tag }: Condition,
): Promise<void> {
  const found = await store.get(tenantId, ref.kind, ref.name)
  if (found !== undefined && tagOfContent(found) !== tag)
    throw new AdminProblem('PreconditionFailed')
}

/** Commits only while the document is what its ETag says: looked at in the revision that is committed upon. */
function storeIf(store: IdentityStore, tenantId: TenantId, { ref, tag }: Condition): IdentityStore {
  return {
    ...store,
    commit: async (of, change, options) => {
      const { revision, entries } = await store.getMany(tenantId, [ref])
      if (revision !== change.ifRevision) return { is: 'changed', revision }
      const [found] = entries
      if (found === undefined || tagOfContent(found.document) !== tag) {
        throw new AdminProblem('PreconditionFailed')
      }
      return store.commit(of, change, options)
    },
  }
}
