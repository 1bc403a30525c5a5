// The body of CreateBucket, which most clients leave out.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html
import { S3Error } from '../s3-error.ts'
import type { Tag } from '../tag-set.ts'
import { readTags } from './read-tagging.ts'
import { childOf, optionalText, readXml, refuseOtherChildren } from './xml-reader.ts'

export type CreateBucketConfiguration = {
  /** As sent; empty text counts as absent. */
  readonly locationConstraint: string | undefined
  readonly tags: readonly Tag[]
}

/**
 * Throws `MalformedXML`, what `checkTags` throws, and `NotImplemented` for directory buckets.
 */
export function readCreateBucket(body: Buffer): CreateBucketConfiguration {
  if (body.length === 0) return { locationConstraint: undefined, tags: [] }
  const configuration = readXml(body, 'CreateBucketConfiguration')
  for (const name of ['Location', 'Bucket']) {
    if (childOf(configuration, name) === undefined) continue
    throw new S3Error('NotImplemented', {}, { message: 'Directory buckets are not implemented.' })
  }
  refuseOtherChildren(configuration, ['LocationConstraint', 'Tags'])
  const tags = childOf(configuration, 'Tags')
  return {
    locationConstraint: optionalText(configuration, 'LocationConstraint') || undefined,
    tags: tags === undefined ? [] : readTags(tags, 'bucket'),
  }
}
