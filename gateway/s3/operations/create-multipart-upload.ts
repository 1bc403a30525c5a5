// CreateMultipartUpload. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
import { parsePutConditions } from '../../../protocol/s3/conditions.ts'
import { parseUploadChecksum } from '../../../protocol/s3/multipart-checksum.ts'
import { parseObjectHeaders } from '../../../protocol/s3/object-headers.ts'
import { headerText } from '../../../protocol/s3/request-headers.ts'
import { parseTaggingHeader } from '../../../protocol/s3/tag-set.ts'
import { refuseUnsupportedWriteHeaders } from '../../../protocol/s3/unsupported-write-headers.ts'
import { renderInitiateMultipartUpload } from '../../../protocol/s3/xml/render-initiate-multipart-upload.ts'
import { xmlReply } from '../../reply.ts'
import { aclOfWrite } from '../acl/acl-of-write.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { refuseEarly } from '../write/commit-refused.ts'
import { noSuchBucket } from '../write/require-upload.ts'

export const createMultipartUpload: Operation<ObjectCall> = async (call) => {
  refuseUnsupportedWriteHeaders(call.headers)
  const parsed = parseObjectHeaders(call.headers)
  const tagging = headerText(call.headers, 'x-amz-tagging')
  const tags = tagging === undefined ? [] : parseTaggingHeader(tagging)
  const checksum = parseUploadChecksum(call.headers)
  const condition = parsePutConditions(call.headers)
  const acl = await aclOfWrite(call)
  // Some clients send their condition here and again with the completion, where it is decided.
  await refuseEarly(call, condition)
  const created = await call.services.metadata.uploads.create(call.bucket, {
    key: call.key,
    initiatedMs: call.services.now(),
    ...parsed,
    tags,
    ...(checksum === undefined ? {} : { checksum }),
    ...(acl === undefined ? {} : { acl }),
  })
  if (created.is === 'noSuchBucket') throw noSuchBucket(call)
  const { uploadId } = created.upload
  return xmlReply(
    renderInitiateMultipartUpload({ bucket: call.bucket.name, key: call.key, uploadId }),
    {
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-checksum-algorithm': checksum?.algorithm,
      'x-amz-checksum-type': checksum?.type,
    },
  )
}
