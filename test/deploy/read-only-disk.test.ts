// A server whose file system turns read-only under it, as Linux does after an error of the device.
import assert from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from '../support/describe.ts'
import { freePort } from '../support/free-port.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { SmallDisk } from '../support/small-disk.ts'
import type { StartedServer } from '../support/started-server.ts'
import { FullDiskLoad, sizes } from './full-disk-load.ts'
import { beginOnDisk, smallDiskBytes } from './small-disk-server.ts'

describe('a server on a disk that turns read-only', (test) => {
  let disk: SmallDisk | undefined
  let server: StartedServer
  let port = 0
  let admin = ''
  const load = new FullDiskLoad(seededBytes())
  const begin = (path: string) => {
    server = beginOnDisk({ path }, { port })
  }
  const listen = async () => {
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
    begin(disk.path)
    await listen()
    await load.send({ method: 'PUT', target: '/bkt' })
    for (let round = 0; round < 4; round += 1) for (const bytes of sizes) await load.put(bytes)
    assert.equal(load.living.length, 4 * sizes.length)
  })
  test.after(async () => {
    if (disk === undefined) return
    // One that has ended by itself has no workers left, either.
    await server.killAll().catch(() => undefined)
    disk.discard()
  })

  test('reads go on under load, writes and deletes are 507, and no process ends', async () => {
    if (disk === undefined) return
    const running = load.run().catch((cause: unknown) => {
      throw new Error(`${String(cause)}\n${server.output}`, { cause })
    })
    await sleep(500)
    // Judged below, when the disk has been read-only for a while.
    running.catch(() => {})
    // A commit that was about to write its last page cannot tell whether it did: its process ends, and
    // another takes its place to read.
    load.mayBreak = true
    disk.turnReadOnly()
    await sleep(3000)
    await untilReady()
    load.mayBreak = false
    load.answers.clear()
    await sleep(3000)
    load.stop()
    await running
    const others = [...load.answers.keys()].filter(
      (answer) => !/^(GET 200|HEAD 200|PUT 507 InsufficientStorage)$/.test(answer),
    )
    assert.deepEqual(others, [], server.output)
    for (const bytes of sizes) assert.equal(await load.put(bytes), 507, `${bytes} bytes`)
    const [first = ''] = load.living
    assert.equal(
      (await load.send({ method: 'DELETE', target: `/bkt/${first}` })).status,
      507,
      server.output,
    )
    await load.checkAll()
    assert.doesNotMatch(server.output, /could not start|"server"/, server.output)
    assert.equal(server.workers.length, 2)
  })

  test('a worker that dies on it is replaced by one that reads', async () => {
    if (disk === undefined) return
    for (const worker of server.workers) process.kill(worker, 'SIGKILL')
    while (server.output.match(/ended \(SIGKILL\)/g)?.length !== 2) await sleep(20)
    await untilReady()
    await load.checkAll()
    for (const bytes of sizes) assert.equal(await load.put(bytes), 507, `${bytes} bytes`)
    assert.doesNotMatch(server.output, /could not start/, server.output)
  })

  test('a start says in one sentence that the disk is read-only', async () => {
    if (disk === undefined) return
    await server.killAll()
    begin(disk.path)
    assert.equal(await server.end(), 1)
    assert.match(server.output, /^holdfast: .*read-only.*\n$/im, server.output)
  })

  test('mounted anew, everything that was acknowledged is there, and writes go on', async () => {
    if (disk === undefined) return
    disk.unmount()
    disk.mount()
    begin(disk.path)
    await listen()
    await load.checkAll()
    for (const bytes of sizes) assert.equal(await load.put(bytes), 200)
    await load.checkAll()
  })
})
