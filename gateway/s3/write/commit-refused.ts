// What a refused commit of a version is answered with.
import type { ConditionRefused, NoSuchBucket } from '../../../metadata/metadata-store.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'

/** The object the commit was for, and the condition header the client sent. */
export type CommitTarget = {
  readonly bucketName: string
  readonly key: string
  readonly condition?: { readonly ifNoneMatch?: unknown }
}

/** `PreconditionFailed`, `NoSuchKey` (If-Match where there is no object) or `NoSuchBucket`. */
export function commitRefused(
  refusal: ConditionRefused | NoSuchBucket,
  target: CommitTarget,
): S3Error {
  switch (refusal.is) {
    case 'preconditionFailed': {
      const none = target.condition?.ifNoneMatch !== undefined
      return new S3Error('PreconditionFailed', { Condition: none ? 'If-None-Match' : 'If-Match' })
    }
    case 'noSuchKey':
      return new S3Error('NoSuchKey', { Key: target.key })
    case 'noSuchBucket':
      return new S3Error('NoSuchBucket', { BucketName: target.bucketName })
    default:
      return refusal satisfies never
  }
}
