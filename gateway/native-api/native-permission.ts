// Permissions of requests below `/-/`: asked once the route has found out who asks, and of which bucket.
import type { Bucket } from '../../metadata/records.ts'
import type { Asking, OwnedBucket, Resource } from '../access/authorize.ts'
import { requireBucket } from '../access/find-bucket.ts'
import type { User } from '../access/identity.ts'
import { requireOwner } from '../access/owner.ts'
import { type Asker, requirePermission } from '../access/require.ts'
import type { NativeCall } from './native-route.ts'

/** Somebody with what he may do, in one request of ours. */
export type NativeAsker = Asker &
  Pick<Asking, 'context' | 'decisions'> & { readonly identity: User }

export function askerOf({ services, context, notes }: NativeCall, identity: User): NativeAsker {
  const { decisions } = notes
  return {
    identity,
    context,
    decisions,
    decider: services.authorize({ identity, context, decisions }),
  }
}

/** Throws `AccessDenied`, also when the headers expect another owner of the bucket. */
export async function permitOnBucket(
  asker: NativeAsker,
  action: string,
  bucket: OwnedBucket,
): Promise<void> {
  await requirePermission(asker, action, { is: 'bucket', bucket })
  requireOwner(asker.context.headers, bucket.tenantId, { decisions: asker.decisions })
}

/** About what the caller's own tenant has. */
export async function permitOnService(asker: NativeAsker, action: string): Promise<void> {
  const everything: Resource = { is: 'service' }
  await requirePermission(asker, action, everything)
  requireOwner(asker.context.headers, asker.identity.tenantId, { decisions: asker.decisions })
}

/** Throws `NoSuchBucket`, and as `permitOnBucket`. */
export async function openBucket(
  call: NativeCall,
  asker: NativeAsker,
  asked: { readonly action: string; readonly name: string },
): Promise<Bucket> {
  const bucket = await requireBucket(call.services.metadata, { name: asked.name }, asker.identity)
  call.notes.bucket = bucket
  await permitOnBucket(asker, asked.action, bucket)
  return bucket
}
