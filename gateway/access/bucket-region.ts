// What a refused request may learn of the bucket that it names: that it is there, and which region to sign
// for. Amazon tells both to everybody, and clients find a bucket's region that way.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html

import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { isBucketName } from '../../protocol/s3/bucket-name.ts'
import type { OperationName } from '../../protocol/s3/operations-table.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'

export type RefusedRequest = {
  readonly operation: OperationName
  /** Empty: it names none. */
  readonly bucketName: string
  /** It came without any signature. */
  readonly isAnonymous: boolean
}

/**
 * What is to be thrown in place of the refusal: itself with `x-amz-bucket-region` when the bucket exists,
 * `NoSuchBucket` for an anonymous request when it does not.
 */
export async function refusalWithRegion(
  refusal: S3Error,
  { operation, bucketName, isAnonymous }: RefusedRequest,
  { metadata, region }: { readonly metadata: MetadataStore; readonly region: string },
): Promise<S3Error> {
  if (!isBucketName(bucketName) || refusal.status >= 500) return refusal
  // Whoever has not proven who he is belongs to no tenant, and asks in the shared namespace.
  if ((await metadata.buckets.get(defaultNamespace, bucketName)) !== undefined) {
    // Not the one that was noted at the bucket: this one's signatures are taken.
    return refusal.withHeaders({ 'x-amz-bucket-region': region })
  }
  if (!isAnonymous || operation === 'CreateBucket') return refusal
  return new S3Error('NoSuchBucket', { BucketName: bucketName }, { cause: refusal })
}
