// Contract of `ArchiveJobStore`.
import assert from 'node:assert/strict'
import type { ArchiveJob, ArchiveJobId } from '../../metadata/archive-job-store.ts'
import {
  parseArchiveJobId,
  parseManifestId,
  parseUploadId,
  parseVersionId,
} from '../../metadata/record-ids.ts'
import { describe } from '../support/describe.ts'
import { type OpenStore, tenant, tenantId, withStore } from './metadata-fixture.ts'

const nowMs = 1_700_000_000_000
const firstPage = { sizeClass: 'small', limit: 10 } as const

function jobId(number: number): ArchiveJobId {
  const id = parseArchiveJobId(number.toString(16).padStart(32, '0'))
  assert.ok(id)
  return id
}

function job(number: number, more: Partial<ArchiveJob> = {}): ArchiveJob {
  const manifestId = parseManifestId('a'.repeat(32))
  assert.ok(manifestId)
  return {
    jobId: jobId(number),
    tenantId,
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
    createdMs: nowMs + number,
    changedMs: nowMs,
    attempts: 0,
    doneEntries: 0,
    doneBytes: 0,
    state: { is: 'queued', notBeforeMs: nowMs },
    revision: 1,
    ...more,
  }
}

export function archiveJobsContract(name: string, open: OpenStore): void {
  describe(`${name}: archive jobs`, (test) => {
    test('a job is read as it was put, in every state', () =>
      withStore(open, async ({ archiveJobs }) => {
        const versionId = parseVersionId('b'.repeat(32))
        const uploadId = parseUploadId('c'.repeat(32))
        assert.ok(versionId && uploadId)
        const states: readonly ArchiveJob['state'][] = [
          { is: 'queued', notBeforeMs: nowMs },
          { is: 'running' },
          { is: 'done', versionId, objectEtag: 'd'.repeat(32), expiresMs: nowMs + 5 },
          { is: 'failed' },
          { is: 'cancelled' },
          { is: 'expired' },
        ]
        for (const [at, state] of states.entries()) {
          const put = job(1, { state, revision: at + 1, uploadId, lastError: 'none', attempts: at })
          assert.deepEqual(await archiveJobs.put(put), { is: 'done' })
          assert.deepEqual(await archiveJobs.get(tenantId, jobId(1)), put)
          assert.deepEqual(await archiveJobs.inState(state.is, firstPage), [put])
        }
        assert.deepEqual(await archiveJobs.inState('queued', firstPage), [])
      }))

    test('a row is put by whoever has seen the last revision', () =>
      withStore(open, async ({ archiveJobs }) => {
        assert.deepEqual(await archiveJobs.put(job(1, { revision: 2 })), { is: 'changed' })
        assert.deepEqual(await archiveJobs.put(job(1)), { is: 'done' })
        assert.deepEqual(await archiveJobs.put(job(1)), { is: 'changed' })
        const both = [job(1, { revision: 2 }), job(1, { revision: 2, attempts: 1 })]
        const answers = await Promise.all(both.map((each) => archiveJobs.put(each)))
        assert.deepEqual(answers.map(({ is }) => is).sort(), ['changed', 'done'])
        await archiveJobs.remove(job(1))
        assert.equal((await archiveJobs.get(tenantId, jobId(1)))?.revision, 2)
        await archiveJobs.remove(job(1, { revision: 2 }))
        assert.equal(await archiveJobs.get(tenantId, jobId(1)), undefined)
        assert.deepEqual(await archiveJobs.inState('queued', firstPage), [])
      }))

    test('the next of a class is the one that waits longest, once its time has come', () =>
      withStore(open, async ({ archiveJobs }) => {
        const waits = (notBeforeMs: number) => ({ state: { is: 'queued', notBeforeMs } }) as const
        await archiveJobs.put(job(1, waits(nowMs + 10)))
        await archiveJobs.put(job(2, { ...waits(nowMs + 5), tenantId: tenant('other') }))
        await archiveJobs.put(job(3, { ...waits(nowMs), sizeClass: 'large' }))
        const next = async (at: number) => (await archiveJobs.nextQueued('small', at))?.jobId
        assert.equal(await next(nowMs + 4), undefined)
        assert.equal(await next(nowMs + 5), jobId(2))
        await archiveJobs.remove(job(2, { ...waits(nowMs + 5), tenantId: tenant('other') }))
        assert.equal(await next(nowMs + 5), undefined)
        assert.equal(await next(nowMs + 10), jobId(1))
        assert.equal((await archiveJobs.nextQueued('large', nowMs))?.jobId, jobId(3))
      }))

    test('a tenant lists its own, newest first, in pages', () =>
      withStore(open, async ({ archiveJobs }) => {
        for (const number of [1, 3, 2]) await archiveJobs.put(job(number))
        await archiveJobs.put(job(4, { tenantId: tenant('other') }))
        const first = await archiveJobs.list(tenantId, { limit: 2 })
        assert.deepEqual(first, [job(3), job(2)])
        const rest = await archiveJobs.list(tenantId, { after: job(2), limit: 2 })
        assert.deepEqual(rest, [job(1)])
      }))

    test('jobs in a state are read class by class, in pages, in the order of their times', () =>
      withStore(open, async ({ archiveJobs }) => {
        const failed = (number: number, more: Partial<ArchiveJob> = {}) =>
          job(number, { state: { is: 'failed' }, changedMs: nowMs - number, ...more })
        for (const number of [1, 3, 2]) await archiveJobs.put(failed(number))
        await archiveJobs.put(failed(4, { sizeClass: 'large', tenantId: tenant('other') }))
        const page = { sizeClass: 'small', limit: 2 } as const
        assert.deepEqual(await archiveJobs.inState('failed', page), [failed(3), failed(2)])
        await archiveJobs.remove(failed(2))
        const rest = await archiveJobs.inState('failed', { ...page, after: failed(2) })
        assert.deepEqual(rest, [failed(1)])
        const large = await archiveJobs.inState('failed', { ...page, sizeClass: 'large' })
        assert.deepEqual(
          large.map((each) => each.jobId),
          [jobId(4)],
        )
      }))

    test('what is over for long enough can be forgotten', () =>
      withStore(open, async ({ archiveJobs }) => {
        const old = { changedMs: nowMs - 1000 }
        await archiveJobs.put(job(1, old))
        await archiveJobs.put(job(2, { ...old, state: { is: 'failed' } }))
        await archiveJobs.put(job(3, { ...old, state: { is: 'expired' }, sizeClass: 'large' }))
        await archiveJobs.put(job(4, { state: { is: 'cancelled' } }))
        const found = await archiveJobs.forgettable({ changedBeforeMs: nowMs, limit: 10 })
        assert.deepEqual(found.map((each) => each.jobId).sort(), [jobId(2), jobId(3)])
      }))
  })
}
