// PutBucketVersioning. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
import { xmlBytesMax } from '../../../protocol/s3/limits.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { readVersioningConfiguration } from '../../../protocol/s3/xml/versioning-configuration.ts'
import { type Operation, requireBucket } from '../operation.ts'

export const putBucketVersioning: Operation = async (call) => {
  const bucket = await requireBucket(call)
  const setting = readVersioningConfiguration(await call.body.bytes(xmlBytesMax))
  const outcome = await call.services.metadata.buckets.setVersioning(bucket, setting)
  if (outcome.is === 'noSuchBucket') {
    throw new S3Error('NoSuchBucket', { BucketName: bucket.name })
  }
  return { status: 200 }
}
