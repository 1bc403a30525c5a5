// What every engine of the `BlobNode` port must do besides being a `BlobStore` (`blob-store.ts`). An engine
// joins with one short file that calls `blobNodeContract`. Crashes and damage are each engine's own matter.
import { strict as assert } from 'node:assert'
import type { BlobNode } from '../../datanode/blob-node.ts'
import { refsAtOnceMax } from '../../datanode/blob-store.ts'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import { testChunk, testRef, wholeOf } from '../datanode/sealed-chunk-fixture.ts'
import { SeededRandom } from '../simulation/datanode-random.ts'
import { describe } from '../support/describe.ts'

export type OpenedNodes = {
  readonly node: BlobNode
  /** Closes the node and opens the same data again. */
  reopen(): Promise<BlobNode>
  /** Closes the node, if open, and removes its data. */
  discard(): Promise<void>
}

export function blobNodeContract(engine: string, open: () => Promise<OpenedNodes>): void {
  const seed = Date.now() % 2 ** 31
  console.log(`blob node contract of ${engine}: seed ${seed}`)
  describe(`a blob node: ${engine}`, (test) => {
    const random = new SeededRandom(seed)
    let opened: OpenedNodes
    let node: BlobNode
    test.before(async () => {
      opened = await open()
      node = opened.node
      const chunks = Array.from({ length: 60 }, () => testChunk(random, 1 + random.below(90_000)))
      await Promise.all(chunks.map((chunk) => node.write(chunk)))
    })
    test.after(() => opened.discard())

    test('what is written again is one chunk, also at the same time', async () => {
      const chunk = testChunk(random, 10_000)
      const before = (await node.usage()).chunks
      await Promise.all([node.write(chunk), node.write(chunk), node.write(chunk)])
      await node.write(chunk)
      assert.equal((await node.usage()).chunks, before + 1)
    })

    test('there is room as long as writes are not refused', async () => {
      const { roomBytes } = await node.usage()
      assert(roomBytes > 0)
      assert.deepEqual(await node.write(testChunk(random, 100)), { is: 'stored' })
    })

    test('usage counts live chunks and falls with deletes', async () => {
      const before = await node.usage()
      const chunk = testChunk(random, 70_000)
      await node.write(chunk)
      const with1 = await node.usage()
      assert.equal(with1.chunks, before.chunks + 1)
      assert(with1.liveBytes >= before.liveBytes + chunk.frames.length)
      assert(with1.diskBytes > 0)
      await node.delete([chunk.ref])
      const after = await node.usage()
      assert.equal(after.chunks, before.chunks)
      assert.equal(after.liveBytes, before.liveBytes)
    })

    test('a list pages through every chunk once', async () => {
      const chunk = testChunk(random, 10)
      await node.write(chunk)
      const { chunks } = await node.usage()
      const seen = await listAll(node, { limit: 7, minAgeMs: -5000 })
      assert.equal(seen.length, chunks)
      assert.equal(new Set(seen).size, chunks)
      assert(seen.includes(nameOf(chunk.ref)))
    })

    test('a list is in the order of ids', async () => {
      const first = testChunk(random, 10)
      const second = { ...first, ref: { ...first.ref, generation: testRef(random).generation } }
      for (const chunk of [first, second]) await node.write(chunk)
      const ids = (await listAll(node, { limit: 5, minAgeMs: -5000 })).map((name) =>
        name.slice(0, 64),
      )
      assert.deepEqual(ids, ids.toSorted())
    })

    test('a list leaves out what is younger than asked, until the node is opened anew', async () => {
      const chunk = testChunk(random, 10)
      await node.write(chunk)
      const hour = { limit: refsAtOnceMax, minAgeMs: 3_600_000 }
      assert(!(await listAll(node, hour)).includes(nameOf(chunk.ref)))
      node = await opened.reopen()
      assert((await listAll(node, hour)).includes(nameOf(chunk.ref)))
    })

    test('a scrub of sound chunks finds nothing and comes round', async () => {
      let rounds = 0
      for (let wrapped = false; !wrapped && rounds < 10_000; rounds += 1) {
        const scrubbed = await node.scrub(1_000_000)
        assert.deepEqual(scrubbed.corrupt, [])
        wrapped = scrubbed.wrapped
      }
      assert(rounds > 1 && rounds < 10_000)
    })

    test('reclaim gives space of deleted chunks back and keeps the others', async () => {
      const chunks = Array.from({ length: 40 }, () => testChunk(random, 100_000))
      await Promise.all(chunks.map((chunk) => node.write(chunk)))
      const doomed = chunks.filter((_, i) => i % 4 !== 0)
      await node.delete(doomed.map(({ ref }) => ref))
      node = await opened.reopen()
      const before = await node.usage()
      for (let i = 0; i < 1000 && (await node.reclaim(1_000_000)).is === 'worked'; i += 1);
      const after = await node.usage()
      assert(before.diskBytes - after.diskBytes > 20 * 100_000, 'little came back')
      assert.equal(after.chunks, before.chunks)
      for (const chunk of chunks) {
        const read = await node.read(chunk.ref, wholeOf(chunk))
        if (doomed.includes(chunk)) assert.equal(read.is, 'absent')
        else assert(read.is === 'found' && read.frames.equals(chunk.frames))
      }
    })

    test('nothing is done for a keeper that has given up before', async () => {
      const reason = new Error('nobody waits')
      const call = { signal: AbortSignal.abort(reason) }
      const isReason = (cause: unknown) => cause === reason
      await assert.rejects(node.list({ limit: 10, minAgeMs: 0 }, call), isReason)
      await assert.rejects(node.reclaim(1_000_000, call), isReason)
      await assert.rejects(node.scrub(1_000_000, call), isReason)
      await assert.rejects(node.usage(call), isReason)
    })
  })
}

async function listAll(
  node: BlobNode,
  page: { limit: number; minAgeMs: number },
): Promise<string[]> {
  const names: string[] = []
  let after: string | undefined
  do {
    const found = await node.list({ ...page, after })
    names.push(...found.blobs.map(nameOf))
    after = found.next
  } while (after !== undefined)
  return names
}

function nameOf(ref: BlobRef): string {
  return `${ref.id.toString('hex')}.${ref.generation}`
}
