// What a page of 1,000 keys costs in a bucket of ten thousand and in one of a million objects. The
// rows are committed to the metadata engine directly: uploading a million objects is another bench.

import { randomBytes } from 'node:crypto'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { TenantId } from '../../metadata/records.ts'

export type ListingFigures = { readonly objects: number; readonly millisecondsPerPage: number }

const batch = 2_000
const pages = 50

export async function listingFigures(
  path: string,
  tenantId: TenantId,
  counts: readonly number[],
): Promise<readonly ListingFigures[]> {
  const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
  try {
    const figures: ListingFigures[] = []
    for (const objects of counts) {
      figures.push({ objects, millisecondsPerPage: await timeOf(store, tenantId, objects) })
    }
    return figures
  } finally {
    await store.close()
  }
}

async function timeOf(store: LmdbMetadataStore, tenantId: TenantId, objects: number) {
  const made = await store.buckets.create({
    namespace: defaultNamespace,
    tenantId,
    name: `list-${objects}`,
    region: 'us-east-1',
    createdMs: Date.now(),
  })
  for (let from = 0; from < objects; from += batch) {
    await Promise.all(
      Array.from({ length: Math.min(batch, objects - from) }, (_, index) =>
        store.objects.commit({
          bucket: made.bucket,
          key: keyAt(from + index),
          nowMs: Date.now(),
          content: {
            size: 0,
            etag: 'd41d8cd98f00b204e9800998ecf8427e',
            crc32: 0,
            headers: {},
            userMetadata: {},
            tags: [],
            storageClass: 'STANDARD',
            data: { is: 'inline', sealed: Buffer.alloc(0) },
          },
        }),
      ),
    )
  }
  const started = performance.now()
  for (let page = 0; page < pages; page += 1) {
    const after = { key: keyAt(Math.floor((page * (objects - 1_000)) / pages)), group: false }
    const listed = await store.objects.list(made.bucket, { prefix: '', after, limit: 1_000 })
    if (listed.entries.length < 900) throw new Error('a page came short')
  }
  return (performance.now() - started) / pages
}

function keyAt(index: number): string {
  return `photos/2026/${String(index).padStart(9, '0')}.jpg`
}
