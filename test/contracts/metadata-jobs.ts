// Contract of `JobStore`.
import assert from 'node:assert/strict'
import type { ArchivePayload } from '../../metadata/job-kinds.ts'
import type { Claiming, Job, JobId, JobOf } from '../../metadata/job-store.ts'
import { jobStates } from '../../metadata/job-store.ts'
import {
  parseBundleId,
  parseJobId,
  parseManifestId,
  parseUploadId,
  parseVersionId,
} from '../../metadata/record-ids.ts'
import type { TenantId } from '../../metadata/records.ts'
import { describe } from '../support/describe.ts'
import { type OpenStore, tenant, tenantId, withStore } from './metadata-fixture.ts'

const nowMs = 1_700_000_000_000
const other = tenant('other')
const archives = { kind: 'archive', tenantId } as const

function jobId(number: number): JobId {
  const id = parseJobId(number.toString(16).padStart(32, '0'))
  assert.ok(id)
  return id
}

function archivePayload(more: Partial<ArchivePayload> = {}): ArchivePayload {
  const manifestId = parseManifestId('a'.repeat(32))
  assert.ok(manifestId)
  return {
    bucketName: 'files',
    prefix: 'ü/',
    windows: false,
    destination: { bucketName: 'results', key: 'x.zip' },
    lifeMs: 1000,
    manifestId,
    etag: 'e'.repeat(32),
    totalEntries: 7,
    totalBytes: 2 ** 42,
    sizeClass: 'small',
    ...more,
  }
}

/** An archive job that is due now. */
export function job(number: number, more: Partial<JobOf<'archive'>> = {}): JobOf<'archive'> {
  return {
    ...archives,
    jobId: jobId(number),
    revision: 1,
    state: 'queued',
    next: { lane: 'small', dueMs: nowMs },
    attempts: 0,
    progress: { items: 0, bytes: 0 },
    createdMs: nowMs + number,
    changedMs: nowMs,
    payload: archivePayload(),
    ...more,
  }
}

function waits(dueMs: number, lane = 'small') {
  return { next: { lane, dueMs } }
}

function claiming(more: Partial<Claiming> = {}): Claiming {
  return {
    ...{ lane: 'small', owner: 'one', nowMs, untilMs: nowMs + 100, notOf: [] },
    ...more,
  }
}

/** Numbers of jobs in the order in which they are claimed, each tenant's turn after the one before. */
export async function claimAll(
  { jobs }: { readonly jobs: { claimDue(claiming: Claiming): Promise<Job | undefined> } },
  more: Partial<Claiming> = {},
): Promise<readonly number[]> {
  const numbers: number[] = []
  let after: TenantId | undefined
  for (;;) {
    const last = after === undefined ? {} : { after }
    const claimed = await jobs.claimDue(claiming({ ...more, ...last }))
    if (claimed === undefined) return numbers
    numbers.push(Number.parseInt(claimed.jobId, 16))
    after = claimed.tenantId
  }
}

export function jobsContract(name: string, open: OpenStore): void {
  describe(`${name}: jobs`, (test) => {
    test('a job is read as it was put, in every state', () =>
      withStore(open, async ({ jobs }) => {
        const versionId = parseVersionId('b'.repeat(32))
        const uploadId = parseUploadId('c'.repeat(32))
        assert.ok(versionId && uploadId)
        const result = { versionId, objectEtag: 'd'.repeat(32), expiresMs: nowMs + 5 }
        for (const [at, state] of jobStates.entries()) {
          const put = job(1, {
            ...{ state, revision: at + 1, lastError: 'none', attempts: at, owner: `owner ${at}` },
            progress: { items: at, bytes: 2 ** 42 },
            payload: archivePayload({ uploadId, ...(state === 'done' ? { result } : {}) }),
          })
          assert.deepEqual(await jobs.put(put), { is: 'done' })
          assert.deepEqual(await jobs.get({ ...archives, jobId: jobId(1) }), put)
        }
        const { next: _, ...waitsForNothing } = job(1, { revision: jobStates.length + 1 })
        await jobs.put(waitsForNothing)
        assert.deepEqual(await jobs.get({ ...archives, jobId: jobId(1) }), waitsForNothing)
        assert.equal(await jobs.claimDue(claiming()), undefined)
      }))

    test('a job of each kind is read as it was put, and is no other kind of the same id', () =>
      withStore(open, async ({ jobs }) => {
        const bundleId = parseBundleId('f'.repeat(32))
        assert.ok(bundleId)
        const payload = { bundleId, sealedSources: Buffer.from('sealed') }
        const gathering: JobOf<'gathering'> = { ...job(1), kind: 'gathering', payload }
        const sweeps: JobOf<'sweeps'> = { ...job(1), kind: 'sweeps', payload: {} }
        const removal: JobOf<'tenantRemoval'> = {
          ...{ ...job(1), kind: 'tenantRemoval', payload: { deleteAfterMs: 7 } },
        }
        for (const each of [job(1), gathering, sweeps, removal]) await jobs.put<Job['kind']>(each)
        for (const each of [job(1), gathering, sweeps, removal]) {
          assert.deepEqual(await jobs.get(each), each)
          assert.deepEqual(await jobs.list(each, { limit: 10 }), [each])
        }
        await jobs.remove(gathering)
        assert.equal(await jobs.get(gathering), undefined)
        assert.deepEqual(await jobs.get(sweeps), sweeps)
      }))

    test('a row is put by whoever has seen the last revision', () =>
      withStore(open, async ({ jobs }) => {
        assert.deepEqual(await jobs.put(job(1, { revision: 2 })), { is: 'changed' })
        assert.deepEqual(await jobs.put(job(1)), { is: 'done' })
        assert.deepEqual(await jobs.put(job(1)), { is: 'changed' })
        const both = [job(1, { revision: 2 }), job(1, { revision: 2, attempts: 1 })]
        const answers = await Promise.all(both.map((each) => jobs.put(each)))
        assert.deepEqual(answers.map(({ is }) => is).sort(), ['changed', 'done'])
        assert.deepEqual(await jobs.remove(job(1)), { is: 'changed' })
        assert.equal((await jobs.get(job(1)))?.revision, 2)
        assert.deepEqual(await jobs.remove(job(1, { revision: 2 })), { is: 'done' })
        assert.deepEqual(await jobs.remove(job(1, { revision: 2 })), { is: 'done' })
        assert.equal(await jobs.get(job(1)), undefined)
        assert.equal(await jobs.claimDue(claiming()), undefined)
        assert.deepEqual(await jobs.list(archives, { limit: 10 }), [])
      }))

    test('the next of a lane is the one that waits longest, once its time has come', () =>
      withStore(open, async ({ jobs }) => {
        await jobs.put(job(1, waits(nowMs + 10)))
        await jobs.put(job(2, { ...waits(nowMs + 5), tenantId: other }))
        await jobs.put(job(3, waits(nowMs, 'large')))
        const next = async (at: number) => {
          const claimed = await jobs.claimDue(claiming({ nowMs: at, untilMs: at + 1000 }))
          return claimed?.jobId
        }
        assert.equal(await next(nowMs + 4), undefined)
        assert.equal(await next(nowMs + 5), jobId(2))
        assert.equal(await next(nowMs + 5), undefined)
        assert.equal(await next(nowMs + 10), jobId(1))
        assert.equal((await jobs.claimDue(claiming({ lane: 'large' })))?.jobId, jobId(3))
      }))

    test('a tenant lists its own, newest first, in pages', () =>
      withStore(open, async ({ jobs }) => {
        for (const number of [1, 3, 2]) await jobs.put(job(number))
        await jobs.put(job(4, { tenantId: other }))
        const first = await jobs.list(archives, { limit: 2 })
        assert.deepEqual(first, [job(3), job(2)])
        const rest = await jobs.list(archives, { after: job(2), limit: 2 })
        assert.deepEqual(rest, [job(1)])
      }))

    test('jobs of a tenant are claimed lane by lane, in the order of their times', () =>
      withStore(open, async (store) => {
        const due = (number: number) => waits(nowMs - number, 'upkeep')
        const over = (number: number) => job(number, { state: 'failed', ...due(number) })
        for (const number of [1, 3, 2]) await store.jobs.put(over(number))
        await store.jobs.put(job(4, waits(nowMs - 9, 'small')))
        assert.deepEqual(await claimAll(store, { lane: 'upkeep' }), [3, 2, 1])
      }))

    test('what is claimed runs from then on, unless it is over', () =>
      withStore(open, async ({ jobs }) => {
        const before = job(1, { ...waits(nowMs - 7), attempts: 2, changedMs: nowMs - 7 })
        await jobs.put(before)
        const claimed = await jobs.claimDue(claiming())
        const expected = {
          ...{ ...before, ...waits(nowMs + 100) },
          ...{ owner: 'one', state: 'running', attempts: 3, changedMs: nowMs, revision: 2 },
        }
        assert.deepEqual(claimed, expected)
        assert.deepEqual(await jobs.get(before), expected)
        const over = job(2, { state: 'cancelled', ...waits(nowMs, 'upkeep'), attempts: 2 })
        await jobs.put(over)
        const seenTo = await jobs.claimDue(claiming({ lane: 'upkeep' }))
        assert.deepEqual(seenTo, {
          ...{ ...over, ...waits(nowMs + 100, 'upkeep'), owner: 'one', revision: 2 },
        })
      }))

    test('of many who look for work at once, each job is claimed by one', () =>
      withStore(open, async ({ jobs }) => {
        for (let number = 1; number <= 10; number += 1) {
          await jobs.put(job(number, number % 2 === 0 ? { tenantId: other } : {}))
        }
        const looks = Array.from({ length: 40 }, (_, at) =>
          jobs.claimDue(claiming({ owner: `owner ${at}` })),
        )
        const found = (await Promise.all(looks)).filter((each) => each !== undefined)
        assert.equal(found.length, 10)
        assert.equal(new Set(found.map((each) => each.jobId)).size, 10)
        assert.equal(new Set(found.map(({ owner }) => owner)).size, 10)
      }))

    test('a claim comes back when it ends, and whoever was late changes nothing', () =>
      withStore(open, async ({ jobs }) => {
        await jobs.put(job(1))
        const first = await jobs.claimDue(claiming())
        assert.ok(first)
        const at = (ms: number) => claiming({ owner: 'two', nowMs: ms, untilMs: ms + 100 })
        assert.equal(await jobs.claimDue(at(nowMs + 99)), undefined)
        const second = await jobs.claimDue(at(nowMs + 100))
        assert.deepEqual([second?.owner, second?.attempts], ['two', 2])
        const late = { ...first, state: 'done', revision: first.revision + 1 } as const
        assert.deepEqual(await jobs.put<Job['kind']>(late), { is: 'changed' })
        assert.deepEqual(await jobs.remove<Job['kind']>(first), { is: 'changed' })
        assert.deepEqual(await jobs.get(job(1)), second)
      }))

    test('a claim that is put off in time holds, until the job is ended by its owner or another', () =>
      withStore(open, async ({ jobs }) => {
        await jobs.put(job(1))
        const claimed = await jobs.claimDue(claiming())
        assert.ok(claimed?.kind === 'archive')
        const revision = claimed.revision + 1
        const renewed = { ...claimed, ...waits(nowMs + 1000), revision }
        assert.deepEqual(await jobs.put(renewed), { is: 'done' })
        assert.equal(await jobs.claimDue(claiming({ nowMs: nowMs + 999 })), undefined)
        const { owner: _, ...cancelled } = { ...renewed, state: 'cancelled', revision: 4 } as const
        assert.deepEqual(await jobs.put(cancelled), { is: 'done' })
        assert.deepEqual(await jobs.put({ ...renewed, revision: 4 }), { is: 'changed' })
        assert.equal((await jobs.get(job(1)))?.state, 'cancelled')
      }))

    test('what an owner who has ended had claimed is due at once, and he changes it no more', () =>
      withStore(open, async ({ jobs }) => {
        const over = job(4, { state: 'done', ...waits(nowMs - 1) })
        for (const each of [job(1), job(2), job(3), over]) await jobs.put(each)
        const claimed: Job[] = []
        for (const owner of ['one', 'one', 'one', 'on']) {
          const each = await jobs.claimDue(claiming({ owner }))
          assert.ok(each)
          claimed.push(each)
        }
        assert.equal(await jobs.giveBackOf('nobody', 10), 0)
        assert.equal(await jobs.giveBackOf('one', 2), 2)
        assert.equal(await jobs.giveBackOf('one', 2), 1)
        assert.equal(await jobs.giveBackOf('one', 2), 0)
        const rows = await jobs.list(archives, { limit: 10 })
        assert.deepEqual(
          rows.map(({ jobId: id, state, attempts, owner }) => [
            Number(`0x${id}`),
            state,
            attempts,
            owner,
          ]),
          [
            [4, 'done', 0, undefined],
            [3, 'running', 1, 'on'],
            [2, 'queued', 1, undefined],
            [1, 'queued', 1, undefined],
          ],
        )
        const [late] = claimed
        assert.ok(late)
        const renewed = { ...late, revision: late.revision + 1 }
        assert.deepEqual(await jobs.put<Job['kind']>(renewed), { is: 'changed' })
        const again = await jobs.claimDue(claiming({ owner: 'two' }))
        assert.ok(again && again.owner === 'two')
      }))

    test('tenants take turns, however many jobs one of them has', () =>
      withStore(open, async (store) => {
        const { jobs } = store
        const [large, small] = [other, tenant('third')]
        for (let number = 1; number <= 6; number += 1) {
          await jobs.put(job(number, { tenantId: large, ...waits(nowMs - 10 + number) }))
        }
        for (const number of [11, 12]) await jobs.put(job(number, waits(nowMs)))
        await jobs.put(job(21, { tenantId: small }))
        const order = await claimAll(store)
        assert.equal(order.length, 9)
        const turns = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)
        assert.deepEqual(turns(order.slice(0, 3)), [1, 11, 21])
        assert.deepEqual(turns(order.slice(3, 5)), [2, 12])
        assert.deepEqual(order.slice(5), [3, 4, 5, 6])
      }))

    test('a tenant that has enough running is passed by', () =>
      withStore(open, async (store) => {
        const { jobs } = store
        for (const number of [1, 2]) await jobs.put(job(number))
        await jobs.put(job(3, { tenantId: other }))
        assert.deepEqual(await claimAll(store, { notOf: [tenantId, other] }), [])
        assert.deepEqual(await claimAll(store, { notOf: [tenantId] }), [3])
        assert.deepEqual(await claimAll(store), [1, 2])
      }))
  })
}
