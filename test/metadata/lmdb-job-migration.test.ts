// A store in which archive jobs, and what bundles gather, had rows of their own is opened by a program in which
// both are jobs.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeRecord } from '../../metadata/codec/record-frame.ts'
import type { JobOf } from '../../metadata/job-store.ts'
import { LmdbEnvironment, type Tables } from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { migrateJobs } from '../../metadata/lmdb/migrate-jobs.ts'
import { numberKey } from '../../metadata/lmdb/row-keys.ts'
import { verifyRows } from '../../metadata/lmdb/verify-rows.ts'
import { parseBundleId } from '../../metadata/record-ids.ts'
import { tenantId } from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'

const states = ['queued', 'running', 'done', 'failed', 'cancelled', 'expired']
const archives = { kind: 'archive', tenantId } as const
const hex = (letter: string) => letter.repeat(32)

/** A row of an archive job as layout 2 had it, under the keys that it had. */
function putArchiveJob(tables: Tables, number: number, state: string): void {
  const jobId = number.toString(16).padStart(32, '0')
  const rest: Readonly<Record<string, readonly unknown[]>> = {
    queued: [5000 + number],
    done: [hex('b'), hex('d'), 9000],
  }
  const row = encodeRecord(1, [
    ...[jobId, tenantId, 'files', 'docs/', 1, 'results', 'x.zip', 1000, hex('a'), hex('e')],
    ...[7, 2 ** 42, number % 2, 100 + number, 200, 3, 'no luck', 4, 5],
    ...[hex('c'), states.indexOf(state), 12, ...(rest[state] ?? [])],
  ])
  const key = Buffer.concat([Buffer.of(4), Buffer.from(tenantId), Buffer.from(jobId, 'hex')])
  tables.archiveJobs.putStored(key, row)
  tables.archiveJobTimes.putStored(Buffer.concat([Buffer.of(4), key]), key)
  tables.archiveJobStates.putStored(Buffer.concat([Buffer.of(0, 0), key]), key)
}

/** A bundle as layout 2 had it, with something to gather. */
function putGatheringBundle(tables: Tables, number: number, isRunning: boolean): string {
  const bundleId = number.toString(16).padStart(32, 'f')
  const gathering = [hex('9'), Buffer.from('sealed'), 2, isRunning ? 1 : 0, isRunning ? 0 : 77]
  const row = encodeRecord(2, [
    ...[bundleId, tenantId, 'files', 'all.zip', Buffer.alloc(32, 1), Buffer.alloc(32, 2)],
    ...[0, 300, 9000, [], 'root', 'AKIA', 4, gathering],
  ])
  const key = Buffer.from(bundleId, 'hex')
  tables.bundles.put(key, row)
  const ms = numberKey(isRunning ? 0 : 77)
  tables.bundleGatherings.putStored(
    Buffer.concat([Buffer.of(isRunning ? 1 : 0), ms, key]),
    Buffer.alloc(0),
  )
  return bundleId
}

async function withStoreOfLayout2(
  fill: (tables: Tables) => void,
  body: (path: string) => Promise<void>,
): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-layout-'))
  try {
    const environment = await LmdbEnvironment.open({ path })
    await environment.write((tables) => {
      tables.meta.put(Buffer.from('format'), encodeRecord(1, [2]))
      fill(tables)
    })
    await environment.close()
    await body(path)
  } finally {
    await rm(path, { recursive: true })
  }
}

const openStore = (path: string, role: 'primary' | 'worker' = 'primary') =>
  LmdbMetadataStore.open({ path, random: randomBytes, role })

describe('archive jobs and gatherings of layout 2', (test) => {
  test('are jobs with all they had, in the lane in which they wait', () =>
    withStoreOfLayout2(
      (tables) => {
        for (const [at, state] of states.entries()) putArchiveJob(tables, at, state)
      },
      async (path) => {
        await assert.rejects(openStore(path, 'worker'), /metadata are of format 2, not \d/)
        const store = await openStore(path)
        const jobs = await store.jobs.list(archives, { limit: 10 })
        // Newest first, which is the last one.
        assert.deepEqual(
          jobs.map(({ state, next, payload }) => [
            state,
            next?.lane,
            next?.dueMs,
            payload.sizeClass,
          ]),
          [
            ['expired', 'upkeep', 0, 'large'],
            ['cancelled', 'upkeep', 0, 'small'],
            ['failed', 'upkeep', 0, 'large'],
            ['done', 'upkeep', 0, 'small'],
            ['queued', 'archive-large', 0, 'large'],
            ['queued', 'archive-small', 5000, 'small'],
          ],
        )
        const done = jobs[3]
        assert.ok(done)
        const { payload, ...row } = done
        const expected: Omit<JobOf<'archive'>, 'payload' | 'jobId' | 'next' | 'state'> = {
          ...{ ...archives, revision: 1, attempts: 3, lastError: 'no luck' },
          ...{ progress: { items: 4, bytes: 5 }, createdMs: 102, changedMs: 200 },
        }
        const { jobId: _, next: __, state: ___, ...rest } = row
        assert.deepEqual(rest, expected)
        assert.deepEqual(
          { ...payload },
          {
            ...{ bucketName: 'files', prefix: 'docs/', windows: true, lifeMs: 1000 },
            destination: { bucketName: 'results', key: 'x.zip' },
            ...{ manifestId: hex('a'), etag: hex('e'), totalEntries: 7, totalBytes: 2 ** 42 },
            ...{ sizeClass: 'small', uploadId: hex('c') },
            result: { versionId: hex('b'), objectEtag: hex('d'), expiresMs: 9000 },
          },
        )
        await store.close()
      },
    ))

  test('of a bundle leave it with the name of what is gathered, and no old row is left', () => {
    let bundleIds: readonly string[] = []
    return withStoreOfLayout2(
      (tables) => {
        bundleIds = [putGatheringBundle(tables, 1, false)]
        putArchiveJob(tables, 1, 'failed')
      },
      async (path) => {
        const store = await openStore(path)
        const bundleId = parseBundleId(bundleIds[0] ?? '')
        assert.ok(bundleId)
        const bundle = await store.bundles.get(bundleId)
        assert.deepEqual([bundle?.gathering, bundle?.revision], [hex('9'), 4])
        const claim = { lane: 'gathering', owner: 'one', untilMs: 500, notOf: [] }
        assert.equal(await store.jobs.claimDue({ ...claim, nowMs: 76 }), undefined)
        const job = await store.jobs.claimDue({ ...claim, nowMs: 77 })
        assert.deepEqual([job?.jobId, job?.attempts], [hex('9'), 3])
        assert.deepEqual({ ...job?.payload }, { bundleId, sealedSources: Buffer.from('sealed') })
        await store.close()
        const environment = await LmdbEnvironment.open({ path })
        const problems: string[] = []
        environment.read((tables) => {
          verifyRows(tables, (what) => problems.push(what))
          const former = ['archiveJobs', 'archiveJobTimes', 'archiveJobStates', 'bundleGatherings']
          for (const name of former) {
            assert.equal(tables[name as keyof Tables].count(), 0, name)
          }
        })
        assert.deepEqual(problems, [])
        await environment.close()
      },
    )
  })

  test('that were left by a migration which was killed are brought forward by the next', () =>
    withStoreOfLayout2(
      (tables) => {
        for (let number = 0; number < 2500; number += 1) putArchiveJob(tables, number, 'failed')
        putGatheringBundle(tables, 1, true)
      },
      async (path) => {
        const environment = await LmdbEnvironment.open({ path })
        let steps = 0
        const dying: LmdbEnvironment = Object.create(environment, {
          write: {
            value: (verb: (tables: Tables) => unknown) => {
              steps += 1
              if (steps > 2) throw new Error('killed')
              return environment.write(verb)
            },
          },
        })
        await assert.rejects(migrateJobs(dying, () => assert.fail('it has come to its end')))
        await environment.close()
        const store = await openStore(path)
        const seen = new Set<string>()
        for (let after: JobOf<'archive'> | undefined; ; ) {
          const page = { limit: 1000, ...(after === undefined ? {} : { after }) }
          const jobs = await store.jobs.list(archives, page)
          for (const { jobId } of jobs) seen.add(jobId)
          after = jobs.at(-1)
          if (after === undefined) break
        }
        assert.equal(seen.size, 2500)
        const gatherings = await store.jobs.list({ kind: 'gathering', tenantId }, { limit: 10 })
        assert.equal(gatherings.length, 1)
        await store.close()
      },
    ))
})
