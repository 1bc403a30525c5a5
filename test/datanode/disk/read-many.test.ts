// The disk engine when many chunks are read at once: how few reads it takes, and that one chunk's
// trouble stays its own.
import { strict as assert } from 'node:assert'
import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DiskBlobStore } from '../../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../../datanode/disk/real-vfs.ts'
import type { Vfs } from '../../../datanode/disk/vfs.ts'
import { wholeWanted } from '../../contracts/blob-read-many.ts'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { describe } from '../../support/describe.ts'
import { type DiskFixture, diskFixture } from '../disk-store-fixture.ts'
import { stateOf, type TestChunk, testChunk } from '../sealed-chunk-fixture.ts'

const seed = Date.now() % 2 ** 31
console.log(`many chunks from the disk: seed ${seed}`)

/** Counts reads of files, and makes those fail that touch a place. */
class WatchedDisk {
  reads: { readonly start: number; readonly bytes: number }[] = []
  /** An offset in any file; reads that cover it fail. */
  badSector = -1
  readonly vfs: Vfs = {
    ...realVfs,
    open: async (path, mode) => {
      const file = await realVfs.open(path, mode)
      return {
        ...file,
        read: async (into, start) => {
          this.reads.push({ start, bytes: into.length })
          if (start <= this.badSector && this.badSector < start + into.length) {
            throw Object.assign(new Error('EIO: made to fail'), { code: 'EIO' })
          }
          return file.read(into, start)
        },
      }
    },
  }
}

describe('many chunks from the disk', (test) => {
  const random = new SeededRandom(seed)
  let fixture: DiskFixture
  let disk: WatchedDisk
  test.beforeEach(async () => {
    fixture = await diskFixture()
    disk = new WatchedDisk()
  })
  test.afterEach(() => fixture.discard())

  async function filled(
    count: number,
    length: number,
  ): Promise<{ store: DiskBlobStore; chunks: TestChunk[] }> {
    const store = await fixture.open({ vfs: disk.vfs, segmentBytes: 64 * 1024 * 1024 })
    const chunks = Array.from({ length: count }, () => testChunk(random, length))
    await Promise.all(chunks.map((chunk) => store.write(chunk)))
    disk.reads = []
    return { store, chunks }
  }

  test('take few reads when they were written one after the other', async () => {
    const { store, chunks } = await filled(1_000, 5_000)
    assertReads(await store.readMany(shuffled(random, chunks).map(wholeWanted)))
    // 5 MB in pieces of at most 1 MiB.
    assert(disk.reads.length <= 6, `${disk.reads.length} reads`)
    for (const { bytes } of disk.reads) assert(bytes <= 1024 * 1024)
  })

  test('never take more than twice the bytes that are asked for', async () => {
    const { store, chunks } = await filled(1_000, 5_000)
    for (const every of [2, 3, 7, 20]) {
      disk.reads = []
      const wanted = chunks.filter((_, index) => index % every === 0)
      assertReads(await store.readMany(wanted.map(wholeWanted)))
      const bytes = disk.reads.reduce((sum, read) => sum + read.bytes, 0)
      const asked = wanted.reduce((sum, { frames }) => sum + frames.length, 0)
      assert(bytes <= 2.1 * asked, `${bytes} bytes for ${asked}`)
    }
  })

  test('are read each for itself when they lie far apart', async () => {
    const { store, chunks } = await filled(40, 90_000)
    const wanted = chunks.filter((_, index) => index % 4 === 0)
    assertReads(await store.readMany(wanted.map(wholeWanted)))
    assert.equal(disk.reads.length, wanted.length)
  })

  test('are told from a damaged one in their middle, which is known to be bad from then on', async () => {
    for (const hurt of ['frames', 'header'] as const) {
      const { store, chunks } = await filled(30, 3_000)
      const victim = random.pick(chunks)
      const bytes = hurt === 'frames' ? victim.frames.subarray(0, 64) : victim.ref.id
      await flipByteOf(fixture, bytes)
      const reads = await store.readMany(chunks.map(wholeWanted))
      for (const [index, read] of reads.entries()) {
        assert.equal(read.is, chunks[index] === victim ? 'corrupt' : 'found')
      }
      // The place is looked at once more, for itself.
      assert.equal(disk.reads.length, 2)
      for (const { ref } of chunks) {
        assert.equal(await stateOf(store, ref), ref === victim.ref ? 'bad' : 'good')
      }
      await store.write(victim)
      assertReads(await store.readMany(chunks.map(wholeWanted)))
      await store.close()
    }
  })

  test('throw when the disk cannot read one of them, and only that one is bad', async () => {
    const { store, chunks } = await filled(30, 3_000)
    const victim = random.pick(chunks)
    disk.badSector = (await placeOf(fixture, victim.frames.subarray(0, 64))).at + 100
    await assert.rejects(store.readMany(chunks.map(wholeWanted)), /EIO/)
    for (const { ref } of chunks) {
      assert.equal(await stateOf(store, ref), ref === victim.ref ? 'bad' : 'good')
    }
    disk.badSector = -1
    assertReads(await store.readMany(chunks.map(wholeWanted)))
  })

  test('are found while segments are compacted and removed', async () => {
    const store = await fixture.open({ segmentBytes: 200_000, openFilesMax: 2 })
    let kept = Array.from({ length: 300 }, () => testChunk(random, 1 + random.below(9_000)))
    await Promise.all(kept.map((chunk) => store.write(chunk)))
    let isReclaiming = true
    const reclaiming = (async () => {
      for (let round = 0; round < 8; round += 1) {
        const doomed = kept.filter(() => random.oneIn(4))
        kept = kept.filter((chunk) => !doomed.includes(chunk))
        await store.delete(doomed.map(({ ref }) => ref))
        while ((await store.reclaim(50_000)).is === 'worked') await store.maintain()
      }
      isReclaiming = false
    })()
    let rounds = 0
    while (isReclaiming) {
      const asked = shuffled(random, kept).slice(0, 100)
      const reads = await store.readMany(asked.map(wholeWanted))
      for (const [index, read] of reads.entries()) {
        const chunk = asked[index]
        assert(chunk !== undefined)
        if (read.is === 'found') assert(read.frames.equals(chunk.frames))
        else assert(read.is === 'absent' && !kept.includes(chunk), `${read.is} though it is kept`)
      }
      rounds += 1
    }
    await reclaiming
    assert(rounds > 3, `${rounds} rounds`)
    assertReads(await store.readMany(kept.map(wholeWanted)))
  })
})

function assertReads(reads: readonly { readonly is: string }[]): void {
  assert(reads.length > 0)
  for (const { is } of reads) assert.equal(is, 'found')
}

function shuffled<T>(random: SeededRandom, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random.below(1_000_000) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/** The segment file that holds these bytes, and where it does. */
async function placeOf(
  { path }: DiskFixture,
  bytes: Buffer,
): Promise<{ file: string; at: number }> {
  for (const name of await readdir(join(path, 'segments'))) {
    const file = join(path, 'segments', name)
    const at = (await readFile(file)).indexOf(bytes)
    if (at >= 0) return { file, at }
  }
  throw new Error('no segment holds these bytes')
}

async function flipByteOf(fixture: DiskFixture, bytes: Buffer): Promise<void> {
  const { file, at } = await placeOf(fixture, bytes)
  const handle = await open(file, 'r+')
  await handle.write(Buffer.of((bytes[10] ?? 0) ^ 0x40), 0, 1, at + 10)
  await handle.close()
}
