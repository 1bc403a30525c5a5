// A disk that turns read-only at the worst moment: the pages of a commit are on it, and the last one, which makes
// it count, is refused. LMDB gives no more reads to a process that has met this.
import assert from 'node:assert'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from '../support/describe.ts'
import { freePort } from '../support/free-port.ts'
import { HeldCommits } from '../support/held-commit.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { SmallDisk } from '../support/small-disk.ts'
import type { StartedServer } from '../support/started-server.ts'
import { FullDiskLoad, sizes } from './full-disk-load.ts'
import { beginOnDisk, smallDiskBytes } from './small-disk-server.ts'

/** Which process of a server meets it. */
for (const { workers, met } of [
  { workers: 1, met: 'the only process' },
  { workers: 2, met: 'the primary' },
  { workers: 2, met: 'a worker' },
] as const) {
  describe(`a last page refused to ${met} of a server with --workers ${workers}`, (test) => {
    let disk: SmallDisk | undefined
    let server: StartedServer
    let held: HeldCommits | undefined
    let admin = ''
    let port = 0
    const load = new FullDiskLoad(seededBytes())

    const begin = async () => {
      assert.ok(disk !== undefined)
      server = beginOnDisk(disk, { port, workers })
      const listening = await server.listening()
      admin = listening.admin
      load.port = Number(new URL(listening.s3).port)
    }
    const untilReady = async () => {
      while (!(await fetch(`${admin}/readyz`)).ok) await sleep(50)
    }

    test.before(async () => {
      disk = SmallDisk.make(smallDiskBytes)
      if (disk === undefined) return
      port = await freePort()
      await begin()
      await load.send({ method: 'PUT', target: '/bkt' })
      for (let round = 0; round < 4; round += 1) for (const bytes of sizes) await load.put(bytes)
      const [firstWorker] = server.workers
      held = HeldCommits.begin({
        pid: Number(met === 'a worker' ? firstWorker : server.child.pid),
        file: join(disk.path, 'data', 'metadata', 'data.mdb'),
        logPath: `${disk.path}.trace`,
      })
    })
    test.after(async () => {
      await held?.end()
      if (disk === undefined) return
      await server.killAll().catch(() => undefined)
      disk.discard()
    })

    test('all is read as before, and writes are 507, for as long as it lasts', async () => {
      if (disk === undefined || held === undefined) return
      load.mayBreak = true
      const running = load.run().catch((cause: unknown) => {
        throw new Error(`${String(cause)}\n${server.output}`, { cause })
      })
      running.catch(() => {})
      await held.pausing()
      disk.turnReadOnly()
      assert.equal(await held.refused(), 'EROFS')
      await held.end()
      while (!/cannot be written any more/.test(server.output)) await sleep(20)
      await untilReady()
      load.mayBreak = false
      load.answers.clear()
      await sleep(2_000)
      load.stop()
      await running
      const others = [...load.answers.keys()].filter(
        (answer) => !/^(GET 200|HEAD 200|PUT 507 InsufficientStorage)$/.test(answer),
      )
      assert.deepEqual(others, [], server.output)
      for (const kind of ['GET 200', 'HEAD 200', 'PUT 507 InsufficientStorage']) {
        assert.ok((load.answers.get(kind) ?? 0) > 0, kind)
      }
      const [first = ''] = load.living
      const { status } = await load.send({ method: 'DELETE', target: `/bkt/${first}` })
      assert.equal(status, 507, server.output)
      await load.checkAll()
      assert.equal(server.workers.length, workers)
      const readiness = await (await fetch(`${admin}/readyz`)).text()
      assert.equal(/"backgroundWork":"rests/.test(readiness), met !== 'a worker', readiness)
    })

    test('a process that dies then is replaced by one that reads', async () => {
      if (disk === undefined || held === undefined) return
      for (const worker of server.workers) process.kill(worker, 'SIGKILL')
      while (server.output.match(/ended \(SIGKILL\)/g)?.length !== workers) await sleep(20)
      await untilReady()
      await load.checkAll()
      for (const bytes of sizes) assert.equal(await load.put(bytes), 507, `${bytes} bytes`)
    })

    test('it stops in order, and on the disk that was mounted anew everything goes on', async () => {
      if (disk === undefined || held === undefined) return
      assert.equal(await server.stop(), 0, server.output)
      disk.unmount()
      disk.mount()
      await begin()
      await load.checkAll()
      for (const bytes of sizes) assert.equal(await load.put(bytes), 200)
      await load.checkAll()
    })
  })
}
