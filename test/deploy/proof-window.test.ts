// How much older a copy of the metadata may be and still pass for theirs after a kill, and what becomes of a
// store that was started with one.
import assert from 'node:assert/strict'
import { cpSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { segmentPaths } from '../../datanode/disk/segment-paths.ts'
import { readStoreNote } from '../../datanode/disk/store-note.ts'
import { openPair } from '../../deploy/stores/pair-stores.ts'
import { sweepOrphans } from '../../gateway/background/sweep-orphans.ts'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { ServedStore } from './served-store.ts'

const day = 86_400_000

describe('a copy of the metadata of a running server', (test) => {
  const random = seededBytes()
  const directory = makeTemporaryDirectory()
  let number = 0
  let store: ServedStore

  async function filled(workers: number): Promise<void> {
    number += 1
    store = new ServedStore(join(directory.path, String(number), 'data'), random)
    store.workers = workers
    await store.start()
    await store.makeBucket()
    await store.fill('a', 6)
    // What was committed last has been noted, and follow-up work is done: the files lie still.
    await sleep(2_500)
  }

  const aside = (name: string) => store.path('..', name)
  const notePath = () => store.path('chunks', 'segments', 'store-note')

  function swapMetadata(from: string, to: string): void {
    renameSync(store.path('metadata'), aside(to))
    renameSync(aside(from), store.path('metadata'))
  }

  function turnsOf(note: Buffer): number {
    return Math.max(note.readUIntLE(12, 6), note.readUIntLE(512 + 12, 6))
  }

  test.afterEach(() => store.stop('SIGKILL'))
  test.after(() => directory.remove())

  for (const workers of [1, 2]) {
    test(`from some hundred ms before a kill is refused, with ${workers} processes that serve`, async () => {
      await filled(workers)
      cpSync(store.path('metadata'), aside('older'), { recursive: true })
      // Inline: the chunks hear of it by their note alone.
      await store.put('late', random.bytes(700))
      await sleep(200)
      await store.stop('SIGKILL')
      swapMetadata('older', 'right')
      const older = readFileSync(store.path('metadata', 'data.mdb'))
      // However often it is tried, and whatever else looks at it.
      for (let round = 0; round < 3; round += 1) {
        await assert.rejects(store.start(), /metadata in .* are older than the chunks/)
        assert.match(store.run('check').stdout, /metadata in .* are older than the chunks/)
        assert.match(store.run('backup', '--to', aside('backup')).stderr, /are older than/)
      }
      assert.ok(older.equals(readFileSync(store.path('metadata', 'data.mdb'))), 'it was written to')
      rmSync(store.path('metadata'), { recursive: true })
      renameSync(aside('right'), store.path('metadata'))
      await store.start()
      assert.deepEqual(await store.unreadable(), [])
    })
  }

  test('is noted in no more than 25 writes a second, and in none while nothing is committed', async () => {
    await filled(2)
    const before = turnsOf(readFileSync(notePath()))
    await sleep(2_000)
    assert.equal(turnsOf(readFileSync(notePath())), before, 'an idle server writes notes')
    const beganMs = performance.now()
    await Promise.all(
      Array.from({ length: 8 }, async (_, lane) => {
        for (let i = 0; i < 60; i += 1) await store.put(`w${lane}-${i}`, random.bytes(700))
      }),
    )
    const seconds = (performance.now() - beganMs) / 1000
    const notes = turnsOf(readFileSync(notePath())) - before
    assert.ok(notes <= 2 + seconds * 27, `${notes} notes in ${seconds} s`)
    assert.ok(notes >= 1)
  })

  test('that was started with leaves all that was stored, for the right ones to know again', async () => {
    await filled(1)
    // The chunks as if the kill had come before they could note anything.
    cpSync(store.path('metadata'), aside('older'), { recursive: true })
    cpSync(notePath(), aside('older-note'))
    await store.fill('b', 6)
    await store.stop('SIGKILL')
    swapMetadata('older', 'right')
    const later = await readStoreNote({
      vfs: realVfs,
      paths: segmentPaths(store.path('chunks')),
    })
    assert.ok(later?.commits !== undefined)
    cpSync(aside('older-note'), notePath())
    const acknowledged = new Map(store.expected)
    await store.start()
    // Its work goes on, with everything that it does for itself.
    await store.fill('c', 6)
    await sleep(3_000)
    await store.stop()
    await cleanUp()
    swapMetadata('right', 'wrong')
    await assert.rejects(store.start(), /metadata in .* are older than the chunks/)
    const { status, stderr } = store.run('recover', '--yes')
    assert.equal(status, 0, stderr)
    await store.start()
    store.expected.clear()
    for (const [key, body] of acknowledged) store.expected.set(key, body)
    assert.deepEqual(await store.unreadable(), [])
    await store.stop()
    const check = store.run('check')
    assert.match(check.stdout, /All is well\.\n$/)
  })

  /** As if it had run for six days: what it does not know is set aside, and no longer. */
  async function cleanUp(): Promise<void> {
    const pair = await openPair({ dataDirectory: store.data, role: 'primary', processId: '1-a' })
    const { metadata, blobs, lineage } = pair
    const { signal } = new AbortController()
    for (let round = 0; round < 7; round += 1) {
      const options = { minAgeMs: -60_000, keepMs: 7 * day, signal }
      await sweepOrphans({ node: blobs, orphans: metadata.orphans }, options)
      if (round < 6) await metadata.orphans.served(day)
    }
    assert.ok((await metadata.orphans.count()) > 0, 'nothing was unknown to it')
    for (let i = 0; i < 20 && (await blobs.reclaim(2 ** 30)).is === 'worked'; i += 1) {
      await blobs.maintain()
    }
    await lineage?.keep()
    await blobs.close()
    await lineage?.close()
    await metadata.close()
  }
})
