// GetBucketVersioning. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
import { renderVersioningConfiguration } from '../../../protocol/s3/xml/versioning-configuration.ts'
import { xmlReply } from '../../reply.ts'
import { type Operation, requireBucket } from '../operation.ts'

export const getBucketVersioning: Operation = async (call) =>
  xmlReply(renderVersioningConfiguration((await requireBucket(call)).versioning))
