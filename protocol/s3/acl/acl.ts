// Access control lists as values: who is granted what. Who a request is, and what a permission allows, is decided
// in `gateway/acl`. https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html

export type AclPermission = 'FULL_CONTROL' | 'WRITE' | 'WRITE_ACP' | 'READ' | 'READ_ACP'
export type AclGroup = 'AllUsers' | 'AuthenticatedUsers' | 'LogDelivery'

export type Grantee =
  /** A canonical user id, which stands for an account: 64 hex digits, or `anonymousUserId`. */
  | { readonly is: 'account'; readonly id: string }
  | { readonly is: 'group'; readonly group: AclGroup }

export type Grant = { readonly grantee: Grantee; readonly permission: AclPermission }

/** Of an object. Buckets have grants alone: they belong to one account for ever. */
export type ObjectAcl = {
  /** Canonical user id of the account that owns the object. Absent: the owner of the bucket does. */
  readonly owner?: string
  readonly grants: readonly Grant[]
}

/** More are refused. https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html */
export const grantsMax = 100

/** Stored by their places: append, never reorder. */
export const aclPermissions = [
  ...(['FULL_CONTROL', 'WRITE', 'WRITE_ACP', 'READ', 'READ_ACP'] as const),
] as const satisfies readonly AclPermission[]
export const aclGroups = [
  ...(['AllUsers', 'AuthenticatedUsers', 'LogDelivery'] as const),
] as const satisfies readonly AclGroup[]

export const groupUris: Readonly<Record<AclGroup, string>> = {
  AllUsers: 'http://acs.amazonaws.com/groups/global/AllUsers',
  AuthenticatedUsers: 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers',
  LogDelivery: 'http://acs.amazonaws.com/groups/s3/LogDelivery',
}

/** Spelt as it is, letter for letter: what is nearly one is none. */
export function groupOfUri(uri: string): AclGroup | undefined {
  return aclGroups.find((group) => groupUris[group] === uri)
}

/** Who has not signed, as the owner of what he has written. */
export const anonymousUserId = '65a011a29cdf8ec533ec3d1ccaae921c'

/** EC2, which `aws-exec-read` lets read. Nobody here is that. */
export const ec2UserId = '6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c'

export function isCanonicalUserId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text) || text === anonymousUserId
}

export function toAccount(id: string, permission: AclPermission): Grant {
  return { grantee: { is: 'account', id }, permission }
}

export function toGroup(group: AclGroup, permission: AclPermission): Grant {
  return { grantee: { is: 'group', group }, permission }
}

/**
 * Whether somebody outside of any list of accounts is granted something: AWS's definition; and so is what is granted to
 * "anonymous", which is everybody too.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
export function isPublicGrant({ grantee }: Grant): boolean {
  return grantee.is === 'group' ? grantee.group !== 'LogDelivery' : grantee.id === anonymousUserId
}

/** Whether all that is granted is full control for that account: what holds without any list, too. */
export function isOwnersAlone(grants: readonly Grant[], owner: string): boolean {
  return (
    grants.length > 0 &&
    grants.every(
      ({ grantee, permission }) =>
        grantee.is === 'account' && grantee.id === owner && permission === 'FULL_CONTROL',
    )
  )
}
