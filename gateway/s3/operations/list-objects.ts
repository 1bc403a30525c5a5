// ListObjects, the first version. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
import { parseListObjectsQuery } from '../../../protocol/s3/list-query.ts'
import { renderListObjects } from '../../../protocol/s3/xml/render-list-objects.ts'
import { xmlReply } from '../../reply.ts'
import { listObjectPage } from '../list/list-object-page.ts'
import type { BucketCall, Operation } from '../operation.ts'

export const listObjects: Operation<BucketCall> = async (call) => {
  const query = parseListObjectsQuery(call.query)
  const page = await listObjectPage(call, query)
  return xmlReply(renderListObjects(page, query), { 'x-amz-bucket-region': call.bucket.region })
}
