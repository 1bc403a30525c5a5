// Who expects a bucket to be somebody's says whose: the request goes on only when it is.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
import type { TenantId } from '../../metadata/records.ts'
import type { RequestHeaders } from '../../protocol/s3/request-headers.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { isOwner } from './owner-id.ts'

const headerNames = {
  bucket: 'x-amz-expected-bucket-owner',
  source: 'x-amz-source-expected-bucket-owner',
} as const

/**
 * Throws `AccessDenied` when the headers expect another owner of the bucket, or of the source of a copy,
 * than the tenant that owns it.
 */
export function requireOwner(
  headers: RequestHeaders,
  tenantId: TenantId,
  of: keyof typeof headerNames = 'bucket',
): void {
  const named = headers[headerNames[of]]
  if (named === undefined || isOwner(tenantId, String(named))) return
  throw new S3Error('AccessDenied')
}
