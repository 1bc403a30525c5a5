// A disk that turns read-only at the worst moments: a commit is about to write its first page; or its pages are on the
// disk, and the last one, which makes it count, is refused. LMDB gives no more reads to a process that has met this.
import assert from 'node:assert'
import { join } from 'node:path'
import { until, within } from '../support/bounded-wait.ts'
import { describe } from '../support/describe.ts'
import { freePort } from '../support/free-port.ts'
import { HeldCommits } from '../support/held-commit.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { SmallDisk } from '../support/small-disk.ts'
import type { StartedServer } from '../support/started-server.ts'
import { FullDiskLoad, sizes } from './full-disk-load.ts'
import { beginOnDisk, smallDiskBytes } from './small-disk-server.ts'

const kindsAnswered = ['GET 200', 'HEAD 200', 'PUT 507 InsufficientStorage']
/** Of each kind, before all is judged. */
const answersMin = 20

const metadata = join('metadata', 'data.mdb')
const index = join('chunks', 'index', 'data.mdb')

/** Which process of a server meets it, and where. */
for (const { workers, met, page, file } of [
  { workers: 1, met: 'the only process', page: 'first', file: metadata },
  { workers: 1, met: 'the only process', page: 'first', file: index },
  { workers: 1, met: 'the only process', page: 'last', file: metadata },
  { workers: 2, met: 'the primary', page: 'last', file: metadata },
  { workers: 2, met: 'a worker', page: 'last', file: metadata },
] as const) {
  /** Whether the process that meets it can do nothing more with its metadata. */
  const isLoss = page === 'last'
  const workersLeft = workers === 1 && !isLoss ? 0 : workers
  describe(`a ${page} page of ${file} refused to ${met} of a server with --workers ${workers}`, (test) => {
    let disk: SmallDisk | undefined
    let server: StartedServer
    let held: HeldCommits | undefined
    let admin = ''
    let port = 0
    const load = new FullDiskLoad(seededBytes())

    const begin = async () => {
      assert.ok(disk !== undefined)
      server = beginOnDisk(disk, { port, workers })
      const listening = await within('the server to listen', server.listening())
      admin = listening.admin
      load.port = Number(new URL(listening.s3).port)
    }
    const whyEnded = () => {
      const { exitCode, signalCode } = server.child
      if (exitCode === null && signalCode === null) return undefined
      return `the server ended (${signalCode ?? exitCode}):\n${server.output}`
    }
    const untilReady = () =>
      until({
        for: 'the server to be ready',
        holds: () =>
          fetch(`${admin}/readyz`).then(
            ({ ok }) => ok,
            () => false,
          ),
        hopeless: whyEnded,
        told: () => server.output,
      })
    const untilPrinted = (pattern: RegExp) =>
      until({
        for: `${pattern} in the server's output`,
        holds: () => pattern.test(server.output),
        hopeless: whyEnded,
        told: () => server.output,
      })
    let traced = 0

    test.before(async () => {
      disk = SmallDisk.make(smallDiskBytes)
      if (disk === undefined) return
      port = await freePort()
      await begin()
      await load.send({ method: 'PUT', target: '/bkt' })
      for (let round = 0; round < 4; round += 1) for (const bytes of sizes) await load.put(bytes)
      const [firstWorker] = server.workers
      traced = Number(met === 'a worker' ? firstWorker : server.child.pid)
      held = HeldCommits.begin({
        pid: traced,
        file: join(disk.path, 'data', file),
        page,
        logPath: `${disk.path}.trace`,
      })
    })
    test.after(async () => {
      try {
        await held?.end()
        // One that has ended by itself has no workers left, either.
        if (disk !== undefined && whyEnded() === undefined) {
          await within('all processes to end', server.killAll())
        }
      } finally {
        disk?.discard()
      }
    })

    test('all is read as before, and writes are 507, for as long as it lasts', async () => {
      if (disk === undefined || held === undefined) return
      load.mayBreak = true
      let failure: string | undefined
      const running = load.run().catch((cause: unknown) => {
        failure = `${String(cause)}\n${server.output}`
      })
      try {
        await held.pausing()
        disk.turnReadOnly()
        assert.equal(await held.refused(), 'EROFS', server.output)
        await held.end()
        if (isLoss) await untilPrinted(/cannot be written any more/)
        if (met === 'a worker')
          await untilPrinted(new RegExp(`process ${traced} ended \\(code 1\\)`))
        await untilReady()
        load.beJudged()
        await until({
          for: 'answers of each kind',
          holds: () => kindsAnswered.every((kind) => (load.answers.get(kind) ?? 0) >= answersMin),
          hopeless: () => failure ?? whyEnded(),
          told: () => `${JSON.stringify([...load.answers])}\n${server.output}`,
        })
      } finally {
        load.stop()
        await within('what is under way', running)
      }
      assert.equal(failure, undefined)
      const others = [...load.answers.keys()].filter((answer) => !kindsAnswered.includes(answer))
      assert.deepEqual(others, [], server.output)
      const [first = ''] = load.living
      const { status } = await load.send({ method: 'DELETE', target: `/bkt/${first}` })
      assert.equal(status, 507, server.output)
      await load.checkAll()
      assert.equal(server.workers.length, workersLeft)
      const readiness = await (await fetch(`${admin}/readyz`)).text()
      const rests = isLoss && met !== 'a worker'
      assert.equal(/"backgroundWork":"rests/.test(readiness), rests, readiness)
    })

    test('a process that dies then is replaced by one that reads', async () => {
      if (disk === undefined || held === undefined || workersLeft === 0) return
      for (const worker of server.workers) process.kill(worker, 'SIGKILL')
      await until({
        for: 'each worker to be seen ending',
        holds: () => server.output.match(/ended \(SIGKILL\)/g)?.length === workers,
        hopeless: whyEnded,
        told: () => server.output,
      })
      await untilReady()
      await load.checkAll()
      for (const bytes of sizes) assert.equal(await load.put(bytes), 507, `${bytes} bytes`)
    })

    test('it stops in order, and on the disk that was mounted anew everything goes on', async () => {
      if (disk === undefined || held === undefined) return
      assert.equal(await within('the server to stop', server.stop()), 0, server.output)
      disk.unmount()
      disk.mount()
      await begin()
      await load.checkAll()
      for (const bytes of sizes) assert.equal(await load.put(bytes), 200)
      await load.checkAll()
    })
  })
}
