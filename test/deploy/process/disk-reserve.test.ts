// What is kept on the disk for the day on which others have filled it.

import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { lmdbUsedBytes } from '../../../datanode/disk/lmdb-file-check.ts'
import { realVfs } from '../../../datanode/disk/real-vfs.ts'
import { type DiskReserveParts, diskReserve } from '../../../deploy/process/disk-reserve.ts'
import { logTo } from '../../../gateway/log.ts'
import { describe } from '../../support/describe.ts'
import { RunningServer } from '../../support/start-server.ts'
import { exchange } from '../../support/wire-request.ts'

const mib = 1024 * 1024
const signal = new AbortController().signal

describe('the reserve of a data directory', (test) => {
  let server: RunningServer
  let logged: string[] = []
  const reserve = (parts: Partial<DiskReserveParts> = {}) => {
    logged = []
    return diskReserve({
      holds: ['metadata', 'index'],
      dataDirectory: server.path,
      vfs: { allocate: realVfs.allocate, totalBytes: async () => 1024 * mib },
      isFull: async () => false,
      log: logTo((_level, event) => logged.push(event)),
      ...parts,
    })
  }
  test.before(async () => {
    server = await RunningServer.start()
  })
  test.after(() => server.stop())

  const dataFile = () => join(server.path, 'metadata', 'data.mdb')

  test('is pages of the metadata that it does not use yet, and that are on the disk', async () => {
    const before = statSync(dataFile())
    await reserve().run(signal)
    const after = statSync(dataFile())
    const unused = after.size - (await lmdbUsedBytes(dataFile()))
    assert.ok(before.size < after.size && unused >= 32 * mib, `${unused} bytes`)
    assert.ok(after.blocks * 512 >= after.size, 'a part of it is a hole')
  })

  test('changes nothing that is stored, while it is stored', async () => {
    const job = reserve({ vfs: { allocate: realVfs.allocate, totalBytes: async () => 4096 * mib } })
    const bodies = Array.from({ length: 60 }, () => randomBytes(3000).toString('hex'))
    const puts = bodies.map(async (body, at) => {
      if (at % 10 === 0) await job.run(signal)
      return exchange(server.port, { method: 'PUT', target: `/bkt/${at}`, body })
    })
    assert.equal((await exchange(server.port, { method: 'PUT', target: '/bkt' })).status, 200)
    await Promise.all(puts)
    for (const [at, body] of bodies.entries()) {
      await exchange(server.port, { method: 'PUT', target: `/bkt/${at}`, body })
      const read = await exchange(server.port, { target: `/bkt/${at}` })
      assert.equal(read.body.toString(), body)
    }
  })

  test('is every page of the lock files, of which a missing one would end a reader', async () => {
    await reserve().run(signal)
    for (const path of ['metadata', 'chunks/index']) {
      const lock = statSync(join(server.path, path, 'lock.mdb'))
      assert.ok(lock.blocks * 512 >= lock.size, `${path} has holes`)
    }
  })

  test('that cannot be made here is told once, and stops nothing', async () => {
    const allocate = async () => {
      throw Object.assign(new Error('not here'), { code: 'ENOTSUP' })
    }
    const job = reserve({ vfs: { allocate, totalBytes: async () => 2 ** 40 } })
    for (let run = 0; run < 3; run += 1) assert.equal(await job.run(signal), 'idle')
    assert.deepEqual(logged, ['no space can be reserved: on a full disk deletes may fail'])
  })

  test('for which there is no room is asked for again, and nothing is said of it', async () => {
    let asked = 0
    const allocate = async () => {
      asked += 1
      throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
    }
    const job = reserve({ vfs: { allocate, totalBytes: async () => 2 ** 40 } })
    for (let run = 0; run < 3; run += 1) await job.run(signal)
    assert.ok(asked >= 3)
    assert.deepEqual(logged, [])
  })

  test('a full disk is told once, and so is that it has room again', async () => {
    const states = [false, true, true, true, false, false]
    const job = reserve({ isFull: async () => states.shift() ?? false })
    for (let run = 0; run < 6; run += 1) await job.run(signal)
    assert.deepEqual(logged, ['disk full, writes are refused', 'disk has room again'])
  })

  test('a file that allocating makes is as long as it was asked for', async () => {
    const path = join(server.path, 'allocated')
    await realVfs.allocate(path, 3 * mib)
    assert.equal(statSync(path).size, 3 * mib)
    rmSync(path)
    await assert.rejects(realVfs.allocate('/dev/null/none', 1), { code: 'ENOTSUP' })
  })
})
