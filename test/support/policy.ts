// Permissions as one function that is asked for each action and resource by itself.
import type { Asking, Authorize, Resource } from '../../gateway/access/authorize.ts'

export type Question = Asking & { readonly action: string; readonly resource: Resource }
export type Policy = (question: Question) => boolean | Promise<boolean>

/** It says nothing of many keys at once, so that it is asked for each. */
export function authorizeBy(policy: Policy): Authorize {
  return ({ identity, context }) => ({
    allows: (action, resource) => policy({ identity, context, action, resource }),
    allowsBelow: () => 'some',
  })
}

/** `bucket/key`; of a bucket, nothing stands behind the slash. */
export function resourceName(resource: Resource): string {
  if (resource.is === 'service') return '*'
  if (resource.is === 'identity') return resource.arn
  return `${resource.bucket.name}/${resource.is === 'object' ? resource.key : ''}`
}
