// The answer of CompleteMultipartUpload.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
import type { ShownChecksum } from '../checksum-headers.ts'
import { quoteEtag } from '../etag.ts'
import { element, s3Document } from './xml-writer.ts'

export function renderCompleteMultipartUpload(object: {
  /** The URL of the new object. */
  readonly location: string
  readonly bucket: string
  readonly key: string
  /** Without quotes. */
  readonly etag: string
  readonly checksum: ShownChecksum | undefined
}): string {
  const { checksum } = object
  return s3Document(
    'CompleteMultipartUploadResult',
    element('Location', object.location),
    element('Bucket', object.bucket),
    element('Key', object.key),
    element('ETag', quoteEtag(object.etag)),
    checksum === undefined ? '' : element(`Checksum${checksum.algorithm}`, checksum.value),
    element('ChecksumType', checksum?.type),
  )
}
