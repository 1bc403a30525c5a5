// The answer of CopyObject. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObjectResult.html
import type { ShownChecksum } from '../checksum-headers.ts'
import { quoteEtag } from '../etag.ts'
import { isoTime } from '../iso-time.ts'
import { checksumElements } from './checksum-elements.ts'
import { element, s3Document } from './xml-writer.ts'

export type CopyResult = {
  /** Hex without quotes. */
  readonly etag: string
  readonly modifiedMs: number
  readonly checksum: ShownChecksum | undefined
}

export function renderCopyObjectResult(result: CopyResult): string {
  return s3Document(
    'CopyObjectResult',
    element('LastModified', isoTime(result.modifiedMs)),
    element('ETag', quoteEtag(result.etag)),
    checksumElements(result.checksum),
  )
}
