// A store in the hands of an operator with bad luck: between its lives metadata or chunks go missing, or a
// copy of another moment or of another store is in their place, or the index is damaged. A start refuses what
// does not belong together, and has changed nothing: with the right ones in place, everything that was
// acknowledged reads back, after sweep and compaction too. A backup restores what it had, over any loss.
// Short as part of the tests; longer: npm test -- put-back --budget-ms=600000 (seed: HOLDFAST_TEST_SEED).

import assert from 'node:assert/strict'
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { backupData } from '../../deploy/recovery/backup-data.ts'
import { restoreData } from '../../deploy/recovery/restore-data.ts'
import { openPair, type Pair } from '../../deploy/stores/pair-stores.ts'
import { sweepOrphans } from '../../gateway/background/sweep-orphans.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { chunks, put, remove, tenantId } from '../contracts/metadata-fixture.ts'
import { type TestChunk, testChunk, wholeOf } from '../datanode/sealed-chunk-fixture.ts'
import { describe } from '../support/describe.ts'
import { doTasks } from '../support/do-tasks.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { SeededRandom } from './datanode-random.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 8_000)
const parts = ['metadata', 'chunks'] as const
const day = 86_400_000

type Part = (typeof parts)[number]
type Copy = { readonly part: Part; readonly path: string; readonly moment: number }

class Operator {
  readonly tally = { lives: 0, refused: 0, restored: 0 }
  readonly #random: SeededRandom
  readonly #root: string
  readonly #data: string
  /** By key, what was acknowledged. */
  readonly #expected = new Map<string, TestChunk>()
  readonly #copies: Copy[] = []
  #backup: ReadonlyMap<string, TestChunk> | undefined
  #copied = 0

  constructor(root: string, random: SeededRandom) {
    this.#root = root
    this.#random = random
    this.#data = join(root, 'data')
  }

  async step(): Promise<void> {
    await this.#live()
    this.#copyAside()
    if (this.#random.oneIn(4)) await this.#takeBackup()
    if (this.#random.oneIn(3)) this.#damageIndex()
    if (this.#random.oneIn(2)) await this.#haveBadLuck()
    if (this.#backup !== undefined && this.#random.oneIn(4)) await this.#restore()
  }

  /** Opens what is there, checks all of it, writes, deletes, and cleans up at its most eager. */
  async #live(): Promise<void> {
    const pair = await this.#open()
    this.tally.lives += 1
    try {
      await this.#checkAll(pair, 'at the start')
      const { bucket } = await pair.metadata.buckets.create({
        namespace: defaultNamespace,
        ...{ tenantId, name: 'one', region: 'here', createdMs: 0 },
      })
      for (let i = this.#random.below(6); i >= 0; i -= 1) {
        const chunk = testChunk(this.#random, 1 + this.#random.below(20_000))
        assert.equal((await pair.blobs.write(chunk)).is, 'stored')
        const { ref, length } = chunk
        const key = `k${this.#random.below(12)}`
        const claim = { ...ref, length, crc32: 0, origin: 'written' } as const
        await put(pair.metadata, bucket, key, { data: chunks(claim) })
        this.#expected.set(key, chunk)
        await pair.lineage?.keep()
      }
      const doomed = `k${this.#random.below(12)}`
      await remove(pair.metadata, bucket, doomed)
      this.#expected.delete(doomed)
      await this.#cleanUp(pair)
      await this.#checkAll(pair, 'at the end')
    } finally {
      await this.#close(pair)
    }
  }

  async #cleanUp(pair: Pair): Promise<void> {
    const { metadata, blobs } = pair
    if (!(await metadata.orphans.defersDeletions())) {
      await this.#doTasks(pair)
      const signal = new AbortController().signal
      await sweepOrphans(
        { node: blobs, orphans: metadata.orphans },
        { minAgeMs: -60_000, keepMs: 0, signal },
      )
    }
    await metadata.orphans.served(day)
    for (let i = 0; i < 20 && (await blobs.reclaim(2 ** 30)).is === 'worked'; i += 1) {
      await blobs.maintain()
    }
  }

  async #doTasks({ metadata, blobs }: Pair): Promise<void> {
    await doTasks(metadata.outbox, (blob) => blobs.delete([blob]))
  }

  #open(): Promise<Pair> {
    const processId = this.#random.bytes(8).toString('hex')
    return openPair({ dataDirectory: this.#data, role: 'primary', processId })
  }

  async #close({ metadata, blobs, lineage }: Pair): Promise<void> {
    await lineage?.keep()
    await blobs.close()
    await lineage?.close()
    await metadata.close()
  }

  async #checkAll({ blobs }: Pair, when: string): Promise<void> {
    for (const [key, chunk] of this.#expected) {
      const read = await blobs.read(chunk.ref, wholeOf(chunk))
      assert.ok(
        read.is === 'found' && read.frames.equals(chunk.frames),
        `${key} ${read.is} ${when}`,
      )
    }
  }

  #copyAside(): void {
    const part = this.#random.pick(parts)
    this.#copied += 1
    const path = join(this.#root, `copy-${this.#copied}`)
    cpSync(this.#path(part), path, { recursive: true })
    this.#copies.push({ part, path, moment: this.tally.lives })
    if (this.#copies.length > 6) rmSync(this.#copies.shift()?.path ?? '', { recursive: true })
  }

  /** One part goes, or is of another moment; a start refuses it; then the right one is found. */
  async #haveBadLuck(): Promise<void> {
    const older = this.#copies.filter(({ moment }) => moment < this.tally.lives)
    const copy = older.length > 0 && this.#random.oneIn(2) ? this.#random.pick(older) : undefined
    const part = copy?.part ?? this.#random.pick(parts)
    const right = join(this.#root, 'right')
    renameSync(this.#path(part), right)
    if (copy !== undefined) cpSync(copy.path, this.#path(part), { recursive: true })
    await assert.rejects(this.#open(), StoreRefused)
    this.tally.refused += 1
    rmSync(this.#path(part), { recursive: true, force: true })
    renameSync(right, this.#path(part))
  }

  #damageIndex(): void {
    const file = join(this.#path('chunks'), 'index', 'data.mdb')
    if (!existsSync(file)) return
    const bytes = readFileSync(file)
    for (let i = 0; i < 3; i += 1) bytes[this.#random.below(bytes.length)] = this.#random.below(256)
    writeFileSync(file, bytes)
  }

  async #takeBackup(): Promise<void> {
    const to = join(this.#root, 'backup')
    assert.ok(await backupData({ dataDirectory: this.#data, to, print: () => undefined }))
    this.#backup = new Map(this.#expected)
  }

  /** Over whatever is left. */
  async #restore(): Promise<void> {
    const lost = this.#random.pick([['metadata'], ['chunks'], ['metadata', 'chunks'], []] as const)
    for (const part of lost) rmSync(this.#path(part), { recursive: true })
    const isWhole = await restoreData({
      from: join(this.#root, 'backup'),
      dataDirectory: this.#data,
      masterKeyFile: join(this.#data, 'master.key'),
      metadata: 'fromBackup',
      keepMs: 2 * day,
      nowMs: 1_700_000_000_000 + this.tally.lives,
      print: () => undefined,
    })
    assert.ok(isWhole, 'something of the backup is missing')
    this.#expected.clear()
    for (const [key, chunk] of this.#backup ?? []) this.#expected.set(key, chunk)
    for (const { path } of this.#copies.splice(0)) rmSync(path, { recursive: true })
    this.tally.restored += 1
  }

  #path(part: Part): string {
    return join(this.#data, part)
  }
}

describe('a store whose parts go missing, or are put back', (test) => {
  test('is opened whole or not at all, and never loses what was acknowledged', async () => {
    const seed = Number(seededBytes().seed)
    const end = Date.now() + budgetMs
    const total = { stores: 0, lives: 0, refused: 0, restored: 0 }
    for (let number = 0; Date.now() < end; number += 1) {
      const directory = makeTemporaryDirectory()
      const operator = new Operator(directory.path, new SeededRandom(seed + number))
      try {
        for (let step = 0; step < 12; step += 1) await operator.step()
      } catch (cause) {
        throw new Error(`seed ${seed + number}: ${cause instanceof Error ? cause.stack : cause}`)
      } finally {
        directory.remove()
      }
      total.stores += 1
      for (const name of ['lives', 'refused', 'restored'] as const)
        total[name] += operator.tally[name]
    }
    console.log(JSON.stringify(total))
    assert.ok(total.refused > 0 && total.restored > 0)
  })
})
