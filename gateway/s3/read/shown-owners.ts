// Whose the entries of a listing are shown to be: the bucket owner's, or in a bucket with ACLs whoever has written them.
import type { BucketCall } from '../operation.ts'

type MaybeOwned = { readonly owner?: string }

/** Entries as they are to be shown: what was written while a bucket had ACLs is its owner's once it has none. */
export async function withShownOwners<Entry extends object>(
  { bucket, services }: BucketCall,
  entries: readonly Entry[],
): Promise<readonly Entry[]> {
  if (!entries.some((entry: MaybeOwned) => entry.owner !== undefined)) return entries
  const { acls } = await services.permissions.of(bucket)
  if (acls !== undefined) return entries
  return entries.map((entry) => ({ ...entry, owner: undefined }))
}
