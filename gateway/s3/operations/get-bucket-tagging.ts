// GetBucketTagging. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { renderTagging } from '../../../protocol/s3/xml/render-tagging.ts'
import { xmlReply } from '../../reply.ts'
import type { BucketCall, Operation } from '../operation.ts'

export const getBucketTagging: Operation<BucketCall> = async ({ services, bucket }) => {
  const tagging = await services.metadata.bucketConfigs.get(bucket, 'tagging')
  if (tagging === undefined) throw new S3Error('NoSuchTagSet', { BucketName: bucket.name })
  return xmlReply(renderTagging(tagging.document))
}
