import assert from 'node:assert'
import {
  readBatches,
  readInline,
  readPlaintext,
} from '../../../../gateway/data/read/object-reader.ts'
import { type ReaderDeps, UnreadableData } from '../../../../gateway/data/read/reader-deps.ts'
import type {
  BucketId,
  ObjectData,
  PartsPlace,
  PieceData,
  UploadId,
} from '../../../../metadata/records.ts'
import { chunkBytesMax } from '../../../../protocol/chunks/chunk-ref.ts'
import { describe } from '../../../support/describe.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'
import { commit, inPieces, openIngestBench, readerParts, receive } from '../ingest-bench.ts'

const random = seededBytes()
const bench = await openIngestBench(random, { buffersMax: 2 })
const MiB = 2 ** 20
const parseBucketId = (name: string) => name as BucketId
const parseUploadId = (name: string) => name as UploadId

async function put(bytes: Buffer): Promise<ObjectData> {
  return commit(bench, await receive(bench, inPieces(bytes)))
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of source) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** An object of these parts, as a completed upload keeps it. */
async function putParts(sizes: readonly number[]) {
  const bodies = sizes.map((size) => random.bytes(size))
  const pieces = new Map<number, PieceData>()
  for (const [index, body] of bodies.entries()) {
    const data = await put(body)
    assert.ok(data.is !== 'parts')
    pieces.set(2 * index + 1, data)
  }
  const numbersRead: number[] = []
  const uploads = {
    readParts: async (_place: PartsPlace, numbers: readonly number[]) => {
      numbersRead.push(...numbers)
      return numbers.map((number) => {
        const data = pieces.get(number)
        assert.ok(data !== undefined)
        return { data }
      })
    },
  }
  const parts = sizes.map((size, index) => ({ number: 2 * index + 1, size }))
  const bucketId = parseBucketId('b')
  const place = { bucketId, key: 'k', uploadId: parseUploadId('u') }
  const data: ObjectData = { is: 'parts', ...place, parts }
  const reader: ReaderDeps = {
    ...readerParts(bench),
    metadata: { chunks: bench.catalog, uploads },
  }
  return { bytes: Buffer.concat(bodies), data, reader, numbersRead }
}

describe('a range read', (test) => {
  test.after(() => bench.hashPool.close())

  const edges = (size: number) => [0, 1, 65_535, 65_536, 65_537, MiB, size - 1, size]
  for (const size of [1, 4096, 4097, 70_000, MiB + 1, chunkBytesMax, 9 * MiB + 3]) {
    test(`of an object of ${size} bytes equals the slice`, async () => {
      const bytes = random.bytes(size)
      const source = { data: await put(bytes), size }
      const cuts = edges(size).filter((cut) => cut <= size)
      for (let round = 0; round < 30; round += 1) cuts.push(random.integer(size + 1))
      for (let round = 0; round < 40; round += 1) {
        const [a = 0, b = 0] = [random.integer(cuts.length), random.integer(cuts.length)]
        const [start = 0, end = 0] = [cuts[a] ?? 0, cuts[b] ?? 0].sort((x, y) => x - y)
        const read = await collect(readPlaintext(readerParts(bench), source, { start, end }))
        assert.ok(read.equals(bytes.subarray(start, end)), `${start} to ${end} of ${size}`)
      }
    })
  }

  test('of a list equals the slice', async () => {
    const known = random.bytes(chunkBytesMax)
    await put(known)
    const bytes = Buffer.concat([known, random.bytes(100), known, known])
    const source = { data: await put(bytes), size: bytes.length }
    assert.equal(source.data.is, 'list')
    for (let round = 0; round < 30; round += 1) {
      const start = random.integer(bytes.length)
      const end = start + random.integer(bytes.length - start + 1)
      const read = await collect(readPlaintext(readerParts(bench), source, { start, end }))
      assert.ok(read.equals(bytes.subarray(start, end)), `${start} to ${end}`)
    }
  })

  test('of parts equals the slice, and looks up only the parts it touches', async () => {
    const object = await putParts([5 * MiB, 3000, 0, 70_000, 5 * MiB + 1])
    const { bytes, data, reader, numbersRead } = object
    const source = { data, size: bytes.length }
    for (let round = 0; round < 30; round += 1) {
      const start = random.integer(bytes.length)
      const end = start + random.integer(bytes.length - start + 1)
      const read = await collect(readPlaintext(reader, source, { start, end }))
      assert.ok(read.equals(bytes.subarray(start, end)), `${start} to ${end}`)
    }
    numbersRead.length = 0
    const end = 5 * MiB + 10
    await collect(readPlaintext(reader, source, { start: 5 * MiB + 1, end }))
    assert.deepEqual(numbersRead, [3])
  })

  test('of many parts looks them up by the page', async () => {
    const { bytes, data, reader } = await putParts(Array.from({ length: 150 }, () => 100))
    const whole = { start: 0, end: bytes.length }
    const read = await collect(readPlaintext(reader, { data, size: bytes.length }, whole))
    assert.ok(read.equals(bytes))
  })

  test('reads only the blocks it needs, at most 1 MiB at a time', async () => {
    const bytes = random.bytes(3 * MiB)
    const source = { data: await put(bytes), size: bytes.length }
    bench.blobs.reads.length = 0
    await collect(readPlaintext(readerParts(bench), source, { start: 65_536, end: 65_537 }))
    assert.deepEqual(bench.blobs.reads.splice(0), [{ first: 1, count: 1 }])
    await collect(readPlaintext(readerParts(bench), source, { start: 0, end: bytes.length }))
    const counts = bench.blobs.reads.splice(0).map(({ count }) => count)
    assert.deepEqual(counts, [16, 16, 16])
  })

  test('of nothing reads nothing', async () => {
    const source = { data: await put(random.bytes(5000)), size: 5000 }
    bench.blobs.reads.length = 0
    const read = await collect(readPlaintext(readerParts(bench), source, { start: 7, end: 7 }))
    assert.equal(read.length + bench.blobs.reads.length, 0)
  })

  test('of inline data is answered at once', async () => {
    const bytes = random.bytes(1000)
    const source = { data: await put(bytes), size: 1000 }
    const read = readInline(bench.tenant, source, { start: 10, end: 500 })
    assert.ok(read?.equals(bytes.subarray(10, 500)))
    const stored = { data: await put(random.bytes(5000)), size: 5000 }
    assert.equal(readInline(bench.tenant, stored, { start: 0, end: 5000 }), undefined)
  })

  test('may be ended early, and reads at most one batch ahead', async () => {
    const bytes = random.bytes(9 * MiB)
    const source = { data: await put(bytes), size: bytes.length }
    bench.blobs.reads.length = 0
    const batches = readBatches(readerParts(bench), source, { start: 0, end: bytes.length })
    const first = await batches.next()
    assert.ok(!first.done)
    assert.ok(Buffer.concat([...first.value]).equals(bytes.subarray(0, MiB)))
    await batches.return()
    assert.ok(bench.blobs.reads.length <= 2)
    assert.equal((await batches.next()).done, true)
  })
})

describe('data that are not what they should be', (test) => {
  const size = 2 * MiB + 5

  async function failsWhen(damage: (data: ObjectData) => void, bytes = random.bytes(size)) {
    const data = await put(bytes)
    damage(data)
    const source = { data, size: bytes.length }
    const reading = collect(
      readPlaintext(readerParts(bench), source, { start: 0, end: source.size }),
    )
    await assert.rejects(reading, UnreadableData)
  }

  const blobOf = (data: ObjectData) => {
    assert.ok(data.is === 'chunks')
    const [chunk] = data.chunks
    assert.ok(chunk !== undefined)
    return `${chunk.id.toString('hex')} ${chunk.generation}`
  }

  test('an absent chunk fails the read', () =>
    failsWhen((data) => {
      bench.blobs.blobs.delete(blobOf(data))
      bench.catalog.forgetAll()
    }))

  test('a failure ahead of a slow consumer is met when it reads on, and not before', async () => {
    const data = await put(random.bytes(size))
    const frames = bench.blobs.blobs.get(blobOf(data))
    frames?.writeUInt8(frames.readUInt8(1_500_000) ^ 1, 1_500_000)
    bench.catalog.forgetAll()
    const batches = readBatches(readerParts(bench), { data, size }, { start: 0, end: size })
    await batches.next()
    await new Promise((resolve) => setTimeout(resolve, 20))
    const readOn = async () => {
      for (;;) if ((await batches.next()).done) return
    }
    await assert.rejects(readOn, UnreadableData)
  })

  test('an altered chunk fails the read', () =>
    failsWhen((data) => {
      const frames = bench.blobs.blobs.get(blobOf(data))
      frames?.writeUInt8(frames.readUInt8(1_500_000) ^ 1, 1_500_000)
      bench.catalog.forgetAll()
    }))

  test('a chunk cut short fails the read', () =>
    failsWhen((data) => {
      const name = blobOf(data)
      const frames = bench.blobs.blobs.get(name)
      assert.ok(frames !== undefined)
      bench.blobs.blobs.set(name, frames.subarray(0, frames.length - 1))
      bench.catalog.forgetAll()
    }))

  test('a chunk list that ends too early fails the read', () =>
    failsWhen(
      (data) => {
        assert.ok(data.is === 'chunks')
        Object.assign(data, { chunks: data.chunks.slice(0, -1) })
      },
      random.bytes(5 * MiB),
    ))

  test('inline data that end too early fail the read', async () => {
    const data = await put(random.bytes(100))
    const range = { start: 0, end: 101 }
    assert.throws(() => readInline(bench.tenant, { data, size: 101 }, range), UnreadableData)
    const reading = collect(readPlaintext(readerParts(bench), { data, size: 101 }, range))
    await assert.rejects(reading, UnreadableData)
  })
})
