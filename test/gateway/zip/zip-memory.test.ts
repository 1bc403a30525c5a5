// The memory of archives: a page and what is read ahead, however many entries there are and however
// slowly they are fetched. What is held is counted after a collection; what the process takes beside
// that is counted from when it has warmed up, since the collector lets it gather some garbage first.

import assert from 'node:assert'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openPrefix } from '../../../gateway/zip/prefix-entries.ts'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import { anonymousMiB } from '../../bench/process-figures.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { bucket, ZipFixture } from './zip-fixture.ts'

const random = seededBytes()
/** HOLDFAST_ZIP_ENTRIES=1000000 for the whole of it. */
const entries = Number(process.env.HOLDFAST_ZIP_ENTRIES ?? 30_000)
const growthMiBMax = 64
const readers = 100
const heldMiBMax = 24
const warmUpWaves = 2
const waves = 3

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** MiB that are in use: in the heap, and in buffers beside it. */
function heldMiB(): number {
  // Buffers that one collection has found unused are given back by the next.
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}

/** The most that `figure` has been above its value at the beginning, while `work` ran. */
async function growthDuring(figure: () => number, work: () => Promise<void>): Promise<number> {
  const before = figure()
  let highest = before
  const look = () => {
    highest = Math.max(highest, figure())
  }
  const watching = setInterval(look, 50)
  try {
    await work()
    look()
  } finally {
    clearInterval(watching)
  }
  return highest - before
}

const anonymous = () => anonymousMiB(process.pid)

describe('the memory of archives', (test) => {
  let fixture: ZipFixture
  test.before(async () => {
    fixture = await ZipFixture.open()
  })
  test.after(() => fixture.harness.close())

  /** Empty objects, which the manifest names with their row all the same. */
  async function fill(prefix: string, count: number): Promise<void> {
    const { services } = fixture.harness
    const into = await services.metadata.buckets.get(defaultNamespace, bucket)
    assert.ok(into)
    const commit = (index: number) =>
      services.metadata.objects.commit({
        bucket: into,
        key: `${prefix}folder-${Math.floor(index / 1000)}/file-${index}.txt`,
        nowMs: fixture.harness.nowMs,
        content: {
          size: 0,
          etag: 'd41d8cd98f00b204e9800998ecf8427e',
          crc32: 0,
          headers: {},
          userMetadata: {},
          tags: [],
          storageClass: 'STANDARD',
          data: { is: 'inline', sealed: Buffer.alloc(0) },
        },
      })
    for (let from = 0; from < count; from += 2000) {
      const batch = Math.min(2000, count - from)
      await Promise.all(Array.from({ length: batch }, (_, index) => commit(from + index)))
    }
  }

  async function freezeAndRead(prefix: string): Promise<void> {
    const { services, keys } = fixture.harness
    const from = await services.metadata.buckets.get(defaultNamespace, bucket)
    assert.ok(from)
    const manifest = await fixture.zip.archives.freeze({
      tenantId: keys.tenantId,
      // Another one each time, so that it is frozen anew.
      scope: random.bytes(8).toString('hex'),
      options: 'test',
      emptyModifiedMs: 0,
      scopes: [],
      signal: AbortSignal.any([]),
      open: () => openPrefix(services.metadata.objects, from, { prefix, windows: false }),
    })
    let bytes = 0
    const range = { start: 0, end: manifest.totalBytes }
    for await (const batch of fixture.zip.read(manifest, keys, range)) {
      for (const buffer of batch) bytes += buffer.length
    }
    assert.equal(bytes, manifest.totalBytes)
  }

  test(`of ${entries} entries, frozen and read whole, is that of few`, async () => {
    await fill('few/', 5000)
    await fill('many/', entries)
    for (let round = 0; round < 6; round += 1) await freezeAndRead('few/')
    for (let round = 0; round < 3; round += 1) {
      const taken = await growthDuring(anonymous, () => freezeAndRead('many/'))
      assert.ok(taken < growthMiBMax, `${taken} MiB were taken`)
    }
    const held = await growthDuring(heldMiB, () => freezeAndRead('many/'))
    assert.ok(held < growthMiBMax / 4, `${held} MiB were held`)
  })

  /** All read on for a while, and then stand still with what they were given. */
  async function stall(prefix: string, look: () => void): Promise<void> {
    const open = await Promise.all(
      Array.from({ length: readers }, async () => {
        const reply = await fixture.ask({ prefix })
        assert.ok(typeof reply.body === 'object' && 'open' in reply.body)
        return reply.body.open()[Symbol.asyncIterator]()
      }),
    )
    const held = new Map<number, unknown>()
    for (let turn = 0; turn < 12; turn += 1) {
      await Promise.all(
        open.map(async (batches, reader) => {
          const batch = await batches.next()
          assert.ok(batch.done !== true)
          // Taken out of it, as by the writer to a socket.
          held.set(reader, batch.value.splice(0))
        }),
      )
    }
    look()
    assert.equal(held.size, readers)
    for (const batches of open) await batches.return?.()
  }

  for (const { what, count, bytes } of [
    { what: 'small', count: 1000, bytes: 16 * 1024 },
    { what: 'large', count: 2, bytes: 12 * 1024 * 1024 },
  ]) {
    test(`of ${readers} readers of ${what} objects that stand still is bounded`, async () => {
      const prefix = `${what}/`
      for (let index = 0; index < count; index += 1) {
        await fixture.put(`${prefix}${index}`, random.bytes(bytes))
      }
      const before = heldMiB()
      let held = 0
      await stall(prefix, () => {
        held = heldMiB() - before
      })
      assert.ok(held > 0 && held < heldMiBMax, `${held} MiB were held`)
      for (let wave = 0; wave < warmUpWaves; wave += 1) await stall(prefix, () => {})
      for (let wave = 0; wave < waves; wave += 1) {
        const taken = await growthDuring(anonymous, () => stall(prefix, () => {}))
        assert.ok(taken < growthMiBMax, `${taken} MiB were taken`)
      }
    })
  }
})
