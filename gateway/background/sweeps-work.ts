// What sweeps the whole store again and again is one job without an end: of all servers on a store, the one that
// has claimed it sweeps, until it stops; when it dies, another takes it over. So no two do the same walk, and one
// commit in a while says so for all of them.
import { once } from 'node:events'
import type { JobKey, JobOf, JobStore } from '../../metadata/job-store.ts'
import { parseJobId, parseTenantId } from '../../metadata/record-ids.ts'
import type { ClaimedJob } from './claimed-job.ts'
import type { JobEnd, JobWork, LaneOptions } from './job-work.ts'
import { type RepeatingJob, repeat } from './repeating.ts'

const sweepsLane: LaneOptions = { name: 'sweeps', atOnce: 1, lookEveryMs: 5_000 }

/** `sweeps` is asked anew for each attempt: what they remember is of no use to another. */
export function sweepsWork(
  sweeps: () => readonly RepeatingJob[],
  onFailure: (job: string, cause: unknown) => void,
): JobWork<'sweeps'> {
  return {
    lanes: [sweepsLane],
    attemptsMax: Number.POSITIVE_INFINITY,
    rememberedMs: 0,
    attempt: async ({ signal }: ClaimedJob<'sweeps'>): Promise<JobEnd<'sweeps'>> => {
      const running = sweeps().map((sweep) => repeat(sweep, onFailure))
      if (!signal.aborted) await once(signal, 'abort')
      await Promise.all(running.map((each) => each.stop()))
      throw signal.reason
    },
    mayPass: () => true,
    isOurs: () => true,
    reasonOf: String,
    cleanUp: async () => {},
    leave: async () => {},
  }
}

/** Puts the one job there is, unless it is there. */
export async function beginSweeps(
  jobs: Pick<JobStore, 'get' | 'put'>,
  nowMs: number,
): Promise<void> {
  const key = sweepsKey()
  if ((await jobs.get(key)) !== undefined) return
  await jobs.put({
    ...key,
    revision: 1,
    state: 'queued',
    next: { lane: sweepsLane.name, dueMs: nowMs },
    attempts: 0,
    progress: { items: 0, bytes: 0 },
    createdMs: nowMs,
    changedMs: nowMs,
    payload: {},
  } satisfies JobOf<'sweeps'>)
}

/** Of a tenant that nobody makes. */
function sweepsKey(): JobKey<'sweeps'> {
  const tenantId = parseTenantId('-')
  const jobId = parseJobId('0'.repeat(32))
  if (tenantId === undefined || jobId === undefined) throw new RangeError('ids of another shape')
  return { kind: 'sweeps', tenantId, jobId }
}
