// Finds who has sent a request of the admin API: by a signature for the service `holdfast` in its header, which covers the
// body, or by a bearer token. No URL opens it: one that was presigned for an object of a bucket `v1` must not.
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { AdminDocument, AdminTokenDocument } from '../../../metadata/identity-records.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { parseRequestTarget } from '../../../protocol/s3/request-target.ts'
import { makeAuthenticate } from '../../access/authenticate.ts'
import { rootTenantId, type User } from '../../access/identity.ts'
import type { KeyUses } from '../../access/key-uses.ts'
import { isRootUser } from '../../access/standing.ts'
import type { RequestNotes } from '../../s3/request-notes.ts'
import { adminsTenantId } from '../admins/admins-tenant.ts'
import { asSignInProblem } from '../api/as-problem.ts'
import { AdminProblem } from '../api/problem.ts'
import type { AdminCredentials } from './admin-credentials.ts'
import type { Principal } from './principal.ts'
import { findToken } from './tokens.ts'

export type SignInDeps = {
  readonly metadata: Pick<MetadataStore, 'tenants' | 'identities'>
  readonly credentials: AdminCredentials
  readonly signingKeys: Parameters<typeof makeAuthenticate>[0]['signingKeys']
  readonly keyUses: Pick<KeyUses, 'note'>
  readonly now: () => number
}

type Sent = {
  readonly incoming: IncomingMessage
  readonly body: Uint8Array
  readonly notes: RequestNotes
}

/** Throws `NotSignedIn`, `AccountSuspended`, and `Forbidden` for users of a tenant, who have no business here. */
export type SignIn = (sent: Sent) => Promise<Principal>

export function makeSignIn(deps: SignInDeps): SignIn {
  const { credentials, signingKeys, keyUses, now } = deps
  const authenticate = makeAuthenticate({
    ...{ credentials, signingKeys, keyUses, now, region: undefined, domains: [] },
  })
  return async ({ incoming, body, notes }) => {
    const { authorization } = incoming.headers
    if (authorization === undefined) throw notSignedIn()
    const bearer = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
    if (bearer !== undefined) return byToken(deps, bearer)
    try {
      const bodyHash = createHash('sha256').update(body).digest('hex')
      const { identity } = await authenticate(incoming, {
        ...{ target: parseRequestTarget(incoming.url ?? '/'), notes },
        of: { service: 'holdfast', bodyHash },
      })
      if (identity.is === 'anonymous') throw notSignedIn()
      notes.identity = identity
      return await ofUser(credentials, identity)
    } catch (cause) {
      throw asSignInProblem(cause)
    }
  }
}

async function ofUser(credentials: AdminCredentials, identity: User): Promise<Principal> {
  const by = { is: 'key', id: identity.accessKeyId } as const
  if (identity.tenantId === adminsTenantId) {
    const admin = await credentials.admin(identity.userName)
    if (admin === undefined) throw notSignedIn()
    return ofAdmin(admin, by)
  }
  // Temporary credentials are for S3: as with IAM, they do not lead to others that last.
  if (!isRootUser(identity) || identity.session !== undefined) throw new AdminProblem('Forbidden')
  return ofRoot(identity.tenantId, by)
}

async function byToken(deps: SignInDeps, presented: string): Promise<Principal> {
  const token = await findToken(deps.metadata.identities, presented, deps.now())
  if (token === undefined) throw notSignedIn()
  const owner = await ownerOf(deps, token)
  return token.readOnly ? { ...owner, role: 'readOnly' } : owner
}

async function ownerOf(
  { metadata, credentials }: SignInDeps,
  { id, of }: AdminTokenDocument,
): Promise<Principal> {
  const by = { is: 'token', id } as const
  if (of.is === 'admin') {
    const admin = await credentials.admin(of.id)
    if (admin === undefined) throw notSignedIn()
    return ofAdmin(admin, by)
  }
  const tenant = await metadata.tenants.get(of.tenantId)
  if (tenant === undefined) throw notSignedIn()
  if (tenant.status !== 'active') throw new AdminProblem('AccountSuspended')
  return ofRoot(of.tenantId, by)
}

function ofAdmin({ id, name, role, tenantId }: AdminDocument, by: Principal['by']): Principal {
  const scope = tenantId === undefined ? {} : { tenantId }
  return { id: `admin ${id}`, name, role, by, ...scope }
}

/** That of the first tenant has all of them. */
function ofRoot(tenantId: TenantId, by: Principal['by']): Principal {
  const of = { id: `root of ${tenantId}`, name: 'root', by }
  return tenantId === rootTenantId
    ? { ...of, role: 'superadmin' }
    : { ...of, role: 'tenantAdmin', tenantId }
}

function notSignedIn(): AdminProblem {
  const challenge = 'AWS4-HMAC-SHA256 service="holdfast", Bearer'
  return new AdminProblem('NotSignedIn', { headers: { 'WWW-Authenticate': challenge } })
}
