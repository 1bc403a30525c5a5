// GetBucketLocation. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
import { renderBucketLocation } from '../../../protocol/s3/xml/render-bucket-location.ts'
import { xmlReply } from '../../reply.ts'
import type { BucketCall, Operation } from '../operation.ts'

export const getBucketLocation: Operation<BucketCall> = async (call) =>
  xmlReply(renderBucketLocation(call.bucket.region))
