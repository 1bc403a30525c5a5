// ListMultipartUploads. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
import {
  type ListUploadsQuery,
  parseListUploadsQuery,
} from '../../../protocol/s3/list-uploads-query.ts'
import {
  renderListMultipartUploads,
  type UploadPage,
} from '../../../protocol/s3/xml/render-list-multipart-uploads.ts'
import { ownerOf } from '../../access/owner.ts'
import { xmlReply } from '../../reply.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { withShownOwners } from '../read/shown-owners.ts'

export const listMultipartUploads: Operation<BucketCall> = async (call) => {
  const query = parseListUploadsQuery(call.query)
  return xmlReply(renderListMultipartUploads(await listPage(call, query), query))
}

async function listPage(call: BucketCall, query: ListUploadsQuery): Promise<UploadPage> {
  const { bucket } = call
  const { prefix, delimiter, after, afterUploadId, maxUploads } = query
  const shown = { bucketName: bucket.name, owner: ownerOf(bucket.tenantId) }
  // S3 calls an empty page that was asked for complete.
  if (maxUploads === 0) return { ...shown, entries: [], isTruncated: false }
  const { entries, isTruncated } = await call.services.metadata.uploads.list(bucket, {
    prefix,
    limit: maxUploads,
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(after === undefined ? {} : { after }),
    ...(afterUploadId === undefined ? {} : { afterUploadId }),
  })
  const owned = entries.map((entry) =>
    entry.is === 'prefix' ? entry : { ...entry, owner: entry.acl?.owner },
  )
  return { ...shown, entries: await withShownOwners(call, owned), isTruncated }
}
