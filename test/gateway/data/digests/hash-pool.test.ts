import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { HashPool } from '../../../../gateway/data/digests/hash-pool.ts'
import { describe } from '../../../support/describe.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const random = seededBytes()
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest()

describe('digests computed by threads', (test) => {
  test('many bodies at once keep their bytes apart and in order', async () => {
    const pool = new HashPool({ threadsMax: 2 })
    const bodies = Array.from({ length: 20 }, () => random.bytes(random.integer(300_000)))
    const lanes = bodies.map(() => pool.open(['MD5', 'SHA1']))
    for (let at = 0; at < 300_000; at += 50_000) {
      bodies.forEach((body, index) => {
        const part = body.subarray(at, at + 50_000)
        if (part.length > 0) lanes[index]?.update(part)
      })
    }
    for (const [index, body] of bodies.entries()) {
      const [digest] = (await lanes[index]?.finish()) ?? []
      assert.ok(digest?.equals(md5(body)))
    }
    await pool.close()
  })

  test('shared memory may change once it is settled', async () => {
    const pool = new HashPool({ threadsMax: 1 })
    const shared = Buffer.from(new SharedArrayBuffer(100_000))
    const lane = pool.open(['MD5'])
    const parts = [random.bytes(100_000), random.bytes(100_000), random.bytes(100_000)]
    for (const part of parts) {
      part.copy(shared)
      lane.update(shared)
      await lane.settled()
    }
    const [digest] = await lane.finish()
    assert.ok(digest?.equals(md5(Buffer.concat(parts))))
    await pool.close()
  })

  test('a pool that is closed fails what is open, and settles it', async () => {
    const pool = new HashPool({ threadsMax: 1 })
    const lane = pool.open(['MD5'])
    lane.update(random.bytes(1000))
    const finishing = lane.finish()
    const failing = assert.rejects(finishing, /hash worker ended/)
    await pool.close()
    await failing
    await lane.settled()
    await assert.rejects(lane.finish(), /hash worker ended/)
  })

  test('a lane that is forgotten settles', async () => {
    const pool = new HashPool({ threadsMax: 1 })
    const lane = pool.open(['SHA256'])
    lane.update(random.bytes(1000))
    lane.forget()
    await lane.settled()
    lane.forget()
    await pool.close()
  })

  test('threads that are idle end, and others start when needed', async () => {
    const pool = new HashPool({ threadsMax: 1, keepMs: 10 })
    for (let round = 0; round < 3; round += 1) {
      const body = random.bytes(1000)
      const lane = pool.open(['MD5'])
      lane.update(body)
      const [digest] = await lane.finish()
      assert.ok(digest?.equals(md5(body)))
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    await pool.close()
  })
})
