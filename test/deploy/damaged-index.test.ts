// The chunk index is a cache: whatever happens to it, everything that was acknowledged reads back, also
// after the sweep and compaction have been at work.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { ServedStore } from './served-store.ts'

/** Sweep, reclaim and marks have run by then. */
const backgroundMs = 12_000

describe('a chunk index that is damaged', (test) => {
  const random = seededBytes()
  const directory = makeTemporaryDirectory()
  const store = new ServedStore(`${directory.path}/data`, random, ['--keep-orphans', '0s'])
  const file = () => store.path('chunks', 'index', 'data.mdb')

  test.before(async () => {
    await store.start()
    await store.makeBucket()
    await store.fill('a', 12)
    await store.fill('gone', 6)
    for (const key of [...store.expected.keys()].filter((name) => name.startsWith('gone'))) {
      await store.remove(key)
    }
    await store.stop()
  })
  test.after(async () => {
    await store.stop('SIGKILL')
    directory.remove()
  })

  async function holds(): Promise<void> {
    await store.start()
    assert.deepEqual(await store.unreadable(), [])
    await sleep(backgroundMs)
    assert.deepEqual(await store.unreadable(), [])
    await store.stop()
    const { status, stdout } = store.run('check')
    assert.equal(status, 0, stdout)
  }

  test('in one bit of every copy of a key loses nothing', async () => {
    const bytes = readFileSync(file())
    const key = keyIn(bytes)
    for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + 1)) {
      bytes[at + 3] = (bytes[at + 3] ?? 0) ^ 4
    }
    writeFileSync(file(), bytes)
    await holds()
  })

  test('by rubbish, by zeros, or by its loss, loses nothing', async () => {
    for (const damage of [
      () => writeFileSync(file(), random.bytes(50_000)),
      () => writeFileSync(file(), Buffer.alloc(100_000)),
      () => rmSync(store.path('chunks', 'index'), { recursive: true }),
    ]) {
      damage()
      await store.start()
      assert.deepEqual(await store.unreadable(), [])
      await store.stop()
    }
  })

  test('together with every header of a segment, after a kill, loses nothing', async () => {
    await store.start()
    await store.fill('killed', 6)
    await store.stop('SIGKILL')
    const folder = store.path('chunks', 'segments')
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.seg'))) {
      const bytes = readFileSync(`${folder}/${name}`)
      writeFileSync(`${folder}/${name}`, Buffer.concat([Buffer.alloc(64), bytes.subarray(64)]))
    }
    rmSync(store.path('chunks', 'index'), { recursive: true })
    await holds()
  })

  /** The id of some chunk, as a segment names it. */
  function keyIn(bytes: Buffer): Buffer {
    const places = [...segmentIds(store)].filter((id) => bytes.includes(id))
    return places[0] ?? assert.fail('no chunk of the segments is in the index')
  }
})

function* segmentIds(store: ServedStore): Generator<Buffer> {
  for (const bytes of segmentsOf(store)) {
    for (let at = bytes.indexOf('HFR1'); at >= 0; at = bytes.indexOf('HFR1', at + 1)) {
      yield bytes.subarray(at + 36, at + 68)
    }
  }
}

function segmentsOf(store: ServedStore): readonly Buffer[] {
  const folder = store.path('chunks', 'segments')
  return readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`))
}
