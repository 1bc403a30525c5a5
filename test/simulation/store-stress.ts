// Many writers of few contents on the real engines: uploads, copies, multipart uploads, deletions,
// reads of what is deleted meanwhile and uploads that are never heard of again, under hasty follow-up
// work and restarts. Whatever was acknowledged must read back, counts must be exact, and nothing may
// be left in the end.

import assert from 'node:assert'
import { hash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chunkChecks } from '../../deploy/recovery/check-chunks.ts'
import { deriveTenantKeys } from '../../gateway/access/keys/tenant-keys.ts'
import { readPlaintext } from '../../gateway/data/read/object-reader.ts'
import { commitByReference } from '../../gateway/s3/copy/copy-by-reference.ts'
import { LmdbEnvironment } from '../../metadata/lmdb/lmdb-environment.ts'
import { verifyReferences } from '../../metadata/lmdb/verify-references.ts'
import type { NewPieceData } from '../../metadata/metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { parseTenantId } from '../../metadata/record-ids.ts'
import type { Bucket, ObjectVersion } from '../../metadata/records.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { SeededBytes } from '../support/seeded-bytes.ts'
import { openEngines, openStores, type StressEngines } from './store-stress-engines.ts'

export type StressTally = { puts: number; gets: number; restarts: number; sentAway: number }

const actors = 6
const keysEach = 3
const stepsBetweenRestarts = 60
const described = { headers: {}, userMetadata: {}, tags: [], storageClass: 'STANDARD' }
const digests = new Set<never>()

export async function stressStore(options: {
  random: SeededBytes
  budgetMs: number
}): Promise<StressTally> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-stress-'))
  const stress = new Stress(directory, options.random)
  const end = Date.now() + options.budgetMs
  try {
    do await stress.oneLife()
    while (Date.now() < end)
    await stress.emptyAll()
    return stress.tally
  } finally {
    await rm(directory, { recursive: true })
  }
}

class Stress {
  readonly tally: StressTally = { puts: 0, gets: 0, restarts: 0, sentAway: 0 }
  private readonly directory: string
  private readonly random: SeededBytes
  private readonly tenant
  private readonly contents: readonly Buffer[]
  /** What each key must read as, by what was acknowledged. An actor changes its own keys only. */
  private readonly expected = new Map<string, Buffer>()

  constructor(directory: string, random: SeededBytes) {
    this.directory = directory
    this.random = random
    const tenantId = parseTenantId('stress')
    assert(tenantId !== undefined)
    this.tenant = deriveTenantKeys(tenantId, random.bytes(32))
    const shared = random.bytes(4 * 1024 * 1024)
    const twice = Buffer.concat([shared, shared])
    const sizes = [3000, 5000, 70_000, 300_000]
    this.contents = [
      ...sizes.map((size) => random.bytes(size)),
      shared,
      twice,
      Buffer.concat([shared, random.bytes(9000)]),
    ]
  }

  /** From one opening of the store to its closing, with everything checked behind it. */
  async oneLife(): Promise<void> {
    const engines = await openEngines(this.directory, this.random)
    try {
      const bucket = await this.bucket(engines)
      const work = Array.from({ length: actors }, (_, actor) =>
        this.act(engines, bucket, `actor${actor}`),
      )
      // All have ended before the engines are closed, also when one has failed.
      for (const ended of await Promise.allSettled(work)) {
        if (ended.status === 'rejected') throw ended.reason
      }
      for (const key of this.expected.keys()) await this.verify(engines, bucket, key)
    } finally {
      await engines.close()
    }
    assert.deepEqual(engines.failures, [])
    this.tally.restarts += 1
    await this.check('after a life')
  }

  /** Deletes everything: no chunk may be left, and the disk must be given back. */
  async emptyAll(): Promise<void> {
    const engines = await openEngines(this.directory, this.random)
    try {
      const bucket = await this.bucket(engines)
      for (const key of [...this.expected.keys()]) await this.remove(engines, bucket, key)
      await engines.metadata.uploads.abortStale({
        initiatedBeforeMs: Date.now() + 60_000,
        limit: 1000,
      })
      const isEmpty = async () => {
        if ((await engines.metadata.outbox.depthEstimate()) > 0) return false
        const { chunks, liveBytes } = await engines.blobs.usage()
        return chunks === 0 && liveBytes === 0
      }
      while (!(await isEmpty())) await new Promise((resolve) => setTimeout(resolve, 20))
    } finally {
      await engines.close()
    }
    assert.deepEqual(engines.failures, [])
    const { chunks, orphans } = await this.check('after all was deleted')
    assert.deepEqual({ chunks, orphans }, { chunks: 0, orphans: 0 })
  }

  private async check(when: string) {
    const stores = await openStores(this.directory, this.random)
    try {
      const problems: string[] = []
      const { metadataPath, blobs } = stores
      const environment = await LmdbEnvironment.open({ path: metadataPath })
      const report = await verifyReferences({
        environment,
        ...chunkChecks(blobs, () => this.tenant),
        // Few at once, so that there are several shares.
        chunksAtOnce: 50,
        tell: (what) => problems.push(what),
      }).finally(() => environment.close())
      assert.deepEqual(problems, [], when)
      return report
    } finally {
      await stores.close()
    }
  }

  private async bucket({ metadata }: StressEngines): Promise<Bucket> {
    const { tenantId } = this.tenant
    const fresh = {
      namespace: defaultNamespace,
      tenantId,
      name: 'stress',
      region: 'here',
      createdMs: 0,
    }
    return (await metadata.buckets.create(fresh)).bucket
  }

  private async act(engines: StressEngines, bucket: Bucket, actor: string): Promise<void> {
    for (let step = 0; step < stepsBetweenRestarts / actors; step += 1) {
      const key = `${actor}/${this.random.integer(keysEach)}`
      try {
        await this.step(engines, bucket, key)
      } catch (cause) {
        // Chunks vanished again and again before they were claimed: nothing was changed.
        if (!(cause instanceof S3Error) || cause.code !== 'SlowDown') throw cause
        this.tally.sentAway += 1
      }
      await this.verify(engines, bucket, key)
    }
  }

  private async step(engines: StressEngines, bucket: Bucket, key: string): Promise<void> {
    const content = this.contents[this.random.integer(this.contents.length)]
    assert(content !== undefined)
    switch (this.random.integer(8)) {
      case 0:
      case 1:
        return this.put(engines, bucket, { key, content })
      case 2:
        return this.remove(engines, bucket, key)
      case 3:
        return this.copy(engines, bucket, key)
      case 4:
      case 5:
        return this.putInParts(engines, bucket, { key, content })
      case 6:
        return this.readWhileDeleting(engines, bucket, key)
      default:
        return this.beginAndForget(engines, content)
    }
  }

  private async put(
    { ingest, metadata }: StressEngines,
    bucket: Bucket,
    { key, content }: { key: string; content: Buffer },
  ): Promise<void> {
    const piece = await ingest.receive(this.pieces(content), this.receiving(content))
    if (this.random.integer(8) === 0) return piece.discard()
    const summed = sums(piece)
    const { is } = await piece.commit((data) =>
      metadata.objects.commit({ bucket, key, content: { ...summed, data }, nowMs: Date.now() }),
    )
    assert.equal(is, 'committed')
    this.tally.puts += 1
    this.expected.set(key, content)
  }

  private async remove({ metadata }: StressEngines, bucket: Bucket, key: string): Promise<void> {
    const { is } = await metadata.objects.delete({ bucket, key, nowMs: Date.now() })
    assert.equal(is, 'deleted')
    this.expected.delete(key)
  }

  /** Copies another actor's object, which that may delete at the same time. */
  private async copy(engines: StressEngines, bucket: Bucket, key: string): Promise<void> {
    const { metadata, ingest } = engines
    const other = `actor${this.random.integer(actors)}/${this.random.integer(keysEach)}`
    const source = await metadata.objects.get(bucket, other)
    if (source?.is !== 'object' || source.data.is === 'parts') return
    const { data, ...content } = source
    const target = this.contents.find((each) => md5Of(each) === source.etag)
    assert(target !== undefined, 'a version of no content we have')
    const { tenantId } = this.tenant
    const parts = {
      chunks: metadata.chunks,
      tenantId,
      newList: () => ingest.newList(),
      signal: AbortSignal.any([]),
    }
    const nowMs = Date.now()
    const commit = (taken: NewPieceData) =>
      metadata.objects.commit({ bucket, key, content: { ...content, data: taken }, nowMs })
    const outcome = await commitByReference(parts, { data, size: source.size }, commit)
    if (outcome.is === 'gone') return
    assert.equal(outcome.is, 'committed')
    this.expected.set(key, target)
  }

  private async putInParts(
    { ingest, metadata }: StressEngines,
    bucket: Bucket,
    { key, content }: { key: string; content: Buffer },
  ): Promise<void> {
    const { uploads } = metadata
    const made = await uploads.create(bucket, { key, initiatedMs: Date.now(), ...described })
    assert(made.is === 'created')
    const cut = Math.floor(content.length / 2)
    // The last part is uploaded and not named; part 1 is uploaded twice.
    const bodies = [content, content.subarray(0, cut), content.subarray(cut), content]
    const numbers = [1, 1, 2, 3]
    const parts: { number: number; size: number }[] = []
    for (const [at, body] of bodies.entries()) {
      const number = numbers[at] ?? 0
      const piece = await ingest.receive(this.pieces(body), this.receiving(body))
      const { size, etag, crc32 } = sums(piece)
      const answer = await piece.commit((data) =>
        uploads.commitPart(bucket, made.upload, { number, size, etag, crc32, modifiedMs: 0, data }),
      )
      assert.equal(answer.is, 'committed')
      parts[number - 1] = { number, size }
    }
    if (this.random.integer(4) === 0) {
      if (this.random.integer(2) === 0) await uploads.abort(bucket, made.upload)
      return
    }
    const whole = { ...described, size: content.length, etag: 'whole-2', crc32: 0 }
    const { upload } = made
    const listed = await uploads.listParts(bucket, upload, { after: 0, limit: 1 })
    assert(listed.is === 'listed')
    const { revision } = listed
    const completion = { bucket, upload, revision, content: whole, nowMs: Date.now() }
    const { is } = await uploads.complete({ ...completion, parts: parts.slice(0, 2) })
    assert.equal(is, 'committed')
    this.tally.puts += 1
    this.expected.set(key, content)
  }

  private async readWhileDeleting(
    engines: StressEngines,
    bucket: Bucket,
    key: string,
  ): Promise<void> {
    const version = await engines.metadata.objects.get(bucket, key)
    if (version?.is !== 'object') return
    const { rowId } = version
    const hold = await engines.readLeases.hold({ bucketId: bucket.id, key, rowId })
    try {
      const before = this.expected.get(key)
      await this.remove(engines, bucket, key)
      await new Promise((resolve) => setTimeout(resolve, 30))
      assert((await this.read(engines, version)).equals(before ?? Buffer.alloc(0)), key)
    } finally {
      hold.release()
    }
  }

  /** An upload that is neither committed nor given up: its process has died, as it were. */
  private async beginAndForget({ ingest }: StressEngines, content: Buffer): Promise<void> {
    if (content.length <= 4096) return
    const piece = await ingest.receive(this.pieces(content), this.receiving(content))
    const forgotten = new Error('the process died')
    // A verb whose outcome is not known: nothing that was stored is deleted here.
    const dying = piece.commit<{ is: 'committed' }>(() => Promise.reject(forgotten))
    await dying.catch((cause: unknown) => {
      if (cause !== forgotten) throw cause
    })
  }

  private async verify(engines: StressEngines, bucket: Bucket, key: string): Promise<void> {
    const version = await engines.metadata.objects.get(bucket, key)
    const expected = this.expected.get(key)
    assert.equal(version?.is, expected === undefined ? undefined : 'object', key)
    if (version?.is !== 'object' || expected === undefined) return
    const read = await this.read(engines, version)
    assert(read.equals(expected), `${key} reads back otherwise`)
    this.tally.gets += 1
  }

  private async read({ metadata, blobs }: StressEngines, version: ObjectVersion): Promise<Buffer> {
    const parts = { metadata, blobs, tenantKeys: this.tenant }
    const range = { start: 0, end: version.size }
    const pieces: Buffer[] = []
    for await (const piece of readPlaintext(parts, version, range)) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  private receiving(content: Buffer) {
    return { tenant: this.tenant, digests, sizeMax: content.length }
  }

  private async *pieces(content: Buffer): AsyncGenerator<Buffer, void, void> {
    const step = 1 + this.random.integer(200_000)
    for (let at = 0; at < content.length; at += step) {
      if (this.random.integer(4) === 0) await new Promise((resolve) => setImmediate(resolve))
      yield content.subarray(at, at + step)
    }
  }
}

type Summed = { readonly size: number; readonly md5: Buffer; readonly crc32: number }

function sums({ size, md5, crc32 }: Summed) {
  return { ...described, size, etag: md5.toString('hex'), crc32 }
}

function md5Of(bytes: Buffer): string {
  return hash('md5', bytes)
}
