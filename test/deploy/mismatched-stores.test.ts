// Metadata and chunks of different moments, or of different stores: a start refuses them, says why, and
// deletes nothing, so that all is there again when the right ones are.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lmdbUsedBytes } from '../../datanode/disk/lmdb-file-check.ts'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { ServedStore } from './served-store.ts'

/** After this the mark of what was written has been noted. */
const marked = 2_500

describe('metadata and chunks that do not belong together', (test) => {
  const random = seededBytes()
  const directory = makeTemporaryDirectory()
  let number = 0
  let store: ServedStore

  async function filled(): Promise<ServedStore> {
    number += 1
    const made = new ServedStore(join(directory.path, `store-${number}`), random)
    await made.start()
    await made.makeBucket()
    await made.fill('a', 6)
    return made
  }

  async function refusal(): Promise<string> {
    const cause = await store.start().then(
      () => assert.fail('it started'),
      (why: unknown) => why,
    )
    assert.ok(cause instanceof Error)
    assert.doesNotMatch(cause.message, /\n\s+at /, 'a stack is no sentence')
    return cause.message
  }

  async function allIsThere(): Promise<void> {
    await store.start()
    assert.deepEqual(await store.unreadable(), [])
  }

  test.afterEach(() => store.stop('SIGKILL'))
  test.after(() => directory.remove())

  test('metadata that are missing are not taken for an empty store', async () => {
    store = await filled()
    await store.stop()
    renameSync(store.path('metadata'), store.path('..', 'aside'))
    assert.match(await refusal(), /metadata that say what they are of are missing.*docs\/recovery/s)
    renameSync(store.path('..', 'aside'), store.path('metadata'))
    await allIsThere()
  })

  test('a metadata file of 0 bytes is missing, too', async () => {
    store = await filled()
    await store.stop()
    cpSync(store.path('metadata'), store.path('..', 'copy'), { recursive: true })
    truncateSync(store.path('metadata', 'data.mdb'), 0)
    assert.match(await refusal(), /are missing/)
    rmSync(store.path('metadata'), { recursive: true })
    renameSync(store.path('..', 'copy'), store.path('metadata'))
    await allIsThere()
  })

  test('a metadata file that was cut short is named, and ends no process', async () => {
    store = await filled()
    await store.stop()
    const file = store.path('metadata', 'data.mdb')
    cpSync(file, store.path('..', 'whole'))
    // Behind what is in use lies a reserve, which may be cut.
    const used = await lmdbUsedBytes(file)
    let refused = 0
    for (const bytes of [used - 8192, used - 20_000, used / 2, used / 4, 20_000, 8_192, 100]) {
      truncateSync(file, Math.floor(bytes))
      const { status, stderr } = store.run('check')
      // The last pages may be free ones, which nothing needs.
      if (status === 0) {
        cpSync(store.path('..', 'whole'), file)
        continue
      }
      refused += 1
      assert.match(stderr, /data\.mdb (was cut short|is not an LMDB environment)/)
      assert.match(await refusal(), /data\.mdb (was cut short|is not an LMDB environment)/)
      cpSync(store.path('..', 'whole'), file)
    }
    assert.ok(refused >= 5, `${refused} of 7`)
    rmSync(store.path('..', 'whole'))
    await allIsThere()
  })

  test('an older copy of the metadata is refused, after an orderly stop', async () => {
    store = await filled()
    await store.stop()
    cpSync(store.path('metadata'), store.path('..', 'older'), { recursive: true })
    await store.start()
    await store.fill('b', 6)
    await store.remove('a1')
    await store.stop()
    renameSync(store.path('metadata'), store.path('..', 'right'))
    renameSync(store.path('..', 'older'), store.path('metadata'))
    assert.match(await refusal(), /metadata in .* are older than the chunks/)
    rmSync(store.path('metadata'), { recursive: true })
    renameSync(store.path('..', 'right'), store.path('metadata'))
    await allIsThere()
  })

  test('an older copy of the same run is refused, after a kill', async () => {
    store = await filled()
    await sleep(marked)
    // A copy of a running server that writes nothing is consistent.
    cpSync(store.path('metadata'), store.path('..', 'older'), { recursive: true })
    await store.fill('b', 6)
    await sleep(marked)
    await store.stop('SIGKILL')
    renameSync(store.path('metadata'), store.path('..', 'right'))
    renameSync(store.path('..', 'older'), store.path('metadata'))
    assert.match(await refusal(), /metadata in .* are older than the chunks/)
    rmSync(store.path('metadata'), { recursive: true })
    renameSync(store.path('..', 'right'), store.path('metadata'))
    await allIsThere()
  })

  test('chunks that are missing, or older, are refused', async () => {
    store = await filled()
    await store.stop()
    cpSync(store.path('chunks'), store.path('..', 'older'), { recursive: true })
    await store.start()
    await store.fill('b', 6)
    await store.stop()
    renameSync(store.path('chunks'), store.path('..', 'right'))
    assert.match(await refusal(), /chunks that they refer to are missing/)
    mkdirSync(store.path('chunks'))
    assert.match(await refusal(), /chunks that they refer to are missing/)
    // The segments alone: a volume of their own that is not mounted.
    rmSync(store.path('chunks'), { recursive: true })
    cpSync(store.path('..', 'right'), store.path('chunks'), { recursive: true })
    rmSync(store.path('chunks', 'segments'), { recursive: true })
    mkdirSync(store.path('chunks', 'segments'))
    assert.match(await refusal(), /chunks that they refer to are missing/)
    rmSync(store.path('chunks'), { recursive: true })
    renameSync(store.path('..', 'older'), store.path('chunks'))
    assert.match(await refusal(), /chunks in .* are older than the metadata/)
    rmSync(store.path('chunks'), { recursive: true })
    renameSync(store.path('..', 'right'), store.path('chunks'))
    await allIsThere()
  })

  test('those of another store are refused, and so is a single segment of one', async () => {
    const other = await filled()
    await other.stop()
    store = await filled()
    await store.stop()
    renameSync(store.path('metadata'), store.path('..', 'right'))
    cpSync(other.path('metadata'), store.path('metadata'), { recursive: true })
    assert.match(await refusal(), /of different stores/)
    rmSync(store.path('metadata'), { recursive: true })
    renameSync(store.path('..', 'right'), store.path('metadata'))
    renameSync(store.path('chunks'), store.path('..', 'right'))
    cpSync(other.path('chunks'), store.path('chunks'), { recursive: true })
    assert.match(await refusal(), /of different stores/)
    rmSync(store.path('chunks'), { recursive: true })
    renameSync(store.path('..', 'right'), store.path('chunks'))
    cpSync(other.path('chunks', 'segments'), store.path('chunks', 'segments'), { recursive: true })
    assert.match(await refusal(), /of different stores/)
  })

  test('nothing at all where a store was is refused, and no key is made', async () => {
    store = await filled()
    await store.stop()
    for (const name of ['metadata', 'chunks', 'master.key']) {
      renameSync(store.path(name), store.path('..', `aside-${name}`))
    }
    assert.match(await refusal(), /There was a store here/)
    for (const name of ['metadata', 'chunks', 'master.key']) {
      renameSync(store.path('..', `aside-${name}`), store.path(name))
    }
    await allIsThere()
  })

  test('a master key that is missing, or another, is told, and nothing is made or deleted', async () => {
    store = await filled()
    await store.stop()
    renameSync(store.path('master.key'), store.path('..', 'key'))
    assert.match(await refusal(), /master key file .* is missing/)
    writeFileSync(store.path('master.key'), random.bytes(32), { mode: 0o600 })
    assert.match(await refusal(), /master key/)
    rmSync(store.path('master.key'))
    renameSync(store.path('..', 'key'), store.path('master.key'))
    await allIsThere()
  })
})
