// Archive jobs when there are many of them: who waits for whom, who is refused, and how they are listed.
import assert from 'node:assert'
import { jobsUnderWayMax } from '../../../gateway/archive-jobs/archive-limits.ts'
import { parseJobId } from '../../../metadata/record-ids.ts'
import { describe } from '../../support/describe.ts'
import { askSigned, errorOf, type Json, jsonOf } from '../../support/own-routes-client.ts'
import type { RawResponse } from '../../support/raw-connection.ts'
import { exchange } from '../../support/wire-request.ts'
import { ArchiveServer, mib } from './archives-fixture.ts'

/** Some seconds of requests, should it never be done. */
const looksMax = 2_000

function messageOf(response: RawResponse): unknown {
  return (JSON.parse(response.body.toString()) as Json).message
}

describe('the queue of archive jobs', (test) => {
  let archives: ArchiveServer
  test.before(async () => {
    archives = await ArchiveServer.start()
  })
  test.after(() => archives.server.stop())

  test('a large job that takes its time holds up no small one', async () => {
    await archives.put('/files/huge/0', Buffer.alloc(64 * mib, 'huge'))
    for (let number = 1; number <= 16; number += 1) {
      const headers = { 'x-amz-copy-source': '/files/huge/0' }
      const target = `/files/huge/${number}`
      const copied = await exchange(archives.port, { method: 'PUT', target, headers })
      assert.equal(copied.status, 200)
    }
    const large = await archives.queued({ prefix: 'huge/', key: 'huge.zip' })
    const waiting = await archives.queued({ prefix: 'huge/', key: 'waiting.zip' })
    // Of nothing, so that it reads nothing, and is not held by `beforeRead` itself.
    const small = await archives.queued({ prefix: 'nothing/' })
    assert.deepStrictEqual([large.class, waiting.class, small.class], ['large', 'large', 'small'])
    const seen: unknown[] = []
    await archives.work({
      which: /large|small 1/,
      atOnce: true,
      beforeRead: async (stopping) => {
        for (let looks = 0; looks < looksMax; looks += 1) {
          if ((await archives.stateOf(small)) === 'done') break
        }
        for (const job of [small, large, waiting]) seen.push(await archives.stateOf(job))
        stopping.abort()
      },
    })
    assert.deepStrictEqual(seen.slice(0, 3), ['done', 'running', 'queued'])
    assert.equal(await archives.stateOf(large), 'queued')
    for (const job of [large, waiting]) await archives.end(job)
  })

  test('a tenant has so many jobs under way and no more, and may download beside them', async () => {
    const ask = (number: number) => archives.ask({ key: `${number}.zip`, prefix: 'docs/1' })
    const first = jsonOf(await ask(1), 202)
    for (let number = 2; number <= jobsUnderWayMax; number += 1) jsonOf(await ask(number), 202)
    const refused = await ask(jobsUnderWayMax + 1)
    assert.equal(errorOf(refused), '503 SlowDown')
    assert.match(refused.body.toString(), /archive jobs are under way/)
    assert.equal(jsonOf(await ask(1), 200).id, first.id)
    await archives.bytesOf('/files/docs/?zip')
    await archives.work({ which: /small 1/ })
    assert.equal(await archives.stateOf(first), 'done')
    jsonOf(await ask(jobsUnderWayMax + 1), 202)
    assert.equal((await archives.listsHeld()).length, jobsUnderWayMax)
    const logged = archives.server.logged.map(({ details }) => String(details.cause))
    assert.deepStrictEqual(logged, [`S3Error: ${messageOf(refused)}`])
  })

  test('jobs are listed page by page, each of them once', async () => {
    const { jobs } = archives.metadata
    const ofTenant = { kind: 'archive', tenantId: await archives.tenantId() } as const
    const [model] = await jobs.list(ofTenant, { limit: 1 })
    assert.ok(model !== undefined)
    for (let number = 0; number < 50; number += 1) {
      const jobId = parseJobId(number.toString(16).padStart(32, '0'))
      assert.ok(jobId !== undefined)
      await jobs.put({ ...model, jobId, state: 'failed', revision: 1 })
    }
    const seen: Json[] = []
    for (let next: unknown = ''; next !== undefined; ) {
      const target = `/-/archives${next === '' ? '' : `?after=${String(next)}`}`
      const page = jsonOf(await askSigned(archives.port, { target }), 200)
      assert.ok(Array.isArray(page.archives) && page.archives.length <= 100)
      seen.push(...(page.archives as Json[]))
      next = page.next
    }
    // Those of the tests above, too.
    assert.equal(seen.length, 50 + jobsUnderWayMax + 1 + 3)
    assert.equal(new Set(seen.map(({ id }) => id)).size, seen.length)
    const times = seen.map(({ created }) => Date.parse(String(created)))
    assert.deepStrictEqual(
      times,
      times.toSorted((a, b) => b - a),
    )
    for (const after of ['x', '1-2', `${'9'.repeat(16)}-${'0'.repeat(32)}`]) {
      const wrong = await askSigned(archives.port, { target: `/-/archives?after=${after}` })
      assert.equal(errorOf(wrong), '400 InvalidArgument')
    }
  })
})
