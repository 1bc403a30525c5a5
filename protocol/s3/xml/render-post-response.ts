// The answer of a form upload that asked for status 201.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
import { quoteEtag } from '../etag.ts'
import { element, parent, xmlDeclaration } from './xml-writer.ts'

export function renderPostResponse(object: {
  /** The URL of the new object. */
  readonly location: string
  readonly bucket: string
  readonly key: string
  /** Without quotes. */
  readonly etag: string
}): string {
  return (
    xmlDeclaration +
    parent(
      'PostResponse',
      element('Location', object.location),
      element('Bucket', object.bucket),
      element('Key', object.key),
      element('ETag', quoteEtag(object.etag)),
    )
  )
}
