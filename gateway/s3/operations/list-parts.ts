// ListParts. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
import { parseListPartsQuery } from '../../../protocol/s3/list-uploads-query.ts'
import { noSuchUpload } from '../../../protocol/s3/upload-id.ts'
import { renderListParts } from '../../../protocol/s3/xml/render-list-parts.ts'
import { ownerOf } from '../../access/owner.ts'
import { xmlReply } from '../../reply.ts'
import { shownOwner } from '../acl/shown-acl.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { withShownOwners } from '../read/shown-owners.ts'
import { requireUpload } from '../write/require-upload.ts'

export const listParts: Operation<ObjectCall> = async (call) => {
  const { maxParts, after } = parseListPartsQuery(call.query)
  const upload = await requireUpload(call)
  const page = { after, limit: maxParts }
  const listed = await call.services.metadata.uploads.listParts(call.bucket, upload, page)
  if (listed.is === 'noSuchUpload') throw noSuchUpload(upload.uploadId)
  const { parts, isTruncated } = listed
  const [{ owner } = {}] = await withShownOwners(call, [{ owner: upload.acl?.owner }])
  return xmlReply(
    renderListParts({
      bucket: call.bucket.name,
      key: call.key,
      uploadId: upload.uploadId,
      owner: owner === undefined ? ownerOf(call.bucket.tenantId) : shownOwner(call, owner),
      storageClass: upload.storageClass,
      checksum: upload.checksum,
      partNumberMarker: after,
      maxParts,
      isTruncated: maxParts > 0 && isTruncated,
      parts,
    }),
  )
}
