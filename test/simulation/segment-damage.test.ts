// Whatever happens to the files of a store while it is closed, each chunk whose record is whole is read: after
// the start, a rebuild of the index, a scrub, and after compaction has given up all that it would.
// As part of the tests with short runs; with a long one, at every byte of headers and footers. A seed by
// HOLDFAST_TEST_SEED:
//   npm test -- segment-damage --budget-ms=600000
import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { type TestChunk, wholeOf } from '../datanode/sealed-chunk-fixture.ts'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { SeededRandom } from './datanode-random.ts'
import {
  type Built,
  build,
  damageIndex,
  damageOne,
  edgesOf,
  mustRead,
  nameOf,
  openStore,
} from './segment-damage-store.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
/** For each of the two. */
const budgetMs = Number(values['budget-ms'] ?? 4_000)

type Trial = {
  readonly built: Built
  readonly path: string
  readonly random: SeededRandom
  readonly what: string
}

async function requireAll(store: DiskBlobStore, chunks: readonly TestChunk[], when: string) {
  for (const chunk of chunks) {
    const read = await store.read(chunk.ref, wholeOf(chunk)).catch((cause: unknown) => ({
      is: `not read: ${String(cause)}`,
      frames: Buffer.alloc(0),
    }))
    const isThere = read.is === 'found' && 'frames' in read && read.frames.equals(chunk.frames)
    assert.ok(isThere, `${nameOf(chunk.ref).slice(0, 8)} is ${read.is} ${when}`)
  }
}

/** The orphan sweep at its most eager, and compaction until there is nothing more to do. */
async function sweepAndCompact(store: DiskBlobStore, built: Built): Promise<void> {
  const known = new Set(built.chunks.map(({ ref }) => nameOf(ref)))
  const page = await store.list({ limit: 10_000, minAgeMs: -60_000 })
  await store.delete(page.blobs.filter((ref) => !known.has(nameOf(ref))))
  for (let i = 0; i < 50; i += 1) {
    await store.maintain()
    if ((await store.reclaim(2 ** 30)).is === 'idle') return
  }
}

/** Opens what was hurt, does what a server does, and once more without the index. */
async function live({ built, path, random, what }: Trial): Promise<void> {
  const chunks = await mustRead(built, path)
  for (const start of ['start', 'rebuild'] as const) {
    if (start === 'rebuild') await rm(join(path, 'index'), { recursive: true, force: true })
    const store = await openStore(path, built.chunks, random)
    try {
      const steps = {
        read: async () => undefined,
        scrub: () => store.scrub(2 ** 30),
        reclaim: () => sweepAndCompact(store, built),
      }
      const order = random.pick([
        ['read', 'scrub', 'reclaim'],
        ['scrub', 'reclaim'],
        ['reclaim', 'scrub'],
      ] as const)
      for (const step of order) {
        await steps[step]()
        await requireAll(store, chunks, `after ${start} and ${step} (${what})`)
      }
    } finally {
      await store.close()
    }
  }
}

/** All numbers below `count` once, each far from those before it. */
function* everyPlace(count: number): Generator<number> {
  const step = 7919
  for (let i = 0, at = 0; i < count; i += 1, at = (at + step) % count) yield at
}

describe('segments that were damaged while the store was closed', (test) => {
  const { seed: seedText } = seededBytes()
  const seed = Number(seedText)
  let home: string
  test.beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'holdfast-segments-'))
  })
  test.afterEach(() => rm(home, { recursive: true, force: true }))

  test('lose no whole record, at any byte of a header or a footer, with the index or without', async () => {
    const random = new SeededRandom(seed)
    const stores: Built[] = []
    for (const end of ['closed', 'killed'] as const) {
      stores.push(await build(join(home, end), { random, end, count: 12 }))
    }
    const places = stores.flatMap((built) =>
      [...built.segments].flatMap(([name, bytes]) => {
        const { head, footer } = edgesOf(bytes)
        return Array.from({ length: head + footer }, (_, at) => ({
          built,
          name,
          at: at < head ? at : bytes.length - footer + at - head,
        }))
      }),
    )
    const end = Date.now() + budgetMs
    for (const number of everyPlace(2 * places.length)) {
      if (Date.now() > end) break
      const place = places[number % places.length]
      assert.ok(place !== undefined)
      const { built, name, at } = place
      const path = join(home, 'hurt')
      await cp(built.path, path, { recursive: true })
      const bytes = Buffer.from(built.segments.get(name) ?? '')
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
      await writeFile(join(path, 'segments', name), bytes)
      const index = number < places.length ? 'kept' : 'lost'
      if (index === 'lost') await rm(join(path, 'index'), { recursive: true })
      const what = `seed ${seed}, byte ${at} of ${bytes.length} of ${name}, index ${index}`
      assert.equal((await mustRead(built, path)).length, built.chunks.length, what)
      await live({ built, path, random, what })
      await rm(path, { recursive: true })
    }
  })

  test('lose no whole record, whatever happens to headers, footers, names and the index at once', async () => {
    const end = Date.now() + budgetMs
    for (let number = 0; Date.now() < end; number += 1) {
      const random = new SeededRandom(seed + number)
      const path = join(home, `${number}`)
      const built = await build(path, {
        random,
        end: random.oneIn(2) ? 'closed' : 'killed',
        count: 1 + random.below(25),
      })
      const done: string[] = []
      for (let i = 1 + random.below(3); i > 0; i -= 1)
        done.push(await damageOne(built.path, random))
      done.push(await damageIndex(built.path, random))
      const what = `seed ${seed + number}, ${done.join(', ')}`
      await live({ built, path: built.path, random, what })
      await rm(path, { recursive: true })
    }
  })
})
