// What tenants and buckets may hold at most: asked before a body is read, and again before what it has become is committed.
// What they hold is read at most once a second, and before anybody is refused.
//
// In one process no more is let in than there is room for. Several may pass a quota by what the others let in at the same
// moments: each learns of the others' commits with its next look.
import { LRUCache } from 'lru-cache'
import type { BucketRef, MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket, Quota, TenantId } from '../../metadata/records.ts'
import type { Usage } from '../../metadata/usage.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { ByRevision } from '../access/by-revision.ts'
import { type Added, HeldUsage } from './held-usage.ts'

type Stores = Pick<MetadataStore, 'tenants' | 'bucketConfigs' | 'usage'>

export type QuotasDeps = {
  readonly metadata: Stores
  /** Milliseconds of a clock that does not jump. */
  readonly clock: () => number
}

const freshMs = 1_000
const heldMax = 10_000
const noQuota: Quota = {}

export class Quotas {
  readonly #deps: QuotasDeps
  readonly #ofTenants = new LRUCache<TenantId, Quota>({ max: heldMax, ttl: freshMs })
  readonly #ofBuckets: ByRevision<Quota>
  readonly #held = new LRUCache<string, HeldUsage>({ max: heldMax })

  constructor(deps: QuotasDeps) {
    this.#deps = deps
    this.#ofBuckets = new ByRevision({
      ...{ bytesMax: heldMax, countMax: heldMax, weigh: () => 1, unset: noQuota },
      load: async (bucket) => {
        const found = await deps.metadata.bucketConfigs.get(bucket, 'quota')
        return found?.document ?? noQuota
      },
    })
  }

  /** Before anything is read of it. Throws `QuotaExceeded`. Undefined: there is no quota. */
  look(bucket: BucketRef, added: Added): Promise<unknown> | undefined {
    return this.#ask(bucket, added, () => undefined)
  }

  /**
   * Before it is committed, and counts from then on; what it answers is to be called when that has ended. Throws
   * `QuotaExceeded`. Undefined: there is no quota.
   */
  admit(bucket: BucketRef, added: Added): Promise<() => void> | undefined {
    return this.#ask(bucket, added, (places) => {
      const ends = places.map((place) => place.letIn(added))
      return () => {
        for (const end of ends) end()
      }
    })
  }

  /** Before a bucket is made. Throws `QuotaExceeded`. */
  async admitBucket(tenantId: TenantId): Promise<void> {
    const { buckets } = await this.#ofTenant(tenantId)
    if (buckets === undefined) return
    const usage = await this.#deps.metadata.usage.ofTenant(tenantId)
    if (usage.buckets >= buckets) throw exceeded('tenant', 'buckets')
  }

  /** `settle` is told of the places whose quotas have room for it. */
  #ask<Answer>(
    bucket: BucketRef,
    added: Added,
    settle: (places: readonly HeldUsage[]) => Answer,
  ): Promise<Answer> | undefined {
    const [tenant, own] = [this.#ofTenant(bucket.tenantId), this.#ofBucket(bucket)]
    // Mostly they are at hand, and there are none.
    if (tenant instanceof Promise || own instanceof Promise || isLimiting(tenant, own)) {
      return this.#check(bucket, added, { tenant, own, settle })
    }
    return undefined
  }

  async #check<Answer>(
    bucket: BucketRef,
    added: Added,
    asked: {
      readonly tenant: Quota | Promise<Quota>
      readonly own: Quota | Promise<Quota>
      readonly settle: (places: readonly HeldUsage[]) => Answer
    },
  ): Promise<Answer> {
    const { usage } = this.#deps.metadata
    const [tenant, own] = await Promise.all([asked.tenant, asked.own])
    const ofBucket = { of: 'bucket', quota: own, id: bucket.id } as const
    const ofTenant = { of: 'tenant', quota: tenant, id: bucket.tenantId } as const
    const limits: readonly Limited[] = [
      { ...ofBucket, read: () => usage.ofBucket(bucket) },
      { ...ofTenant, read: () => usage.ofTenant(bucket.tenantId) },
    ]
    const places = limits
      .filter(({ quota }) => isLimiting(quota))
      .map((limited) => ({ ...limited, held: this.#heldOf(limited) }))
    for (const { held, quota } of places) {
      if (held.ageMs >= freshMs || lacking(quota, held, added) !== undefined) await held.look()
    }
    // Nothing is waited for between this and what is let in.
    for (const { of, held, quota } of places) {
      const lack = lacking(quota, held, added)
      if (lack !== undefined) throw exceeded(of, lack)
    }
    return asked.settle(places.map(({ held }) => held))
  }

  #heldOf({ of, id, read }: Limited): HeldUsage {
    const place = `${of} ${id}`
    let held = this.#held.get(place)
    if (held === undefined) {
      held = new HeldUsage({ read, clock: this.#deps.clock })
      this.#held.set(place, held)
    }
    return held
  }

  #ofTenant(tenantId: TenantId): Quota | Promise<Quota> {
    return this.#ofTenants.get(tenantId) ?? this.#readTenant(tenantId)
  }

  async #readTenant(tenantId: TenantId): Promise<Quota> {
    const tenant = await this.#deps.metadata.tenants.get(tenantId)
    const quota = tenant?.quota ?? noQuota
    this.#ofTenants.set(tenantId, quota)
    return quota
  }

  #ofBucket(bucket: BucketRef): Quota | Promise<Quota> {
    if (isRow(bucket)) return this.#ofBuckets.of(bucket)
    return this.#deps.metadata.bucketConfigs
      .get(bucket, 'quota')
      .then((found) => found?.document ?? noQuota)
  }
}

type Limited = {
  readonly of: 'bucket' | 'tenant'
  readonly quota: Quota
  readonly id: string
  readonly read: () => Promise<Usage>
}

function isRow(bucket: BucketRef): bucket is Bucket {
  return 'configRevision' in bucket
}

function isLimiting(...quotas: readonly Quota[]): boolean {
  return quotas.some(({ bytes, objects }) => bytes !== undefined || objects !== undefined)
}

/** What brings nothing of a kind is not refused for it, also when there is too much already. */
function lacking(
  { bytes, objects }: Quota,
  held: HeldUsage,
  added: Added,
): 'bytes' | 'objects' | undefined {
  if (bytes !== undefined && added.bytes > 0 && held.bytes + added.bytes > bytes) return 'bytes'
  const isMore = objects !== undefined && held.objects + added.objects > objects
  return added.objects > 0 && isMore ? 'objects' : undefined
}

function exceeded(of: 'bucket' | 'tenant', what: 'bytes' | 'objects' | 'buckets'): S3Error {
  return new S3Error('QuotaExceeded', undefined, {
    message: `The quota of the ${of} does not leave room for so many ${what}.`,
  })
}
