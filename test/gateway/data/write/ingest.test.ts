import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { crc32 } from '@node-rs/crc32'
import { blockBytes, chunkBytesMax } from '../../../../protocol/chunks/chunk-ref.ts'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import { describe } from '../../../support/describe.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'
import {
  commit,
  type IngestBench,
  inPieces,
  openIngestBench,
  readBack,
  receive,
  stalledAfter,
} from '../ingest-bench.ts'

const random = seededBytes()
const bench = await openIngestBench(random)
const boundary = chunkBytesMax

describe('a body taken in', (test) => {
  const around = (size: number) => [size - 1, size, size + 1]
  const sizes = [0, 1, ...around(4096), ...around(blockBytes), ...around(boundary), 9 * 2 ** 20]
  for (const size of sizes) {
    for (const step of [65_536, 10_007]) {
      test(`of ${size} bytes in pieces of ${step} reads back equal`, async () => {
        const bytes = random.bytes(size)
        const piece = await receive(bench, inPieces(bytes, step), { sizeHint: size })
        assert.equal(piece.size, size)
        const data = await commit(bench, piece)
        assert.ok((await readBack(bench, data, size)).equals(bytes))
        assert.equal(bench.budget.usage().lent, 0)
      })
    }
  }

  test('is kept inline up to 4 KiB, as chunks of 4 MiB above', async () => {
    const inline = await commit(bench, await receive(bench, inPieces(random.bytes(4096))))
    assert.equal(inline.is, 'inline')
    const bytes = random.bytes(2 * boundary + 5)
    const chunks = await commit(bench, await receive(bench, inPieces(bytes)))
    assert.ok(chunks.is === 'chunks')
    assert.deepEqual(
      chunks.chunks.map(({ length }) => length),
      [boundary, boundary, 5],
    )
  })

  for (const size of [0, 700, 5000, 300_000, 600_000, 9_000_001]) {
    test(`of ${size} bytes has every digest asked for`, async () => {
      const bytes = random.bytes(size)
      const piece = await receive(bench, inPieces(bytes))
      const of = (name: string) => createHash(name).update(bytes).digest()
      assert.ok(piece.md5.equals(of('md5')))
      assert.ok(piece.digest('SHA256').equals(of('sha256')))
      assert.ok(piece.digest('SHA1').equals(of('sha1')))
      assert.equal(piece.crc32, crc32(bytes))
      assert.equal(piece.digest('CRC32').readUInt32BE(), crc32(bytes))
      assert.equal(piece.digest('CRC64NVME').length, 8)
      assert.equal(piece.digest('CRC32C').length, 4)
      await piece.discard()
    })
  }

  test('that trickles in byte by byte is taken as any other', async () => {
    const bytes = random.bytes(70_000)
    const data = await commit(bench, await receive(bench, inPieces(bytes, 1)))
    assert.ok((await readBack(bench, data, bytes.length)).equals(bytes))
  })

  test('that was announced shorter than it is, is taken whole', async () => {
    const bytes = random.bytes(100_000)
    const data = await commit(bench, await receive(bench, inPieces(bytes, 999), { sizeHint: 10 }))
    assert.ok((await readBack(bench, data, bytes.length)).equals(bytes))
  })

  test('of the same bytes again writes nothing new', async () => {
    const bytes = random.bytes(3 * boundary + 1)
    await commit(bench, await receive(bench, inPieces(bytes)))
    const { writes } = bench.blobs
    const data = await commit(bench, await receive(bench, inPieces(bytes)))
    assert.equal(bench.blobs.writes, writes)
    assert.ok((await readBack(bench, data, bytes.length)).equals(bytes))
  })

  test('that repeats itself writes what repeats once', async () => {
    const { writes } = bench.blobs
    const bytes = Buffer.alloc(10 * boundary, 7)
    const data = await commit(
      bench,
      await receive(bench, inPieces(bytes, 2 ** 20), { digests: new Set() }),
    )
    assert.equal(bench.blobs.writes, writes + 1)
    assert.ok((await readBack(bench, data, bytes.length)).equals(bytes))
  })

  test('of more than 64 chunks goes to a list, of 64 does not', async () => {
    const bytes = Buffer.alloc(65 * boundary)
    for (let chunk = 0; chunk < 65; chunk += 1)
      bytes.writeUInt32LE(random.integer(2 ** 32), chunk * boundary)
    const most = bytes.subarray(0, 64 * boundary)
    const embedded = await commit(
      bench,
      await receive(bench, inPieces(most, 2 ** 20), { digests: new Set() }),
    )
    assert.ok(embedded.is === 'chunks' && embedded.chunks.length === 64)
    bench.catalog.forgetAll()
    const data = await commit(
      bench,
      await receive(bench, inPieces(bytes, 2 ** 20), { digests: new Set() }),
    )
    assert.equal(data.is, 'list')
    assert.ok((await readBack(bench, data, bytes.length)).equals(bytes))
  })

  test('and discarded leaves nothing, and may be discarded again', async () => {
    const before = stateOf(bench)
    for (const size of [10, 100_000, 2 * boundary]) {
      const piece = await receive(bench, inPieces(random.bytes(size)))
      await piece.discard()
      await piece.discard()
    }
    assert.deepEqual(stateOf(bench), before)
  })
})

describe('a body that fails', (test) => {
  for (const sent of [10, 5000, 100_000, boundary, boundary + 1, 3 * boundary + 77]) {
    test(`after ${sent} bytes leaves nothing and returns its buffers`, async () => {
      const before = stateOf(bench)
      const broken = new S3Error('IncompleteBody')
      async function* body(): AsyncGenerator<Buffer, void, void> {
        yield* inPieces(random.bytes(sent))
        throw broken
      }
      await assert.rejects(receive(bench, body()), (cause) => cause === broken)
      assert.deepEqual(stateOf(bench), before)
    })
  }

  test('after part of it was staged on a list leaves no list', async () => {
    const known = random.bytes(boundary)
    await commit(bench, await receive(bench, inPieces(known)))
    const before = stateOf(bench)
    async function* body(): AsyncGenerator<Buffer, void, void> {
      yield* inPieces(random.bytes(boundary))
      yield* inPieces(known)
      yield* inPieces(random.bytes(boundary + 5))
      throw new S3Error('IncompleteBody')
    }
    const { extensions } = bench.catalog
    await assert.rejects(receive(bench, body()), S3Error)
    assert.equal(bench.catalog.extensions, extensions + 1)
    assert.deepEqual(stateOf(bench).lists, before.lists)
    assert.equal(stateOf(bench).lent, 0)
  })

  test('because it is longer than allowed answers EntityTooLarge', async () => {
    const before = stateOf(bench)
    for (const sizeMax of [10, 4096, 5_000_000]) {
      const receiving = receive(bench, inPieces(random.bytes(sizeMax + 1)), { sizeMax })
      await assert.rejects(receiving, isS3Error('EntityTooLarge'))
    }
    assert.deepEqual(stateOf(bench), before)
  })

  test('because the disk is full answers InsufficientStorage and leaves nothing', async () => {
    const before = stateOf(bench)
    for (const size of [5000, 100_000, 6 * boundary]) {
      bench.blobs.takesNothing = true
      const receiving = receive(bench, inPieces(random.bytes(size)))
      await assert.rejects(receiving, isS3Error('InsufficientStorage'))
      bench.blobs.takesNothing = false
    }
    assert.deepEqual(stateOf(bench), before)
  })

  test('because the disk fails tells the failure', async () => {
    const before = stateOf(bench)
    bench.blobs.failure = new Error('EIO')
    await assert.rejects(receive(bench, inPieces(random.bytes(6 * boundary))), /EIO/)
    bench.blobs.failure = undefined
    assert.deepEqual(stateOf(bench), before)
  })

  test('ends the body it reads from', async () => {
    let ended = false
    async function* body(): AsyncGenerator<Buffer, void, void> {
      try {
        for (;;) yield Buffer.alloc(1000)
      } finally {
        ended = true
      }
    }
    await assert.rejects(receive(bench, body(), { sizeMax: 5000 }), S3Error)
    assert.ok(ended)
  })
})

describe('uploads under pressure', (test) => {
  test('a thousand stalled ones do not stop a fast one, and none loses a byte', async () => {
    const tight = await openIngestBench(random, { buffersMax: 4 })
    const stalled = Array.from({ length: 1000 }, (_, index) => {
      const bytes = random.bytes(index % 2 === 0 ? 1000 : blockBytes + 1000)
      const sender = stalledAfter(bytes)
      return { ...sender, bytes, piece: receive(tight, sender.body) }
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    const bytes = random.bytes(5 * boundary)
    const fast = await commit(tight, await receive(tight, inPieces(bytes)))
    assert.ok((await readBack(tight, fast, bytes.length)).equals(bytes))
    const { lent, waiting } = tight.budget.usage()
    assert.ok(lent <= 4 && waiting === 0)
    for (const sender of stalled) sender.end()
    for (const sender of stalled) {
      const data = await commit(tight, await sender.piece)
      assert.ok((await readBack(tight, data, sender.bytes.length)).equals(sender.bytes))
    }
    assert.equal(tight.budget.usage().lent, 0)
    await tight.hashPool.close()
  })

  test('many at once through one buffer all come through', async () => {
    const tight = await openIngestBench(random, { buffersMax: 1 })
    const bodies = Array.from({ length: 12 }, () => random.bytes(random.integer(3 * boundary)))
    const uploads = bodies.map(async (bytes) => {
      const data = await commit(tight, await receive(tight, inPieces(bytes, 30_000)))
      return { bytes, read: await readBack(tight, data, bytes.length) }
    })
    for (const { bytes, read } of await Promise.all(uploads)) assert.ok(read.equals(bytes))
    assert.deepEqual(tight.budget.usage().lent, 0)
    await tight.hashPool.close()
  })

  test('stalls, failures and equal content in any order lose nothing and leak nothing', async () => {
    const tight = await openIngestBench(random, { buffersMax: 2 })
    const shared = random.bytes(boundary)
    const upload = async () => {
      const own = random.bytes(random.integer(boundary))
      const bytes = Buffer.concat(random.integer(2) === 0 ? [own, shared] : [shared, own])
      const sent = random.integer(4) === 0 ? random.integer(bytes.length) : bytes.length
      const receiving = receive(
        tight,
        stumbling(bytes.subarray(0, sent), { fails: sent < bytes.length }),
      )
      if (sent < bytes.length) return assert.rejects(receiving, isS3Error('IncompleteBody'))
      const data = await commit(tight, await receiving)
      assert.ok((await readBack(tight, data, bytes.length)).equals(bytes))
    }
    await Promise.all(Array.from({ length: 30 }, upload))
    assert.deepEqual(tight.budget.usage().lent, 0)
    assert.deepEqual(tight.leftovers, [])
    for (const list of tight.catalog.lists.values()) assert.ok(list.committed)
    await tight.hashPool.close()
  })

  test('a short announced body takes nothing of the budget', async () => {
    const tight = await openIngestBench(random, { buffersMax: 1 })
    const holder = stalledAfter(random.bytes(2 * blockBytes))
    const held = receive(tight, holder.body)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(tight.budget.usage().lent, 1)
    const bytes = random.bytes(blockBytes)
    await commit(tight, await receive(tight, inPieces(bytes, 5000), { sizeHint: bytes.length }))
    assert.equal(tight.budget.usage().lent, 1)
    holder.end()
    await (await held).discard()
    await tight.hashPool.close()
  })

  test('one that stalls holds no more than 6 chunks and one filling', async () => {
    const slow = await openIngestBench(random, { buffersMax: 12 })
    let finishWrites: () => void = () => {}
    const writesMayEnd = new Promise<void>((resolve) => {
      finishWrites = resolve
    })
    slow.blobs.beforeWrite = () => writesMayEnd
    const upload = receive(slow, inPieces(random.bytes(10 * boundary)))
    while (slow.budget.usage().lent < 7) await new Promise((resolve) => setTimeout(resolve, 5))
    // More of them would be lent by now.
    await new Promise((resolve) => setTimeout(resolve, 400))
    const { lent } = slow.budget.usage()
    finishWrites()
    await (await upload).discard()
    assert.equal(lent, 7)
    assert.equal(slow.budget.usage().lent, 0)
    await slow.hashPool.close()
  })

  test.after(() => bench.hashPool.close())
})

/** Stops now and then for some milliseconds, and perhaps fails at its end. */
async function* stumbling(
  bytes: Buffer,
  { fails }: { readonly fails: boolean },
): AsyncGenerator<Buffer, void, void> {
  for (let at = 0; at < bytes.length; ) {
    const step = 1 + random.integer(300_000)
    yield bytes.subarray(at, at + step)
    at += step
    const pauseMs = random.integer(5) === 0 ? random.integer(25) : 0
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  if (fails) throw new S3Error('IncompleteBody')
}

function isS3Error(code: string): (cause: unknown) => boolean {
  return (cause) => cause instanceof S3Error && cause.code === code
}

/** All that a failed upload must leave as it was. */
function stateOf({ blobs, catalog, budget, leftovers }: IngestBench) {
  return {
    blobs: blobs.blobs.size,
    live: catalog.live.size,
    lists: catalog.lists.size,
    lent: budget.usage().lent,
    leftovers: leftovers.length,
  }
}
