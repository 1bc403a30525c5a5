// A server by its command line on a disk that others fill to the last byte, and that has room again.
import assert from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { SmallDisk } from '../support/small-disk.ts'
import type { StartedServer } from '../support/started-server.ts'
import { FullDiskLoad, sizes } from './full-disk-load.ts'
import { beginOnDisk, smallDiskBytes } from './small-disk-server.ts'

/** How often answers of this kind came. */
function count(load: FullDiskLoad, kind: RegExp): number {
  return [...load.answers].reduce(
    (sum, [answer, times]) => sum + (kind.test(answer) ? times : 0),
    0,
  )
}

describe('a server on a disk that gets full', (test) => {
  let disk: SmallDisk | undefined
  let server: StartedServer
  let admin = ''
  const load = new FullDiskLoad(seededBytes())
  const start = async (path: string) => {
    server = beginOnDisk({ path })
    const listening = await server.listening()
    admin = listening.admin
    load.port = Number(new URL(listening.s3).port)
  }
  const isReady = async () => (await fetch(`${admin}/readyz`)).ok
  const assertNobodyEnded = () => {
    assert.doesNotMatch(server.output, /Worker process \d+ ended|this process ends/, server.output)
  }
  const untilStored = async (bytes: number) => {
    for (let tries = 0; (await load.put(bytes)) !== 200; tries += 1) {
      assert.ok(tries < 300, `no room again for ${bytes} bytes`)
      await sleep(100)
    }
  }

  test.before(async () => {
    disk = SmallDisk.make(smallDiskBytes)
    if (disk === undefined) return
    await start(disk.path)
    await load.send({ method: 'PUT', target: '/bkt' })
    for (let round = 0; round < 4; round += 1) for (const bytes of sizes) await untilStored(bytes)
  })
  test.after(async () => {
    if (disk === undefined) return
    // One that has ended by itself has no workers left, either.
    await server.killAll().catch(() => undefined)
    disk.discard()
  })

  test('reads go on under load while another program takes the last byte, and writes are 507', async () => {
    if (disk === undefined) return
    const running = load.run()
    // Judged below, when the disk has been full for a while.
    running.catch(() => {})
    await sleep(300)
    disk.fill()
    await sleep(1500)
    load.answers.clear()
    await sleep(3000)
    load.stop()
    await running
    const others = [...load.answers.keys()].filter(
      (answer) => !/^(GET 200|HEAD 200|PUT 507 InsufficientStorage)$/.test(answer),
    )
    assert.deepEqual(others, [], server.output)
    assert.ok(count(load, /^GET 200/) > 50)
    for (const bytes of sizes) assert.equal(await load.put(bytes), 507, `${bytes} bytes`)
    assertNobodyEnded()
    await load.checkAll()
    assert.ok(await isReady(), 'it is not sent reads any more')
    assert.equal(server.output.match(/"disk full, writes are refused"/g)?.length, 1, server.output)
  })

  test('deletes work out of a reserve, and give space back by themselves', async () => {
    if (disk === undefined) return
    for (const [at, key] of load.living.entries()) {
      if (at % 4 !== 0) assert.equal(await load.remove(key), 204, server.output)
    }
    await load.checkAll()
    for (const bytes of sizes) await untilStored(bytes)
    assertNobodyEnded()
    await load.checkAll()
  })

  test('a start on a full disk serves what there is', async () => {
    if (disk === undefined) return
    disk.fill()
    await server.killAll()
    disk.fill()
    await start(disk.path)
    await load.checkAll()
    // What the stop had left half done is put right by then, and has given a little back.
    disk.fill()
    await sleep(1500)
    for (const bytes of sizes) assert.equal(await load.put(bytes), 507, `${bytes} bytes`)
    const [first] = load.living
    assert.equal(await load.remove(first ?? ''), 204)
    assertNobodyEnded()
  })

  test('a worker that dies on a full disk is replaced', async () => {
    if (disk === undefined) return
    const [worker] = server.workers
    assert.ok(worker !== undefined)
    process.kill(worker, 'SIGKILL')
    await server.printed(/Worker process \d+ ended \(SIGKILL\)/)
    while (!(await isReady())) await sleep(50)
    await load.checkAll()
    assert.doesNotMatch(server.output, /could not start|ended \(code/, server.output)
  })

  test('once there is room everything is stored again, with no restart', async () => {
    if (disk === undefined) return
    disk.relieve()
    for (const bytes of sizes) await untilStored(bytes)
    assert.equal(server.workers.length, 2)
    await server.killAll()
    await start(disk.path)
    await load.checkAll()
    for (const bytes of sizes) await untilStored(bytes)
  })
})
