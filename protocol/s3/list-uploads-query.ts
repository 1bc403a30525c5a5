// The query parameters of ListMultipartUploads and ListParts.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
import type { ListPosition } from './continuation-token.ts'
import { parseCount } from './count-parameter.ts'
import { listKeysMax, partNumberMax } from './limits.ts'
import { type ListScope, parseListScope, positionAfter } from './list-query.ts'
import type { Query } from './request-target.ts'
import { S3Error } from './s3-error.ts'
import { isUploadId, type UploadIdText } from './upload-id.ts'

export type ListUploadsQuery = ListScope & {
  readonly maxUploads: number
  readonly keyMarker: string
  /** As sent, for the echo. */
  readonly uploadIdMarker: string
  readonly after: ListPosition | undefined
  readonly afterUploadId: UploadIdText | undefined
}

/** Throws `InvalidArgument`. An upload id marker without a key marker is ignored, as S3 does. */
export function parseListUploadsQuery(query: Query): ListUploadsQuery {
  const scope = parseListScope(query)
  const keyMarker = query.get('key-marker') ?? ''
  const uploadIdMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? '')
  if (uploadIdMarker !== '' && !isUploadId(uploadIdMarker)) throw invalidMarker(uploadIdMarker)
  const after = positionAfter(keyMarker, scope)
  const withinKey = uploadIdMarker !== '' && after?.group !== true
  return {
    ...scope,
    maxUploads: parseCount(query, {
      name: 'max-uploads',
      absent: listKeysMax,
      max: listKeysMax,
    }),
    keyMarker,
    uploadIdMarker,
    after,
    afterUploadId: withinKey ? uploadIdMarker : undefined,
  }
}

function invalidMarker(raw: string): S3Error {
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: 'upload-id-marker', ArgumentValue: raw },
    { message: 'Invalid uploadId marker' },
  )
}

export type ListPartsQuery = {
  readonly maxParts: number
  /** The part number to go on after; 0 is the start. */
  readonly after: number
}

/** Throws `InvalidArgument`. */
export function parseListPartsQuery(query: Query): ListPartsQuery {
  return {
    maxParts: parseCount(query, { name: 'max-parts', absent: listKeysMax, max: listKeysMax }),
    after: parseCount(query, { name: 'part-number-marker', absent: 0, max: partNumberMax }),
  }
}
