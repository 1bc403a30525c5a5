// PutBucketCors. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
import { corsBytesMax } from '../../../protocol/s3/limits.ts'
import { readCorsConfiguration } from '../../../protocol/s3/xml/cors-configuration.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { requireIntegrity } from '../write/require-integrity.ts'
import { noSuchBucket } from '../write/require-upload.ts'

export const putBucketCors: Operation<BucketCall> = async (call) => {
  requireIntegrity(call)
  const document = readCorsConfiguration(await call.body.bytes(corsBytesMax))
  const { bucketConfigs } = call.services.metadata
  const outcome = await bucketConfigs.put(call.bucket, 'cors', { document })
  if (outcome.is === 'noSuchBucket') throw noSuchBucket(call)
  return { status: 200 }
}
