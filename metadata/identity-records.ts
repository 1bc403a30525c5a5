// What a tenant has of users, groups, roles, policies and the like, as plain documents. Names and limits are those of IAM.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Types.html
import type { PublicAccessBlock } from '../protocol/s3/xml/public-access-block.ts'
import type { Tag, TenantId } from './records.ts'

/** An inline policy: its JSON as it was put. */
export type InlinePolicy = { readonly name: string; readonly document: string }

/** What users, groups, roles and managed policies have in common. */
type Named = {
  /** As AWS writes unique ids: `AIDA…`, `AGPA…`, `AROA…`, `ANPA…`. Never given again. */
  readonly id: string
  /** As it was given; the document lies under it in lower case. */
  readonly name: string
  /** Begins and ends with `/`. */
  readonly path: string
  /** Milliseconds since 1970. */
  readonly createdMs: number
}

/** Who policies are attached to. */
type Holder = Named & {
  readonly inline: readonly InlinePolicy[]
  /** ARNs of managed policies, of the tenant or of AWS. */
  readonly attached: readonly string[]
}

/** Whose permissions may be bounded, and whose sessions can be ended. */
type Bounded = {
  /** ARN of a managed policy. */
  readonly boundary?: string
  /** Sessions that began before are no longer valid. */
  readonly revokedBeforeMs?: number
}

export type UserKey = {
  readonly accessKeyId: string
  readonly status: 'active' | 'inactive'
  readonly createdMs: number
}

export type UserDocument = Holder &
  Bounded & {
    readonly tags: readonly Tag[]
    /** A key opens something only while it stands here. Their secrets are rows of their own (`TenantStore`). */
    readonly accessKeys: readonly UserKey[]
    /** In lower case. */
    readonly groups: readonly string[]
    readonly login?: {
      /** Of the password: an encoded Argon2 hash. */
      readonly hash: string
      readonly changeRequired: boolean
      readonly createdMs: number
      /** When the password was set last. */
      readonly setMs?: number
      /** Hashes of passwords that it had before, the last one first: so many as the password policy looks back. */
      readonly earlier?: readonly string[]
    }
  }

export type GroupDocument = Holder

export type RoleDocument = Holder &
  Bounded & {
    readonly tags: readonly Tag[]
    readonly description: string
    /** JSON of the policy that says who may assume it. */
    readonly trust: string
    /** Unique ids of the users and roles of the account that it names, by ARN: whoever is made again is somebody else. */
    readonly trusted?: Readonly<Record<string, string>>
    readonly sessionSecondsMax: number
  }

/** A managed policy of the tenant. What its versions say are documents of their own. */
export type PolicyDocument = Named & {
  readonly description: string
  readonly tags: readonly Tag[]
  readonly updatedMs: number
  readonly defaultVersion: number
  /** Oldest first: `v1` is number 1. */
  readonly versions: readonly { readonly number: number; readonly createdMs: number }[]
  /** The number of the newest that there ever was. */
  readonly newest: number
}

/** What a version of a managed policy says, under `policy/v1`. */
export type PolicyVersionDocument = { readonly document: string }

/**
 * That a managed policy is attached, or is a boundary: under `policy ARN in lower case|user|name`, or `…|boundary-user|…`; a
 * long ARN is digested. Whoever holds it says so too; this is how those are found who do.
 */
export type AttachmentDocument = {
  readonly policyArn: string
  readonly of: 'user' | 'group' | 'role'
  readonly as: 'policy' | 'boundary'
  /** Of the holder, as it was given. */
  readonly name: string
}

/** That a user is in a group, under `group/user`. The user says so too. */
export type MembershipDocument = { readonly userName: string }

/** An issuer of tokens that roles trust, under its URL without `https://`. */
export type OidcProviderDocument = {
  readonly url: string
  readonly clientIds: readonly string[]
  readonly thumbprints: readonly string[]
  readonly tags: readonly Tag[]
  readonly createdMs: number
}

/** Of the account as a whole: one document, under `account`. */
export type AccountDocument = {
  readonly alias?: string
  readonly publicAccessBlock?: PublicAccessBlock
  readonly passwordPolicy?: PasswordPolicy
  /** Sessions of the root user that began before are no longer valid. */
  readonly rootRevokedBeforeMs?: number
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_PasswordPolicy.html */
export type PasswordPolicy = {
  readonly minimumLength: number
  readonly requireSymbols: boolean
  readonly requireNumbers: boolean
  readonly requireUppercase: boolean
  readonly requireLowercase: boolean
  readonly usersMayChange: boolean
  readonly hardExpiry: boolean
  /** Days; 0: passwords do not expire. */
  readonly maxAgeDays: number
  /** So many earlier passwords may not come back; 0: all may. */
  readonly reusePrevention: number
}

/** Who administers the server, and how far: all of it, one tenant, or to look at things alone. */
export type AdminRole = 'superadmin' | 'tenantAdmin' | 'readOnly'

/** Somebody who administers the server, under his id. This and the following are of no tenant (`gateway/admin/admins`). */
export type AdminDocument = {
  /** 16 hex digits. */
  readonly id: string
  readonly name: string
  readonly role: AdminRole
  /** Absent: all tenants, or those that there will be. */
  readonly tenantId?: TenantId
  /** A key opens something only while it stands here. */
  readonly keys: readonly UserKey[]
  readonly createdMs: number
  /** Counts its changes, from 1. */
  readonly revision: number
}

/** What is presented in place of a signature, under its id. */
export type AdminTokenDocument = {
  readonly id: string
  readonly name: string
  /** As whom it signs in: an admin, by his id, or the root user of a tenant. */
  readonly of:
    | { readonly is: 'admin'; readonly id: string }
    | { readonly is: 'root'; readonly tenantId: TenantId }
  /** It may look at things, and change none. */
  readonly readOnly: boolean
  /** SHA-256 of its secret, in hex. */
  readonly hash: string
  readonly createdMs: number
  readonly expiresMs: number
}

/** What a request was answered that made something, for whoever sends it again, under a digest of who he is and what he sent. */
export type AdminReplyDocument = {
  /** SHA-256 of the body, in hex. */
  readonly bodyHash: string
  readonly createdMs: number
  /** From which all is drawn that it needs to be drawn; sealed, in base64. */
  readonly sealedSeed: string
  /** JSON, which may have a secret in it; sealed, in base64. Absent: it was not answered yet. */
  readonly sealedReply?: string
}

/** Kinds are stored: their names never change. */
export type IdentityDocuments = {
  readonly account: AccountDocument
  readonly user: UserDocument
  readonly group: GroupDocument
  readonly role: RoleDocument
  readonly policy: PolicyDocument
  readonly policyVersion: PolicyVersionDocument
  readonly attachment: AttachmentDocument
  readonly membership: MembershipDocument
  readonly oidcProvider: OidcProviderDocument
  readonly admin: AdminDocument
  readonly adminToken: AdminTokenDocument
  readonly adminReply: AdminReplyDocument
}

export type IdentityKind = keyof IdentityDocuments

export const identityKinds: readonly IdentityKind[] = [
  ...(['account', 'user', 'group', 'role', 'policy', 'policyVersion'] as const),
  ...(['attachment', 'membership', 'oidcProvider'] as const),
  ...(['admin', 'adminToken', 'adminReply'] as const),
]

/** Where a document lies. Names are of one case where IAM takes two cases for one name. */
export type IdentityRef<Kind extends IdentityKind = IdentityKind> = {
  readonly kind: Kind
  /** 1 to `identityNameMax` bytes of UTF-8, without NUL. */
  readonly name: string
}

/** Bytes. */
export const identityNameMax = 360

/** Whether a document may lie under it; of others there is none. */
export function isIdentityName(name: string): boolean {
  const bytes = Buffer.byteLength(name)
  return bytes > 0 && bytes <= identityNameMax && !name.includes('\0')
}

export type IdentityEntry = {
  [Kind in IdentityKind]: IdentityRef<Kind> & { readonly document: IdentityDocuments[Kind] }
}[IdentityKind]
