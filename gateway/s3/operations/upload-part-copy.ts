// UploadPartCopy. https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
import type { ObjectVersion } from '../../../metadata/records.ts'
import { putBytesMax } from '../../../protocol/s3/limits.ts'
import { defaultUploadChecksum } from '../../../protocol/s3/multipart-checksum.ts'
import { parsePartNumber } from '../../../protocol/s3/part-number.ts'
import { checkCopyRange, type HalfOpenRange, parseCopyRange } from '../../../protocol/s3/range.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { refuseUnsupportedWriteHeaders } from '../../../protocol/s3/unsupported-write-headers.ts'
import { renderCopyPart } from '../../../protocol/s3/xml/render-copy-part.ts'
import { xmlReply } from '../../reply.ts'
import { findCopySource, receiveStored } from '../copy/copy-source-version.ts'
import type { CopyCall, Operation } from '../operation.ts'
import { useVersion } from '../read/use-version.ts'
import { commitPart } from '../write/commit-part.ts'
import { requireUpload } from '../write/require-upload.ts'

const rangeHeader = 'x-amz-copy-source-range'

export const uploadPartCopy: Operation<CopyCall> = async (call) => {
  const number = parsePartNumber(call.query.get('partNumber'))
  refuseUnsupportedWriteHeaders(call.headers)
  const asked = askedRange(call)
  const upload = await requireUpload(call)
  const { algorithm } = upload.checksum ?? defaultUploadChecksum
  const { piece, source } = await useVersion(
    () => findCopySource(call),
    async (source) => {
      const range = rangeOf(source.version, asked)
      return { source, piece: await receiveStored(call, source, { range, algorithm }) }
    },
  )
  const checksum = { algorithm, value: piece.digest(algorithm).toString('base64') }
  const { etag, modifiedMs } = await commitPart(call, upload, { number, piece, checksum })
  const shown = upload.checksum === undefined ? undefined : checksum
  return xmlReply(renderCopyPart({ etag, modifiedMs, checksum: shown }), {
    'x-amz-server-side-encryption': 'AES256',
    'x-amz-copy-source-version-id':
      source.bucket.versioning === 'off' ? undefined : source.version.versionId,
  })
}

type AskedRange = HalfOpenRange & { readonly raw: string }

function askedRange(call: CopyCall): AskedRange | undefined {
  const raw = call.headers[rangeHeader]
  return raw === undefined ? undefined : { ...parseCopyRange(String(raw)), raw: String(raw) }
}

function rangeOf(source: ObjectVersion, asked: AskedRange | undefined): HalfOpenRange {
  if (asked !== undefined) checkCopyRange(asked, source.size, asked.raw)
  const range = asked ?? { start: 0, end: source.size }
  if (range.end - range.start <= putBytesMax) return range
  throw new S3Error(
    'InvalidRequest',
    {},
    {
      message: `The specified copy source is larger than the maximum allowable size for a copy source: ${putBytesMax}`,
    },
  )
}
