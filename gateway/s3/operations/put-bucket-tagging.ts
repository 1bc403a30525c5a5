// PutBucketTagging. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
import { xmlBytesMax } from '../../../protocol/s3/limits.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { readTagging } from '../../../protocol/s3/xml/read-tagging.ts'
import { type Operation, requireBucket } from '../operation.ts'

export const putBucketTagging: Operation = async (call) => {
  const bucket = await requireBucket(call)
  const tags = readTagging(await call.body.bytes(xmlBytesMax), 'bucket')
  const { bucketConfigs } = call.services.metadata
  const outcome =
    tags.length === 0
      ? await bucketConfigs.delete(bucket, 'tagging')
      : await bucketConfigs.put(bucket, 'tagging', { document: tags })
  if (outcome.is === 'noSuchBucket') {
    throw new S3Error('NoSuchBucket', { BucketName: bucket.name })
  }
  return { status: 204 }
}
