// Access control lists in the headers of a write. There are none here: buckets are as those that S3 has made
// since April 2023, whose owner owns all objects in them (BucketOwnerEnforced). An ACL that says so is taken,
// every other is refused as S3 refuses it then.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-error-responses.html
import { headerText, type RequestHeaders } from './request-headers.ts'
import { S3Error } from './s3-error.ts'

const grantHeaders = [
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
]

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl */
const cannedAcls: ReadonlySet<string> = new Set([
  'private',
  'public-read',
  'public-read-write',
  'aws-exec-read',
  'authenticated-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
  'log-delivery-write',
])

const harmless: Readonly<Record<'bucket' | 'object', ReadonlySet<string>>> = {
  // S3 ignores those that speak of the bucket's owner when it makes a bucket.
  bucket: new Set(['private', 'bucket-owner-read', 'bucket-owner-full-control']),
  object: new Set(['private', 'bucket-owner-full-control']),
}

/**
 * Throws `InvalidArgument` for what is no canned ACL; and for those that would share,
 * `AccessControlListNotSupported` (objects) or `InvalidBucketAclWithObjectOwnership` (buckets).
 */
export function refuseAcl(headers: RequestHeaders, of: 'bucket' | 'object'): void {
  const acl = headerText(headers, 'x-amz-acl')
  if (acl !== undefined && !cannedAcls.has(acl)) {
    throw new S3Error('InvalidArgument', { ArgumentName: 'x-amz-acl', ArgumentValue: acl })
  }
  const granted = grantHeaders.some((name) => headerText(headers, name) !== undefined)
  if (!granted && (acl === undefined || harmless[of].has(acl))) return
  throw new S3Error(
    of === 'bucket' ? 'InvalidBucketAclWithObjectOwnership' : 'AccessControlListNotSupported',
  )
}
