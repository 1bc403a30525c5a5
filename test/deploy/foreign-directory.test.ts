// What `--data` may name: nothing yet, an empty directory, or a store of ours of a format that we know.
import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32c } from '@node-rs/crc32'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { holdfast, ServedStore } from './served-store.ts'

describe('a data directory', (test) => {
  const random = seededBytes()
  const directory = makeTemporaryDirectory()
  let store = new ServedStore('', random)
  const fresh = () => mkdtempSync(join(directory.path, 'x'))

  async function refusal(data: string): Promise<string> {
    store = new ServedStore(data, random)
    const cause = await store.start().then(
      () => assert.fail('it started'),
      (why: unknown) => why,
    )
    return cause instanceof Error ? cause.message : ''
  }

  test.afterEach(() => store.stop('SIGKILL'))
  test.after(() => directory.remove())

  test('full of the files of others is refused, and nothing is written there', async () => {
    for (const name of ['letter.txt', '.hidden', 'chunks/photo.jpg', 'metadata/names.db']) {
      const data = fresh()
      mkdirSync(join(data, name, '..'), { recursive: true })
      writeFileSync(join(data, name), 'mine')
      const before = readdirSync(data, { recursive: true }).sort()
      assert.match(
        await refusal(data),
        /holds what is not Holdfast's \(.*Choose an empty directory/,
      )
      for (const command of ['check', 'recover']) {
        assert.match(holdfast(command, '--data', data).stderr, /Holdfast's|no data of a server/)
      }
      assert.deepEqual(readdirSync(data, { recursive: true }).sort(), before)
    }
  })

  test('above the real one is refused with the path that is meant', async () => {
    const above = fresh()
    store = new ServedStore(join(above, 'data'), random)
    await store.start()
    await store.stop()
    const said = await refusal(above)
    assert.ok(said.includes(`is --data ${join(above, 'data')} what you mean`), said)
    assert.deepEqual(readdirSync(above), ['data'])
  })

  test('may be empty, a mount point, or have the operator’s own files of the settings in it', async () => {
    const data = fresh()
    mkdirSync(join(data, 'lost+found'))
    writeFileSync(join(data, 'holdfast.env'), 'HOLDFAST_REGION=eu-north-1\n')
    store = new ServedStore(data, random, ['--config', join(data, 'holdfast.env')])
    await store.start()
    await store.stop()
    assert.ok(existsSync(join(data, 'holdfast-store')))
    await store.start()
  })

  test('of a later format is refused by a sentence, whatever of it says so', async () => {
    store = new ServedStore(fresh(), random)
    await store.start()
    await store.makeBucket()
    await store.fill('a', 4)
    await store.stop()
    const { data } = store
    const marker = join(data, 'holdfast-store')
    const said = readFileSync(marker, 'utf8')
    const known = /is of format 9[0-9]*, and this program knows formats 1 to \d/
    writeFileSync(marker, said.replace(/^format=.*$/m, 'format=99'))
    assert.match(await refusal(data), known)
    assert.match(holdfast('check', '--data', data).stderr, known)
    writeFileSync(marker, said)
    // A segment, beside an index that is trusted.
    const segments = join(data, 'chunks', 'segments')
    const [name = ''] = readdirSync(segments)
    const bytes = readFileSync(join(segments, name))
    const later = Buffer.from(bytes)
    later.writeUInt32LE(99, 8)
    later.writeUInt32LE(crc32c(later.subarray(0, 60)), 60)
    writeFileSync(join(segments, name), later)
    assert.match(await refusal(data), known)
    writeFileSync(join(segments, name), bytes)
    store = new ServedStore(data, random)
    await store.start()
  })

  test('whose marker is damaged is refused, and nothing is made anew', async () => {
    store = new ServedStore(fresh(), random)
    await store.start()
    await store.stop()
    const { data } = store
    writeFileSync(join(data, 'holdfast-store'), 'rubbish')
    assert.match(await refusal(data), /holdfast-store is damaged/)
  })

  test('of the version before markers is taken over, once', async () => {
    store = new ServedStore(fresh(), random)
    await store.start()
    await store.makeBucket()
    await store.fill('a', 4)
    await store.stop()
    // As that version left it: no marker, no note, and an index that notes no digest.
    rmSync(store.path('holdfast-store'))
    renameSync(store.path('chunks', 'segments', 'store-note'), store.path('..', 'note'))
    assert.match(await refusal(store.data), /note in .* is missing/)
  })
})
