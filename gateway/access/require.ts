// Asks for a permission, and throws where it is missing: the one place where `AccessDenied` follows from one.
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { Decider, KeysBelow, Resource } from './authorize.ts'

/** Whoever asks, with what he may do: made by `Authorize` once a request. */
export type Asker = { readonly decider: Decider }

/** Throws `AccessDenied`. To be awaited; who is asked for each request waits only where there is a promise. */
export function requirePermission(
  { decider }: Asker,
  action: string,
  resource: Resource,
): Promise<void> | undefined {
  const answer = decider.allows(action, resource)
  if (answer instanceof Promise) return answer.then(refuseUnless)
  refuseUnless(answer)
  return undefined
}

function refuseUnless(allowed: boolean): void {
  if (!allowed) throw new S3Error('AccessDenied')
}

/** Whether the caller may do it to one key. */
export type AllowsKey = (key: string) => boolean | Promise<boolean>

/**
 * Of many keys below a prefix. Undefined: all are allowed, and none has to be asked for. Throws
 * `AccessDenied` when none is.
 */
export async function permittedKeys(
  { decider }: Asker,
  action: string,
  { bucket, prefix }: KeysBelow,
): Promise<AllowsKey | undefined> {
  const coarse = await decider.allowsBelow(action, { bucket, prefix })
  if (coarse === 'none') throw new S3Error('AccessDenied')
  if (coarse === 'all') return undefined
  return (key) => decider.allows(action, { is: 'object', bucket, key })
}

/** That a caller may do it to each. Throws `AccessDenied`, and names one to which he may not. */
export async function requireKeys(
  allows: AllowsKey | undefined,
  objects: Iterable<{ readonly key: string }>,
): Promise<void> {
  if (allows === undefined) return
  for (const { key } of objects) {
    const answer = allows(key)
    if (answer === true || (answer !== false && (await answer))) continue
    throw new S3Error('AccessDenied', { Key: key })
  }
}
