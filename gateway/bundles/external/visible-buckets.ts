// The metadata that requests work on: spools are in no listing of it, and have no name. Whatever a client
// writes in a path, a header or JSON, it finds no bucket that the server keeps for itself.
import type { BucketStore, MetadataStore } from '../../../metadata/metadata-store.ts'
import { compareKeys } from '../../../protocol/s3/compare-keys.ts'
import { spoolName } from './spool.ts'

export function withoutSpools(metadata: MetadataStore): MetadataStore {
  const { tenants, objects, uploads, chunks, orphans, outbox, owners } = metadata
  const { leases, manifests, bundles, jobs } = metadata
  const others = {
    tenants,
    objects,
    uploads,
    chunks,
    orphans,
    outbox,
    owners,
    leases,
    manifests,
    bundles,
    jobs,
  }
  return { ...others, buckets: visibleBuckets(metadata.buckets), close: () => metadata.close() }
}

function visibleBuckets(buckets: BucketStore): BucketStore {
  return {
    create: (bucket) => buckets.create(bucket),
    get: async (tenantId, name) => (name === spoolName ? undefined : buckets.get(tenantId, name)),
    delete: (bucket) => buckets.delete(bucket),
    list: (tenantId, page) => {
      const { after = '' } = page
      // No bucket's name sorts before that of the spool.
      return buckets.list(tenantId, {
        ...page,
        after: compareKeys(after, spoolName) < 0 ? spoolName : after,
      })
    },
    setVersioning: (bucket, versioning) => buckets.setVersioning(bucket, versioning),
    setTags: (bucket, tags) => buckets.setTags(bucket, tags),
  }
}
