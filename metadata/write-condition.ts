// Whether a write's condition holds of the version it is asked of.
import type { VersionHead } from './codec/version-codec.ts'
import type { ConditionRefused, WriteCondition } from './metadata-store.ts'

/** Why the write is refused; undefined when it may go on. A delete marker counts as no version. */
export function refusalOf(
  condition: WriteCondition | undefined,
  version: { readonly head: VersionHead } | undefined,
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
