// Clients that write into a store on MongoDB, a few keys each, and share contents: each call has an id and is asked again
// until it is answered, as gateways do. What they were answered is in `mongo-kills-model.ts`.
import assert from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CommitId, drawCommitId } from '../../metadata/commit-id.ts'
import type { MetadataStore, NewPieceData } from '../../metadata/metadata-store.ts'
import type { Bucket } from '../../metadata/records.ts'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import {
  chunk,
  chunks,
  etagOf,
  listId,
  newVersion,
  processOwner,
  tenantId,
} from '../contracts/metadata-fixture.ts'
import { completion, newUpload, part } from '../contracts/metadata-upload-fixture.ts'
import type { SeededBytes } from '../support/seeded-bytes.ts'
import { KnownKey, marker } from './mongo-kills-model.ts'

const contents = 5
const keysEach = 2
const pauseMs = 20

export type WritersTally = { writes: number; repeats: number }
type Key = { readonly bucket: Bucket; readonly key: string; readonly known: KnownKey }
type Named = { readonly commitId: CommitId }

export class MongoWriters {
  readonly tally: WritersTally = { writes: 0, repeats: 0 }
  /** What acknowledged commits have asked to be done. */
  readonly notes: string[] = []
  readonly keys: readonly Key[]
  readonly #stores: readonly MetadataStore[]
  readonly #random: SeededBytes
  #numbers = 0
  #goesOn = true

  constructor(given: {
    readonly stores: readonly MetadataStore[]
    readonly random: SeededBytes
    readonly buckets: Readonly<Record<'versioned' | 'plain', Bucket>>
    readonly writers: number
  }) {
    const { stores, random, buckets, writers } = given
    this.#stores = stores
    this.#random = random
    this.keys = Array.from({ length: writers * keysEach }, (_, at) => {
      const isVersioned = at % keysEach === 0
      const bucket = isVersioned ? buckets.versioned : buckets.plain
      return { bucket, key: `k${Math.floor(at / keysEach)}`, known: new KnownKey(isVersioned) }
    })
  }

  /** Until `stop`, and until each has its last answer. */
  async run(): Promise<void> {
    this.#goesOn = true
    const writers = this.keys.length / keysEach
    const work = Array.from({ length: writers }, (_, writer) => this.#write(writer))
    for (const ended of await Promise.allSettled(work)) {
      if (ended.status === 'rejected') throw ended.reason
    }
  }

  stop(): void {
    this.#goesOn = false
  }

  async #write(writer: number): Promise<void> {
    while (this.#goesOn) {
      const key = this.keys[writer * keysEach + this.#random.integer(keysEach)]
      assert(key !== undefined)
      await this.#step(key)
      this.tally.writes += 1
    }
  }

  async #step(key: Key): Promise<void> {
    switch (this.#random.integer(8)) {
      case 0:
        return this.#put(key, { is: 'inline', sealed: Buffer.from('inline') })
      case 1:
        return this.#putList(key)
      case 2:
        return this.#upload(key)
      case 3:
        return this.#tag(key)
      case 4:
        return this.#delete(key)
      case 5:
        return key.known.isVersioned ? this.#deleteVersion(key) : this.#delete(key)
      default:
        return this.#put(key, this.#someChunks())
    }
  }

  async #put({ bucket, key, known }: Key, data: NewPieceData): Promise<void> {
    const body = `${this.#number()}`
    const followUps = [{ kind: 'note', payload: body }]
    const version = { ...newVersion(bucket, key, { body, data, nowMs: Date.now() }), followUps }
    const answer = await this.#ask((store, id) => store.objects.commit(version, id))
    assert.equal(answer.is, 'committed')
    assert(answer.is === 'committed')
    known.put({ versionId: answer.versionId, is: etagOf(body) })
    this.notes.push(body)
  }

  async #putList(key: Key): Promise<void> {
    const list = listId(`list ${this.#number()}`)
    let offset = 0
    for (let pages = 0; pages < 2; pages += 1) {
      const claims = [this.#someChunk()]
      const page = { tenantId, listId: list, owner: processOwner, offset, chunks: claims }
      assert.deepEqual(await this.#ask((store) => store.chunks.extendList(page)), {
        is: 'extended',
      })
      offset += claims.reduce((sum, { length }) => sum + length, 0)
    }
    await this.#put(key, { is: 'list', listId: list })
  }

  async #upload({ bucket, key, known }: Key): Promise<void> {
    const begun = await this.#ask((store, id) =>
      store.uploads.create(bucket, newUpload(key, Date.now()), id),
    )
    assert(begun.is === 'created')
    const { upload } = begun
    for (const number of [1, 2, 1]) {
      const wanted = { ...part(number), data: this.#someChunks() }
      const answer = await this.#ask((store, id) =>
        store.uploads.commitPart(bucket, upload, wanted, id),
      )
      assert.deepEqual(answer, { is: 'committed' })
    }
    if (this.#random.integer(3) === 0) {
      const answer = await this.#ask((store, id) => store.uploads.abort(bucket, upload, id))
      assert.deepEqual(answer, { is: 'aborted' })
      return
    }
    const wanted = await this.#ask((store) => completion(store, { bucket, upload }, [1]))
    const body = `${this.#number()}`
    const content = { ...wanted.content, etag: etagOf(body) }
    const whole = { ...wanted, content, nowMs: Date.now() }
    const answer = await this.#ask((store, id) => store.uploads.complete(whole, id))
    assert(answer.is === 'committed', answer.is)
    known.put({ versionId: answer.versionId, is: etagOf(body) })
  }

  async #delete({ bucket, key, known }: Key): Promise<void> {
    const deletion = { bucket, key, nowMs: Date.now() }
    const answer = await this.#ask((store, id) => store.objects.delete(deletion, id))
    assert(answer.is === 'deleted')
    if (!answer.deleteMarker) return known.remove(answer.versionId)
    assert(answer.versionId !== undefined)
    known.put({ versionId: answer.versionId, is: marker })
  }

  async #deleteVersion({ bucket, key, known }: Key): Promise<void> {
    const { versions } = known
    const named = versions[this.#random.integer(Math.max(1, versions.length))]
    if (named === undefined) return
    const { versionId } = named
    const deletion = { bucket, key, versionId, nowMs: Date.now() }
    const answer = await this.#ask((store, id) => store.objects.delete(deletion, id))
    assert(answer.is === 'deleted' && answer.versionId === versionId)
    known.remove(versionId)
  }

  async #tag({ bucket, key, known }: Key): Promise<void> {
    const [newest] = known.versions
    const change = { tags: [{ key: 'n', value: `${this.#number()}` }] }
    const answer = await this.#ask((store, id) => store.objects.setTags(bucket, key, change, id))
    if (newest === undefined) assert.deepEqual(answer, { is: 'noSuchVersion' })
    else assert.equal(answer.is, newest.is === marker ? 'deleteMarker' : 'done')
  }

  /** By whichever store, and by another one when that is out of reach. */
  async #ask<T>(call: (store: MetadataStore, id: Named) => Promise<T>): Promise<T> {
    const id = { commitId: drawCommitId(Date.now(), this.#random.bytes) }
    for (;;) {
      const store = this.#stores[this.#random.integer(this.#stores.length)]
      assert(store !== undefined)
      try {
        return await call(store, id)
      } catch (cause) {
        if (!(cause instanceof StoreUnavailable)) throw cause
      }
      this.tally.repeats += 1
      await sleep(this.#random.integer(pauseMs))
    }
  }

  #someChunks(): NewPieceData {
    const count = 1 + this.#random.integer(3)
    return chunks(...Array.from({ length: count }, () => this.#someChunk()))
  }

  /** A copy that was stored a moment ago, under a generation of its own. */
  #someChunk() {
    return chunk(`content ${this.#random.integer(contents)}`, this.#number())
  }

  #number(): number {
    this.#numbers += 1
    return this.#numbers
  }
}
