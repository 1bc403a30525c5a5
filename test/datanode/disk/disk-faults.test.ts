// What the disk engine does when the disk, or somebody, has hurt its files.
import { strict as assert } from 'node:assert'
import {
  cp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import type { DiskBlobStore } from '../../../datanode/disk/disk-blob-store.ts'
import { piecesAfter, realVfs } from '../../../datanode/disk/real-vfs.ts'
import type { Vfs, VfsFile } from '../../../datanode/disk/vfs.ts'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { describe } from '../../support/describe.ts'
import { type DiskFixture, diskFixture } from '../disk-store-fixture.ts'
import { stateOf, type TestChunk, testChunk, wholeOf } from '../sealed-chunk-fixture.ts'

const seed = Date.now() % 2 ** 31
console.log(`disk faults: seed ${seed}`)

describe('the disk engine on hurt files', (test) => {
  const random = new SeededRandom(seed)
  let fixture: DiskFixture
  test.beforeEach(async () => {
    fixture = await diskFixture()
  })
  test.afterEach(() => fixture.discard())

  test('a deleted index is rebuilt, deletes included', async () => {
    const { store, chunks } = await filled(fixture, random, 30)
    const [gone, ...kept] = chunks
    assert(gone !== undefined)
    await store.delete([gone.ref])
    await store.close()
    await rm(join(fixture.path, 'index'), { recursive: true })
    const again = await fixture.open()
    assert.equal(again.recovery?.rebuilt, true)
    await assertAll(again, kept)
    assert.deepEqual(await again.read(gone.ref, wholeOf(gone)), { is: 'absent' })
    assert.equal((await again.usage()).chunks, kept.length)
  })

  test('an index of rubbish is rebuilt', async () => {
    const { store, chunks } = await filled(fixture, random, 10)
    await store.close()
    await writeFile(join(fixture.path, 'index', 'data.mdb'), random.bytes(20_000))
    const again = await fixture.open()
    assert.equal(again.recovery?.rebuilt, true)
    await assertAll(again, chunks)
  })

  for (const then of ['open', 'sealed'] as const) {
    test(`an older index of the same boot is not believed by a segment ${then} since`, async () => {
      const store = await fixture.open()
      const early = testChunk(random, 5_000)
      await store.write(early)
      const index = join(fixture.path, 'index')
      await cp(index, `${index}-then`, { recursive: true })
      const trust = await readFile(join(fixture.path, 'index-trust'))
      const late = testChunk(random, 5_000)
      await store.write(late)
      await store.delete([early.ref])
      const open = await readFile(await onlySegment(fixture))
      await store.close()
      // The snapshot comes back, with what says that this run of the system may believe it.
      await rm(index, { recursive: true })
      await rename(`${index}-then`, index)
      await writeFile(join(fixture.path, 'index-trust'), trust)
      if (then === 'open') await writeFile(await onlySegment(fixture), open)
      const again = await fixture.open()
      assert.equal(again.recovery?.rebuilt, true)
      await assertAll(again, [late])
      assert.equal((await again.read(early.ref, wholeOf(early))).is, 'absent')
    })
  }

  test('an index that points to a segment that is missing is not believed', async () => {
    const { store, chunks } = await filled(fixture, random, 3)
    await store.close()
    const lost = await onlySegment(fixture)
    const second = await fixture.open()
    const kept = testChunk(random, 900)
    await second.write(kept)
    await second.close()
    await rm(lost)
    const again = await fixture.open()
    assert.equal(again.recovery?.rebuilt, true)
    assert.deepEqual(
      again.recovery?.problems.map(({ file, what }) => ({ file, what })),
      [{ file: lost, what: 'is missing, with 3 chunks' }],
    )
    await assertAll(again, [kept])
    for (const { ref } of chunks) assert.equal(await stateOf(again, ref), 'absent')
  })

  test('a process killed after its last answer costs no rebuild', async () => {
    const store = await fixture.open()
    const chunk = testChunk(random, 5_000)
    await store.write(chunk)
    const copy = await diskFixture()
    await cp(fixture.path, copy.path, { recursive: true })
    const again = await copy.open()
    assert.deepEqual(again.recovery, { rebuilt: false, unsealed: 1, problems: [] })
    await assertAll(again, [chunk])
    await copy.discard()
  })

  test('an orderly close is believed, also by another run of the operating system', async () => {
    const { store, chunks } = await filled(fixture, random, 10)
    await store.close()
    const again = await fixture.open({ vfs: { ...realVfs, bootId: async () => 'another' } })
    assert.deepEqual(again.recovery, { rebuilt: false, unsealed: 0, problems: [] })
    await assertAll(again, chunks)
  })

  test('a torn tail is cut off, and the records before it stay', async () => {
    const { chunks } = await filledAndCopied(fixture, random)
    const file = await onlySegment(fixture)
    // Half a record more than what was acknowledged, as a stop in mid-write leaves it.
    const handle = await open(file, 'a')
    await handle.write(random.bytes(3_000))
    await handle.close()
    const again = await fixture.open()
    assert.deepEqual(again.recovery, { rebuilt: true, unsealed: 1, problems: [] })
    await assertAll(again, chunks)
    const fresh = testChunk(random, 100)
    await again.write(fresh)
    assert.equal(
      (await readdir(join(fixture.path, 'segments'))).length,
      2,
      'appended to an old file',
    )
  })

  test('bad bytes between good records are damage: reported, and the rest still read', async () => {
    const { chunks } = await filledAndCopied(fixture, random)
    const [first, second, ...rest] = chunks
    assert(first !== undefined && second !== undefined)
    const file = await onlySegment(fixture)
    const size = (await stat(file)).size
    await flipByte(file, (await readFile(file)).indexOf(second.frames.subarray(0, 64)) + 10)
    const again = await fixture.open()
    assert.equal(again.recovery?.problems.length, 1)
    assert.deepEqual(await again.read(second.ref, wholeOf(second)), { is: 'corrupt' })
    await assertAll(again, [first, ...rest])
    assert.equal((await stat(file)).size, size, 'a damaged file was cut')
    const { corrupt } = await again.scrub(2 ** 40)
    assert.deepEqual(corrupt, [second.ref])
  })

  for (const hurt of ['frames', 'header'] as const) {
    test(`bad ${hurt} in the last batch leave the good records behind them`, async () => {
      const chunks = Array.from({ length: 6 }, () => testChunk(random, 5_000))
      const store = await fixture.open()
      // One batch: no later record says that it was durable.
      await Promise.all(chunks.map((chunk) => store.write(chunk)))
      const file = await onlySegment(fixture)
      const bytes = await readFile(file)
      await store.close()
      await writeFile(file, bytes)
      await rm(join(fixture.path, 'index'), { recursive: true })
      const [first, second, ...rest] = chunks
      assert(first !== undefined && second !== undefined)
      const bad = hurt === 'frames' ? second.frames.subarray(0, 64) : second.ref.id
      await flipByte(file, bytes.indexOf(bad) + 10)
      const again = await fixture.open()
      assert.equal(again.recovery?.problems.length, 1)
      assert.match(again.recovery?.problems[0]?.what ?? '', /^skips \d+ bytes/)
      await assertAll(again, [first, ...rest])
      assert.equal((await stat(file)).size, bytes.length, 'good records were cut off')
      // It may never have been acknowledged, so nothing is in doubt.
      assert.equal((await again.read(second.ref, wholeOf(second))).is, 'absent')
      await again.delete(rest.map(({ ref }) => ref))
      while ((await again.reclaim(2 ** 30)).is === 'worked');
      await assertAll(again, [first])
      await again.close()
      assert.deepEqual((await fixture.open()).recovery?.problems, [])
    })
  }

  test('a chunk whose header is damaged is never called absent', async () => {
    const { chunks } = await filledAndCopied(fixture, random)
    const [, second] = chunks
    assert(second !== undefined)
    const file = await onlySegment(fixture)
    await flipByte(file, (await readFile(file)).indexOf(second.ref.id) + 3)
    const again = await fixture.open()
    assert.match(again.recovery?.problems[0]?.what ?? '', /hides records/)
    await assert.rejects(again.read(second.ref, wholeOf(second)), /damaged segments may hide it/)
  })

  test('a file in which no record can be made out is set aside, not removed', async () => {
    const { store } = await filled(fixture, random, 3)
    await store.close()
    const file = await onlySegment(fixture)
    await writeFile(file, random.bytes(1_000))
    await rm(join(fixture.path, 'index'), { recursive: true })
    const again = await fixture.open()
    assert.match(again.recovery?.problems[0]?.what ?? '', /set aside/)
    assert((await stat(`${file}.bad`)).size > 0)
  })

  test('a segment that lost its end is reported', async () => {
    const { store } = await filled(fixture, random, 3)
    await store.close()
    await truncate(await onlySegment(fixture), 500)
    await rm(join(fixture.path, 'index'), { recursive: true })
    const again = await fixture.open()
    assert.equal((await again.usage()).chunks, 0)
  })

  test('a flipped bit is noticed by reads and by the scrub', async () => {
    const { store, chunks } = await filled(fixture, random, 5)
    const [victim, ...rest] = chunks
    assert(victim !== undefined)
    const file = await onlySegment(fixture)
    await flipByte(file, (await readFile(file)).indexOf(victim.frames.subarray(0, 64)) + 50)
    assert.deepEqual(await store.read(victim.ref, wholeOf(victim)), { is: 'corrupt' })
    await assertAll(store, rest)
    const { corrupt, wrapped } = await store.scrub(2 ** 40)
    assert.deepEqual({ corrupt, wrapped }, { corrupt: [victim.ref], wrapped: true })
  })

  test('a failed sync fails its writers, and the next ones go to another file', async () => {
    let failing = false
    const vfs = wrapFiles((file) => ({
      ...file,
      datasync: () => (failing ? Promise.reject(diskError('EIO')) : file.datasync()),
    }))
    const store = await fixture.open({ vfs })
    const before = testChunk(random, 5_000)
    await store.write(before)
    failing = true
    const doomed = testChunk(random, 5_000)
    await assert.rejects(store.write(doomed), /EIO/)
    failing = false
    assert.deepEqual(await store.read(doomed.ref, wholeOf(doomed)), { is: 'absent' })
    const after = testChunk(random, 5_000)
    assert.deepEqual(await store.write(after), { is: 'stored' })
    await assertAll(store, [before, after])
    assert.equal((await readdir(join(fixture.path, 'segments'))).length, 2)
    // What the failed file holds is moved, and the file goes.
    while ((await store.reclaim(2 ** 30)).is === 'worked');
    await assertAll(store, [before, after])
  })

  test('below the reserve writes are refused while deletes and reclaim work', async () => {
    let free = 10_000_000
    let nowMs = 1_000_000
    const vfs: Vfs = { ...realVfs, freeBytes: async () => free }
    const store = await fixture.open({ vfs, reserveBytes: 1_000_000, nowMs: () => nowMs })
    const chunks = Array.from({ length: 10 }, () => testChunk(random, 100_000))
    for (const chunk of chunks) await store.write(chunk)
    free = 1_000_500
    nowMs += 10_000
    assert.deepEqual(await store.write(testChunk(random, 5_000)), { is: 'full' })
    await store.delete(chunks.slice(1).map(({ ref }) => ref))
    await store.maintain()
    await store.maintain()
    assert((await store.reclaim(2 ** 30)).freedBytes > 500_000)
    await assertAll(store, chunks.slice(0, 1))
  })

  test('an error of the disk in a read throws, and is not called absent', async () => {
    let failing = false
    const vfs = wrapFiles((file) => ({
      ...file,
      read: (into, at) => (failing ? Promise.reject(diskError('EIO')) : file.read(into, at)),
    }))
    const store = await fixture.open({ vfs })
    const chunk = testChunk(random, 500)
    await store.write(chunk)
    failing = true
    await assert.rejects(store.read(chunk.ref, wholeOf(chunk)), /EIO/)
    failing = false
  })

  test('what a short write leaves is written by the next', () => {
    const pieces = [Buffer.from('abc'), Buffer.from(''), Buffer.from('defg')]
    for (let count = 0; count <= 7; count += 1) {
      assert.equal(Buffer.concat(piecesAfter(pieces, count)).toString(), 'abcdefg'.slice(count))
    }
  })
})

async function filled(fixture: DiskFixture, random: SeededRandom, count: number) {
  const store = await fixture.open()
  const chunks = Array.from({ length: count }, () => testChunk(random, 1 + random.below(20_000)))
  for (const chunk of chunks) await store.write(chunk)
  return { store, chunks }
}

/** A directory as an unclean stop leaves it: the segment open, and no index to believe. */
async function filledAndCopied(fixture: DiskFixture, random: SeededRandom) {
  const { store, chunks } = await filled(fixture, random, 6)
  const file = await onlySegment(fixture)
  const bytes = await readFile(file)
  await store.close()
  await writeFile(file, bytes)
  await rm(join(fixture.path, 'index'), { recursive: true })
  return { chunks }
}

async function onlySegment({ path }: DiskFixture): Promise<string> {
  const names = await readdir(join(path, 'segments'))
  assert.equal(names.length, 1)
  return join(path, 'segments', names[0] ?? '')
}

async function flipByte(path: string, offset: number): Promise<void> {
  const handle = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0, 1, offset)
  byte[0] = (byte[0] ?? 0) ^ 0x40
  await handle.write(byte, 0, 1, offset)
  await handle.close()
}

async function assertAll(store: DiskBlobStore, chunks: readonly TestChunk[]): Promise<void> {
  for (const chunk of chunks) {
    const read = await store.read(chunk.ref, wholeOf(chunk))
    assert(read.is === 'found' && read.frames.equals(chunk.frames))
  }
}

function wrapFiles(wrap: (file: VfsFile) => VfsFile): Vfs {
  return { ...realVfs, open: async (path, mode) => wrap(await realVfs.open(path, mode)) }
}

function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: made to fail`), { code })
}
