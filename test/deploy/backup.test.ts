// `holdfast backup`, `restore` and `recover`: copies of a store that is being written to, and ways back from
// every kind of loss.
import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { holdfast, holdfastAside, ServedStore } from './served-store.ts'

describe('backups', (test) => {
  const random = seededBytes()
  const directory = makeTemporaryDirectory()
  const argv = ['--keep-orphans', '0s']
  let store: ServedStore
  let backup: string
  /** What the backup has. */
  let saved: ReadonlyMap<string, Buffer>

  const ok = (result: { status: number | null; stdout: string; stderr: string }) => {
    assert.equal(result.status, 0, `${result.stdout}${result.stderr}`)
    return result.stdout
  }
  const restore = (data: string, ...more: readonly string[]) =>
    holdfast('restore', '--from', backup, '--data', data, ...more)

  test.before(async () => {
    store = new ServedStore(join(directory.path, 'store'), random, argv)
    backup = join(directory.path, 'backup')
    await store.start()
    await store.makeBucket()
    await store.fill('a', 12)
    await store.stop()
  })
  test.afterEach(() => store.stop('SIGKILL'))
  test.after(async () => {
    await store.stop('SIGKILL')
    directory.remove()
  })

  async function allIsThere(): Promise<void> {
    await store.start()
    assert.deepEqual(await store.unreadable(), [])
    // Sweep and compaction have been at work.
    await sleep(11_000)
    assert.deepEqual(await store.unreadable(), [])
    await store.stop()
    ok(store.run('check'))
  }

  /** As at the time of the backup. */
  function expectSaved(): void {
    store.expected.clear()
    for (const [key, body] of saved) store.expected.set(key, body)
  }

  test('of a server that is written to are whole, and hold all that was acknowledged before', async () => {
    await store.start()
    saved = new Map(store.expected)
    const running = holdfastAside('backup', '--data', store.data, '--to', backup)
    let number = 0
    while (running.ended === undefined) {
      number += 1
      await store.put(`during${number}`, random.bytes(30_000))
      await store.remove(`during${number}`)
      await store.put(`kept${number}`, random.bytes(5_000))
    }
    assert.equal(running.ended, 0, running.output)
    assert.match(running.output, /Backup of .* bytes copied/)
    ok(holdfast('check', '--data', backup, '--master-key-file', store.path('master.key')))
  })

  test('that follow copy only what is new', async () => {
    const stdout = ok(store.run('backup', '--to', backup))
    assert.match(stdout, /segments of it new since the last/)
    const before = segmentsOf(backup)
    await store.start()
    await store.fill('b', 6)
    await store.remove('a1')
    await store.stop()
    ok(store.run('backup', '--to', backup))
    const sealed = [...before].filter(([name, time]) => segmentsOf(backup).get(name) === time)
    assert.ok(sealed.length > 0, 'nothing was left as it was')
    saved = new Map(store.expected)
  })

  test('are no data directories, and go into no foreign ones', async () => {
    const other = new ServedStore(backup, random)
    await assert.rejects(other.start(), /is a backup.*holdfast restore --from/s)
    const full = join(directory.path, 'full')
    cpSync(store.data, full, { recursive: true })
    for (const to of [full, directory.path, store.data]) {
      assert.match(store.run('backup', '--to', to).stderr, /choose an empty directory/)
    }
    rmSync(full, { recursive: true })
  })

  test('are restored into an empty directory', async () => {
    const data = join(directory.path, 'fresh')
    assert.match(ok(restore(data)), /Put the master key back/)
    cpSync(store.path('master.key'), join(data, 'master.key'))
    const fresh = new ServedStore(data, random)
    await fresh.start()
    for (const [key, body] of saved) fresh.expected.set(key, body)
    assert.deepEqual(await fresh.unreadable(), [])
    await fresh.stop()
    ok(fresh.run('check'))
    rmSync(data, { recursive: true })
  })

  test('bring back metadata that are missing, beside chunks that have gone on', async () => {
    await store.start()
    await store.fill('c', 6)
    for (const key of ['a3', 'a5', 'b3']) await store.remove(key)
    // Until what was deleted is truly gone.
    await sleep(13_000)
    await store.stop()
    rmSync(store.path('metadata'), { recursive: true })
    ok(restore(store.data))
    expectSaved()
    await allIsThere()
  })

  test('bring back metadata that are damaged, which are kept', async () => {
    const file = store.path('metadata', 'data.mdb')
    truncateSync(file, 20_000)
    const stdout = ok(restore(store.data))
    const [, aside = ''] = /are kept in (\S+)\.\n/.exec(stdout) ?? []
    assert.equal(statSync(aside).size, 20_000)
    await allIsThere()
  })

  test('bring back chunks that are missing, all or some, for metadata that are kept', async () => {
    await store.start()
    await store.put('later', random.bytes(3_000))
    await store.stop()
    const segments = store.path('chunks', 'segments')
    const [one = ''] = readdirSync(segments)
    rmSync(join(segments, one))
    ok(restore(store.data, '--keep-metadata'))
    await allIsThere()
    rmSync(store.path('chunks'), { recursive: true })
    ok(restore(store.data, '--keep-metadata'))
    await allIsThere()
  })

  test('bring back what is damaged in a segment that the index believes', async () => {
    await store.start()
    await store.stop()
    hurtSegment(store.data)
    ok(restore(store.data, '--keep-metadata'))
    await allIsThere()
  })

  test('are not hurt by damage to the store, nor emptied by what is missing from it', async () => {
    ok(store.run('backup', '--to', backup))
    const key = store.path('master.key')
    const aside = join(directory.path, 'aside')
    const segments = store.path('chunks', 'segments')
    cpSync(segments, aside, { recursive: true })
    hurtSegment(store.data)
    store.run('backup', '--to', backup)
    ok(holdfast('check', '--data', backup, '--master-key-file', key))
    rmSync(segments, { recursive: true })
    // As when its volume is not mounted.
    assert.match(
      store.run('backup', '--to', backup).stderr,
      /chunks that they refer to are missing/,
    )
    ok(holdfast('check', '--data', backup, '--master-key-file', key))
    renameSync(aside, segments)
    rmSync(store.path('chunks', 'index'), { recursive: true })
    saved = new Map(store.expected)
  })

  test('of damaged chunks are not called whole', async () => {
    // A store of its own: elsewhere in this one there may be a second copy by now.
    const other = new ServedStore(join(directory.path, 'damaged'), random)
    await other.start()
    await other.makeBucket()
    await other.fill('a', 6)
    await other.stop()
    hurtSegment(other.data)
    const { status, stdout } = other.run('backup', '--to', join(directory.path, 'of-damaged'))
    assert.match(stdout, /chunks are missing from the store itself, or damaged/)
    assert.equal(status, 1)
  })

  test('are made one at a time, beside servers and no other commands, and elsewhere', async () => {
    const several = Array.from({ length: 3 }, () =>
      holdfastAside('backup', '--data', store.data, '--to', backup),
    )
    while (several.some(({ ended }) => ended === undefined)) await sleep(50)
    for (const { ended, output } of several) {
      assert.ok(ended === 0 || /in use by a command/.test(output), output)
    }
    ok(holdfast('check', '--data', backup, '--master-key-file', store.path('master.key')))
    for (const to of ['sub', 'metadata/sub', 'chunks/segments/sub']) {
      assert.match(store.run('backup', '--to', store.path(to)).stderr, /is in the data directory/)
    }
    assert.match(restore(join(backup, 'sub')).stderr, /lie in one another/)
  })

  test('are not restored for metadata that are to be kept and are not there', () => {
    const data = join(directory.path, 'none')
    assert.match(restore(data, '--keep-metadata').stderr, /no metadata in .* to keep/)
    rmSync(data, { recursive: true, force: true })
  })

  test('that were restored in part are not served', async () => {
    const data = join(directory.path, 'part')
    const running = holdfastAside('restore', '--from', backup, '--data', data)
    while (!existsSync(join(data, 'restore-under-way'))) await sleep(5)
    running.kill()
    while (running.ended === undefined) await sleep(20)
    const part = new ServedStore(data, random)
    await assert.rejects(part.start(), /was cut off: run the same command again/)
    ok(restore(data))
    cpSync(store.path('master.key'), join(data, 'master.key'))
    await part.start()
    for (const [key, body] of saved) part.expected.set(key, body)
    assert.deepEqual(await part.unreadable(), [])
    await part.stop()
    rmSync(data, { recursive: true })
  })

  test('of another store are refused, and change nothing', async () => {
    const other = new ServedStore(join(directory.path, 'other'), random)
    await other.start()
    await other.stop()
    assert.match(restore(other.data).stderr, /is of another store/)
    assert.match(other.run('backup', '--to', backup).stderr, /backup of another store/)
    ok(other.run('check'))
  })

  test('that were cut off leave the one before', async () => {
    await store.start()
    await store.fill('d', 6)
    const cut = holdfastAside('backup', '--data', store.data, '--to', backup)
    await sleep(250)
    cut.kill()
    await store.stop()
    const key = store.path('master.key')
    ok(holdfast('check', '--data', backup, '--master-key-file', key))
    ok(store.run('backup', '--to', backup))
    ok(holdfast('check', '--data', backup, '--master-key-file', key))
    saved = new Map(store.expected)
  })

  test('whose marker is gone or damaged are not restored from', () => {
    const marker = join(backup, 'holdfast-backup')
    const said = readFileSync(marker, 'utf8')
    rmSync(marker)
    assert.match(restore(join(directory.path, 'nowhere')).stderr, /is not a backup, or not a whole/)
    writeFileSync(marker, said.replace(/^format=.*$/m, 'format=99'))
    assert.match(restore(join(directory.path, 'nowhere')).stderr, /knows formats 1 to/)
    writeFileSync(marker, said)
  })

  test('older copies of metadata are gone on with once the operator has read what it costs', async () => {
    cpSync(store.path('metadata'), store.path('..', 'older'), { recursive: true })
    const before = new Map(store.expected)
    await store.start()
    await store.fill('e', 6)
    await store.remove('a2')
    await store.stop()
    renameSync(store.path('metadata'), store.path('..', 'newer'))
    renameSync(store.path('..', 'older'), store.path('metadata'))
    const asked = store.run('recover')
    assert.equal(asked.status, 1)
    assert.match(asked.stdout, /older than the chunks[\s\S]*chunks are not known[\s\S]*--yes/)
    const newer = new Map(store.expected)
    store.expected.clear()
    for (const [key, body] of before) store.expected.set(key, body)
    await assert.rejects(store.start(), /older than the chunks/)
    ok(store.run('recover', '--yes', '--keep', '1h'))
    await allIsThere()
    // And there is a way back: what only the newer ones know was kept.
    renameSync(store.path('metadata'), store.path('..', 'older'))
    renameSync(store.path('..', 'newer'), store.path('metadata'))
    await assert.rejects(store.start(), /older than the chunks|without the other/)
    ok(store.run('recover', '--yes'))
    store.expected.clear()
    for (const [key, body] of newer) store.expected.set(key, body)
    await allIsThere()
    assert.match(ok(store.run('recover')), /nothing to recover/)
  })
})

/** Zeros in the frames of the largest segment, whose size and times stay as they are. */
function hurtSegment(data: string): void {
  const folder = join(data, 'chunks', 'segments')
  const sized = readdirSync(folder)
    .filter((name) => name.endsWith('.seg'))
    .map((name) => ({ path: join(folder, name), bytes: statSync(join(folder, name)).size }))
  const [largest] = sized.sort((a, b) => b.bytes - a.bytes)
  assert.ok(largest !== undefined)
  const bytes = readFileSync(largest.path)
  bytes.fill(0, 300, Math.floor(bytes.length / 2))
  writeFileSync(largest.path, bytes)
}

/** Name and time of change of each segment. */
function segmentsOf(directory: string): ReadonlyMap<string, number> {
  const folder = join(directory, 'chunks', 'segments')
  return new Map(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]))
}
