// Whether a write's condition holds of the version it is asked of.
import type { ConditionRefused, WriteCondition } from '../metadata-store.ts'
import type { VersionAt } from './version-history.ts'

/** Why the write is refused; undefined when it may go on. A delete marker counts as no version. */
export function refusalOf(
  condition: WriteCondition | undefined,
  version: VersionAt | undefined,
): ConditionRefused | undefined {
  if (condition === undefined) return undefined
  const { ifMatch, ifNoneMatch, ifModifiedAtMs, ifSize } = condition
  const object = version?.head.is === 'object' ? version.head : undefined
  if (object === undefined) {
    const asksForOne = ifMatch !== undefined || ifModifiedAtMs !== undefined || ifSize !== undefined
    return asksForOne ? { is: 'noSuchKey' } : undefined
  }
  const holds =
    (ifMatch === undefined || names(ifMatch, object.etag)) &&
    (ifNoneMatch === undefined || !names(ifNoneMatch, object.etag)) &&
    (ifSize === undefined || ifSize === object.size) &&
    (ifModifiedAtMs === undefined ||
      Math.floor(ifModifiedAtMs / 1000) === Math.floor(object.modifiedMs / 1000))
  return holds ? undefined : { is: 'preconditionFailed' }
}

function names(etags: readonly string[] | '*', etag: string): boolean {
  return etags === '*' || etags.includes(etag)
}
