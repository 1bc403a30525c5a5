// `holdfast check` on data that are sound, and on data that were hurt.
import assert from 'node:assert'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LmdbEnvironment, type Tables } from '../../../metadata/lmdb/lmdb-environment.ts'
import { contentKey, everyRow } from '../../../metadata/lmdb/row-keys.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { makeTemporaryDirectory } from '../../support/started-server.ts'
import { holdfast, ServedStore } from '../served-store.ts'

describe('a check of a data directory', (test) => {
  const random = seededBytes()
  const directory = makeTemporaryDirectory()
  let number = 0

  /** Six objects, half of them inline, one of several chunks; and one that was deleted. */
  async function made(): Promise<ServedStore> {
    number += 1
    const store = new ServedStore(join(directory.path, `store-${number}`), random)
    await store.start()
    await store.makeBucket()
    await store.fill('a', 6)
    await store.put('gone', random.bytes(9_000))
    await store.remove('gone')
    await store.stop()
    return store
  }

  async function hurt(store: ServedStore, work: (tables: Tables) => void): Promise<void> {
    const environment = await LmdbEnvironment.open({ path: store.path('metadata') })
    await environment.write(work)
    await environment.close()
  }

  /** What was told, a line each, without the counts. */
  function told(store: ServedStore, ...argv: readonly string[]): readonly string[] {
    const { status, stdout, stderr } = store.run('check', ...argv)
    assert.strictEqual(status, 1, stdout)
    assert.strictEqual(stderr, '')
    const lines = stdout.trim().split('\n')
    const problems = lines.filter((line) => !/buckets, .* orphans\.$|^\d+ problems\.$/.test(line))
    assert.strictEqual(lines.at(-1), `${problems.length} problems.`)
    return problems
  }

  function damageChunk(store: ServedStore): void {
    const folder = store.path('chunks', 'segments')
    for (const name of readdirSync(folder)) {
      const bytes = readFileSync(join(folder, name))
      // A byte of the frames of its first record, and one of a later copy's would do as well.
      if (bytes.length < 10_000) continue
      bytes[5_000] = (bytes[5_000] ?? 0) ^ 1
      writeFileSync(join(folder, name), bytes)
      return
    }
    assert.fail('no segment to be damaged')
  }

  test.after(() => directory.remove())

  test('tells that sound data are sound, and what it has seen', async () => {
    const store = await made()
    const { status, stdout } = store.run('check')
    assert.match(
      stdout,
      /^1 buckets, 6 objects, 0 older versions and delete markers, [56] chunks, \d orphans\.\nAll is well\.\n$/,
    )
    assert.strictEqual(status, 0)
  })

  test('opens what lies inline, and names the object that does not', async () => {
    const store = await made()
    await hurt(store, ({ objects, contents }) => {
      const row = objects.first(everyRow)
      assert.ok(row !== undefined)
      const key = contentKey(row.value.toString('hex', 0, 16))
      const content = contents.get(key)
      assert.ok(content !== undefined)
      const at = content.length - 100
      content[at] = (content[at] ?? 0) ^ 1
      contents.put(key, content)
    })
    assert.deepStrictEqual(
      told(store).map((line) => line.replace(/\(\w+\)/, '(id)')),
      ['safe/a0 (id): inline data does not open'],
    )
  })

  test('misses contents, and names rows that cannot be read', async () => {
    const store = await made()
    await hurt(store, ({ objects, contents, buckets, accessKeys }) => {
      const row = objects.first(everyRow)
      assert.ok(row !== undefined)
      contents.remove(contentKey(row.value.toString('hex', 0, 16)))
      const key = accessKeys.first(everyRow)
      assert.ok(key !== undefined && !buckets.isEmpty(everyRow))
      // Of a later version.
      key.value[1] = 77
      accessKeys.put(key.key, key.value)
    })
    const problems = told(store).map((line) => line.replace(/\(\w+\)/, '(id)'))
    assert.match(problems[0] ?? '', /^a row of accessKeys cannot be read .*format 77/)
    assert.match(problems[1] ?? '', /^safe\/a0 \(id\): version .* has no content$/)
    assert.strictEqual(problems.length, 2)
  })

  test('names versions that no listing could show', async () => {
    const store = await made()
    await hurt(store, ({ objects }) => {
      const rows = [...objects.rows(everyRow)].map(({ key, value }) => ({
        key: Buffer.from(key),
        value: Buffer.from(value),
      }))
      const [row] = rows
      assert.ok(row !== undefined)
      objects.remove(row.key)
      row.key.writeUInt8(0xff, row.key.length - 1)
      objects.put(row.key, row.value)
    })
    const problems = told(store).map((line) => line.replace(/\(\w+\)/, '(id)'))
    assert.deepStrictEqual(problems, [
      'safe/a\ufffd (id): its key is no text, and no listing can show it',
    ])
  })

  test('names chunks that are corrupt, lost, or counted wrongly', async () => {
    const store = await made()
    damageChunk(store)
    await hurt(store, ({ chunks }) => {
      const row = chunks.first(everyRow)
      assert.ok(row !== undefined)
      row.value.writeUIntBE(7, 6, 6)
      chunks.put(row.key, row.value)
    })
    const problems = told(store)
    assert.strictEqual(problems.filter((line) => / is corrupt$/.test(line)).length, 1)
    assert.strictEqual(problems.filter((line) => /: 7 counted, 1 held$/.test(line)).length, 1)
    rmSync(store.path('chunks', 'segments'), { recursive: true })
    rmSync(store.path('chunks', 'index'), { recursive: true })
    const lost = told(store)
    // The chunk of the object that was deleted may not have been released before the stop.
    assert.ok(lost.filter((line) => / is absent$/.test(line)).length >= 5, lost.join('\n'))
  })

  test('tells of damaged headers, which lose nothing, until a start has mended them', async () => {
    const store = await made()
    const folder = store.path('chunks', 'segments')
    const names = readdirSync(folder).filter((name) => name.endsWith('.seg'))
    for (const name of names) {
      const bytes = readFileSync(join(folder, name))
      writeFileSync(join(folder, name), Buffer.concat([random.bytes(64), bytes.subarray(64)]))
    }
    for (let i = 0; i < 2; i += 1) {
      const problems = told(store)
      assert.strictEqual(problems.length, names.length)
      for (const line of problems) assert.match(line, / has a damaged header; its records are read/)
    }
    await store.start()
    await store.stop()
    assert.match(store.run('check').stdout, /All is well\.\n$/)
  })

  test('names what was set aside until it is removed', async () => {
    const store = await made()
    const junk = store.path('chunks', 'segments', '0000000000aa.seg')
    writeFileSync(junk, random.bytes(1_000))
    for (let i = 0; i < 2; i += 1) {
      assert.deepStrictEqual(told(store), [
        `${junk} has a damaged header, and no record can be made out`,
      ])
    }
    // Without a trusted index, what is there is settled anew.
    rmSync(store.path('chunks', 'index'), { recursive: true })
    await store.start()
    await store.stop()
    assert.deepStrictEqual(told(store), [
      `${junk}.bad was set aside: it is no segment that can be read (docs/recovery.md)`,
    ])
    rmSync(`${junk}.bad`)
    assert.match(store.run('check').stdout, /All is well\.\n$/)
  })

  test('says what it could not look at without the master key', async () => {
    const store = await made()
    renameSync(store.path('master.key'), store.path('..', 'key'))
    assert.deepStrictEqual(told(store), [
      `Nothing could be decrypted: The master key file ${store.path('master.key')} is missing.`,
      '2 objects or parts in metadata were not opened.',
    ])
    writeFileSync(store.path('master.key'), random.bytes(32), { mode: 0o600 })
    assert.match(told(store)[0] ?? '', /does not open the keys of tenant root/)
    rmSync(store.path('master.key'))
    const { status } = store.run('check', '--master-key-file', store.path('..', 'key'))
    assert.strictEqual(status, 0)
  })

  test('fails on a catalog that is empty beside full segments', async () => {
    const store = await made()
    rmSync(store.path('metadata'), { recursive: true })
    assert.match(store.run('check').stderr, /metadata that say what they are of are missing/)
    await hurt(store, () => undefined)
    const problems = told(store)
    assert.match(problems[0] ?? '', /are older than the chunks/)
    assert.ok(problems.includes('There are chunks, and metadata know of no bucket.'))
  })

  test('tells of counts that are wrong, and mends them when it is told to', async () => {
    const store = await made()
    await hurt(store, ({ usage }) => {
      const row = usage.first(everyRow)
      assert.ok(row !== undefined)
      usage.put(row.key, Buffer.alloc(row.value.length))
    })
    const [problem = '', ...others] = told(store)
    assert.match(problem, /^bucket safe is counted wrongly: 0 bytes where there are \d+, 0 objects/)
    assert.deepStrictEqual(others, [])
    const { status, stdout } = store.run('check', '--recount')
    assert.strictEqual(status, 0, stdout)
    assert.match(stdout, /^What buckets hold was counted anew\.\n[\s\S]*All is well\.\n$/)
    assert.strictEqual(store.run('check').status, 0)
    await store.start()
    assert.deepStrictEqual(await store.unreadable(), [])
    assert.match(store.run('check', '--recount').stderr, /in use|running|server/)
    await store.stop()
  })

  test('makes nothing where no data are', () => {
    const data = join(directory.path, 'nothing')
    const { status, stderr } = holdfast('check', '--data', data)
    assert.strictEqual(status, 1)
    assert.match(stderr, /There is no data of a server/)
  })
})
