// The answer of ListBuckets. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
import { isoTime } from '../iso-time.ts'
import { type Owner, ownerElement } from './listing-elements.ts'
import { element, parent, s3Document } from './xml-writer.ts'

export type ListedBucket = {
  readonly name: string
  readonly region: string
  /** Milliseconds since 1970. */
  readonly createdMs: number
}

export type BucketPage = {
  readonly buckets: readonly ListedBucket[]
  readonly owner: Owner
  /** Absent when the client sent none. */
  readonly prefix: string | undefined
  /** Goes with a truncated page. */
  readonly nextToken: string | undefined
}

export function renderListBuckets(page: BucketPage): string {
  const rows = page.buckets.map((bucket) =>
    parent(
      'Bucket',
      element('Name', bucket.name),
      element('CreationDate', isoTime(bucket.createdMs)),
      element('BucketRegion', bucket.region),
    ),
  )
  return s3Document(
    'ListAllMyBucketsResult',
    ownerElement(page.owner),
    parent('Buckets', ...rows),
    element('ContinuationToken', page.nextToken),
    element('Prefix', page.prefix),
  )
}
