// The answer of UploadPartCopy. https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
import type { ShownChecksum } from '../checksum-headers.ts'
import { quoteEtag } from '../etag.ts'
import { lastModifiedElement } from './listing-elements.ts'
import { element, s3Document } from './xml-writer.ts'

export function renderCopyPart(part: {
  /** Without quotes. */
  readonly etag: string
  readonly modifiedMs: number
  readonly checksum: ShownChecksum | undefined
}): string {
  return s3Document(
    'CopyPartResult',
    lastModifiedElement(part.modifiedMs),
    element('ETag', quoteEtag(part.etag)),
    part.checksum === undefined
      ? ''
      : element(`Checksum${part.checksum.algorithm}`, part.checksum.value),
  )
}
