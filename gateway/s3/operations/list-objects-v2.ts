// ListObjectsV2. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
import { formatContinuationToken } from '../../../protocol/s3/continuation-token.ts'
import { parseListObjectsV2Query, positionBehind } from '../../../protocol/s3/list-query.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { renderListObjectsV2 } from '../../../protocol/s3/xml/render-list-objects.ts'
import { type Reply, xmlReply } from '../../reply.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { listObjectPage, listObjects } from './list-objects.ts'

export const listObjectsV2: Operation<BucketCall> = async (call) => {
  if (call.query.get('list-type') !== '2') return listFirstVersion(call)
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

/** AWS documents 2 alone: every other value chooses nothing, and what belongs to 2 is not taken with it. */
const ofSecondVersion = ['continuation-token', 'fetch-owner', 'start-after']

function listFirstVersion(call: BucketCall): Promise<Reply> {
  for (const name of ofSecondVersion) {
    const value = call.query.get(name)
    if (value === undefined) continue
    throw new S3Error(
      'InvalidArgument',
      { ArgumentName: name, ArgumentValue: value },
      { message: `${name} is taken with list-type=2 alone.` },
    )
  }
  return listObjects(call)
}
