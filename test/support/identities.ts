// Users, groups, roles and policies put into a store as they are, for tests of what these may do.
import { randomBytes } from 'node:crypto'
import type { Session } from '../../gateway/access/identity.ts'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { sealSecret } from '../../gateway/access/keys/seal-secret.ts'
import { drawId, issueSession } from '../../gateway/access/keys/session-token.ts'
import type {
  GroupDocument,
  IdentityDocuments,
  IdentityEntry,
  IdentityKind,
  RoleDocument,
  UserDocument,
} from '../../metadata/identity-records.ts'
import type { TenantId } from '../../metadata/records.ts'
import type { SigningCredentials } from '../../protocol/s3/sigv4/sign-request.ts'
import { type RunningServer, serverRegion } from './start-server.ts'

export type Statement = Readonly<Record<string, unknown>>

export function policyText(...statements: readonly Statement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

export function allow(actions: string | readonly string[], resources: string | readonly string[]) {
  return { Effect: 'Allow', Action: actions, Resource: resources }
}

export function deny(actions: string | readonly string[], resources: string | readonly string[]) {
  return { Effect: 'Deny', Action: actions, Resource: resources }
}

type Server = Pick<RunningServer, 'stores' | 'masterKey'>

/** Puts and removes whatever else is there. */
export async function putIdentities(
  { stores: { metadata } }: Server,
  entries: readonly IdentityEntry[],
  tenantId: TenantId = rootTenantId,
): Promise<void> {
  const ifRevision = await metadata.identities.revision(tenantId)
  await metadata.identities.commit(tenantId, { ifRevision, put: entries, remove: [] })
}

export async function changeIdentity<Kind extends IdentityKind>(
  server: Server,
  { kind, name }: { readonly kind: Kind; readonly name: string },
  change: Partial<IdentityDocuments[Kind]>,
): Promise<void> {
  const { identities } = server.stores.metadata
  const before = await identities.get(rootTenantId, kind, name)
  const document = { ...before, ...change }
  await putIdentities(server, [{ kind, name, document } as unknown as IdentityEntry])
}

const named = { path: '/', createdMs: 1 }

export function userEntry(name: string, more: Partial<UserDocument> = {}): IdentityEntry {
  const document: UserDocument = {
    ...{ id: drawId('AIDA', randomBytes), name, ...named },
    ...{ inline: [], attached: [], tags: [], accessKeys: [], groups: [], ...more },
  }
  return { kind: 'user', name: name.toLowerCase(), document }
}

export function groupEntry(name: string, more: Partial<GroupDocument> = {}): IdentityEntry {
  const document = {
    ...{ id: drawId('AGPA', randomBytes), name, ...named },
    ...{ inline: [], attached: [], ...more },
  }
  return { kind: 'group', name: name.toLowerCase(), document }
}

export function roleEntry(name: string, more: Partial<RoleDocument> = {}): IdentityEntry {
  const document: RoleDocument = {
    ...{ id: drawId('AROA', randomBytes), name, ...named },
    ...{ inline: [], attached: [], tags: [], description: '', trust: '{}' },
    ...{ sessionSecondsMax: 3600, ...more },
  }
  return { kind: 'role', name: name.toLowerCase(), document }
}

/** A managed policy with one version. */
export function policyEntries(name: string, document: string): readonly IdentityEntry[] {
  const policy = {
    ...{ id: drawId('ANPA', randomBytes), name, ...named, description: '', tags: [] },
    ...{ updatedMs: 1, defaultVersion: 1, versions: [{ number: 1, createdMs: 1 }], newest: 1 },
  }
  return [
    { kind: 'policy', name: name.toLowerCase(), document: policy },
    { kind: 'policyVersion', name: `${name.toLowerCase()}/v1`, document: { document } },
  ]
}

/** Puts a user with a key, to sign with. */
export async function putUser(
  server: Server,
  name: string,
  more: Partial<UserDocument> = {},
): Promise<SigningCredentials> {
  const accessKeyId = drawId('AKIA', randomBytes)
  const secretAccessKey = randomBytes(20).toString('hex')
  const of = { is: 'secretAccessKey', tenantId: rootTenantId, accessKeyId } as const
  const secret = { name: of, plaintext: Buffer.from(secretAccessKey) }
  await server.stores.metadata.tenants.putAccessKey({
    ...{ accessKeyId, tenantId: rootTenantId, userName: name, status: 'active', createdMs: 1 },
    sealedSecret: sealSecret(server.masterKey, secret, randomBytes),
  })
  const accessKeys = [{ accessKeyId, status: 'active', createdMs: 1 }] as const
  await putIdentities(server, [userEntry(name, { accessKeys, ...more })])
  return { accessKeyId, secretAccessKey, region: serverRegion }
}

/** Credentials of a session of a role or user that was put. */
export async function sessionOf(
  server: Server,
  { kind, name }: { readonly kind: 'role' | 'user'; readonly name: string },
  more: Partial<Session> = {},
): Promise<SigningCredentials & { readonly sessionToken: string }> {
  const { identities } = server.stores.metadata
  const owner = await identities.get(rootTenantId, kind, name.toLowerCase())
  const issuedMs = Date.now()
  const session: Session = {
    ...{ of: kind, name: 'session', ownerId: owner?.id ?? 'root' },
    ...{ issuedMs, expiresMs: issuedMs + 3_600_000, ...more },
  }
  const of = { tenantId: rootTenantId, userName: name, session }
  return { ...issueSession(server.masterKey, of, randomBytes), region: serverRegion }
}
