// Whatever the chunk index says, nothing that metadata refer to is lost: not by a store whose index changes
// under its hands while it reads, sweeps and compacts, and not by one whose index was damaged while it was
// closed, at any of its bytes.
// As part of the tests with short runs; with a long one, at every byte. A seed by HOLDFAST_TEST_SEED:
//   npm test -- index-damage --budget-ms=600000
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DiskBlobStore, type DiskBlobStoreOptions } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { type TestChunk, testChunk, wholeOf } from '../datanode/sealed-chunk-fixture.ts'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { CrashFs } from './datanode-crash-fs.ts'
import { MemoryIndexHome } from './datanode-memory-index.ts'
import { SeededRandom } from './datanode-random.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
/** For each of the two. */
const budgetMs = Number(values['budget-ms'] ?? 4_000)
const segmentBytes = 64 * 1024

/** Chunks by whether metadata refer to them. */
class Referred {
  readonly chunks = new Map<string, TestChunk>()

  add(chunk: TestChunk): void {
    this.chunks.set(nameOf(chunk.ref), chunk)
  }

  readonly isReferenced: DiskBlobStoreOptions['isReferenced'] = async (refs) =>
    refs.map((ref) => this.chunks.has(nameOf(ref)))

  async requireAll(store: DiskBlobStore, when: string): Promise<void> {
    for (const [name, chunk] of this.chunks) {
      const read = await store.read(chunk.ref, wholeOf(chunk))
      const isThere = read.is === 'found' && read.frames.equals(chunk.frames)
      assert.ok(isThere, `${name.slice(0, 8)} is ${read.is} ${when}`)
    }
  }
}

const nameOf = ({ id, generation }: TestChunk['ref']) => `${id.toString('hex')} ${generation}`

/** The orphan sweep at its most eager, and compaction until there is nothing more to do. */
async function sweepAndCompact(store: DiskBlobStore, referred: Referred): Promise<void> {
  const page = await store.list({ limit: 10_000, minAgeMs: -60_000 })
  const isReferenced = await referred.isReferenced(page.blobs)
  await store.delete(page.blobs.filter((_, i) => isReferenced[i] === false))
  for (let i = 0; i < 50; i += 1) {
    await store.maintain()
    if ((await store.reclaim(2 ** 30)).is === 'idle') return
  }
}

async function fill(store: DiskBlobStore, referred: Referred, random: SeededRandom): Promise<void> {
  const doomed: TestChunk[] = []
  for (let i = 0; i < 30; i += 1) {
    const chunk = testChunk(random, 1 + random.below(random.oneIn(6) ? 70_000 : 6_000))
    await store.write(chunk)
    if (random.oneIn(3)) doomed.push(chunk)
    else referred.add(chunk)
  }
  await store.delete(doomed.map(({ ref }) => ref))
}

/** All numbers below `count` once, each far from those before it. */
function* everyPlace(count: number): Generator<number> {
  const step = 7919
  for (let i = 0, at = 0; i < count; i += 1, at = (at + step) % count) yield at
}

describe('a chunk index that says something else than the segments', (test) => {
  const seed = Number(seededBytes().seed)

  test('is put right, and nothing is lost, while it changes under the hands of the store', async () => {
    const end = Date.now() + budgetMs
    for (let number = 0; Date.now() < end; number += 1) {
      const random = new SeededRandom(seed + number)
      const home = new MemoryIndexHome()
      const { vfs, isAlive } = new CrashFs(new SeededRandom(seed + number + 1)).view()
      const referred = new Referred()
      let nowMs = 1_700_000_000_000
      const store = await DiskBlobStore.open({
        path: '/data',
        role: 'primary',
        processId: 'one',
        vfs,
        nowMs: () => nowMs,
        randomBytes: (count) => random.bytes(count),
        segmentBytes,
        reserveBytes: 0,
        indexHome: home.view(isAlive),
        isReferenced: referred.isReferenced,
      })
      const log: string[] = []
      for (let round = 0; round < 4; round += 1) {
        await fill(store, referred, random)
        log.push(home.damage(random))
        const when = `(seed ${seed + number}, after: ${log.join(', ')})`
        // Sometimes those who delete are there before those who read.
        if (random.oneIn(2)) await sweepAndCompact(store, referred)
        await referred.requireAll(store, when)
        nowMs += 120_000
        await sweepAndCompact(store, referred)
        await referred.requireAll(store, when)
        nowMs += 120_000
      }
      await store.close()
    }
  })

  test('is found out when it was damaged while it was closed, at any byte', async () => {
    const random = new SeededRandom(seed)
    const home = await mkdtemp(join(tmpdir(), 'holdfast-index-'))
    const whole = join(home, 'whole')
    const referred = new Referred()
    const open = (path: string) =>
      DiskBlobStore.open({
        path,
        role: 'primary',
        processId: random.bytes(8).toString('hex'),
        vfs: realVfs,
        nowMs: Date.now,
        randomBytes: (count) => random.bytes(count),
        segmentBytes,
        reserveBytes: 0,
        isReferenced: referred.isReferenced,
      })
    try {
      const store = await open(whole)
      await fill(store, referred, random)
      await store.close()
      const index = await readFile(join(whole, 'index', 'data.mdb'))
      const end = Date.now() + budgetMs
      // Far apart first, and in the end all of them.
      for (const at of everyPlace(index.length)) {
        if (Date.now() > end) break
        const path = join(home, 'hurt')
        await cp(whole, path, { recursive: true })
        const hurt = Buffer.from(index)
        hurt[at] = (hurt[at] ?? 0) ^ (1 << random.below(8))
        await writeFile(join(path, 'index', 'data.mdb'), hurt)
        const again = await open(path)
        await sweepAndCompact(again, referred)
        await referred.requireAll(again, `(seed ${seed}, byte ${at})`)
        assert.equal(again.recovery?.rebuilt, true, `seed ${seed}: byte ${at} was not noticed`)
        await again.close()
        await rm(path, { recursive: true })
      }
    } finally {
      await rm(home, { recursive: true, force: true })
    }
  })
})
