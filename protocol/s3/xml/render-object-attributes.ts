// The answer of GetObjectAttributes: only the elements that were asked for.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
import type { ShownChecksum } from '../checksum-headers.ts'
import { checksumElements } from './checksum-elements.ts'
import { element, parent, s3Document } from './xml-writer.ts'

export type AttributedPart = {
  readonly number: number
  readonly size: number
  readonly checksum?: ShownChecksum
}

export type AttributedParts = {
  readonly count: number
  /** Absent where S3 tells only how many parts there are. */
  readonly page?: {
    /** Part numbers, exclusive. */
    readonly marker: number
    readonly partsMax: number
    readonly isTruncated: boolean
    readonly parts: readonly AttributedPart[]
  }
}

/** What is absent was not asked for, or the object does not have it. */
export type ObjectAttributes = {
  /** Hex without quotes, and so it stays here, unlike anywhere else. */
  readonly etag?: string
  readonly checksum?: ShownChecksum
  readonly parts?: AttributedParts
  readonly storageClass?: string
  /** Bytes. */
  readonly size?: number
}

export function renderObjectAttributes(attributes: ObjectAttributes): string {
  const { checksum, parts } = attributes
  return s3Document(
    'GetObjectAttributesResponse',
    element('ETag', attributes.etag),
    checksum === undefined ? '' : parent('Checksum', checksumElements(checksum)),
    parts === undefined ? '' : parent('ObjectParts', ...partElements(parts)),
    element('StorageClass', attributes.storageClass),
    element('ObjectSize', attributes.size),
  )
}

function partElements({ count, page }: AttributedParts): readonly string[] {
  const total = element('PartsCount', count)
  if (page === undefined) return [total]
  return [
    element('PartNumberMarker', page.marker),
    element('NextPartNumberMarker', page.parts.at(-1)?.number ?? page.marker),
    element('MaxParts', page.partsMax),
    element('IsTruncated', page.isTruncated),
    ...page.parts.map((part) =>
      parent(
        'Part',
        element('PartNumber', part.number),
        element('Size', part.size),
        checksumElements(part.checksum),
      ),
    ),
    total,
  ]
}
