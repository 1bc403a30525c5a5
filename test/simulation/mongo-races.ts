// Rounds of verbs that race through several engines on one database: on two keys of a bucket that others delete and make
// again, on one upload, on a few chunks, and on leases. What was answered says what must be there afterwards.
import assert from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { Bucket, VersionId } from '../../metadata/records.ts'
import type { ChunkRef } from '../../protocol/chunks/chunk-ref.ts'
import {
  chunk,
  chunks,
  drain,
  makeBucket,
  newVersion,
  tenantId,
} from '../contracts/metadata-fixture.ts'
import { below, lease } from '../contracts/metadata-lease-fixture.ts'
import { begin, completion, part } from '../contracts/metadata-upload-fixture.ts'
import type { SeededBytes } from '../support/seeded-bytes.ts'
import { checkCounts, chunksOf } from './mongo-check.ts'

const keys = ['a', 'b']
const racers = 10
const contents = 3
/** Between those who race for an empty bucket. */
const pauseMaxMs = 12

export type RacesTally = {
  rounds: number
  commits: number
  deletions: number
  /** Of empty buckets that were raced for: those that went. */
  bucketsGone: number
}

type Racing = { readonly stores: readonly MongoMetadataStore[]; readonly random: SeededBytes }

export class MongoRaces {
  readonly tally: RacesTally = { rounds: 0, commits: 0, deletions: 0, bucketsGone: 0 }
  readonly #stores: readonly MongoMetadataStore[]
  readonly #random: SeededBytes
  /** Of each bucket there ever was, by id: versions that were acknowledged and are not known to be deleted. */
  readonly #versions = new Map<string, Set<VersionId>>()
  #generations = 0

  constructor({ stores, random }: Racing) {
    this.#stores = stores
    this.#random = random
  }

  async round(): Promise<void> {
    await this.#raceBucket()
    await this.#raceDeletion()
    await this.#raceCondition()
    await this.#raceUpload()
    await this.#raceLeases()
    await this.check()
    this.tally.rounds += 1
  }

  /** Puts and deletions, among them that of the bucket. */
  async #raceBucket(): Promise<void> {
    const bucket = await this.#bucket()
    await this.#race(racers, () => this.#step(bucket))
  }

  async #step(bucket: Bucket): Promise<void> {
    const store = this.#store()
    const key = keys[this.#random.integer(keys.length)] ?? ''
    switch (this.#random.integer(6)) {
      case 0:
        if (this.#random.integer(2) === 0) return this.#emptyAndDelete(store, bucket)
        await store.buckets.delete(bucket)
        return
      case 1: {
        const [versionId] = [...this.#known(bucket)]
        if (versionId !== undefined) await this.#deleteVersion(store, { bucket, versionId })
        return
      }
      case 2: {
        const answer = await store.objects.delete({ bucket, key, nowMs: Date.now() })
        if (answer.is === 'deleted') this.#note(bucket, answer.versionId)
        return
      }
      default: {
        const data = this.#random.integer(2) === 0 ? {} : { data: chunks(this.#someChunk()) }
        const version = newVersion(bucket, key, { ...data, nowMs: Date.now() })
        const answer = await store.objects.commit(version)
        if (answer.is !== 'committed') return
        this.tally.commits += 1
        this.#note(bucket, answer.versionId)
      }
    }
  }

  async #emptyAndDelete(store: MetadataStore, bucket: Bucket): Promise<void> {
    const { entries } = await store.objects.listVersions(bucket, { prefix: '', limit: 1000 })
    for (const entry of entries) {
      if (entry.is === 'prefix') continue
      const { key, versionId } = entry
      await store.objects.delete({ bucket, key, versionId, nowMs: Date.now() })
      this.#known(bucket).delete(versionId)
    }
    await store.buckets.delete(bucket)
  }

  async #deleteVersion(
    store: MetadataStore,
    { bucket, versionId }: { readonly bucket: Bucket; readonly versionId: VersionId },
  ): Promise<void> {
    for (const key of keys) {
      await store.objects.delete({ bucket, key, versionId, nowMs: Date.now() })
    }
    this.#known(bucket).delete(versionId)
    this.tally.deletions += 1
  }

  /** An empty bucket: whoever has put something into it is told so, or it is gone and holds nothing. */
  async #raceDeletion(): Promise<void> {
    const bucket = await makeBucket(this.#store(), `short ${this.tally.rounds}`, 'enabled')
    const answers = await this.#race(racers, async (at) => {
      await sleep(this.#random.integer(pauseMaxMs))
      const store = this.#store()
      if (at % 3 > 0) return (await store.buckets.delete(bucket)).is
      const version = newVersion(bucket, 'a', { data: chunks(this.#someChunk()) })
      return (await store.objects.commit(version)).is
    })
    const store = this.#store()
    const gone = answers.filter((is) => is === 'deleted').length
    const there = await store.buckets.get(bucket.namespace, bucket.name)
    const { entries } = await store.objects.listVersions(bucket, { prefix: '', limit: 1000 })
    assert.equal(gone, there === undefined ? 1 : 0)
    // One that is gone may have had a version that was never acknowledged: it goes with the tasks.
    if (gone === 1) {
      assert(!answers.includes('committed'), 'a version of a bucket that is gone was acknowledged')
      this.tally.bucketsGone += 1
      return
    }
    assert.equal(entries.length, answers.filter((is) => is === 'committed').length)
    await this.#emptyAndDelete(store, bucket)
    assert.equal(await store.buckets.get(bucket.namespace, bucket.name), undefined)
  }

  /** Of all who put a key that must not be there, one does. */
  async #raceCondition(): Promise<void> {
    const bucket = await this.#bucket()
    const key = `once ${this.tally.rounds}`
    const condition = { ifNoneMatch: '*' as const }
    const answers = await this.#race(racers, async () => {
      const data = chunks(this.#someChunk())
      const version = newVersion(bucket, key, { data, condition, nowMs: Date.now() })
      return this.#store().objects.commit(version)
    })
    const won = answers.filter(({ is }) => is === 'committed')
    assert.equal(won.length, 1, `${won.length} have put what was not to be there`)
    for (const answer of won) if (answer.is === 'committed') this.#note(bucket, answer.versionId)
  }

  /** Parts of the same numbers, completions and an abort: the upload becomes one version, or none. */
  async #raceUpload(): Promise<void> {
    const bucket = await this.#bucket()
    const key = `upload ${this.tally.rounds}`
    const upload = await begin(this.#store(), bucket, key, Date.now())
    await this.#race(racers, () => {
      const wanted = { ...part(1 + this.#random.integer(2)), data: chunks(this.#someChunk()) }
      return this.#store().uploads.commitPart(bucket, upload, wanted)
    })
    const wanted = await completion(this.#store(), { bucket, upload }, [1])
    const listed = await this.#store().uploads.listParts(bucket, upload, { after: 0, limit: 9 })
    const hasFirst = listed.is === 'listed' && listed.parts[0]?.number === 1
    const ends = await this.#race(racers, async (at) => {
      const { uploads } = this.#store()
      if (at % 3 === 0 || !hasFirst) return uploads.abort(bucket, upload)
      return uploads.complete({ ...wanted, nowMs: Date.now() })
    })
    const aborted = ends.filter(({ is }) => is === 'aborted').length
    const made = new Set(ends.flatMap((end) => (end.is === 'committed' ? [end.versionId] : [])))
    assert.equal(aborted + made.size, 1, `${aborted} aborts, ${made.size} versions`)
    for (const versionId of made) this.#note(bucket, versionId)
  }

  /** What was there when a lease was taken can be read for as long as it lives, whoever has it by then. */
  async #raceLeases(): Promise<void> {
    const bucket = await this.#bucket()
    const key = `leased ${this.tally.rounds}`
    const version = newVersion(bucket, key, { data: chunks(this.#someChunk()) })
    const put = await this.#store().objects.commit(version)
    assert(put.is === 'committed')
    const [one, two] = [`one ${this.tally.rounds}`, `two ${this.tally.rounds}`]
    const names = [one, two]
    await Promise.all(
      names.map((name) => this.#store().leases.take(lease(name, below(bucket, key)))),
    )
    const { versionId } = put
    const deletion = { bucket, key, versionId, nowMs: Date.now() }
    const verbs = [
      () => this.#store().objects.delete(deletion),
      () => this.#store().leases.handOver(one, two),
      () => this.#store().leases.renew(two, 9000),
      () => drain(this.#store()),
      () => this.#store().leases.narrow({ ...lease(two, below(bucket, key)), expiresMs: 8000 }),
      () => drain(this.#store()),
    ]
    const found = await this.#store().objects.get(bucket, key)
    assert(found?.is === 'object')
    await Promise.all(verbs.map((verb) => verb()))
    const isThere = async () => {
      await drain(this.#store())
      return (await this.#store().objects.getRow(bucket.id, key, found.rowId)) !== undefined
    }
    assert(await isThere(), 'a version that a lease covers was released')
    await Promise.all(names.map((name) => this.#store().leases.letGo(name)))
    assert(!(await isThere()), 'a version that nothing covers was kept')
  }

  /** What is there is what was acknowledged, and nothing of it is in a bucket that is gone. */
  async check(): Promise<void> {
    const store = this.#store()
    await drain(store)
    const live = await this.#bucket()
    const references: ChunkRef[] = []
    const found = new Set<VersionId>()
    const { entries } = await store.objects.listVersions(live, { prefix: '', limit: 1000 })
    for (const entry of entries) {
      if (entry.is === 'prefix') continue
      found.add(entry.versionId)
      const version = await store.objects.get(live, entry.key, entry.versionId)
      assert(version !== undefined, 'a version that is listed')
      if (version.is === 'object') references.push(...(await chunksOf(store, version)))
    }
    for (const [id, versions] of this.#versions) {
      const there = id === live.id ? found : new Set<VersionId>()
      assert.deepEqual([...there].sort(), [...versions].sort(), `versions of bucket ${id}`)
    }
    await checkCounts(store, references)
    const { objects } = store.database
    assert.equal(await objects.countDocuments({ v: true, b: { $ne: live.id } }), 0)
    // Whatever mark a deletion has left behind stands in nobody's way.
    await store.database.buckets.updateOne({ id: live.id }, { $set: { deleting: 'left behind' } })
  }

  /** The one that is there now. */
  async #bucket(): Promise<Bucket> {
    const there = await this.#store().buckets.get(defaultNamespace, 'races')
    const bucket = there ?? (await makeBucket(this.#store(), 'races', 'enabled'))
    assert.equal(bucket.tenantId, tenantId)
    return bucket
  }

  #known({ id }: Bucket): Set<VersionId> {
    const known = this.#versions.get(id) ?? new Set()
    this.#versions.set(id, known)
    return known
  }

  #note(bucket: Bucket, versionId: VersionId | undefined): void {
    assert(versionId !== undefined)
    this.#known(bucket).add(versionId)
  }

  async #race<T>(count: number, one: (at: number) => Promise<T>): Promise<readonly T[]> {
    const racing = Array.from({ length: count }, (_, at) => one(at))
    const ended = await Promise.allSettled(racing)
    return ended.map((end) => {
      if (end.status === 'rejected') throw end.reason
      return end.value
    })
  }

  #store(): MongoMetadataStore {
    const store = this.#stores[this.#random.integer(this.#stores.length)]
    assert(store !== undefined)
    return store
  }

  #someChunk() {
    this.#generations += 1
    return chunk(`content ${this.#random.integer(contents)}`, this.#generations)
  }
}
