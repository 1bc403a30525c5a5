// What ACLs can grant: AWS's table of their permissions and the actions that those stand for.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions
import {
  type AclPermission,
  anonymousUserId,
  type Grant,
  isPublicGrant,
} from '../../protocol/s3/acl/acl.ts'

export type AclNeed = {
  /**
   * Whose list grants it. `own objects`: the bucket's, of objects that belong to whoever asks, for WRITE does not stand for
   * deleting what others have written.
   */
  readonly of: 'bucket' | 'object' | 'own objects'
  readonly permission: AclPermission
}

const read: AclNeed = { of: 'object', permission: 'READ' }
const readAcl: AclNeed = { of: 'object', permission: 'READ_ACP' }
const writeAcl: AclNeed = { of: 'object', permission: 'WRITE_ACP' }
const list: AclNeed = { of: 'bucket', permission: 'READ' }
/** To make objects, with all that is said of them. */
export const writeObjects: AclNeed = { of: 'bucket', permission: 'WRITE' }

const needs: ReadonlyMap<string, AclNeed> = new Map([
  ['s3:ListBucket', list],
  ['s3:ListBucketVersions', list],
  ['s3:ListBucketMultipartUploads', list],
  ['s3:PutObject', writeObjects],
  ['s3:DeleteObject', { of: 'own objects', permission: 'WRITE' }],
  ['s3:GetBucketAcl', { of: 'bucket', permission: 'READ_ACP' }],
  ['s3:PutBucketAcl', { of: 'bucket', permission: 'WRITE_ACP' }],
  ['s3:GetObject', read],
  ['s3:GetObjectVersion', read],
  ['s3:GetObjectAcl', readAcl],
  ['s3:GetObjectVersionAcl', readAcl],
  ['s3:PutObjectAcl', writeAcl],
  ['s3:PutObjectVersionAcl', writeAcl],
])

/** Undefined: no ACL grants the action. */
export function aclNeedOf(action: string): AclNeed | undefined {
  return needs.get(action)
}

export type GrantedTo = {
  /** Canonical user id. `anonymousUserId`: he has not signed. */
  readonly asker: string
  readonly permission: AclPermission
  readonly ignoresPublic: boolean
}

export function isGranted(grants: readonly Grant[], wanted: GrantedTo): boolean {
  return grants.some((grant) => grantsIt(grant, wanted))
}

function grantsIt(grant: Grant, { asker, permission, ignoresPublic }: GrantedTo): boolean {
  if (grant.permission !== permission && grant.permission !== 'FULL_CONTROL') return false
  if (ignoresPublic && isPublicGrant(grant)) return false
  const { grantee } = grant
  if (grantee.is === 'account') return grantee.id === asker
  switch (grantee.group) {
    case 'AllUsers':
      return true
    case 'AuthenticatedUsers':
      return asker !== anonymousUserId
    case 'LogDelivery':
      // Who is in it asks for nothing here: logs are written by the server itself.
      return false
    default:
      return grantee.group satisfies never
  }
}
