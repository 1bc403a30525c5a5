import assert from 'node:assert'
import type { ClaimRefused, NewPieceData } from '../../../metadata/metadata-store.ts'
import { chunkBytesMax } from '../../../protocol/chunks/chunk-ref.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { commit, inPieces, openIngestBench, readBack, receive } from './ingest-bench.ts'

const random = seededBytes()
const bench = await openIngestBench(random)
const { catalog, blobs } = bench
type Refused = Promise<ClaimRefused | { readonly is: 'committed' }>

/** Deletes every chunk, rows and blobs, before the next claim, `times` times. */
function deleteBeforeClaims(times: number): void {
  let left = times
  catalog.beforeClaim = () => {
    if (left === 0) return
    left -= 1
    for (const { id, generation } of catalog.live.values()) {
      blobs.blobs.delete(`${id.toString('hex')} ${generation}`)
    }
    catalog.forgetAll()
  }
}

function isSlowDown(cause: unknown): boolean {
  return cause instanceof S3Error && cause.code === 'SlowDown'
}

async function putTwice(bytes: Buffer) {
  await commit(bench, await receive(bench, inPieces(bytes)))
  return receive(bench, inPieces(bytes))
}

describe('chunks that vanish before they are claimed', (test) => {
  test.afterEach(() => {
    catalog.beforeClaim = () => {}
  })
  test.after(() => bench.hashPool.close())

  for (const size of [5000, 100_000, chunkBytesMax]) {
    test(`the only chunk, of ${size} bytes, is stored anew and committed again`, async () => {
      const bytes = random.bytes(size)
      const again = await putTwice(bytes)
      deleteBeforeClaims(2)
      const data = await commit(bench, again)
      assert.ok((await readBack(bench, data, size)).equals(bytes))
      assert.equal(bench.budget.usage().lent, 0)
    })
  }

  test('known chunks among new ones are stored anew while they are still at hand', async () => {
    const known = random.bytes(chunkBytesMax)
    await commit(bench, await receive(bench, inPieces(known)))
    const bytes = Buffer.concat([random.bytes(chunkBytesMax), known, random.bytes(100)])
    deleteBeforeClaims(2)
    const piece = await receive(bench, inPieces(bytes))
    const data = await commit(bench, piece)
    assert.equal(data.is, 'list')
    assert.ok((await readBack(bench, data, bytes.length)).equals(bytes))
  })

  test('a whole body known before is claimed chunk by chunk', async () => {
    const bytes = random.bytes(3 * chunkBytesMax + 9)
    await commit(bench, await receive(bench, inPieces(bytes)))
    deleteBeforeClaims(1)
    const data = await commit(bench, await receive(bench, inPieces(bytes)))
    assert.ok((await readBack(bench, data, bytes.length)).equals(bytes))
  })

  test('one that always vanishes sends the client away and leaves nothing', async () => {
    const before = blobs.blobs.size
    const piece = await receive(bench, inPieces(random.bytes(5000)))
    const refusal: Refused = Promise.resolve({ is: 'gone', positions: [0] })
    await assert.rejects(
      piece.commit(() => refusal),
      isSlowDown,
    )
    assert.equal(blobs.blobs.size, before)
    assert.equal(bench.budget.usage().lent, 0)
  })

  test('written ones that were condemned and are not at hand send the client away', async () => {
    const before = blobs.blobs.size
    const piece = await receive(bench, inPieces(random.bytes(2 * chunkBytesMax)))
    const refusal: Refused = Promise.resolve({ is: 'gone', positions: [1] })
    await assert.rejects(
      piece.commit(() => refusal),
      isSlowDown,
    )
    assert.equal(blobs.blobs.size, before)
  })

  test('a list that is lost sends the client away', async () => {
    const known = random.bytes(chunkBytesMax)
    await commit(bench, await receive(bench, inPieces(known)))
    const piece = await receive(bench, inPieces(Buffer.concat([known, Buffer.of(1)])))
    const answers: Refused = Promise.resolve({ is: 'lost' })
    await assert.rejects(
      piece.commit(() => answers),
      isSlowDown,
    )
  })
})

describe('a claim that fails', (test) => {
  test.after(() => {
    catalog.beforeClaim = () => {}
  })

  test('when the chunks no longer fit into the commit gives all buffers back', async () => {
    catalog.beforeClaim = () => {
      throw new Error('the disk of the metadata is full')
    }
    const piece = random.bytes(2 ** 20)
    async function* body() {
      for (let sent = 0; sent < 66 * chunkBytesMax; sent += piece.length) yield piece
    }
    await assert.rejects(receive(bench, body(), { digests: new Set() }), /is full/)
    assert.equal(bench.budget.usage().lent, 0)
  })
})

describe('a commit', (test) => {
  test('that is refused gives up what was stored, buffers and list too', async () => {
    const known = random.bytes(chunkBytesMax)
    await commit(bench, await receive(bench, inPieces(known)))
    const before = [blobs.blobs.size, catalog.lists.size]
    const bodies = [random.bytes(5000), random.bytes(2 * chunkBytesMax)]
    for (const bytes of bodies) {
      const piece = await receive(bench, inPieces(bytes))
      const answer = await piece.commit(async () => ({ is: 'preconditionFailed' as const }))
      assert.equal(answer.is, 'preconditionFailed')
      await piece.discard()
    }
    const listed = await receive(bench, inPieces(Buffer.concat([known, known])))
    await listed.commit(async () => ({ is: 'noSuchBucket' as const }))
    assert.deepEqual([blobs.blobs.size, catalog.lists.size], before)
    assert.equal(bench.budget.usage().lent, 0)
  })

  test('of which the outcome is not known deletes nothing', async () => {
    const bytes = random.bytes(2 * chunkBytesMax)
    const piece = await receive(bench, inPieces(bytes))
    let committed: NewPieceData | undefined
    const committing = piece.commit(async (data) => {
      committed = data
      await catalog.commit(bench.tenant.tenantId, data)
      throw new Error('the connection broke')
    })
    await assert.rejects(committing, /connection broke/)
    assert.ok(committed?.is === 'chunks')
    const read = await readBack(bench, { is: 'chunks', chunks: committed.chunks }, bytes.length)
    assert.ok(read.equals(bytes))
    assert.equal(bench.budget.usage().lent, 0)
  })

  test('keeps what it took when the piece is discarded after it', async () => {
    const bytes = random.bytes(100_000)
    const piece = await receive(bench, inPieces(bytes))
    const data = await commit(bench, piece)
    await piece.discard()
    assert.ok((await readBack(bench, data, bytes.length)).equals(bytes))
  })

  test('is run once', async () => {
    const piece = await receive(bench, inPieces(random.bytes(5000)))
    await commit(bench, piece)
    await assert.rejects(commit(bench, piece), /committed once/)
  })
})

describe('a slow upload', (test) => {
  test('claims its chunks before they could be taken for orphans', async () => {
    const slow = await openIngestBench(random)
    const bytes = random.bytes(2 * chunkBytesMax + 10)
    async function* body(): AsyncGenerator<Buffer, void, void> {
      yield* inPieces(bytes.subarray(0, chunkBytesMax + 1))
      await new Promise((resolve) => setTimeout(resolve, 50))
      slow.clock.skewMs = 120_000
      yield* inPieces(bytes.subarray(chunkBytesMax + 1))
    }
    const data = await commit(slow, await receive(slow, body()))
    assert.equal(data.is, 'list')
    assert.ok((await readBack(slow, data, bytes.length)).equals(bytes))
    await slow.hashPool.close()
  })
})
