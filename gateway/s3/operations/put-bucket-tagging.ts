// PutBucketTagging. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
import { xmlBytesMax } from '../../../protocol/s3/limits.ts'
import { readTagging } from '../../../protocol/s3/xml/read-tagging.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { noSuchBucket } from '../write/require-upload.ts'

export const putBucketTagging: Operation<BucketCall> = async (call) => {
  const tags = readTagging(await call.body.bytes(xmlBytesMax), 'bucket')
  const { bucketConfigs } = call.services.metadata
  const outcome =
    tags.length === 0
      ? await bucketConfigs.delete(call.bucket, 'tagging')
      : await bucketConfigs.put(call.bucket, 'tagging', { document: tags })
  if (outcome.is === 'noSuchBucket') throw noSuchBucket(call)
  return { status: 204 }
}
