// The answer of ListParts. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
import type { ShownChecksum } from '../checksum-headers.ts'
import { quoteEtag } from '../etag.ts'
import type { UploadChecksum } from '../multipart-checksum.ts'
import { lastModifiedElement, type Owner, ownerElement } from './listing-elements.ts'
import { initiatorElement } from './render-list-multipart-uploads.ts'
import { element, parent, s3Document } from './xml-writer.ts'

export type ListedPart = {
  readonly number: number
  /** Bytes. */
  readonly size: number
  /** Without quotes. */
  readonly etag: string
  readonly modifiedMs: number
  readonly checksum?: ShownChecksum
}

export type ListPartsResult = {
  readonly bucket: string
  readonly key: string
  readonly uploadId: string
  readonly owner: Owner
  readonly storageClass: string
  readonly checksum: UploadChecksum | undefined
  readonly partNumberMarker: number
  readonly maxParts: number
  readonly isTruncated: boolean
  readonly parts: readonly ListedPart[]
}

export function renderListParts(result: ListPartsResult): string {
  // Only when there is more: paginators of AWS SDKs go on for as long as they find one.
  const next = result.isTruncated ? result.parts.at(-1)?.number : undefined
  return s3Document(
    'ListPartsResult',
    element('Bucket', result.bucket),
    element('Key', result.key),
    element('UploadId', result.uploadId),
    initiatorElement(result.owner),
    ownerElement(result.owner),
    element('StorageClass', result.storageClass),
    element('PartNumberMarker', result.partNumberMarker),
    element('NextPartNumberMarker', next),
    element('MaxParts', result.maxParts),
    element('IsTruncated', result.isTruncated),
    element('ChecksumAlgorithm', result.checksum?.algorithm),
    element('ChecksumType', result.checksum?.type),
    ...result.parts.map(renderPart),
  )
}

function renderPart(part: ListedPart): string {
  const { checksum } = part
  return parent(
    'Part',
    element('PartNumber', part.number),
    lastModifiedElement(part.modifiedMs),
    element('ETag', quoteEtag(part.etag)),
    element('Size', part.size),
    checksum === undefined ? '' : element(`Checksum${checksum.algorithm}`, checksum.value),
  )
}
