// GetPublicAccessBlock. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { renderPublicAccessBlock } from '../../../protocol/s3/xml/public-access-block.ts'
import { xmlReply } from '../../reply.ts'
import type { BucketCall, Operation } from '../operation.ts'

export const getPublicAccessBlock: Operation<BucketCall> = async ({ services, bucket }) => {
  const block = await services.metadata.bucketConfigs.get(bucket, 'publicAccessBlock')
  if (block === undefined) {
    throw new S3Error('NoSuchPublicAccessBlockConfiguration', { BucketName: bucket.name })
  }
  return xmlReply(renderPublicAccessBlock(block.document))
}
