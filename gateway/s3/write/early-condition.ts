// Judges the condition of a write before its body is read. Only saves the client's upload: whether
// the condition holds is decided by the commit.
import type { WriteCondition } from '../../../metadata/metadata-store.ts'
import type { ObjectCall } from '../operation.ts'
import { commitRefused } from './commit-refused.ts'

/** Throws what the commit would most likely be refused with: `PreconditionFailed`, `NoSuchKey`. */
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
