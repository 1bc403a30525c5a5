// The deletion of a tenant, for a job engine. The tenant's row says whether it is to go: a job that was put for a deletion
// which somebody has taken back does nothing. From the moment that the row says so there is no way back, whatever any
// clock says; the row itself goes last, so that each attempt knows whose things it removes.
import { randomBytes } from 'node:crypto'
import type { JobOf, JobStore } from '../../../metadata/job-store.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import { parseJobId } from '../../../metadata/record-ids.ts'
import type { Tenant } from '../../../metadata/records.ts'
import type { ClaimedJob } from '../../background/claimed-job.ts'
import type { JobEnd, JobWork, LaneOptions } from '../../background/job-work.ts'
import type { RepeatingJob } from '../../background/repeating.ts'
import { removeTenantData } from './remove-tenant-data.ts'

const lane: LaneOptions = { name: 'tenant removals', atOnce: 1, lookEveryMs: 1_000 }
/** Requests that had begun before the tenant was refused have ended by then, or nearly all. */
const settlingMs = 5_000
/** Without getting on. The job is put again after that, as long as its tenant is to go. */
const attemptsMax = 10

type Deps = { readonly metadata: MetadataStore; readonly now: () => number }
type Removal = JobOf<'tenantRemoval'>

export function tenantRemovalWork(deps: Deps): JobWork<'tenantRemoval'> {
  return {
    ...{ lanes: [lane], attemptsMax, rememberedMs: 0 },
    attempt: (claimed) => attempt(deps, claimed),
    mayPass: () => true,
    isOurs: () => true,
    reasonOf: String,
    cleanUp: async () => {},
    leave: async () => {},
  }
}

async function attempt(
  { metadata: store, now }: Deps,
  claimed: ClaimedJob<'tenantRemoval'>,
): Promise<JobEnd<'tenantRemoval'>> {
  const { signal, job } = claimed
  const metadata = store.within({ signal })
  const tenant = await begin(metadata, job)
  if (tenant === undefined) return { state: 'cancelled' }
  let items = job.progress.items
  await removeTenantData({
    ...{ metadata, tenant, nowMs: now(), signal },
    gone: async (count) => {
      items += count
      await claimed.note({ progress: { items, bytes: 0 } })
      await claimed.gotOn()
    },
  })
  await metadata.tenants.remove(tenant.id)
  return { state: 'done', progress: { items, bytes: 0 } }
}

/** Says that there is no way back. Undefined: there is nothing to remove. */
async function begin({ tenants }: MetadataStore, job: Removal): Promise<Tenant | undefined> {
  for (;;) {
    const tenant = await tenants.get(job.tenantId)
    if (tenant?.status !== 'deleting') return undefined
    const { deleteAfterMs, ...rest } = tenant
    if (deleteAfterMs === undefined) return tenant
    if (deleteAfterMs !== job.payload.deleteAfterMs) return undefined
    const begun = { ...rest, revision: tenant.revision + 1 }
    if ((await tenants.update(begun)).is === 'done') return begun
  }
}

/** Puts the job that a tenant waits for which is to go, unless it is there. */
export async function ensureRemoval(
  jobs: Pick<JobStore, 'list' | 'put'>,
  tenant: Tenant,
  nowMs: number,
): Promise<void> {
  if (tenant.status !== 'deleting') return
  const deleteAfterMs = tenant.deleteAfterMs ?? 0
  const of = { kind: 'tenantRemoval', tenantId: tenant.id } as const
  const known = await jobs.list(of, { limit: 100 })
  const isBegun = tenant.deleteAfterMs === undefined
  if (known.some(({ payload }) => isBegun || payload.deleteAfterMs === deleteAfterMs)) return
  const jobId = parseJobId(randomBytes(16).toString('hex'))
  if (jobId === undefined) throw new RangeError('an id of another shape')
  const job: Removal = {
    ...{ ...of, jobId, revision: 1, state: 'queued', attempts: 0 },
    next: { lane: lane.name, dueMs: Math.max(deleteAfterMs, nowMs) + settlingMs },
    ...{ progress: { items: 0, bytes: 0 }, createdMs: nowMs, changedMs: nowMs },
    payload: { deleteAfterMs },
  }
  await jobs.put(job)
}

const everyMs = 5 * 60_000
const pageMax = 500

/** Sees to it that each tenant which is to go has its job, whoever died before it was put. */
export function ensureRemovals({ metadata, now }: Deps): RepeatingJob {
  return {
    name: 'tenant removals',
    pauseMs: everyMs,
    run: async (signal) => {
      let after: { readonly after?: Tenant['id'] } = {}
      while (!signal.aborted) {
        const page = await metadata.tenants.list({ ...after, limit: pageMax })
        for (const tenant of page.tenants) await ensureRemoval(metadata.jobs, tenant, now())
        const last = page.tenants.at(-1)
        if (!page.isTruncated || last === undefined) return 'idle'
        after = { after: last.id }
      }
      return 'idle'
    },
  }
}
