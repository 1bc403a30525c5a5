// HeadBucket. https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
import type { BucketCall, Operation } from '../operation.ts'

export const headBucket: Operation<BucketCall> = async ({ bucket }) => {
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/xml',
      'x-amz-bucket-region': bucket.region,
      'x-amz-access-point-alias': 'false',
    },
  }
}
