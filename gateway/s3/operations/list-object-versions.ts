// ListObjectVersions. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
import { type ListVersionsQuery, parseListVersionsQuery } from '../../../protocol/s3/list-query.ts'
import {
  renderListVersions,
  type VersionPage,
} from '../../../protocol/s3/xml/render-list-versions.ts'
import { ownerOf } from '../../access/owner.ts'
import { xmlReply } from '../../reply.ts'
import { type BucketCall, metadataWhileWanted, type Operation } from '../operation.ts'
import { withShownOwners } from '../read/shown-owners.ts'

export const listObjectVersions: Operation<BucketCall> = async (call) => {
  const query = parseListVersionsQuery(call.query)
  const page = await listVersionPage(call, query)
  return xmlReply(renderListVersions(page, query), { 'x-amz-bucket-region': call.bucket.region })
}

async function listVersionPage(call: BucketCall, query: ListVersionsQuery): Promise<VersionPage> {
  const { bucket } = call
  const { prefix, delimiter, after, afterVersionId, maxKeys } = query
  const shown = { bucketName: bucket.name, owner: ownerOf(bucket.tenantId) }
  // S3 calls an empty page that was asked for complete.
  if (maxKeys === 0) return { ...shown, entries: [], isTruncated: false }
  const listed = await metadataWhileWanted(call).objects.listVersions(bucket, {
    prefix,
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(after === undefined ? {} : { after }),
    ...(afterVersionId === undefined ? {} : { afterVersionId }),
    limit: maxKeys,
  })
  const entries = await withShownOwners(call, listed.entries)
  return { ...shown, entries, isTruncated: listed.isTruncated }
}
