// Removes all that a tenant has, kind by kind, in pages: whatever is cut off goes on where it was, since what is gone is gone.
// Chunks go by the tasks that deletions leave; and with the tenant's key, which stands in its row, nothing that is left of
// them anywhere opens any more.
import { setTimeout as sleep } from 'node:timers/promises'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import { hiddenNamespace, type Namespace } from '../../../metadata/namespaces.ts'
import type { Bucket, Tenant, TenantId } from '../../../metadata/records.ts'
import { cleanUpJob } from '../../archive-jobs/job-holdings.ts'
import { endedFromOutside } from '../../background/job-upkeep.ts'
import { removeManifest } from '../../zip/manifest-cache.ts'

export type Removing = {
  readonly metadata: MetadataStore
  readonly tenant: Tenant
  readonly nowMs: number
  /** Aborted when the work is to stop. */
  readonly signal: AbortSignal
  /** Told of so much that has gone. */
  readonly gone: (items: number) => Promise<void>
}

const pageMax = 500
/** Deletions that are under way at once: enough for them to share a commit. */
const atOnce = 50
/** A bucket that still gets objects, of requests that had begun, is emptied again. */
const bucketTriesMax = 20
const bucketPauseMs = 100

/** Throws when it has not come to its end. Safe to repeat. */
export async function removeTenantData(removing: Removing): Promise<void> {
  const { metadata, tenant, signal } = removing
  await removeJobs(removing)
  await removeBundles(removing)
  await removeManifests(removing)
  for (const namespace of [tenant.namespace, hiddenNamespace(tenant.id)]) {
    await removeBuckets(removing, namespace)
  }
  await removeAccessKeys(metadata, tenant.id)
  while ((await metadata.identities.removeAll(tenant.id, pageMax)) > 0) signal.throwIfAborted()
  // What a request has made that had begun before: with its keys it does not outlive the tenant.
  await removeBuckets(removing, tenant.namespace)
}

/** What works for it, and what it has stored by that. */
async function removeJobs({ metadata, tenant, nowMs, signal }: Removing): Promise<void> {
  const { jobs } = metadata
  const archives = { kind: 'archive', tenantId: tenant.id } as const
  for (;;) {
    signal.throwIfAborted()
    const page = await jobs.list(archives, { limit: pageMax })
    if (page.length === 0) break
    for (const job of page) {
      const ended = endedFromOutside(job, 'cancelled', nowMs)
      if ((await jobs.put(ended)).is === 'changed') continue
      await cleanUpJob(metadata, ended, nowMs)
      await jobs.remove(ended)
    }
  }
  const gatherings = { kind: 'gathering', tenantId: tenant.id } as const
  for (;;) {
    signal.throwIfAborted()
    const page = await jobs.list(gatherings, { limit: pageMax })
    if (page.length === 0) return
    for (const job of page) await jobs.remove(job)
  }
}

async function removeBundles({ metadata, tenant, signal, gone }: Removing): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const page = await metadata.bundles.list(tenant.id, { limit: pageMax })
    if (page.length === 0) return
    for (const { bundleId } of page) await metadata.bundles.remove(bundleId)
    await gone(page.length)
  }
}

async function removeManifests({ metadata, tenant, signal }: Removing): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const { manifests } = await metadata.manifests.ofTenant(tenant.id, { limit: pageMax })
    if (manifests.length === 0) return
    for (const { manifestId } of manifests) await removeManifest(metadata, manifestId)
  }
}

async function removeBuckets(removing: Removing, namespace: Namespace): Promise<void> {
  const { metadata, tenant } = removing
  for (;;) {
    const page = await metadata.buckets.list(tenant.id, { namespace, prefix: '', limit: pageMax })
    if (page.buckets.length === 0) return
    for (const bucket of page.buckets) await removeBucket(removing, bucket)
  }
}

async function removeBucket(removing: Removing, bucket: Bucket): Promise<void> {
  for (let tries = 0; tries < bucketTriesMax; tries += 1) {
    await abortUploads(removing, bucket)
    await deleteVersions(removing, bucket)
    const { is } = await removing.metadata.buckets.delete(bucket)
    if (is === 'deleted' || is === 'noSuchBucket') return
    await sleep(bucketPauseMs, undefined, { signal: removing.signal })
  }
  throw new Error('a bucket of the tenant still gets objects')
}

async function abortUploads({ metadata, signal }: Removing, bucket: Bucket): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const page = await metadata.uploads.list(bucket, { prefix: '', limit: pageMax })
    const uploads = page.entries.filter((entry) => entry.is === 'upload')
    if (uploads.length === 0) return
    for (const upload of uploads) await metadata.uploads.abort(bucket, upload)
  }
}

async function deleteVersions(removing: Removing, bucket: Bucket): Promise<void> {
  const { metadata, nowMs, signal, gone } = removing
  for (;;) {
    const page = await metadata.objects.listVersions(bucket, { prefix: '', limit: pageMax })
    const versions = page.entries.filter((entry) => entry.is !== 'prefix')
    if (versions.length === 0) return
    for (let at = 0; at < versions.length; at += atOnce) {
      signal.throwIfAborted()
      const some = versions.slice(at, at + atOnce)
      await Promise.all(
        some.map(({ key, versionId }) =>
          metadata.objects.delete({ bucket, key, versionId, nowMs }),
        ),
      )
      await gone(some.length)
    }
  }
}

/** Of all its users, and its root user's. */
async function removeAccessKeys({ tenants }: MetadataStore, tenantId: TenantId): Promise<void> {
  for (;;) {
    const page = await tenants.listAccessKeys(tenantId, { limit: pageMax })
    if (page.length === 0) return
    for (const { accessKeyId } of page) await tenants.removeAccessKey(tenantId, accessKeyId)
  }
}
