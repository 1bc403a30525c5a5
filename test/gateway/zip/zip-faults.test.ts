// What cannot be read whole and true ends a download with an error: never a plausible zip.

import assert from 'node:assert'
import type { BlobRead, BlobStore } from '../../../datanode/blob-store.ts'
import { UnreadableData } from '../../../gateway/data/read/reader-deps.ts'
import { openPrefix } from '../../../gateway/zip/prefix-entries.ts'
import { readAheadBytes } from '../../../gateway/zip/zip-limits.ts'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import { describe } from '../../support/describe.ts'
import { GatewayHarness } from '../../support/gateway-harness.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { bucket, bytesOf, ZipFixture } from './zip-fixture.ts'

const random = seededBytes()

type Reads = Pick<BlobStore, 'read' | 'readMany'>

/** A store that spoils one of its answers. */
class SpoiledBlobs implements Reads {
  /** Which chunk read is spoiled, counted from now; none when below 0. */
  countdown = -2
  kind: 'absent' | 'corrupt' | 'forged' | 'error' = 'corrupt'
  /** Chunks, however many of them at once. */
  reads = 0
  private readonly real: Reads

  constructor(real: Reads) {
    this.real = real
  }

  async read(...asked: Parameters<BlobStore['read']>): Promise<BlobRead> {
    return this.passed(await this.real.read(...asked))
  }

  async readMany(...asked: Parameters<BlobStore['readMany']>): Promise<BlobRead[]> {
    return (await this.real.readMany(...asked)).map((answer) => this.passed(answer))
  }

  private passed(answer: BlobRead): BlobRead {
    this.reads += 1
    this.countdown -= 1
    if (this.countdown !== -1 || answer.is !== 'found') return answer
    switch (this.kind) {
      case 'absent':
      case 'corrupt':
        return { is: this.kind }
      case 'forged': {
        const frames = Buffer.from(answer.frames)
        const at = random.integer(frames.length)
        frames[at] = (frames[at] ?? 0) ^ 1
        return { is: 'found', frames }
      }
      case 'error':
        throw new Error('input/output error')
    }
  }
}

async function fails(fixture: ZipFixture, prefix: string, expected: RegExp): Promise<number> {
  const reply = await fixture.ask({ prefix })
  assert.ok(typeof reply.body === 'object' && 'open' in reply.body)
  const { bytes, open } = reply.body
  let sent = 0
  await assert.rejects(async () => {
    for await (const batch of open()) for (const buffer of batch) sent += buffer.length
  }, expected)
  assert.ok(sent < bytes)
  return sent
}

describe('a download that cannot be finished', (test) => {
  let fixture: ZipFixture
  let blobs: SpoiledBlobs
  test.before(async () => {
    const harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
    blobs = new SpoiledBlobs(harness.services.blobs)
    fixture = ZipFixture.over(harness, blobs)
    for (let index = 0; index < 60; index += 1) {
      await fixture.put(`mixed/${index}`, random.bytes(index % 5 === 0 ? 400_000 : 5000))
    }
    await fixture.put('mixed/large', random.bytes(10 * 1024 * 1024))
  })
  test.after(() => fixture.harness.close())

  for (const kind of ['absent', 'corrupt', 'forged', 'error'] as const) {
    test(`ends with an error wherever a chunk is ${kind}, and before its last byte`, async () => {
      blobs.kind = kind
      blobs.reads = 0
      await bytesOf(await fixture.ask({ prefix: 'mixed/' }))
      const reads = blobs.reads
      assert.ok(reads > 40, `${reads} reads`)
      const expected = kind === 'error' ? /input\/output error/ : /chunk .* (is|does not)/
      for (let round = 0; round < 25; round += 1) {
        // The first few are read before anything is answered; how many there are depends on the pace.
        blobs.countdown = 15 + random.integer(Math.floor(reads / 2))
        await fails(fixture, 'mixed/', expected)
      }
      blobs.countdown = 0
      await assert.rejects(() => fixture.ask({ prefix: 'mixed/' }), expected)
      blobs.countdown = -2
      await bytesOf(await fixture.ask({ prefix: 'mixed/' }))
    })
  }

  test('ends with an error when the bytes of an entry are not those that were frozen', async () => {
    const { services, keys } = fixture.harness
    const wrong = await services.metadata.buckets.get(defaultNamespace, bucket)
    assert.ok(wrong)
    for (const size of [100, 50_000, 9 * 1024 * 1024]) {
      const prefix = `wrong-${size}/`
      await fixture.put(`${prefix}a`, random.bytes(300_000))
      await fixture.put(`${prefix}x`, random.bytes(size))
      const manifest = await fixture.zip.archives.freeze({
        tenantId: keys.tenantId,
        scope: prefix,
        options: 'test',
        emptyModifiedMs: 0,
        scopes: [],
        signal: AbortSignal.any([]),
        open: async () => {
          const list = await openPrefix(services.metadata.objects, wrong, {
            prefix,
            windows: false,
          })
          async function* pages() {
            for await (const page of list.pages()) {
              yield page.map((entry) => (entry.name === 'x' ? { ...entry, crc32: 7 } : entry))
            }
          }
          return { pages, close: () => list.close() }
        },
      })
      const range = { start: 0, end: manifest.totalBytes }
      const last = manifest.directory.offset
      let sent = 0
      await assert.rejects(async () => {
        for await (const batch of fixture.zip.read(manifest, keys, range)) {
          for (const buffer of batch) sent += buffer.length
        }
      }, /not those that were frozen/)
      assert.ok(sent < last)
      const cut = { start: 0, end: last - 1 }
      for await (const _ of fixture.zip.read(manifest, keys, cut));
    }
  })

  test('ends with an error when its rows are gone', async () => {
    await fixture.put('gone/a', random.bytes(300_000))
    await fixture.put('gone/b', random.bytes(300_000))
    const reply = await fixture.ask({ prefix: 'gone/' })
    assert.ok(typeof reply.body === 'object' && 'open' in reply.body)
    const { metadata } = fixture.harness.services
    for (const key of ['gone/a', 'gone/b']) await fixture.remove(key)
    await metadata.leases.expire(Number.MAX_SAFE_INTEGER)
    await fixture.harness.releaseAll()
    const { open } = reply.body
    await assert.rejects(async () => {
      for await (const _ of open());
    }, UnreadableData)
  })

  test('gives back what it has held, also when it is ended early', async () => {
    for (let round = 0; round < 40; round += 1) {
      const reply = await fixture.ask({ prefix: 'mixed/' })
      assert.ok(typeof reply.body === 'object' && 'open' in reply.body)
      let batches = 0
      for await (const _ of reply.body.open()) {
        batches += 1
        if (batches === 12) break
      }
    }
    assert.equal(fixture.zip.readAheadFreeBytes, readAheadBytes)
  })
})
