// Archive jobs of which several things are wanted at once, and whose uploads others have their hands on.
import assert from 'node:assert'
import { attemptsMax } from '../../../gateway/archive-jobs/archive-limits.ts'
import { MetadataFull } from '../../../metadata/metadata-full.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import { describe } from '../../support/describe.ts'
import { type Json, jsonOf } from '../../support/own-routes-client.ts'
import { namesIn } from '../../support/python-zip.ts'
import { exchange } from '../../support/wire-request.ts'
import { ArchiveServer, minute, pathOf } from './archives-fixture.ts'

type Uploads = MetadataStore['uploads']

describe('archive jobs that are asked for and cancelled at once', (test) => {
  let archives: ArchiveServer
  test.before(async () => {
    archives = await ArchiveServer.start()
  })
  test.after(() => archives.stop())

  test('clients that ask for one archive at once get one job, which holds one list', async () => {
    const replies = await Promise.all(Array.from({ length: 30 }, () => archives.ask()))
    assert.deepStrictEqual(
      replies.map(({ status }) => status).filter((status) => status !== 200),
      [202],
    )
    const ids = new Set(replies.map((reply) => jsonOf(reply, reply.status).id))
    assert.equal(ids.size, 1)
    assert.equal((await archives.listsHeld()).length, 1)
    await archives.work()
    assert.equal((await archives.listsHeld()).length, 0)
  })

  test('a job that is asked for again while it is cancelled comes to its end', async () => {
    for (let round = 0; round < 40; round += 1) {
      const key = `again-${round}.zip`
      const first = await archives.queued({ key })
      const [, asked] = await Promise.all([archives.end(first), archives.ask({ key })])
      assert.ok(asked.status === 200 || asked.status === 202, asked.body.toString())
      const state = await archives.stateOf(first)
      const second = jsonOf(await archives.ask({ key }), state === 'queued' ? 200 : 202)
      assert.equal(second.id, first.id)
      await archives.work({ which: /small 1/ })
      assert.equal((await archives.fetched(second)).status, 200)
    }
    assert.deepStrictEqual(archives.log, [])
    assert.equal((await archives.listsHeld()).length, 0)
  })

  test('a job that finds no room waits for it, however often it looks', async () => {
    const job = await archives.queued({ key: 'room.zip' })
    const full = (real: Uploads): Uploads => ({
      ...real,
      create: () => Promise.reject(new MetadataFull()),
    })
    let laterMs = 0
    for (let looks = 0; looks < 2 * attemptsMax; looks += 1) {
      await archives.work({ which: /small 1/, uploads: full, laterMs })
      const shown = await archives.shown(job)
      assert.deepStrictEqual([shown.state, shown.attempts], ['queued', 0])
      laterMs += 2 * minute
    }
    assert.deepStrictEqual(archives.log, [])
    await archives.work({ which: /small 1/, laterMs })
    assert.equal(await archives.stateOf(job), 'done')
  })

  test('two workers that find the same job run it once', async () => {
    const job = await archives.queued({ key: 'once.zip' })
    await Promise.all([archives.work({ which: /small 1/ }), archives.work({ which: /small 2/ })])
    assert.equal((await archives.shown(job)).attempts, 1)
    assert.equal((await archives.fetched(job)).status, 200)
  })

  test('a job that another server has taken over keeps its result when the first one is late', async () => {
    const job = await archives.queued({ key: 'taken-over.zip' })
    let isTaken = false
    await archives.work({
      which: /small 1/,
      beforeRead: async () => {
        if (isTaken) return
        isTaken = true
        await archives.work({ which: /small 1/, laterMs: minute })
        assert.equal(await archives.stateOf(job), 'done')
      },
    })
    assert.ok(isTaken)
    assert.equal((await archives.fetched(job)).status, 200)
    assert.deepStrictEqual(await archives.uploadsUnderWay(), [])
    assert.equal((await archives.listsHeld()).length, 0)
    assert.deepStrictEqual(archives.log, [])
  })

  test('a job that is cancelled when its result is just there leaves no result', async () => {
    const job = await archives.queued({ key: 'late.zip' })
    const uploads = (real: Uploads): Uploads => ({
      ...real,
      complete: async (completion) => {
        const outcome = await real.complete(completion)
        await archives.end(job)
        return outcome
      },
    })
    await archives.work({ which: /small 1/, uploads })
    assert.equal(await archives.stateOf(job), 'cancelled')
    assert.equal(await archives.statusOf('/results/late.zip'), 404)
    assert.equal((await archives.listsHeld()).length, 0)
  })

  test('a job that is cancelled and forgotten before its upload is there leaves no upload', async () => {
    const job = await archives.queued({ key: 'early.zip' })
    const uploads = (real: Uploads): Uploads => ({
      ...real,
      create: async (...asked) => {
        await archives.end(job)
        await archives.end(job)
        return real.create(...asked)
      },
    })
    await archives.work({ which: /small 1/, uploads })
    assert.deepStrictEqual(await archives.uploadsUnderWay(), [])
    assert.equal((await archives.listsHeld()).length, 0)
  })

  test('a job that is asked for again while its result is removed has a result in the end', async () => {
    const order = { key: 'removed.zip' }
    const job = await archives.queued(order)
    await archives.work()
    for (let round = 0; round < 20; round += 1) {
      await Promise.all([archives.end(job), archives.ask(order), archives.ask(order)])
      await archives.work()
      const [now] = await Promise.all([archives.ask(order), archives.work()])
      await archives.work()
      assert.equal((await archives.fetched(jsonOf(now, now.status))).status, 200)
    }
    assert.equal((await archives.listsHeld()).length, 0)
  })

  test('what a process that died while it ended a job has left is cleared away', async () => {
    const job = await archives.queued({ key: 'died.zip' })
    await archives.work({
      which: /small 1/,
      beforeRead: async (stopping) => stopping.abort(),
    })
    assert.equal((await archives.uploadsUnderWay()).length, 1)
    const { jobs } = archives.metadata
    const ofTenant = { kind: 'archive', tenantId: await archives.tenantId() } as const
    const [row] = await jobs.list(ofTenant, { limit: 1 })
    assert.ok(row !== undefined && row.jobId === job.id)
    const next = { lane: 'upkeep', dueMs: Date.now() }
    await jobs.put({ ...row, state: 'cancelled', next, revision: row.revision + 1 })
    await archives.work({ which: /upkeep/ })
    assert.deepStrictEqual(await archives.uploadsUnderWay(), [])
    assert.equal((await archives.listsHeld()).length, 0)
  })
})

describe('archive jobs whose uploads others have their hands on', (test) => {
  let archives: ArchiveServer
  test.before(async () => {
    archives = await ArchiveServer.start()
  })
  test.after(() => archives.stop())

  /** A job that has been stopped in the middle of its upload. */
  async function halfStored(key: string): Promise<{ readonly job: Json; readonly upload: string }> {
    const job = await archives.queued({ key })
    await archives.work({ which: /small 1/, beforeRead: async (stopping) => stopping.abort() })
    const [id = assert.fail('no upload')] = await archives.uploadsUnderWay()
    return { job, upload: `/results/${key}?uploadId=${id}` }
  }

  async function putPart(upload: string): Promise<string> {
    const target = `${upload}&partNumber=1`
    const { headers } = await exchange(archives.port, { method: 'PUT', target, body: 'not a zip' })
    return headers.get('etag') ?? assert.fail('no part')
  }

  test('an upload that somebody aborts is begun anew', async () => {
    const { job, upload } = await halfStored('aborted.zip')
    await archives.remove(upload)
    await archives.work({ which: /small 1/ })
    assert.deepStrictEqual(namesIn((await archives.fetched(job)).body), ['1.md', '2.md', 'large'])
  })

  test('an upload that somebody completes with a part of his own is no result, and begun anew', async () => {
    const { job, upload } = await halfStored('completed.zip')
    const etag = await putPart(upload)
    const part = `<Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part>`
    const body = `<CompleteMultipartUpload>${part}</CompleteMultipartUpload>`
    const completed = await exchange(archives.port, { method: 'POST', target: upload, body })
    assert.equal(completed.status, 200, completed.body.toString())
    assert.equal((await archives.bytesOf('/results/completed.zip')).toString(), 'not a zip')
    await archives.work({ which: /small 1/ })
    assert.deepStrictEqual(namesIn((await archives.fetched(job)).body), ['1.md', '2.md', 'large'])
  })

  test('a part that somebody else has put fails the job rather than spoil its result', async () => {
    const { job, upload } = await halfStored('spoilt.zip')
    const zip = await archives.bytesOf('/files/docs/?zip')
    const target = `${upload}&partNumber=1`
    const body = Buffer.alloc(zip.length, 'not a zip')
    await exchange(archives.port, { method: 'PUT', target, body })
    await archives.work({ which: /small 1/ })
    const { state, error } = await archives.shown(job)
    assert.equal(state, 'failed')
    assert.match(String(error), /somebody has written to its upload/)
    assert.equal(await archives.statusOf('/results/spoilt.zip'), 404)
    assert.deepStrictEqual(await archives.uploadsUnderWay(), [])
    assert.equal(jsonOf(await archives.ask({ key: 'spoilt.zip' }), 202).id, job.id)
    await archives.work({ which: /small 1/ })
    assert.equal((await archives.fetched(job)).status, 200)
  })

  test('a job whose server dies in every attempt fails, and one that gets on does not', async () => {
    const job = await archives.queued({ key: 'deadly.zip' })
    const { jobs } = archives.metadata
    const ofTenant = { kind: 'archive', tenantId: await archives.tenantId() } as const
    const die = async (attempts: number) => {
      const [row] = await jobs.list(ofTenant, { limit: 1 })
      assert.ok(row !== undefined && pathOf(job).endsWith(row.jobId))
      const died = { state: 'running', owner: 'gone', attempts } as const
      const put = { ...row, ...died, revision: row.revision + 1 }
      assert.equal((await jobs.put(put)).is, 'done')
    }
    await die(5)
    await archives.work({ which: /small 1/ })
    const { state, error } = await archives.shown(job)
    assert.deepStrictEqual([state, error], ['failed', 'The server has died in each attempt.'])
    await archives.queued({ key: 'deadly.zip' })
    await die(4)
    await archives.work({ which: /small 1/ })
    const done = await archives.shown(job)
    assert.deepStrictEqual([done.state, done.attempts], ['done', 1])
  })
})
