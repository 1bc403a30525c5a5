// Who asks, as far as the gateway has proven it.
import type { Namespace } from '../../metadata/namespaces.ts'
import type { Tag, TenantId } from '../../metadata/records.ts'

/** Somebody who has signed. */
export type User = {
  readonly is: 'user'
  readonly tenantId: TenantId
  /** Where the names of buckets are looked up that he writes. */
  readonly namespace: Namespace
  /** Of his tenant: where its buckets are made, which requests may be signed for besides. Absent: it has that of the server. */
  readonly region?: string
  /** The tenant's root user is called `root`. Of a session: who has got it, the role or the user. */
  readonly userName: string
  readonly accessKeyId: string
  /** Unique id of the user whose key it is, so that one who got his name is not taken for him. Of sessions: `ownerId`. */
  readonly userId?: string
  /** Absent: he has signed with a key of his own. */
  readonly session?: Session
}

/** What temporary credentials stand for. Whoever holds their token need not be asked about it: it is sealed. */
export type Session = {
  /** Of a role that was assumed; of a user with fewer permissions (GetFederationToken); of a user (GetSessionToken). */
  readonly of: 'role' | 'federated user' | 'user'
  /** Of the session, or the federated user. */
  readonly name: string
  /** Unique id of the role or the user, so that one that was made again is not taken for it. `root` of the root user. */
  readonly ownerId: string
  /** Milliseconds since 1970. */
  readonly issuedMs: number
  readonly expiresMs: number
  /** JSON of policies that bound it, and ARNs of managed ones that do. Absent: none were given. */
  readonly policies?: readonly string[]
  readonly policyArns?: readonly string[]
  readonly tags?: readonly Tag[]
  /** Keys of the tags that go on to sessions which begin with this one. */
  readonly transitiveTagKeys?: readonly string[]
  /** Who has vouched for it, of a role that was assumed with a token from elsewhere. */
  readonly provider?: string
  readonly sourceIdentity?: string
  /** Condition keys that it has as long as it lives, in lower case: what its provider says of who got it. */
  readonly keys?: Readonly<Record<string, string | readonly string[]>>
}

/** Nobody has signed. What such a caller may do, permissions say like those of any other. */
export type Anonymous = { readonly is: 'anonymous' }

export type Identity = User | Anonymous

export const anonymous: Anonymous = { is: 'anonymous' }

export const rootUserName = 'root'
/** The first tenant, which each server has. */
export const rootTenantId = 'root' as TenantId
