// What the contract tests of leases start from: short ways to say scopes, and to see what is held.
import assert from 'node:assert/strict'
import type { Lease, LeaseScope } from '../../metadata/lease-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket, ObjectVersion } from '../../metadata/records.ts'
import { chunk, chunks, drain, put, remove } from './metadata-fixture.ts'

export function lease(leaseId: string, ...scopes: readonly LeaseScope[]): Lease {
  return { leaseId, purpose: 'zip', expiresMs: 1000, scopes }
}

export const everything = { is: 'everything' } as const

export function below({ id }: Bucket, prefix: string): LeaseScope {
  return { is: 'prefix', bucketId: id, prefix }
}

export function ofKey({ id }: Bucket, key: string): LeaseScope {
  return { is: 'key', bucketId: id, key }
}

/** Objects of one chunk each, named as the key. */
export async function putAll(store: MetadataStore, bucket: Bucket, keys: readonly string[]) {
  for (const key of keys) await put(store, bucket, key, { data: chunks(chunk(key, 1)) })
}

export async function removeAll(store: MetadataStore, bucket: Bucket, keys: readonly string[]) {
  for (const key of keys) await remove(store, bucket, key)
}

export async function rowOf(
  store: MetadataStore,
  bucket: Bucket,
  key: string,
): Promise<ObjectVersion> {
  const version = await store.objects.get(bucket, key)
  assert.ok(version?.is === 'object')
  return version
}

/** Those of the keys whose deleted rows are still there once all is released that may be. */
export async function heldOf(
  store: MetadataStore,
  bucket: Bucket,
  rows: ReadonlyMap<string, ObjectVersion>,
): Promise<readonly string[]> {
  await drain(store)
  const held: string[] = []
  for (const [key, { rowId }] of rows) {
    if ((await store.objects.getRow(bucket.id, key, rowId)) !== undefined) held.push(key)
  }
  return held
}

/** Puts the keys, takes the leases, removes the keys, and answers which are held. */
export async function heldBy(
  store: MetadataStore,
  bucket: Bucket,
  taking: { readonly keys: readonly string[]; readonly leases: readonly Lease[] },
): Promise<readonly string[]> {
  const { keys, leases } = taking
  await putAll(store, bucket, keys)
  const rows = new Map<string, ObjectVersion>()
  for (const key of keys) rows.set(key, await rowOf(store, bucket, key))
  for (const each of leases) await store.leases.take(each)
  await removeAll(store, bucket, keys)
  return heldOf(store, bucket, rows)
}
