// Whose an object is that is about to be written, and what is granted on it, by the headers of the request and the
// bucket's object ownership. https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
import {
  anonymousUserId,
  isOwnersAlone,
  type ObjectAcl,
  toAccount,
} from '../../../protocol/s3/acl/acl.ts'
import { type AclRequest, parseAclHeaders } from '../../../protocol/s3/acl/acl-headers.ts'
import { grantsOfCanned } from '../../../protocol/s3/acl/canned-acl.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { ownerId } from '../../access/owner.ts'
import type { BucketAcls } from '../../acl/bucket-acls.ts'
import type { ObjectCall } from '../operation.ts'
import { refuseBlocked } from './acl-blocked.ts'

/**
 * Undefined: it is the bucket owner's, and nobody is granted anything. Throws what `parseAclHeaders` does,
 * `AccessControlListNotSupported` in a bucket without ACLs, `AccessDenied` for a public one where those are blocked.
 */
export async function aclOfWrite(call: ObjectCall): Promise<ObjectAcl | undefined> {
  const { bucket, services } = call
  const request = parseAclHeaders(call.headers)
  const found = services.permissions.of(bucket)
  const { acls } = found instanceof Promise ? await found : found
  const bucketOwner = ownerId(bucket.tenantId)
  if (acls === undefined) {
    if (request === undefined || saysWhatIsSo(request, bucketOwner)) return undefined
    throw new S3Error('AccessControlListNotSupported')
  }
  const owner = ownerOfWrite(call, acls, request)
  const grants = grantsOf(request, { owner, bucketOwner })
  await refuseBlocked(call, acls, grants)
  if (request?.is === 'grants') await services.accounts.requireGrantees(grants)
  if (owner !== bucketOwner) return { owner, grants }
  return isOwnersAlone(grants, owner) ? undefined : { grants }
}

/** Full control for the bucket's owner, in whatever words. */
function saysWhatIsSo(request: AclRequest, bucketOwner: string): boolean {
  if (request.is === 'grants') return isOwnersAlone(request.grants, bucketOwner)
  return request.canned === 'private' || request.canned === 'bucket-owner-full-control'
}

function ownerOfWrite(
  { identity, bucket }: ObjectCall,
  { ownership }: BucketAcls,
  request: AclRequest | undefined,
): string {
  const givesControl = request?.is === 'canned' && request.canned === 'bucket-owner-full-control'
  if (ownership === 'BucketOwnerPreferred' && givesControl) return ownerId(bucket.tenantId)
  return identity.is === 'user' ? ownerId(identity.tenantId) : anonymousUserId
}

/** Grants of headers are all that there are: the owner has what they give him. */
function grantsOf(
  request: AclRequest | undefined,
  parties: { readonly owner: string; readonly bucketOwner: string },
): ObjectAcl['grants'] {
  switch (request?.is) {
    case undefined:
      return [toAccount(parties.owner, 'FULL_CONTROL')]
    case 'grants':
      return request.grants
    case 'canned':
      if (request.canned === 'log-delivery-write') throw ofBucketsAlone(request.canned)
      return grantsOfCanned(request.canned, parties)
    default:
      return request satisfies never
  }
}

/** The refusal of a canned ACL that objects cannot have. */
export function ofBucketsAlone(canned: string): S3Error {
  return new S3Error('InvalidArgument', { ArgumentName: 'x-amz-acl', ArgumentValue: canned })
}
