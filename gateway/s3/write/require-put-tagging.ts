// A write that brings tags needs the permission to tag besides its own.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { Call } from '../operation.ts'

/** Throws `AccessDenied`. */
export async function requirePutTagging(call: Call): Promise<void> {
  const allowed = await call.services.authorize({
    identity: call.identity,
    action: 's3:PutObjectTagging',
    resource: { bucket: call.bucketName, key: call.key },
  })
  if (!allowed) throw new S3Error('AccessDenied')
}
