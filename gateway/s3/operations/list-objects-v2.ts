// ListObjectsV2. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
import { formatContinuationToken } from '../../../protocol/s3/continuation-token.ts'
import { parseListObjectsV2Query, positionBehind } from '../../../protocol/s3/list-query.ts'
import { renderListObjectsV2 } from '../../../protocol/s3/xml/render-list-objects.ts'
import { xmlReply } from '../../reply.ts'
import { listObjectPage } from '../list/list-object-page.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { listObjects } from './list-objects.ts'

export const listObjectsV2: Operation<BucketCall> = async (call) => {
  // As in S3, every other value of the parameter means the first version.
  if (call.query.get('list-type') !== '2') return listObjects(call)
  const query = parseListObjectsV2Query(call.query)
  const page = await listObjectPage(call, query)
  const last = page.entries.at(-1)
  const nextToken =
    page.isTruncated && last !== undefined
      ? formatContinuationToken('objects', positionBehind(last))
      : undefined
  return xmlReply(renderListObjectsV2({ ...page, nextToken }, query), {
    'x-amz-bucket-region': call.bucket.region,
  })
}
