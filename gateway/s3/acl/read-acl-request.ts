// The list that PutBucketAcl and PutObjectAcl bring: in headers, or as a document, and never as both.
import {
  type AccessControlPolicy,
  readAccessControlPolicy,
} from '../../../protocol/s3/acl/access-control-policy.ts'
import { type AclRequest, parseAclHeaders } from '../../../protocol/s3/acl/acl-headers.ts'
import { aclBytesMax } from '../../../protocol/s3/limits.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { BucketCall } from '../operation.ts'

export type PutAclRequest =
  | Extract<AclRequest, { is: 'canned' }>
  | { readonly is: 'grants'; readonly grants: AccessControlPolicy['grants'] }
  | ({ readonly is: 'document' } & AccessControlPolicy)

/**
 * Throws `MissingSecurityHeader` for neither, `UnexpectedContent` for both, and what `parseAclHeaders` and
 * `readAccessControlPolicy` throw.
 */
export async function readAclRequest({ headers, body }: BucketCall): Promise<PutAclRequest> {
  const given = parseAclHeaders(headers)
  const document = await body.bytes(aclBytesMax)
  if (given !== undefined) {
    if (document.length > 0) throw new S3Error('UnexpectedContent')
    return given
  }
  if (document.length === 0) {
    throw new S3Error('MissingSecurityHeader', { MissingHeaderName: 'x-amz-acl' })
  }
  return { is: 'document', ...readAccessControlPolicy(document) }
}

/** Throws `AccessDenied` for a document with another owner than there is: ownership is not changed by an ACL. */
export function requireOwnerOf(request: PutAclRequest, owner: string): void {
  if (request.is === 'document' && request.owner !== owner) throw new S3Error('AccessDenied')
}
