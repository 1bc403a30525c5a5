// One short history of the disk engine in which others take the last byte at a call of choice, and give
// it back later. Reads go on, what is acknowledged stays, deletes are done, and nothing throws.
import { strict as assert } from 'node:assert'
import { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { sameBlob } from '../../protocol/chunks/chunk-ref.ts'
import { isNoRoom } from '../../protocol/no-room.ts'
import { chunkOf, type TestChunk, testRef, wholeOf } from '../datanode/sealed-chunk-fixture.ts'
import { CrashFs, roomyBytes } from './datanode-crash-fs.ts'
import { MemoryIndexHome } from './datanode-memory-index.ts'
import { SeededRandom } from './datanode-random.ts'

const segmentBytes = 96 * 1024
const rounds = 5

export type FullDiskTally = { calls: number; stored: number; full: number; deleted: number }

/** Answers how many calls there were. Throws with seed and call in the message. */
export async function simulateFullDisk(seed: number, fillAt: number): Promise<FullDiskTally> {
  const history = new History(seed, fillAt)
  try {
    await history.run()
  } catch (cause) {
    const why = cause instanceof Error ? cause.stack : String(cause)
    throw new Error(`seed ${seed}, full at call ${fillAt}: ${why}`, { cause })
  }
  return history.tally
}

class History {
  readonly tally: FullDiskTally = { calls: 0, stored: 0, full: 0, deleted: 0 }
  readonly #random: SeededRandom
  readonly #fs: CrashFs
  readonly #home = new MemoryIndexHome()
  readonly #stored: TestChunk[] = []
  readonly #gone: TestChunk[] = []
  #nowMs = 1_700_000_000_000
  #processes = 0
  #kill = () => {}

  constructor(seed: number, fillAt: number) {
    this.#random = new SeededRandom(seed)
    this.#fs = new CrashFs(new SeededRandom(seed + 1_000_003))
    this.#fs.fillAfter(fillAt)
  }

  async run(): Promise<void> {
    let store = await this.#openFirst()
    for (let round = 0; round < rounds; round += 1) {
      await this.#work(store)
      if (round === 2) store = await this.#stopAndOpen(store)
    }
    this.tally.calls = this.#fs.calls
    this.#fs.fillAfter(Infinity)
    this.#fs.freeBytes = roomyBytes
    await this.#giveWay(store)
    await this.#write(store, 'stored')
    // Again: by now there is a reserve.
    this.#fs.freeBytes = 0
    await this.#giveWay(store)
    await this.#write(store, 'full')
    await this.#delete(store)
    await this.#checkAll(store)
    this.#fs.freeBytes = roomyBytes
    await this.#giveWay(store)
    await this.#write(store, 'stored')
    await this.#checkAll(await this.#stopAndOpen(store))
  }

  /** Where nothing is stored yet, a disk may be too full to begin. */
  async #openFirst(): Promise<DiskBlobStore> {
    try {
      return await this.#open()
    } catch (cause) {
      assert(isNoRoom(cause), `opening failed: ${cause}`)
      this.#fs.freeBytes = roomyBytes
      return this.#open()
    }
  }

  async #open(): Promise<DiskBlobStore> {
    const { vfs, kill, isAlive } = this.#fs.view()
    this.#kill = kill
    this.#processes += 1
    const store = await DiskBlobStore.open({
      path: '/data',
      role: 'primary',
      processId: `p${this.#processes}`,
      vfs,
      nowMs: () => this.#nowMs,
      randomBytes: (count) => this.#random.bytes(count),
      segmentBytes,
      reserveBytes: segmentBytes,
      openFilesMax: 3,
      indexHome: this.#home.view(isAlive),
      isReferenced: async (refs) =>
        refs.map((ref) => this.#stored.some((chunk) => sameBlob(chunk.ref, ref))),
    })
    assert.deepEqual(store.recovery?.problems, [], 'a full disk was taken for damage')
    return store
  }

  async #stopAndOpen(store: DiskBlobStore): Promise<DiskBlobStore> {
    const how = this.#random.pick(['close', 'kill', 'power'])
    if (how === 'close') await store.close()
    this.#kill()
    if (how === 'power') {
      this.#fs.losePower()
      this.#home.losePower(this.#random)
      // The delete record that was not needed yet may have gone with a segment: see `BlobStore.delete`.
      this.#gone.length = 0
    }
    return this.#open()
  }

  async #work(store: DiskBlobStore): Promise<void> {
    const writes = Array.from({ length: 4 }, () => this.#write(store))
    await Promise.all([...writes, this.#delete(store), this.#checkAll(store)])
    await store.maintain()
    try {
      await store.reclaim(100_000)
    } catch (cause) {
      assert(isNoRoom(cause), `reclaim failed: ${cause}`)
    }
    await this.#delete(store)
    await this.#checkAll(store)
    this.#nowMs += 400
  }

  /** As time passes. */
  async #giveWay(store: DiskBlobStore): Promise<void> {
    this.#nowMs += 5_000
    await store.maintain()
  }

  async #write(store: DiskBlobStore, expected?: 'stored' | 'full'): Promise<void> {
    const length = 1 + this.#random.below(this.#random.oneIn(3) ? 60_000 : 9_000)
    const chunk = chunkOf(testRef(this.#random), { random: this.#random, length })
    const answer = await store.write(chunk)
    if (expected !== undefined) assert.equal(answer.is, expected)
    this.tally[answer.is] += 1
    if (answer.is === 'stored') this.#stored.push(chunk)
    else assert.equal((await store.read(chunk.ref, wholeOf(chunk))).is, 'absent')
  }

  async #delete(store: DiskBlobStore): Promise<void> {
    if (this.#stored.length < 3) return
    const doomed = this.#stored.splice(this.#random.below(this.#stored.length), 1)
    await store.delete(doomed.map(({ ref }) => ref))
    this.tally.deleted += doomed.length
    this.#gone.push(...doomed)
  }

  async #checkAll(store: DiskBlobStore): Promise<void> {
    for (const chunk of [...this.#stored]) {
      const read = await store.read(chunk.ref, wholeOf(chunk))
      if (read.is === 'absent') assert(!this.#stored.includes(chunk), 'a stored chunk is lost')
      else assert(read.is === 'found' && read.frames.equals(chunk.frames), 'other bytes')
    }
    for (const chunk of this.#gone) {
      assert.equal(
        (await store.read(chunk.ref, wholeOf(chunk))).is,
        'absent',
        'a deleted chunk reads',
      )
    }
  }
}
