// ListObjects, the first version. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
import { parseListObjectsQuery } from '../../../protocol/s3/list-query.ts'
import { renderListObjects } from '../../../protocol/s3/xml/render-list-objects.ts'
import { xmlReply } from '../../reply.ts'
import { listObjectPage } from '../list/list-object-page.ts'
import { type Operation, requireBucket } from '../operation.ts'

export const listObjects: Operation = async (call) => {
  const query = parseListObjectsQuery(call.query)
  const bucket = await requireBucket(call)
  const page = await listObjectPage(call, bucket, query)
  return xmlReply(renderListObjects(page, query), { 'x-amz-bucket-region': bucket.region })
}
