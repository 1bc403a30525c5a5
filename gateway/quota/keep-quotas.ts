// A store whose commits keep to quotas, whoever makes them: requests, archive jobs, what bundles gather.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Quotas } from './quotas.ts'

/** Its verbs throw `QuotaExceeded` besides. */
export function keepQuotas(store: MetadataStore, quotas: Quotas): MetadataStore {
  const { objects, uploads, buckets } = store
  const { tenants, identities, usage, bucketConfigs, chunks, orphans } = store
  const { outbox, owners, leases, manifests, bundles, jobs } = store
  return {
    ...{ tenants, identities, usage, bucketConfigs, chunks, orphans },
    ...{ outbox, owners, leases, manifests, bundles, jobs },
    buckets: {
      ...buckets,
      create: async (bucket) => {
        await quotas.admitBucket(bucket.tenantId)
        return buckets.create(bucket)
      },
    },
    objects: {
      ...objects,
      commit: (version, options) => {
        const { bucket, content } = version
        const room = quotas.admit(bucket, { bytes: content.size, objects: 1 })
        return within(room, () => objects.commit(version, options))
      },
    },
    uploads: {
      ...uploads,
      commitPart: (bucket, upload, part, options) => {
        const room = quotas.admit(bucket, { bytes: part.size, objects: 0 })
        return within(room, () => uploads.commitPart(bucket, upload, part, options))
      },
      // Its bytes count already, as those of its parts.
      complete: (completion, options) => {
        const room = quotas.admit(completion.bucket, { bytes: 0, objects: 1 })
        return within(room, () => uploads.complete(completion, options))
      },
    },
    within: (limits) => keepQuotas(store.within(limits), quotas),
    close: () => store.close(),
  }
}

/** Without a quota, at once. */
function within<Answer>(
  room: Promise<() => void> | undefined,
  commit: () => Promise<Answer>,
): Promise<Answer> {
  return room === undefined ? commit() : room.then((end) => commit().finally(end))
}
