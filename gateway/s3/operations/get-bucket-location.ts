// GetBucketLocation. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
import { renderBucketLocation } from '../../../protocol/s3/xml/render-bucket-location.ts'
import { xmlReply } from '../../reply.ts'
import { type Operation, requireBucket } from '../operation.ts'

export const getBucketLocation: Operation = async (call) =>
  xmlReply(renderBucketLocation((await requireBucket(call)).region))
