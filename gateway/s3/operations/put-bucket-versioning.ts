// PutBucketVersioning. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
import { xmlBytesMax } from '../../../protocol/s3/limits.ts'
import { readVersioningConfiguration } from '../../../protocol/s3/xml/versioning-configuration.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { noSuchBucket } from '../write/require-upload.ts'

export const putBucketVersioning: Operation<BucketCall> = async (call) => {
  const setting = readVersioningConfiguration(await call.body.bytes(xmlBytesMax))
  const outcome = await call.services.metadata.buckets.setVersioning(call.bucket, setting)
  if (outcome.is === 'noSuchBucket') throw noSuchBucket(call)
  return { status: 200 }
}
