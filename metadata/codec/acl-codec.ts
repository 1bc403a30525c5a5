// Access control lists as fields of other records: of buckets, versions and uploads.
import {
  aclGroups,
  aclPermissions,
  type Grant,
  isCanonicalUserId,
  type ObjectAcl,
} from '../../protocol/s3/acl/acl.ts'
import { type Fields, optionalText, RecordCorrupt, text, word } from './record-frame.ts'

/** Of each, the permission and who has it: an account's id, or the place of a group. */
export function flattenGrants(grants: readonly Grant[]): Fields {
  return grants.flatMap(({ grantee, permission }) => [
    aclPermissions.indexOf(permission),
    grantee.is === 'account' ? grantee.id : aclGroups.indexOf(grantee.group),
  ])
}

export function parseGrants(flat: Fields): readonly Grant[] {
  if (flat.length % 2 !== 0) throw new RecordCorrupt('grants: a permission of nobody')
  const grants: Grant[] = []
  for (let at = 0; at < flat.length; at += 2) {
    const permission = word(aclPermissions, flat, at)
    grants.push({ permission, grantee: parseGrantee(flat, at + 1) })
  }
  return grants
}

function parseGrantee(flat: Fields, at: number): Grant['grantee'] {
  if (typeof flat[at] !== 'string') return { is: 'group', group: word(aclGroups, flat, at) }
  return { is: 'account', id: parseOwner(text(flat, at)) }
}

/** Who owns the object, and its grants. */
export function flattenAcl(acl: ObjectAcl | undefined): Fields | undefined {
  return acl && [acl.owner ?? null, ...flattenGrants(acl.grants)]
}

export function parseAcl(flat: Fields): ObjectAcl | undefined {
  if (flat.length === 0) return undefined
  const owner = optionalText(flat, 0)
  const grants = parseGrants(flat.slice(1))
  return owner === undefined ? { grants } : { owner: parseOwner(owner), grants }
}

/** Throws `RecordCorrupt` for what is no canonical user id. */
export function parseOwner(id: string): string {
  if (!isCanonicalUserId(id)) throw new RecordCorrupt('an ACL with an id that nobody can have')
  return id
}
