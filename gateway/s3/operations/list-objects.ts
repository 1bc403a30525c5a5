// ListObjects, the first version. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
import { type ListObjectsQuery, parseListObjectsQuery } from '../../../protocol/s3/list-query.ts'
import { type ObjectPage, renderListObjects } from '../../../protocol/s3/xml/render-list-objects.ts'
import { ownerOf } from '../../access/owner.ts'
import { xmlReply } from '../../reply.ts'
import { type BucketCall, metadataWhileWanted, type Operation } from '../operation.ts'
import { withShownOwners } from '../read/shown-owners.ts'

export const listObjects: Operation<BucketCall> = async (call) => {
  const query = parseListObjectsQuery(call.query)
  const page = await listObjectPage(call, query)
  return xmlReply(renderListObjects(page, query), { 'x-amz-bucket-region': call.bucket.region })
}

/** One page of current objects, as both versions of ListObjects show it. */
export async function listObjectPage(
  call: BucketCall,
  query: Pick<ListObjectsQuery, 'prefix' | 'delimiter' | 'after' | 'maxKeys'>,
): Promise<ObjectPage> {
  const { bucket } = call
  const { prefix, delimiter, after, maxKeys } = query
  const shown = { bucketName: bucket.name, owner: ownerOf(bucket.tenantId) }
  // S3 calls an empty page that was asked for complete.
  if (maxKeys === 0) return { ...shown, entries: [], isTruncated: false }
  const listed = await metadataWhileWanted(call).objects.list(bucket, {
    prefix,
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(after === undefined ? {} : { after }),
    limit: maxKeys,
  })
  const entries = await withShownOwners(call, listed.entries)
  return { ...shown, entries, isTruncated: listed.isTruncated }
}
