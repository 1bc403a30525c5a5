// How much buckets and tenants hold: the verbs of `UsageStore`. Rows change with what they count (`usage-rows.ts`).
import { hiddenNamespace } from '../namespaces.ts'
import type { TenantId } from '../records.ts'
import { addUsage, noUsage, type Usage } from '../usage.ts'
import type { UsageStore } from '../usage-store.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { ownedBucketKey, rangeOf, tenantKey } from './row-keys.ts'
import { parseUsage, usageKey } from './usage-rows.ts'

export function lmdbUsage(env: LmdbEnvironment): UsageStore {
  return {
    ofBucket: async ({ tenantId, id }) =>
      env.read(({ usage }) => {
        const row = usage.get(usageKey({ tenantId, bucketId: id }))
        return row === undefined ? noUsage : parseUsage(row)
      }),

    ofTenant: async (tenantId) =>
      env.read((tables) => {
        let sum: Usage = noUsage
        for (const { value } of tables.usage.rows(rangeOf(tenantKey(tenantId)))) {
          sum = addUsage(sum, parseUsage(value))
        }
        return { ...sum, buckets: bucketsOf(tables, tenantId) }
      }),

    // Counted at once.
    fold: async () => 0,
  }
}

function bucketsOf({ bucketsOfTenants }: Tables, tenantId: TenantId): number {
  const hidden = ownedBucketKey({ tenantId, namespace: hiddenNamespace(tenantId), name: '' })
  let buckets = 0
  for (const { key } of bucketsOfTenants.rows(rangeOf(tenantKey(tenantId)))) {
    if (hidden.compare(key, 0, hidden.length) !== 0) buckets += 1
  }
  return buckets
}
