// Random histories of the metadata engine with keys that are hard on pages and on what escapes them: many
// short ones beside many of some hundred bytes, NULs up to S3's limit, the last characters of Unicode,
// slashes, equal beginnings. Held against naive models: listings, versions, uploads, what leases hold.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environmentFile } from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { verifyPages } from '../../metadata/lmdb/verify-pages.ts'
import type { ListPosition } from '../../metadata/metadata-store.ts'
import type { Bucket, UploadId, VersionId } from '../../metadata/records.ts'
import { compareKeys } from '../../protocol/s3/compare-keys.ts'
import { chunk, chunks, drain, makeBucket, newVersion } from '../contracts/metadata-fixture.ts'
import { below, lease, ofKey } from '../contracts/metadata-lease-fixture.ts'
import { modelListing } from '../support/listing-model.ts'
import type { SeededBytes } from '../support/seeded-bytes.ts'

export type KeyTally = { rounds: number; keys: number; versions: number; uploads: number }

const keyBytesMax = 1024
const described = { headers: {}, userMetadata: {}, tags: [], storageClass: 'STANDARD' }
const bodies = ['\0', 'a', '/', '\u{10ffff}', '\uffff', 'y']
const shortBase = 46

export async function simulateKeys(options: {
  random: SeededBytes
  budgetMs: number
}): Promise<KeyTally> {
  const tally: KeyTally = { rounds: 0, keys: 0, versions: 0, uploads: 0 }
  const end = Date.now() + options.budgetMs
  do {
    const path = await mkdtemp(join(tmpdir(), 'holdfast-keys-'))
    try {
      await new Round(path, options.random, tally).run()
    } finally {
      await rm(path, { recursive: true })
    }
    tally.rounds += 1
  } while (Date.now() < end)
  return tally
}

type Shape = {
  readonly short: readonly string[]
  readonly long: readonly string[]
  readonly key: () => string
  readonly steps: number
}
type Version = { readonly versionId: VersionId; readonly isMarker: boolean }

class Round {
  readonly #path: string
  readonly #random: SeededBytes
  readonly #tally: KeyTally
  /** Newest first, by key. */
  readonly #versions = new Map<string, Version[]>()
  readonly #uploads = new Map<UploadId, string>()
  #made = 0

  constructor(path: string, random: SeededBytes, tally: KeyTally) {
    this.#path = path
    this.#random = random
    this.#tally = tally
  }

  async run(): Promise<void> {
    const { bytes } = this.#random
    const store = await LmdbMetadataStore.open({
      ...{ path: this.#path, random: bytes, role: 'primary' },
    })
    const bucket = await makeBucket(store, 'one', 'enabled')
    const shape = this.#shape()
    await this.#putAll(store, bucket, shape.short)
    for (const key of shape.long) await this.#put(store, bucket, key)
    await store.leases.take(lease('of all', below(bucket, ''), ofKey(bucket, shape.key())))
    for (let step = 0; step < shape.steps; step += 1) await this.#step(store, bucket, shape.key)
    await this.#compare(store, bucket)
    await store.leases.letGo('of all')
    await drain(store)
    assert.deepEqual(await store.leases.holding('zip', { limit: 9 }), [])
    await this.#compare(store, bucket)
    await this.#empty(store, bucket)
    assert.deepEqual(await store.buckets.delete(bucket), { is: 'deleted' })
    await drain(store)
    await store.close()
    assert.equal(verifyPages(environmentFile(this.#path)), undefined)
  }

  /** What keys are like in this round: a page may be as full as can be of the short and the long. */
  #shape(): Shape {
    const { integer } = this.#random
    if (integer(3) === 0) return { short: [], long: [], key: () => this.#anyKey(), steps: 250 }
    const many = 1550 + integer(80)
    const short = Array.from({ length: many }, (_, at) =>
      String.fromCharCode(48 + at / shortBase, 48 + (at % shortBase)),
    )
    const long = Array.from({ length: 260 }, () => this.#longKey())
    return { short, long, key: () => this.#mixedKey(), steps: 100 }
  }

  #mixedKey(): string {
    return this.#random.integer(3) === 0 ? this.#anyKey() : this.#longKey()
  }

  #longKey(): string {
    const { integer } = this.#random
    return `x${integer(2 ** 40)}`.padEnd(integer(10) < 4 ? 492 : 500, 'y')
  }

  /** Of any length: a beginning that others have too, and an end of its own or none. */
  #anyKey(): string {
    const { integer } = this.#random
    const body = bodies[integer(bodies.length)] ?? ''
    const size = Buffer.byteLength(body)
    const lengths = [1, 2, 40, 255, 500, 1000, keyBytesMax]
    const length = (lengths[integer(lengths.length)] ?? 1) - integer(3)
    const end = integer(2) === 0 ? '' : `${integer(3) === 0 ? '/' : ''}${integer(50)}`
    const key = body.repeat(Math.max(0, Math.floor((length - end.length) / size))) + end
    return key === '' ? '\0' : key
  }

  async #putAll(store: LmdbMetadataStore, bucket: Bucket, keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map((key) => this.#put(store, bucket, key)))
  }

  async #put(store: LmdbMetadataStore, bucket: Bucket, key: string): Promise<void> {
    this.#made += 1
    const data =
      this.#random.integer(4) === 0 ? { data: chunks(chunk(`c${this.#made}`, this.#made)) } : {}
    const answer = await store.objects.commit(newVersion(bucket, key, data))
    assert.equal(answer.is, 'committed')
    assert.ok(answer.is === 'committed')
    this.#onTop(key, { versionId: answer.versionId, isMarker: false })
  }

  #onTop(key: string, version: Version): void {
    this.#versions.set(key, [version, ...(this.#versions.get(key) ?? [])])
    this.#tally.versions += 1
  }

  async #step(store: LmdbMetadataStore, bucket: Bucket, newKey: () => string): Promise<void> {
    const { integer } = this.#random
    const known = [...this.#versions.keys()]
    const isKnown = known.length > 0 && integer(4) === 0
    const key = isKnown ? (known[integer(known.length)] ?? newKey()) : newKey()
    const dice = integer(100)
    if (dice < 76) await this.#put(store, bucket, key)
    else if (dice < 84) {
      const made = await store.uploads.create(bucket, { key, ...described, initiatedMs: 1 })
      assert.ok(made.is === 'created')
      this.#uploads.set(made.upload.uploadId, key)
      this.#tally.uploads += 1
    } else if (dice < 88) await this.#abort(store, bucket)
    else await this.#delete(store, bucket, key, dice < 94)
  }

  async #abort(store: LmdbMetadataStore, bucket: Bucket): Promise<void> {
    for (const [uploadId, key] of this.#uploads) {
      const { is } = await store.uploads.abort(bucket, { key, uploadId })
      assert.equal(is, 'aborted')
      this.#uploads.delete(uploadId)
      return
    }
  }

  async #delete(
    store: LmdbMetadataStore,
    bucket: Bucket,
    key: string,
    isMarking: boolean,
  ): Promise<void> {
    const versions = this.#versions.get(key) ?? []
    const named = versions[this.#random.integer(Math.max(1, versions.length))]
    if (isMarking || named === undefined) {
      const answer = await store.objects.delete({ bucket, key, nowMs: 1 })
      assert.ok(answer.is === 'deleted' && answer.versionId !== undefined)
      this.#onTop(key, { versionId: answer.versionId, isMarker: true })
      return
    }
    const { versionId } = named
    const { is } = await store.objects.delete({ bucket, key, nowMs: 1, versionId })
    assert.equal(is, 'deleted')
    const left = versions.filter((version) => version !== named)
    if (left.length > 0) this.#versions.set(key, left)
    else this.#versions.delete(key)
  }

  async #compare(store: LmdbMetadataStore, bucket: Bucket): Promise<void> {
    const sorted = [...this.#versions].sort(([a], [b]) => compareKeys(a, b))
    const current = sorted.filter(([, [top]]) => top && !top.isMarker).map(([key]) => key)
    this.#tally.keys += sorted.length
    for (const delimiter of ['', '/']) {
      const expected = modelListing(current, { prefix: '', delimiter, after: '' })
      assert.deepEqual(await this.#listed(store, bucket, delimiter), expected.map(asText))
    }
    const listed: string[] = []
    let after: ListPosition | undefined
    let afterVersionId: VersionId | undefined
    for (;;) {
      const from = after && afterVersionId ? { after, afterVersionId } : {}
      const page = await store.objects.listVersions(bucket, { prefix: '', limit: 700, ...from })
      for (const entry of page.entries) {
        assert.ok(entry.is !== 'prefix')
        listed.push(`${entry.key} ${entry.versionId}`)
        after = { key: entry.key, group: false }
        afterVersionId = entry.versionId
      }
      if (!page.isTruncated) break
    }
    const expected = sorted.flatMap(([key, list]) => list.map((one) => `${key} ${one.versionId}`))
    assert.deepEqual(listed, expected)
    const uploads = await store.uploads.list(bucket, { prefix: '', limit: 1_000 })
    const ids = uploads.entries.map((entry) => (entry.is === 'upload' ? entry.uploadId : entry.is))
    assert.deepEqual(ids.sort(), [...this.#uploads.keys()].sort())
  }

  async #listed(
    store: LmdbMetadataStore,
    bucket: Bucket,
    delimiter: string,
  ): Promise<readonly string[]> {
    const texts: string[] = []
    let after: ListPosition | undefined
    for (;;) {
      const query = { prefix: '', delimiter, limit: 500, ...(after ? { after } : {}) }
      const { entries, isTruncated } = await store.objects.list(bucket, query)
      for (const entry of entries) {
        const group = entry.is === 'prefix'
        const text = entry.is === 'prefix' ? entry.prefix : entry.key
        texts.push(`${group} ${text}`)
        after = { key: text, group }
      }
      if (!isTruncated) return texts
    }
  }

  async #empty(store: LmdbMetadataStore, bucket: Bucket): Promise<void> {
    for (const [key, versions] of this.#versions) {
      const deletions = versions.map(({ versionId }) =>
        store.objects.delete({ bucket, key, nowMs: 1, versionId }),
      )
      for (const { is } of await Promise.all(deletions)) assert.equal(is, 'deleted')
    }
    for (const [uploadId, key] of this.#uploads)
      await store.uploads.abort(bucket, { key, uploadId })
  }
}

function asText({ is, text }: { is: 'key' | 'prefix'; text: string }): string {
  return `${is === 'prefix'} ${text}`
}
