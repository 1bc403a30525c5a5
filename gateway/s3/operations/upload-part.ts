// UploadPart. https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
import type { Upload } from '../../../metadata/records.ts'
import {
  addChecksumHeaders,
  type DeclaredChecksum,
  parseDeclaredChecksum,
} from '../../../protocol/s3/checksum-headers.ts'
import { quoteEtag } from '../../../protocol/s3/etag.ts'
import { putBytesMax } from '../../../protocol/s3/limits.ts'
import {
  checkPartChecksum,
  defaultUploadChecksum,
} from '../../../protocol/s3/multipart-checksum.ts'
import type { ReplyHeaders } from '../../../protocol/s3/object-headers.ts'
import { parsePartNumber } from '../../../protocol/s3/part-number.ts'
import { refuseUnsupportedWriteHeaders } from '../../../protocol/s3/unsupported-write-headers.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { commitPart } from '../write/commit-part.ts'
import { receivePayload } from '../write/receive-payload.ts'
import { requireUpload } from '../write/require-upload.ts'

export const uploadPart: Operation<ObjectCall> = async (call) => {
  const number = parsePartNumber(call.query.get('partNumber'))
  refuseUnsupportedWriteHeaders(call.headers)
  const declared = parseDeclaredChecksum(call.headers, call.body.announcedTrailers)
  const upload = await requireUpload(call)
  checkPartChecksum(upload.checksum, declared?.algorithm)
  const { piece, checksum } = await receivePart(call, upload, declared)
  const { etag } = await commitPart(call, upload, { number, piece, checksum })
  const headers: ReplyHeaders = {
    ETag: quoteEtag(etag),
    'x-amz-server-side-encryption': 'AES256',
  }
  // Of a checksum that nobody asked for, S3 says nothing before the upload is complete.
  if (declared !== undefined || upload.checksum !== undefined) {
    addChecksumHeaders(headers, { algorithm: checksum.algorithm, value: checksum.value })
  }
  return { status: 200, headers }
}

function receivePart(call: ObjectCall, upload: Upload, declared: DeclaredChecksum | undefined) {
  return receivePayload(call, {
    sizeMax: putBytesMax,
    ...(declared === undefined ? {} : { declared }),
    // Whatever its parts come with, the object gets the checksum that its upload asked for, or the default.
    ...(upload.checksum === undefined
      ? { besides: defaultUploadChecksum.algorithm }
      : { defaultAlgorithm: upload.checksum.algorithm }),
  })
}
