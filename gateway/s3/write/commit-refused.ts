// What a refused commit of a version is answered with, and the refusal before its body is read.
import type {
  ConditionRefused,
  NoSuchBucket,
  WriteCondition,
} from '../../../metadata/metadata-store.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { ObjectCall } from '../operation.ts'

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

/**
 * Judges the condition of a write before its body is read. Only saves the client's upload: whether the condition
 * holds is decided by the commit. Throws what that would most likely be refused with: `PreconditionFailed`,
 * `NoSuchKey`.
 */
export async function refuseEarly(
  call: ObjectCall,
  condition: WriteCondition | undefined,
): Promise<void> {
  if (condition === undefined) return
  const current = await call.services.metadata.objects.get(call.bucket, call.key)
  const etag = current?.is === 'object' ? current.etag : undefined
  const target = { bucketName: call.bucket.name, key: call.key, condition }
  const { ifMatch, ifNoneMatch } = condition
  if (ifMatch !== undefined) {
    if (etag === undefined) throw commitRefused({ is: 'noSuchKey' }, target)
    if (!names(ifMatch, etag)) throw commitRefused({ is: 'preconditionFailed' }, target)
  }
  if (ifNoneMatch !== undefined && etag !== undefined && names(ifNoneMatch, etag)) {
    throw commitRefused({ is: 'preconditionFailed' }, target)
  }
}

function names(list: readonly string[] | '*', etag: string): boolean {
  return list === '*' || list.includes(etag)
}
