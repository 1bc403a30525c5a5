// The XML of an access control list: owner and grants.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_AccessControlPolicy.html
import { S3Error } from '../s3-error.ts'
import { type Owner, ownerElement } from '../xml/listing-elements.ts'
import {
  childOf,
  readTypedXml,
  refuseOtherChildren,
  requireBody,
  requiredText,
  type XmlElement,
} from '../xml/xml-reader.ts'
import { element, parent, s3Document } from '../xml/xml-writer.ts'
import {
  type AclPermission,
  aclPermissions,
  type Grant,
  type Grantee,
  grantsMax,
  groupUris,
} from './acl.ts'
import { accountGrantee, emailGrantee, groupGrantee } from './acl-headers.ts'

export type AccessControlPolicy = {
  /** Canonical user id. */
  readonly owner: string
  readonly grants: readonly Grant[]
}

/**
 * Throws `MissingRequestBodyError`; `MalformedACLError` for what is none, or has too many grants; and for grantees as
 * `parseAclHeaders` does.
 */
export function readAccessControlPolicy(body: Buffer): AccessControlPolicy {
  requireBody(body)
  try {
    return read(body)
  } catch (cause) {
    if (!(cause instanceof S3Error) || cause.code !== 'MalformedXML') throw cause
    throw new S3Error('MalformedACLError', {}, { cause })
  }
}

function read(body: Buffer): AccessControlPolicy {
  const root = readTypedXml(body, 'AccessControlPolicy')
  refuseOtherChildren(root, ['Owner', 'AccessControlList'])
  const owner = requiredChild(root, 'Owner')
  refuseOtherChildren(owner, ['ID', 'DisplayName'])
  const list = requiredChild(root, 'AccessControlList')
  refuseOtherChildren(list, ['Grant'])
  if (list.children.length > grantsMax) throw new S3Error('MalformedACLError')
  return { owner: requiredText(owner, 'ID'), grants: list.children.map(readGrant) }
}

function readGrant(grant: XmlElement): Grant {
  refuseOtherChildren(grant, ['Grantee', 'Permission'])
  return {
    grantee: readGrantee(requiredChild(grant, 'Grantee')),
    permission: parsePermission(requiredText(grant, 'Permission')),
  }
}

function readGrantee(grantee: XmlElement): Grantee {
  switch (grantee.type) {
    case 'CanonicalUser':
      refuseOtherChildren(grantee, ['ID', 'DisplayName'])
      return accountGrantee(requiredText(grantee, 'ID'), 'CanonicalUser/ID')
    case 'Group':
      refuseOtherChildren(grantee, ['URI'])
      return groupGrantee(requiredText(grantee, 'URI'), 'Group/URI')
    case 'AmazonCustomerByEmail':
      throw emailGrantee()
    default:
      throw new S3Error('MalformedXML')
  }
}

function parsePermission(text: string): AclPermission {
  const permission = aclPermissions.find((known) => known === text)
  if (permission === undefined) throw new S3Error('MalformedXML')
  return permission
}

function requiredChild(of: XmlElement, name: string): XmlElement {
  const child = childOf(of, name)
  if (child === undefined) throw new S3Error('MalformedXML')
  return child
}

/** `nameOf`: what accounts are called besides their ids, where that is known. */
export function renderAccessControlPolicy(
  owner: Owner,
  grants: readonly Grant[],
  nameOf: (id: string) => string | undefined,
): string {
  return s3Document(
    'AccessControlPolicy',
    ownerElement(owner),
    parent('AccessControlList', ...grants.map((grant) => grantElement(grant, nameOf))),
  )
}

const schema = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

function grantElement(
  { grantee, permission }: Grant,
  nameOf: (id: string) => string | undefined,
): string {
  const who =
    grantee.is === 'group'
      ? `<Grantee ${schema} xsi:type="Group">${element('URI', groupUris[grantee.group])}</Grantee>`
      : `<Grantee ${schema} xsi:type="CanonicalUser">${element('ID', grantee.id)}${element('DisplayName', nameOf(grantee.id))}</Grantee>`
  return parent('Grant', who, element('Permission', permission))
}
