// ListObjectVersions. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
import type { Bucket } from '../../../metadata/records.ts'
import { type ListVersionsQuery, parseListVersionsQuery } from '../../../protocol/s3/list-query.ts'
import {
  renderListVersions,
  type VersionPage,
} from '../../../protocol/s3/xml/render-list-versions.ts'
import { xmlReply } from '../../reply.ts'
import { ownerOf } from '../list/owner.ts'
import { type Call, type Operation, requireBucket } from '../operation.ts'

export const listObjectVersions: Operation = async (call) => {
  const query = parseListVersionsQuery(call.query)
  const bucket = await requireBucket(call)
  const page = await listVersionPage(call, bucket, query)
  return xmlReply(renderListVersions(page, query), { 'x-amz-bucket-region': bucket.region })
}

async function listVersionPage(
  call: Call,
  bucket: Bucket,
  query: ListVersionsQuery,
): Promise<VersionPage> {
  const { prefix, delimiter, after, afterVersionId, maxKeys } = query
  const shown = { bucketName: bucket.name, owner: ownerOf(bucket.tenantId) }
  // S3 calls an empty page that was asked for complete.
  if (maxKeys === 0) return { ...shown, entries: [], isTruncated: false }
  const listed = await call.services.metadata.objects.listVersions(bucket, {
    prefix,
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(after === undefined ? {} : { after }),
    ...(afterVersionId === undefined ? {} : { afterVersionId }),
    limit: maxKeys,
  })
  return { ...shown, entries: listed.entries, isTruncated: listed.isTruncated }
}
