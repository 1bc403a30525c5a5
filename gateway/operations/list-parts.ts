// ListParts. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
import { parseListPartsQuery } from '../../protocol/s3/list-uploads-query.ts'
import { renderListParts } from '../../protocol/s3/xml/render-list-parts.ts'
import { ownerOf } from '../listing/owner.ts'
import { requireUpload } from '../multipart/require-upload.ts'
import { type Operation, xmlReply } from '../operation.ts'

export const listParts: Operation = async (call) => {
  const { maxParts, after } = parseListPartsQuery(call.query)
  const { upload } = await requireUpload(call)
  const { parts, isTruncated } = await call.services.metadata.uploads.listParts(upload, {
    after,
    limit: maxParts,
  })
  return xmlReply(
    renderListParts({
      bucket: call.bucketName,
      key: call.key,
      uploadId: upload.uploadId,
      owner: ownerOf(call.identity.tenantId),
      storageClass: upload.storageClass,
      checksum: upload.checksum,
      partNumberMarker: after,
      maxParts,
      isTruncated: maxParts > 0 && isTruncated,
      parts,
    }),
  )
}
