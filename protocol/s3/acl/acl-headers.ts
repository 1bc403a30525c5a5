// An access control list in the headers of a request: a canned one by its name, or grants one by one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
import { headerText, type RequestHeaders } from '../request-headers.ts'
import { S3Error } from '../s3-error.ts'
import {
  type AclPermission,
  type Grant,
  type Grantee,
  grantsMax,
  groupOfUri,
  isCanonicalUserId,
} from './acl.ts'
import { type CannedAcl, isCannedAcl } from './canned-acl.ts'

export type AclRequest =
  | { readonly is: 'canned'; readonly canned: CannedAcl }
  | { readonly is: 'grants'; readonly grants: readonly Grant[] }

const permissions: Readonly<Record<string, AclPermission>> = {
  'x-amz-grant-full-control': 'FULL_CONTROL',
  'x-amz-grant-read': 'READ',
  'x-amz-grant-read-acp': 'READ_ACP',
  'x-amz-grant-write': 'WRITE',
  'x-amz-grant-write-acp': 'WRITE_ACP',
}

/**
 * Undefined: they say nothing of it. Throws `InvalidRequest` for both kinds at once, `InvalidArgument` for what is no
 * canned ACL or no grantee, `MethodNotAllowed` for a grantee by e-mail, `MalformedACLError` for too many.
 */
export function parseAclHeaders(headers: RequestHeaders): AclRequest | undefined {
  const canned = headerText(headers, 'x-amz-acl')
  const grants = Object.entries(permissions).flatMap(([name, permission]) => {
    const value = headerText(headers, name)
    if (value === undefined) return []
    return parseGrantees(name, value).map((grantee) => ({ grantee, permission }))
  })
  if (canned === undefined) {
    if (grants.length > grantsMax) throw new S3Error('MalformedACLError')
    return grants.length === 0 ? undefined : { is: 'grants', grants }
  }
  if (grants.length > 0) {
    const message = 'Specifying both Canned ACLs and Header Grants is not allowed'
    throw new S3Error('InvalidRequest', {}, { message })
  }
  if (!isCannedAcl(canned)) {
    throw new S3Error('InvalidArgument', { ArgumentName: 'x-amz-acl', ArgumentValue: canned })
  }
  return { is: 'canned', canned }
}

/** One grantee: a name, and its value with or without quotes. */
const granteeShape = /^\s*([A-Za-z]+)\s*=\s*(?:"([^"]*)"|([^\s"=,]+))\s*$/

/** `id="…", uri="…"` */
function parseGrantees(header: string, value: string): readonly Grantee[] {
  return value.split(',').map((item) => {
    const [, name = '', quoted, bare] = granteeShape.exec(item) ?? []
    const named = quoted ?? bare
    if (named === undefined) throw invalid(header, item, 'Argument format not recognized')
    return granteeOf(header, name.toLowerCase(), named)
  })
}

function granteeOf(header: string, name: string, value: string): Grantee {
  switch (name) {
    case 'id':
      return accountGrantee(value, header)
    case 'uri':
      return groupGrantee(value, header)
    case 'emailaddress':
      throw emailGrantee()
    default:
      throw invalid(header, value, 'Argument format not recognized')
  }
}

/** Whether there is such an account is asked later. Throws `InvalidArgument`. */
export function accountGrantee(id: string, argument: string): Grantee {
  if (!isCanonicalUserId(id)) throw invalid(argument, id, 'Invalid id')
  return { is: 'account', id }
}

/** Throws `InvalidArgument`. */
export function groupGrantee(uri: string, argument: string): Grantee {
  const group = groupOfUri(uri)
  if (group === undefined) throw invalid(argument, uri, 'Invalid group uri')
  return { is: 'group', group }
}

/** AWS has ended them in October 2025: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html */
export function emailGrantee(): S3Error {
  return new S3Error('MethodNotAllowed')
}

function invalid(name: string, value: string, message: string): S3Error {
  return new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value }, { message })
}
