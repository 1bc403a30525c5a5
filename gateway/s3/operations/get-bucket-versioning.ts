// GetBucketVersioning. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
import { renderVersioningConfiguration } from '../../../protocol/s3/xml/versioning-configuration.ts'
import { xmlReply } from '../../reply.ts'
import type { BucketCall, Operation } from '../operation.ts'

export const getBucketVersioning: Operation<BucketCall> = async (call) =>
  xmlReply(renderVersioningConfiguration(call.bucket.versioning))
