// PutPublicAccessBlock. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html
import { xmlBytesMax } from '../../../protocol/s3/limits.ts'
import { readPublicAccessBlock } from '../../../protocol/s3/xml/public-access-block.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { noSuchBucket } from '../write/require-upload.ts'

export const putPublicAccessBlock: Operation<BucketCall> = async (call) => {
  const document = readPublicAccessBlock(await call.body.bytes(xmlBytesMax))
  const { bucketConfigs } = call.services.metadata
  const { is } = await bucketConfigs.put(call.bucket, 'publicAccessBlock', { document })
  if (is === 'noSuchBucket') throw noSuchBucket(call)
  return { status: 200 }
}
