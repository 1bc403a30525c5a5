// Archive jobs over HTTP, on the real engines. The work is run by hand, a job at a time, so that
// nothing here depends on time.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import type { BlobRead, BlobStore } from '../../../datanode/blob-store.ts'
import { composeArchiveWork } from '../../../gateway/compose-archive-work.ts'
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
import { namesIn } from '../../support/python-zip.ts'
import type { RawResponse } from '../../support/raw-connection.ts'
import { RunningServer } from '../../support/start-server.ts'
import { exchange } from '../../support/wire-request.ts'

const mib = 1024 * 1024

let server: RunningServer
let workLog: string[] = []

async function put(target: string, body: Buffer | string = ''): Promise<void> {
  assert.equal((await exchange(server.port, { method: 'PUT', target, body })).status, 200)
}

async function start(): Promise<void> {
  server = await RunningServer.start()
  workLog = []
  await put('/files')
  await put('/results')
  await put('/files/docs/1.md', 'one')
  await put('/files/docs/2.md', 'two')
  await put('/files/docs/large', Buffer.alloc(3 * mib, 'large'))
}

async function stop(): Promise<void> {
  server.assertNoFailure()
  await server.stop()
}

/** A blob store whose reads somebody looks at first. */
function watched(blobs: BlobStore, beforeRead: () => Promise<void>): BlobStore {
  return {
    write: (chunk) => blobs.write(chunk),
    read: async (...asked): Promise<BlobRead> => {
      await beforeRead()
      return blobs.read(...asked)
    },
    has: (...asked) => blobs.has(...asked),
    delete: (refs) => blobs.delete(refs),
    list: (page) => blobs.list(page),
    reclaim: (bytes) => blobs.reclaim(bytes),
    scrub: (bytes) => blobs.scrub(bytes),
    usage: () => blobs.usage(),
    close: () => blobs.close(),
  }
}

type WorkOptions = {
  /** Added to the clock. */
  readonly laterMs?: number
  readonly beforeRead?: (stopping: AbortController) => Promise<void>
  readonly which?: RegExp
}

/** Runs what is to be done now, once, in a worker that begins anew. */
async function work(options: WorkOptions = {}): Promise<void> {
  const { laterMs = 0, beforeRead, which = /./ } = options
  const stopping = new AbortController()
  const { metadata, blobs } = server.stores
  const composed = composeArchiveWork({
    metadata,
    blobs: beforeRead === undefined ? blobs : watched(blobs, () => beforeRead(stopping)),
    masterKey: server.masterKey,
    processId: randomBytes(8).toString('hex'),
    random: randomBytes,
    now: () => Date.now() + laterMs,
    log: (event, details) => workLog.push(`${event}: ${String(details.cause)}`),
  })
  for (const job of composed.jobs) if (which.test(job.name)) await job.run(stopping.signal)
  await composed.close()
}

const minute = 60_000
const day = 24 * 60 * minute

type Order = { prefix?: string; key?: string; expiresInSeconds?: number }

function ask({ prefix = 'docs/', key = 'docs.zip', ...more }: Order = {}): Promise<RawResponse> {
  const json = { bucket: 'files', prefix, destination: { bucket: 'results', key }, ...more }
  return askSigned(server.port, { method: 'POST', target: '/-/archives', json })
}

async function queued(order: Order = {}): Promise<Json> {
  const job = jsonOf(await ask(order), 202)
  assert.equal(job.state, 'queued')
  return job
}

function pathOf(job: Json): string {
  return `/-/archives/${textIn(job, 'id')}`
}

async function shown(job: Json): Promise<Json> {
  return jsonOf(await askSigned(server.port, { target: pathOf(job) }), 200)
}

async function stateOf(job: Json): Promise<unknown> {
  return (await shown(job)).state
}

async function end(job: Json): Promise<void> {
  const response = await askSigned(server.port, { method: 'DELETE', target: pathOf(job) })
  assert.equal(response.status, 204)
}

async function uploadsUnderWay(): Promise<number> {
  const listed = await exchange(server.port, { target: '/results?uploads' })
  return listed.body.toString().match(/<Upload>/g)?.length ?? 0
}

async function manifestsHeld(): Promise<number> {
  const { tenants, manifests } = server.stores.metadata
  const [tenant] = await tenants.list()
  return tenant === undefined ? 0 : (await manifests.ofTenant(tenant.id)).length
}

describe('archive jobs', (test) => {
  test.before(start)
  test.after(stop)

  test('store the very bytes that ?zip gives, at the destination, with a URL to fetch them', async () => {
    const job = await queued()
    await work()
    const done = await shown(job)
    assert.equal(done.state, 'done')
    assert.deepStrictEqual(done.progress, {
      entries: 3,
      bytes: done.progress && (job.progress as Json).totalBytes,
      totalEntries: 3,
      totalBytes: (job.progress as Json).totalBytes,
    })
    const zip = await exchange(server.port, { target: '/files/docs/?zip' })
    assert.equal(zip.headers.get('etag'), `"${textIn(job, 'etag')}"`)
    const target = targetOf(textIn(done, 'url'))
    const fetched = await askPlain(server.port, { target })
    assert.equal(fetched.status, 200, fetched.body.toString())
    assert.equal(fetched.headers.get('content-type'), 'application/zip')
    assert.equal(fetched.headers.get('content-disposition'), 'attachment; filename="docs.zip"')
    assert.deepStrictEqual(fetched.body, zip.body)
    assert.deepStrictEqual(namesIn(fetched.body), ['1.md', '2.md', 'large'])
    assert.equal(await uploadsUnderWay(), 0)
  })

  test('the same request is the same job, and a changed prefix a new one', async () => {
    const first = await queued({ key: 'same.zip' })
    assert.equal(jsonOf(await ask({ key: 'same.zip' }), 200).id, first.id)
    await work()
    const again = jsonOf(await ask({ key: 'same.zip' }), 200)
    assert.deepStrictEqual([again.id, again.state], [first.id, 'done'])
    const elsewhere = await queued({ key: 'elsewhere.zip' })
    assert.notEqual(elsewhere.id, first.id)
    await put('/files/docs/3.md', 'three')
    const changed = await queued({ key: 'same.zip' })
    assert.notEqual(changed.id, first.id)
    await work()
    await work()
    assert.equal(await stateOf(changed), 'done')
    assert.equal(await stateOf(elsewhere), 'done')
  })

  test('a result that somebody has removed is made again', async () => {
    const job = await queued({ key: 'removed.zip' })
    await work()
    await exchange(server.port, { method: 'DELETE', target: '/results/removed.zip' })
    assert.equal((await queued({ key: 'removed.zip' })).id, job.id)
    await work()
    assert.equal(await stateOf(job), 'done')
  })

  test('what was frozen is stored, whatever happened between request and work', async () => {
    await put('/files/frozen/a', Buffer.alloc(2 * mib, 'before'))
    const job = await queued({ prefix: 'frozen/', key: 'frozen.zip' })
    const before = await exchange(server.port, { target: '/files/frozen/?zip' })
    await put('/files/frozen/a', 'after')
    await server.kept()
    await work()
    const fetched = await askPlain(server.port, {
      target: targetOf(textIn(await shown(job), 'url')),
    })
    assert.deepStrictEqual(fetched.body, before.body)
  })

  test('an empty prefix makes an empty zip', async () => {
    const job = await queued({ prefix: 'nothing/', key: 'nothing.zip' })
    await work()
    const fetched = await askPlain(server.port, {
      target: targetOf(textIn(await shown(job), 'url')),
    })
    assert.deepStrictEqual(namesIn(fetched.body), [])
  })

  test('jobs are listed, newest first', async () => {
    const job = await queued({ key: 'listed.zip' })
    const listed = jsonOf(await askSigned(server.port, { target: '/-/archives' }), 200)
    const { archives } = listed
    assert.ok(Array.isArray(archives) && archives.length > 1)
    assert.deepStrictEqual((archives as Json[])[0]?.id, job.id)
    await end(job)
  })

  test('a result is removed when it expires, and nothing that took its place', async () => {
    const kept = await queued({ key: 'kept.zip', expiresInSeconds: 60 })
    const gone = await queued({ key: 'gone.zip', expiresInSeconds: 60 })
    await work()
    await work()
    await put('/results/kept.zip', 'something else')
    await work({ laterMs: minute + 1000 })
    assert.deepStrictEqual([await stateOf(kept), await stateOf(gone)], ['expired', 'expired'])
    const look = (target: string) => exchange(server.port, { target })
    assert.equal((await look('/results/gone.zip')).status, 404)
    assert.equal((await look('/results/kept.zip')).body.toString(), 'something else')
    await work({ laterMs: 8 * day })
    const forgotten = await askSigned(server.port, { target: pathOf(gone) })
    assert.equal(errorOf(forgotten), '404 NoSuchArchive')
  })

  test('requests that are not signed, or wrong, are refused', async () => {
    const json = { bucket: 'files', destination: { bucket: 'results', key: 'x' } }
    const post = (body: unknown) =>
      askSigned(server.port, { method: 'POST', target: '/-/archives', json: body })
    const plain = { method: 'POST', target: '/-/archives', json }
    assert.equal(errorOf(await askPlain(server.port, plain)), '403 AccessDenied')
    assert.equal(errorOf(await post({ ...json, more: 1 })), '400 MalformedJSON')
    assert.equal(errorOf(await post({ bucket: 'files' })), '400 MalformedJSON')
    assert.equal(errorOf(await post({ ...json, bucket: 'none' })), '404 NoSuchBucket')
    const nowhere = { ...json, destination: { bucket: 'none', key: 'x' } }
    assert.equal(errorOf(await post(nowhere)), '404 NoSuchBucket')
    const unknown = `/-/archives/${'0'.repeat(32)}`
    assert.equal(errorOf(await askSigned(server.port, { target: unknown })), '404 NoSuchArchive')
  })

  test('nothing is held for jobs that are over', async () => {
    await work({ laterMs: day })
    const { manifests } = server.stores.metadata
    const [tenant] = await server.stores.metadata.tenants.list()
    assert.ok(tenant !== undefined)
    const held = await manifests.ofTenant(tenant.id)
    assert.deepStrictEqual(
      held.filter(({ scope }) => scope.startsWith('archive ')).map(({ scope }) => scope),
      [],
    )
    assert.deepStrictEqual(workLog, [])
  })
})

describe('archive jobs that are interrupted', (test) => {
  test.before(start)
  test.after(stop)

  test('a failure is told and tried again later, a few times', async () => {
    const job = await queued()
    let failures = 0
    const beforeRead = async () => {
      failures += 1
      throw new Error('the disk is on fire')
    }
    await work({ beforeRead, which: /small 1/ })
    const waiting = await shown(job)
    assert.deepStrictEqual(
      [waiting.state, waiting.attempts, waiting.error],
      ['queued', 1, 'the disk is on fire'],
    )
    await work({ which: /small 1/ })
    assert.equal(await stateOf(job), 'queued')
    await work({ laterMs: minute, which: /small 1/ })
    assert.equal(await stateOf(job), 'done')
    await end(job)
    const second = await queued()
    for (let hour = 1; hour <= 5; hour += 1) {
      await work({ beforeRead, laterMs: hour * 60 * minute, which: /small 1/ })
    }
    const failed = await shown(second)
    assert.deepStrictEqual([failed.state, failed.attempts], ['failed', 5])
    assert.equal(await uploadsUnderWay(), 0)
    assert.equal(await manifestsHeld(), 0)
    assert.ok(failures >= 6)
  })

  test('a job that waits is cancelled at once', async () => {
    const job = await queued({ key: 'cancelled.zip' })
    await end(job)
    assert.equal(await stateOf(job), 'cancelled')
    await work()
    assert.equal((await exchange(server.port, { target: '/results/cancelled.zip' })).status, 404)
    assert.equal(await manifestsHeld(), 0)
    await end(job)
    assert.equal(
      errorOf(await askSigned(server.port, { target: pathOf(job) })),
      '404 NoSuchArchive',
    )
  })

  test('a job that runs is cancelled in the middle, and leaves nothing', async () => {
    const job = await queued({ key: 'stopped.zip' })
    let ended = false
    await work({
      which: /small 1/,
      beforeRead: async () => {
        if (ended) return
        ended = true
        await end(job)
      },
    })
    assert.ok(ended)
    assert.equal(await stateOf(job), 'cancelled')
    assert.equal((await exchange(server.port, { target: '/results/stopped.zip' })).status, 404)
    assert.equal(await uploadsUnderWay(), 0)
    assert.equal(await manifestsHeld(), 0)
  })

  test('a server that stops or dies goes on with the parts that are stored', async () => {
    for (const name of ['a', 'b', 'c']) {
      await put(`/files/big/${name}`, Buffer.alloc(50 * mib, name))
    }
    const job = await queued({ prefix: 'big/', key: 'big.zip' })
    let reads = 0
    await work({
      which: /small 1/,
      beforeRead: async (stopping) => {
        reads += 1
        if (reads === 100) stopping.abort()
      },
    })
    const { state, attempts } = await shown(job)
    assert.deepStrictEqual([state, attempts], ['queued', 0], workLog.join())
    assert.equal(await uploadsUnderWay(), 1)
    let more = 0
    await work({
      which: /small 1/,
      beforeRead: async () => {
        more += 1
      },
    })
    const done = await shown(job)
    assert.equal(done.state, 'done')
    assert.ok(more < 120, `${more} reads for what was left of 150`)
    const fetched = await askPlain(server.port, { target: targetOf(textIn(done, 'url')) })
    const zip = await exchange(server.port, { target: '/files/big/?zip' })
    assert.ok(fetched.body.equals(zip.body))
    assert.match(fetched.headers.get('etag') ?? '', /-3"$/)
  })

  test('a job whose worker died is taken up by the next one', async () => {
    const order = { prefix: 'big/', key: 'again.zip' }
    const job = await queued(order)
    const { archiveJobs, tenants } = server.stores.metadata
    const [tenant] = await tenants.list()
    assert.ok(tenant !== undefined)
    const [row] = await archiveJobs.list(tenant.id, { limit: 1 })
    assert.ok(row !== undefined && row.jobId === job.id)
    const running = { ...row, state: { is: 'running' }, revision: row.revision + 1 } as const
    assert.equal((await archiveJobs.put(running)).is, 'done')
    await work({ which: /small 1/ })
    assert.equal(await stateOf(job), 'done')
  })

  test('a destination that is gone ends the job at the first attempt', async () => {
    await put('/short-lived')
    const destination = { bucket: 'short-lived', key: 'x.zip' }
    const json = { bucket: 'files', prefix: 'docs/', destination }
    const asked = await askSigned(server.port, { method: 'POST', target: '/-/archives', json })
    await exchange(server.port, { method: 'DELETE', target: '/short-lived' })
    await work()
    assert.equal(await stateOf(jsonOf(asked, 202)), 'failed')
  })
})
