// Archive jobs over HTTP, from the request to the stored object and its end.
import assert from 'node:assert'
import { UnreadableData } from '../../../gateway/data/read/reader-deps.ts'
import { manifestsOfTenant } from '../../../gateway/zip/tenant-manifests.ts'
import { describe } from '../../support/describe.ts'
import {
  askPlain,
  askSigned,
  errorOf,
  type Json,
  jsonOf,
  targetOf,
  textIn,
} from '../../support/own-routes-client.ts'
import { PartitionedBlobs } from '../../support/partitioned-blobs.ts'
import { namesIn, readZip } from '../../support/python-zip.ts'
import { exchange } from '../../support/wire-request.ts'
import { ArchiveServer, day, mib, minute, pathOf } from './archives-fixture.ts'

describe('archive jobs', (test) => {
  let archives: ArchiveServer
  test.before(async () => {
    archives = await ArchiveServer.start()
  })
  test.after(() => archives.stop())

  test('store the very bytes that ?zip gives, at the destination, with a URL to fetch them', async () => {
    const job = await archives.queued()
    await archives.work()
    const done = await archives.shown(job)
    assert.equal(done.state, 'done')
    assert.deepStrictEqual(done.progress, {
      entries: 3,
      bytes: done.progress && (job.progress as Json).totalBytes,
      totalEntries: 3,
      totalBytes: (job.progress as Json).totalBytes,
    })
    const zip = await exchange(archives.port, { target: '/files/docs/?zip' })
    assert.equal(zip.headers.get('etag'), `"${textIn(job, 'etag')}"`)
    const target = targetOf(textIn(done, 'url'))
    const fetched = await askPlain(archives.port, { target })
    assert.equal(fetched.status, 200, fetched.body.toString())
    assert.equal(fetched.headers.get('content-type'), 'application/zip')
    assert.equal(fetched.headers.get('content-disposition'), 'attachment; filename="docs.zip"')
    assert.deepStrictEqual(fetched.body, zip.body)
    assert.deepStrictEqual(namesIn(fetched.body), ['1.md', '2.md', 'large'])
    assert.equal((await archives.uploadsUnderWay()).length, 0)
  })

  test('the same request is the same job, and a changed prefix a new one', async () => {
    const first = await archives.queued({ key: 'same.zip' })
    assert.equal(jsonOf(await archives.ask({ key: 'same.zip' }), 200).id, first.id)
    await archives.work()
    const again = jsonOf(await archives.ask({ key: 'same.zip' }), 200)
    assert.deepStrictEqual([again.id, again.state], [first.id, 'done'])
    const elsewhere = await archives.queued({ key: 'elsewhere.zip' })
    assert.notEqual(elsewhere.id, first.id)
    await archives.put('/files/docs/3.md', 'three')
    const changed = await archives.queued({ key: 'same.zip' })
    assert.notEqual(changed.id, first.id)
    await archives.work()
    await archives.work()
    assert.equal(await archives.stateOf(changed), 'done')
    assert.equal(await archives.stateOf(elsewhere), 'done')
  })

  test('a result that somebody has removed is made again', async () => {
    const job = await archives.queued({ key: 'removed.zip' })
    await archives.work()
    await exchange(archives.port, { method: 'DELETE', target: '/results/removed.zip' })
    assert.equal((await archives.queued({ key: 'removed.zip' })).id, job.id)
    await archives.work()
    assert.equal(await archives.stateOf(job), 'done')
  })

  test('what was frozen is stored, whatever happened between request and work', async () => {
    await archives.put('/files/frozen/a', Buffer.alloc(2 * mib, 'before'))
    const job = await archives.queued({ prefix: 'frozen/', key: 'frozen.zip' })
    const before = await exchange(archives.port, { target: '/files/frozen/?zip' })
    await archives.put('/files/frozen/a', 'after')
    await archives.server.kept()
    await archives.work()
    const fetched = await askPlain(archives.port, {
      target: targetOf(textIn(await archives.shown(job), 'url')),
    })
    assert.deepStrictEqual(fetched.body, before.body)
  })

  test('an empty prefix makes an empty zip', async () => {
    const job = await archives.queued({ prefix: 'nothing/', key: 'nothing.zip' })
    await archives.work()
    const fetched = await askPlain(archives.port, {
      target: targetOf(textIn(await archives.shown(job), 'url')),
    })
    assert.deepStrictEqual(namesIn(fetched.body), [])
  })

  test('jobs are listed, newest first', async () => {
    const job = await archives.queued({ key: 'listed.zip' })
    const listed = jsonOf(await askSigned(archives.port, { target: '/-/archives' }), 200)
    const jobs = listed.archives
    assert.ok(Array.isArray(jobs) && jobs.length > 1)
    assert.deepStrictEqual((jobs as Json[])[0]?.id, job.id)
    await archives.end(job)
  })

  test('a result is removed when it expires, and nothing that took its place', async () => {
    const kept = await archives.queued({ key: 'kept.zip', expiresInSeconds: 60 })
    const gone = await archives.queued({ key: 'gone.zip', expiresInSeconds: 60 })
    await archives.work()
    await archives.work()
    await archives.put('/results/kept.zip', 'something else')
    await archives.work({ laterMs: minute + 1000 })
    assert.deepStrictEqual(
      [await archives.stateOf(kept), await archives.stateOf(gone)],
      ['expired', 'expired'],
    )
    const look = (target: string) => exchange(archives.port, { target })
    assert.equal((await look('/results/gone.zip')).status, 404)
    assert.equal((await look('/results/kept.zip')).body.toString(), 'something else')
    await archives.work({ laterMs: 8 * day })
    const forgotten = await askSigned(archives.port, { target: pathOf(gone) })
    assert.equal(errorOf(forgotten), '404 NoSuchArchive')
  })

  test('requests that are not signed, or wrong, are refused', async () => {
    const json = { bucket: 'files', destination: { bucket: 'results', key: 'x' } }
    const post = (body: unknown) =>
      askSigned(archives.port, { method: 'POST', target: '/-/archives', json: body })
    const plain = { method: 'POST', target: '/-/archives', json }
    assert.equal(errorOf(await askPlain(archives.port, plain)), '403 AccessDenied')
    assert.equal(errorOf(await post({ ...json, more: 1 })), '400 MalformedJSON')
    assert.equal(errorOf(await post({ bucket: 'files' })), '400 MalformedJSON')
    assert.equal(errorOf(await post({ ...json, bucket: 'none' })), '404 NoSuchBucket')
    const nowhere = { ...json, destination: { bucket: 'none', key: 'x' } }
    assert.equal(errorOf(await post(nowhere)), '404 NoSuchBucket')
    const unknown = `/-/archives/${'0'.repeat(32)}`
    assert.equal(errorOf(await askSigned(archives.port, { target: unknown })), '404 NoSuchArchive')
  })

  test('nothing is held for jobs that are over', async () => {
    await archives.work({ laterMs: day })
    const { manifests } = archives.metadata
    const [tenant] = (await archives.metadata.tenants.list({ limit: 1 })).tenants
    assert.ok(tenant !== undefined)
    const held = await manifestsOfTenant(manifests, tenant.id)
    assert.deepStrictEqual(
      held.filter(({ scope }) => scope.startsWith('archive ')).map(({ scope }) => scope),
      [],
    )
    assert.deepStrictEqual(archives.log, [])
  })
})

describe('archive jobs that are interrupted', (test) => {
  let archives: ArchiveServer
  test.before(async () => {
    archives = await ArchiveServer.start()
  })
  test.after(() => archives.stop())

  test('a failure is told and tried again later, a few times', async () => {
    const job = await archives.queued()
    let failures = 0
    const beforeRead = async () => {
      failures += 1
      throw new Error('the disk is on fire')
    }
    await archives.work({ beforeRead, which: /small 1/ })
    const waiting = await archives.shown(job)
    assert.deepStrictEqual(
      [waiting.state, waiting.attempts, waiting.error],
      ['queued', 1, 'the disk is on fire'],
    )
    await archives.work({ which: /small 1/ })
    assert.equal(await archives.stateOf(job), 'queued')
    await archives.work({ laterMs: minute, which: /small 1/ })
    assert.equal(await archives.stateOf(job), 'done')
    await archives.end(job)
    const second = await archives.queued()
    for (let hour = 1; hour <= 5; hour += 1) {
      await archives.work({ beforeRead, laterMs: hour * 60 * minute, which: /small 1/ })
    }
    const failed = await archives.shown(second)
    assert.deepStrictEqual([failed.state, failed.attempts], ['failed', 5])
    assert.equal((await archives.uploadsUnderWay()).length, 0)
    assert.equal((await archives.listsHeld()).length, 0)
    assert.ok(failures >= 6)
  })

  test('a job that waits is cancelled at once', async () => {
    const job = await archives.queued({ key: 'cancelled.zip' })
    await archives.end(job)
    assert.equal(await archives.stateOf(job), 'cancelled')
    await archives.work()
    assert.equal((await exchange(archives.port, { target: '/results/cancelled.zip' })).status, 404)
    assert.equal((await archives.listsHeld()).length, 0)
    await archives.end(job)
    assert.equal(
      errorOf(await askSigned(archives.port, { target: pathOf(job) })),
      '404 NoSuchArchive',
    )
  })

  test('a job that runs is cancelled in the middle, and leaves nothing', async () => {
    const job = await archives.queued({ key: 'stopped.zip' })
    let ended = false
    await archives.work({
      which: /small 1/,
      beforeRead: async () => {
        if (ended) return
        ended = true
        await archives.end(job)
      },
    })
    assert.ok(ended)
    assert.equal(await archives.stateOf(job), 'cancelled')
    assert.equal((await exchange(archives.port, { target: '/results/stopped.zip' })).status, 404)
    assert.equal((await archives.uploadsUnderWay()).length, 0)
    assert.equal((await archives.listsHeld()).length, 0)
  })

  test('a server that stops or dies goes on with the parts that are stored', async () => {
    for (const name of ['a', 'b', 'c']) {
      await archives.put(`/files/big/${name}`, Buffer.alloc(50 * mib, name))
    }
    const job = await archives.queued({ prefix: 'big/', key: 'big.zip' })
    let reads = 0
    await archives.work({
      which: /small 1/,
      beforeRead: async (stopping) => {
        reads += 1
        if (reads === 100) stopping.abort()
      },
    })
    const { state, attempts } = await archives.shown(job)
    assert.deepStrictEqual([state, attempts], ['queued', 0], archives.log.join())
    assert.equal((await archives.uploadsUnderWay()).length, 1)
    let more = 0
    await archives.work({
      which: /small 1/,
      beforeRead: async () => {
        more += 1
      },
    })
    const done = await archives.shown(job)
    assert.equal(done.state, 'done')
    assert.ok(more < 120, `${more} reads for what was left of 150`)
    const fetched = await askPlain(archives.port, { target: targetOf(textIn(done, 'url')) })
    const zip = await exchange(archives.port, { target: '/files/big/?zip' })
    assert.ok(fetched.body.equals(zip.body))
    assert.match(fetched.headers.get('etag') ?? '', /-3"$/)
  })

  test('a job whose worker died is taken up by the next one', async () => {
    const order = { prefix: 'big/', key: 'again.zip' }
    const job = await archives.queued(order)
    const { jobs, tenants } = archives.metadata
    const [tenant] = (await tenants.list({ limit: 1 })).tenants
    assert.ok(tenant !== undefined)
    const [row] = await jobs.list({ kind: 'archive', tenantId: tenant.id }, { limit: 1 })
    assert.ok(row !== undefined && row.jobId === job.id)
    const running = { ...row, state: 'running', owner: 'gone', revision: row.revision + 1 } as const
    assert.equal((await jobs.put(running)).is, 'done')
    await archives.work({ which: /small 1/ })
    assert.equal(await archives.stateOf(job), 'done')
  })

  test('a destination that is gone ends the job at the first attempt', async () => {
    await archives.put('/short-lived')
    const destination = { bucket: 'short-lived', key: 'x.zip' }
    const json = { bucket: 'files', prefix: 'docs/', destination }
    const asked = await askSigned(archives.port, { method: 'POST', target: '/-/archives', json })
    await exchange(archives.port, { method: 'DELETE', target: '/short-lived' })
    await archives.work()
    assert.equal(await archives.stateOf(jsonOf(asked, 202)), 'failed')
  })

  test('data that is lost fails a job with that reason, and nothing is stored', async () => {
    await archives.put('/files/lost/a', Buffer.alloc(mib, 'lost'))
    const job = await archives.queued({ prefix: 'lost/', key: 'lost.zip' })
    const beforeRead = async () => {
      throw new UnreadableData('chunk 1 is absent')
    }
    for (let hour = 1; hour <= 5; hour += 1) {
      await archives.work({ beforeRead, laterMs: hour * 60 * minute, which: /small 1/ })
    }
    const { state, error, attempts } = await archives.shown(job)
    assert.deepStrictEqual([state, attempts], ['failed', 5])
    assert.match(String(error), /^Data of what is archived cannot be read: chunk 1 is absent\.$/)
    assert.equal(await archives.statusOf('/results/lost.zip'), 404)
    assert.deepStrictEqual(await archives.uploadsUnderWay(), [])
  })

  test('a job waits for chunks that cannot be reached, however long, and is done then', async () => {
    await archives.put('/files/patient/a', Buffer.alloc(mib, 'stored by nobody else'))
    const job = await archives.queued({ prefix: 'patient/', key: 'patient.zip' })
    const blobs = new PartitionedBlobs(archives.server.stores.blobs)
    const quarter = 15 * minute
    archives.log.length = 0
    let laterMs = 0
    for (const verbs of [['read'], ['write'], ['write', 'delete'], ['hasMany', 'write']] as const) {
      blobs.heal()
      blobs.cut(verbs)
      for (let attempt = 0; attempt < 3; attempt += 1) {
        laterMs += quarter
        const before = blobs.refusals
        await archives.work({ blobs, laterMs, which: /small 1/ })
        assert.ok(blobs.refusals > before, 'it was tried')
        const { state, attempts, error } = await archives.shown(job)
        assert.deepStrictEqual([state, attempts], ['queued', 0])
        assert.match(String(error), /cannot be reached/)
      }
    }
    assert.ok(!archives.log.some((line) => line.startsWith('archive job failed')))
    assert.equal(await archives.statusOf('/results/patient.zip'), 404)
    blobs.heal()
    await archives.work({ blobs, laterMs: laterMs + quarter, which: /small 1/ })
    assert.equal(await archives.stateOf(job), 'done')
    assert.equal(readZip(await archives.bytesOf('/results/patient.zip')).length, 1)
    await archives.end(job)
  })
})
