// What a refused request may learn of the bucket that it names: that it is there, and which region to sign
// for. Amazon tells both to everybody, and clients find a bucket's region that way.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { S3Error } from '../../protocol/s3/s3-error.ts'
import { findNamedBucket, type NamedBucket } from './find-bucket.ts'

/**
 * What is to be thrown in place of a refusal that came before the bucket was looked for: with
 * `x-amz-bucket-region` when there is one, or when nobody is to know.
 */
export async function refusalWithRegion(
  refusal: S3Error,
  named: NamedBucket,
  { metadata, region }: { readonly metadata: MetadataStore; readonly region: string },
): Promise<S3Error> {
  if (refusal.status >= 500) return refusal
  // Of another tenant's buckets nobody learns which there are.
  if (named.owner !== undefined) return withRegion(refusal, region)
  const bucket = await findNamedBucket(metadata, named)
  return bucket === undefined ? refusal : withRegion(refusal, region)
}

/** The region is not the one that was noted at the bucket: this one's signatures are taken. */
export function withRegion(refusal: S3Error, region: string): S3Error {
  return refusal.status >= 500 ? refusal : refusal.withHeaders({ 'x-amz-bucket-region': region })
}
