// GetBucketCors. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { renderCorsConfiguration } from '../../../protocol/s3/xml/cors-configuration.ts'
import { xmlReply } from '../../reply.ts'
import type { BucketCall, Operation } from '../operation.ts'

export const getBucketCors: Operation<BucketCall> = async ({ services, bucket }) => {
  const cors = await services.metadata.bucketConfigs.get(bucket, 'cors')
  if (cors === undefined) throw new S3Error('NoSuchCORSConfiguration', { BucketName: bucket.name })
  return xmlReply(renderCorsConfiguration(cors.document))
}
