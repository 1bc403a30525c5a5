// A data directory of an earlier format: the first start brings it forward, and nothing older starts on it.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { storeFormat } from '../../protocol/store/store-format.ts'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { withoutChecksums } from '../support/without-checksums.ts'
import { ServedStore } from './served-store.ts'

describe('a data directory of format 2', (test) => {
  const random = seededBytes()
  const directory = makeTemporaryDirectory()
  let number = 0

  async function made(): Promise<ServedStore> {
    number += 1
    const store = new ServedStore(join(directory.path, `store-${number}`), random)
    await store.start()
    await store.makeBucket()
    await store.fill('a', 6)
    await store.stop()
    await withoutChecksums(store.path('metadata'), { format: 2 })
    const marker = store.path('holdfast-store')
    writeFileSync(marker, readFileSync(marker, 'utf8').replace(`format=${storeFormat}`, 'format=2'))
    return store
  }

  test.after(() => directory.remove())

  test('is checked as it is, brought forward by a start, and says so from then on', async () => {
    const store = await made()
    assert.equal(store.run('check').status, 0)
    await store.start()
    assert.deepEqual(await store.unreadable(), [])
    await store.stop()
    assert.match(
      readFileSync(store.path('holdfast-store'), 'utf8'),
      new RegExp(`^format=${storeFormat}$`, 'm'),
    )
    const { status, stdout } = store.run('check')
    assert.equal(status, 0, stdout)
  })

  test('is backed up once a server has brought it forward, and restored', async () => {
    const store = await made()
    const backup = join(directory.path, 'backup')
    assert.match(store.run('backup', '--to', backup).stderr, /format 2, not \d: start a server/)
    await store.start()
    await store.stop()
    assert.equal(store.run('backup', '--to', backup).status, 0)
    const restored = store.run('restore', '--from', backup)
    assert.equal(restored.status, 0, restored.stderr)
    await store.start()
    assert.deepEqual(await store.unreadable(), [])
    await store.stop()
  })
})
