// Segments whose header, footer or name is not as it was written, and files that only look like segments.
import { strict as assert } from 'node:assert'
import {
  cp,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { crc32c } from '@node-rs/crc32'
import type { DiskBlobStore } from '../../../datanode/disk/disk-blob-store.ts'
import { inspectSegments } from '../../../datanode/disk/inspect-segments.ts'
import { realVfs } from '../../../datanode/disk/real-vfs.ts'
import { crc32cStart } from '../../../datanode/disk/recover-salt.ts'
import { parseSegmentHeader } from '../../../datanode/disk/segment-format.ts'
import { segmentPaths } from '../../../datanode/disk/segment-paths.ts'
import { parseStoreId } from '../../../protocol/store/lineage.ts'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { describe } from '../../support/describe.ts'
import { type DiskFixture, diskFixture } from '../disk-store-fixture.ts'
import { type TestChunk, testChunk, wholeOf } from '../sealed-chunk-fixture.ts'

const seed = Date.now() % 2 ** 31
console.log(`damaged segments: seed ${seed}`)
const random = new SeededRandom(seed)
const storeId = parseStoreId('0123456789abcdef0123456789abcdef')
const origin = storeId && { storeId, epoch: 3, mark: 5 }
const isReferenced = async (refs: readonly unknown[]) => refs.map(() => true)

describe('a segment with a damaged header', (test) => {
  let fixture: DiskFixture
  test.beforeEach(async () => {
    fixture = await diskFixture()
  })
  test.afterEach(() => fixture.discard())

  for (const version of [1, 2] as const) {
    for (const end of ['sealed', 'open'] as const) {
      for (const index of ['trusted', 'missing', 'damaged'] as const) {
        test(`of version ${version}, ${end}, loses nothing with the index ${index}`, async () => {
          for (const bytes of [1, 64, 4096]) {
            const chunks = await filled(fixture, { version, end })
            const file = await onlySegment(fixture)
            const segment = await readFile(file)
            const salt = parseSegmentHeader(segment)?.salt
            if (bytes === 1) flipBit(segment)
            else random.bytes(bytes).copy(segment)
            await writeFile(file, segment)
            await hurtIndex(fixture, index)
            // A page of garbage takes the first record along.
            const kept = bytes > 64 ? chunks.slice(1) : chunks
            const again = await fixture.open({ isReferenced })
            assert.equal(again.recovery?.rebuilt, index !== 'trusted')
            assert.match(
              again.recovery?.problems[0]?.what ?? '',
              /^had a damaged header; .*written$/,
            )
            await requireAll(again, kept)
            assert.deepEqual((await again.scrub(2 ** 30)).problems, [])
            await again.close()
            assert.equal(parseSegmentHeader(await readFile(file))?.salt, salt)
            await rm(join(fixture.path, 'index'), { recursive: true })
            const healed = await fixture.open({ isReferenced })
            await requireAll(healed, kept)
            await healed.close()
            await empty(fixture)
          }
        })
      }
    }
  }

  test('gets a new one from the scrub while the store is in use', async () => {
    const store = await fixture.open()
    const chunks = Array.from({ length: 5 }, () => testChunk(random, 3_000))
    for (const chunk of chunks) await store.write(chunk)
    const file = await onlySegment(fixture)
    const segment = await readFile(file)
    await writeFile(file, Buffer.concat([Buffer.alloc(64), segment.subarray(64)]))
    const { corrupt, problems } = await store.scrub(2 ** 30)
    assert.deepEqual(corrupt, [])
    assert.deepEqual(
      problems.map(({ file: named }) => named),
      [file],
    )
    const mended = parseSegmentHeader(await readFile(file))
    assert.equal(mended?.salt, parseSegmentHeader(segment)?.salt)
    await requireAll(store, chunks)
    assert.deepEqual((await store.scrub(2 ** 30)).problems, [])
  })

  test('under which another header was written is read by its own records', async () => {
    const chunks = await filled(fixture, { version: 2, end: 'sealed' })
    const file = await onlySegment(fixture)
    const segment = await readFile(file)
    segment[12] = (segment[12] ?? 0) ^ 1
    // With another number, and with its own.
    for (const flipped of [1, 0]) {
      segment[16] = (segment[16] ?? 0) ^ flipped
      segment.writeUInt32LE(crc32c(segment.subarray(0, 60)), 60)
      assert.ok(parseSegmentHeader(segment) !== undefined)
      await writeFile(file, segment)
      await rm(join(fixture.path, 'index'), { recursive: true })
      const again = await fixture.open()
      assert.match(again.recovery?.problems[0]?.what ?? '', /^had a damaged header/)
      await requireAll(again, chunks)
      await again.close()
      segment[16] = (segment[16] ?? 0) ^ flipped
    }
  })

  test('is not taken for damaged by the one record that is', async () => {
    const store = await fixture.open()
    const [first, second] = [testChunk(random, 3_000), testChunk(random, 3_000)]
    await store.write(first)
    await store.delete([first.ref])
    await store.write(second)
    const file = await onlySegment(fixture)
    const segment = await readFile(file)
    await store.close()
    // The chunk's record with another id, and of the others the delete record alone.
    const end = segment.indexOf(second.frames) - 76
    segment[64 + 40] = (segment[64 + 40] ?? 0) ^ 1
    await writeFile(file, segment.subarray(0, end))
    await rm(join(fixture.path, 'index'), { recursive: true })
    const again = await fixture.open()
    assert.match(again.recovery?.problems[0]?.what ?? '', /^hides records/)
    assert.ok((await readFile(file)).equals(segment.subarray(0, end)))
  })

  test('that an earlier version has set aside comes back', async () => {
    const chunks = await filled(fixture, { version: 2, end: 'sealed' })
    const file = await onlySegment(fixture)
    const segment = await readFile(file)
    await rm(file)
    await writeFile(`${file}.bad`, Buffer.concat([random.bytes(64), segment.subarray(64)]))
    // An index that knows nothing of it, and is believed.
    await rm(join(fixture.path, 'index'), { recursive: true })
    const again = await fixture.open({ isReferenced })
    assert.match(again.recovery?.problems[0]?.what ?? '', /^can be read; it is segment/)
    await requireAll(again, chunks)
    await again.close()
    assert.deepEqual(await readdir(join(fixture.path, 'segments')), [file.slice(-16)])
  })

  test('that was set aside comes back beside what has taken its name', async () => {
    for (const stub of ['its name', 'another'] as const) {
      const chunks = await filled(fixture, { version: 2, end: 'sealed' })
      const file = await onlySegment(fixture)
      const header = (await readFile(file)).subarray(0, 64)
      await rename(file, `${file}.bad`)
      const taker = join(fixture.path, 'segments', '000000000001.seg')
      await writeFile(stub === 'its name' ? file : taker, header)
      for (const rebuilt of [true, false]) {
        const again = await fixture.open({ isReferenced })
        assert.equal(again.recovery?.rebuilt, rebuilt)
        await requireAll(again, chunks)
        await again.close()
      }
      await empty(fixture)
    }
  })

  test('of a record, which the footer has whole, is written anew when it is read or scrubbed', async () => {
    for (const how of ['read', 'scrubbed', 'rebuilt'] as const) {
      const chunks = await filled(fixture, { version: 2, end: 'sealed' })
      const [victim] = chunks
      assert(victim !== undefined)
      const file = await onlySegment(fixture)
      const whole = await readFile(file)
      const hurt = Buffer.from(whole)
      random.bytes(76).copy(hurt, whole.indexOf(victim.frames) - 76)
      await writeFile(file, hurt)
      if (how === 'rebuilt') await rm(join(fixture.path, 'index'), { recursive: true })
      const again = await fixture.open({ isReferenced })
      if (how === 'scrubbed') assert.equal((await again.scrub(2 ** 30)).problems.length, 1)
      await requireAll(again, chunks)
      await again.close()
      assert.ok((await readFile(file)).equals(whole))
      await empty(fixture)
    }
  })

  test('or footer is told of by a check, with nothing lost', async () => {
    const chunks = await filled(fixture, { version: 2, end: 'sealed' })
    const file = await onlySegment(fixture)
    const segment = await readFile(file)
    for (const at of [20, segment.length - 1, segment.length - 30]) {
      const hurt = Buffer.from(segment)
      hurt[at] = (hurt[at] ?? 0) ^ 1
      await writeFile(file, hurt)
      const [problem] = await inspected(fixture)
      assert.match(problem ?? '', at < 64 ? /damaged header/ : /damaged footer/)
    }
    const again = await fixture.open()
    await requireAll(again, chunks)
    assert.deepEqual(
      (await again.scrub(2 ** 30)).problems.map(({ what }) => what),
      ['had a damaged footer, which was written anew'],
    )
    await again.close()
    assert.ok((await readFile(file)).equals(segment))
    segment[segment.length - 5] = (segment[segment.length - 5] ?? 0) ^ 1
    await writeFile(file, segment)
    await rm(join(fixture.path, 'index'), { recursive: true })
    const rebuilt = await fixture.open()
    await requireAll(rebuilt, chunks)
    await rebuilt.close()
    assert.deepEqual(await inspected(fixture), [])
  })
})

describe('the name of a segment', (test) => {
  let fixture: DiskFixture
  test.beforeEach(async () => {
    fixture = await diskFixture()
  })
  test.afterEach(() => fixture.discard())

  test('comes back when the file was renamed', async () => {
    const chunks = await filled(fixture, { version: 2, end: 'sealed' })
    const file = await onlySegment(fixture)
    await rename(file, join(fixture.path, 'segments', 'abcdefabcdef.seg'))
    const again = await fixture.open()
    const told = again.recovery?.problems.map(({ what }) => what).join('\n') ?? ''
    assert.match(told, /it has its name again/)
    await requireAll(again, chunks)
    assert.equal(await onlySegment(fixture), file)
  })

  test('of another one makes a copy, and of the two the good records count', async () => {
    const chunks = await filled(fixture, { version: 2, end: 'sealed' })
    const [victim] = chunks
    assert(victim !== undefined)
    const file = await onlySegment(fixture)
    for (const copy of ['000000000001.seg', 'ffffffffffff.seg']) {
      await cp(file, join(fixture.path, 'segments', copy))
    }
    const segment = await readFile(file)
    const at = segment.indexOf(victim.frames)
    segment[at] = (segment[at] ?? 0) ^ 1
    await writeFile(file, segment)
    const again = await fixture.open({ isReferenced })
    while ((await again.reclaim(2 ** 30)).is === 'worked');
    await requireAll(again, chunks)
    // The spare copy has gone.
    assert.ok((await readdir(join(fixture.path, 'segments'))).length < 3)
    await again.close()
    assert.deepEqual(await inspected(fixture), [])
  })

  test('is one of a file: a second one is set aside, and takes nothing along', async () => {
    for (const kind of ['hard', 'symbolic'] as const) {
      for (const name of ['000000000001.seg', 'ffffffffffff.seg']) {
        const chunks = await filled(fixture, { version: 2, end: 'sealed' })
        const file = await onlySegment(fixture)
        const other = join(fixture.path, 'segments', name)
        await (kind === 'hard' ? link(file, other) : symlink(file, other))
        const again = await fixture.open({ isReferenced })
        while ((await again.reclaim(2 ** 30)).is === 'worked');
        await requireAll(again, chunks)
        await again.close()
        assert.deepEqual((await readdir(join(fixture.path, 'segments'))).sort(), [
          ...[file.slice(-16), `${name}.bad`].sort(),
        ])
        // What was set aside is no reason to build the index again.
        const later = await fixture.open({ isReferenced })
        assert.equal(later.recovery?.rebuilt, false)
        await later.close()
        await empty(fixture)
      }
    }
  })

  test('on what is no segment is set aside, over nothing else, and every check names it', async () => {
    const chunks = await filled(fixture, { version: 2, end: 'sealed' })
    const segments = join(fixture.path, 'segments')
    await writeFile(join(segments, '00000000000a.seg'), 'somebody’s notes')
    await writeFile(join(segments, '00000000000a.seg.bad'), 'set aside before')
    await writeFile(join(segments, '00000000000b.seg'), random.bytes(100_000))
    await writeFile(join(segments, '00000000000c.seg'), '')
    await mkdir(join(segments, '00000000000d.seg'))
    await symlink('/nowhere', join(segments, '00000000000e.seg'))
    await symlink('00000000000f.seg', join(segments, '00000000000f.seg'))
    await writeFile(join(segments, 'xx.seg'), 'not even a number')
    for (let i = 0; i < 2; i += 1) {
      const again = await fixture.open()
      assert.equal(again.recovery?.problems.length, i === 0 ? 5 : 0)
      await requireAll(again, chunks)
      await again.close()
      const names = (await inspected(fixture)).map((line) => line.split(' ')[0])
      assert.deepEqual(names, [
        '00000000000a.seg.2.bad',
        '00000000000a.seg.bad',
        '00000000000b.seg.bad',
        '00000000000d.seg.bad',
        '00000000000e.seg.bad',
        '00000000000f.seg.bad',
        'xx.seg',
      ])
    }
  })
})

describe('a CRC-32C run backwards', (test) => {
  test('tells what it was started from', () => {
    for (let i = 0; i < 200; i += 1) {
      const bytes = random.bytes(random.below(100))
      const start = random.bytes(4).readUInt32LE(0)
      assert.equal(crc32cStart(bytes, crc32c(bytes, start)), start)
    }
  })
})

async function filled(
  fixture: DiskFixture,
  { version, end }: { readonly version: 1 | 2; readonly end: 'sealed' | 'open' },
): Promise<readonly TestChunk[]> {
  const store = await fixture.open({ origin: () => (version === 1 ? undefined : origin) })
  const chunks = Array.from({ length: 8 }, () => testChunk(random, 5_000 + random.below(9_000)))
  for (const chunk of chunks) await store.write(chunk)
  if (end === 'open') await cp(fixture.path, `${fixture.path}-killed`, { recursive: true })
  await store.close()
  if (end === 'open') {
    await rm(fixture.path, { recursive: true })
    await rename(`${fixture.path}-killed`, fixture.path)
  }
  return chunks
}

function flipBit(segment: Buffer): void {
  const at = random.below(64)
  segment[at] = (segment[at] ?? 0) ^ (1 << random.below(8))
}

async function empty({ path }: DiskFixture): Promise<void> {
  for (const name of await readdir(path)) await rm(join(path, name), { recursive: true })
}

async function hurtIndex({ path }: DiskFixture, how: 'trusted' | 'missing' | 'damaged') {
  if (how === 'missing') await rm(join(path, 'index'), { recursive: true })
  if (how === 'damaged') await writeFile(join(path, 'index', 'data.mdb'), random.bytes(9_000))
}

async function onlySegment({ path }: DiskFixture): Promise<string> {
  const names = await readdir(join(path, 'segments'))
  assert.equal(names.length, 1)
  return join(path, 'segments', names[0] ?? '')
}

async function inspected({ path }: DiskFixture): Promise<readonly string[]> {
  const found: string[] = []
  const paths = segmentPaths(path)
  for await (const { file, what } of inspectSegments({ vfs: realVfs, paths })) {
    found.push(`${file.slice(paths.segments.length + 1)} ${what}`)
  }
  return found
}

async function requireAll(store: DiskBlobStore, chunks: readonly TestChunk[]): Promise<void> {
  for (const chunk of chunks) {
    const read = await store.read(chunk.ref, wholeOf(chunk))
    assert(read.is === 'found' && read.frames.equals(chunk.frames), read.is)
  }
}
