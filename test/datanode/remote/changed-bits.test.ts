// Bits that fall over between a client and a data node, where no TLS would notice: no wrong byte is found, nothing that is
// stored is absent, nothing is stored or deleted that nobody has asked for.
import { strict as assert } from 'node:assert'
import type { BlobStore } from '../../../datanode/blob-store.ts'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { describe } from '../../support/describe.ts'
import { TamperingProxy } from '../../support/tampering-proxy.ts'
import { type TestChunk, testChunk, wholeOf } from '../sealed-chunk-fixture.ts'
import { ServedNode } from '../served-node.ts'

const seed = Date.now() % 2 ** 31
console.log(`changed bits: seed ${seed}`)
const steps = 400

async function step(store: BlobStore, chunks: Map<TestChunk, boolean>, random: SeededRandom) {
  const known = [...chunks.keys()]
  const chunk =
    known.length > 30 || (known.length > 0 && !random.oneIn(3))
      ? random.pick(known)
      : testChunk(random, 1 + random.below(random.oneIn(4) ? 300_000 : 2_000))
  const isStored = chunks.get(chunk) ?? false
  switch (random.below(5)) {
    case 0:
    case 1: {
      const { is } = await store.write(chunk)
      assert(is === 'stored' || is === 'unavailable')
      if (is === 'stored') chunks.set(chunk, true)
      // It may be there all the same, and is deleted to be known again.
      else if (!isStored) await deleteSurely(store, chunk)
      return
    }
    case 2:
      await deleteSurely(store, chunk)
      if (chunks.has(chunk)) chunks.set(chunk, false)
      return
    case 3: {
      const asked = known.slice(0, 20)
      const states = await store.hasMany(asked.map(({ ref }) => ref))
      for (const [index, each] of asked.entries()) {
        const state = states[index]
        if (state !== 'unavailable') assert.equal(state, chunks.get(each) ? 'good' : 'absent')
      }
      return
    }
    default: {
      const asked = random.oneIn(2) ? [chunk] : known.slice(0, 10)
      const reads = await store.readMany(
        asked.map((each) => ({ ref: each.ref, range: wholeOf(each) })),
      )
      for (const [index, each] of asked.entries()) {
        const read = reads[index]
        if (read?.is === 'unavailable') continue
        if (chunks.get(each)) assert(read?.is === 'found' && read.frames.equals(each.frames))
        else assert.equal(read?.is, 'absent')
      }
    }
  }
}

async function deleteSurely(store: BlobStore, { ref }: TestChunk): Promise<void> {
  while ((await store.delete([ref])).is !== 'deleted');
}

describe('bits changed on the way to a data node and back', (test) => {
  for (const fate of ['flipCall', 'flipAnswer'] as const) {
    test(`${fate}: never change what is stored, found or absent`, async () => {
      const random = new SeededRandom(seed)
      const served = await ServedNode.start()
      const proxy = await TamperingProxy.before(served.url, (limit) => random.below(limit))
      try {
        const client = await served.client({ endpoint: proxy.url, deadlineMs: 60_000 })
        const chunks = new Map<TestChunk, boolean>()
        let flipped = 0
        proxy.decide = () => {
          if (!random.oneIn(3)) return 'pass'
          flipped += 1
          return fate
        }
        for (let i = 0; i < steps; i += 1) await step(client, chunks, random)
        assert(flipped > steps / 10, 'few were changed')
        const stored = [...chunks].filter(([, isStored]) => isStored)
        assert(stored.length > 0)
        for (const [chunk] of stored) {
          const read = await served.store.read(chunk.ref, wholeOf(chunk))
          assert(read.is === 'found' && read.frames.equals(chunk.frames))
        }
        assert.equal((await served.store.usage()).chunks, stored.length)
      } finally {
        await proxy.close()
        await served.stop()
      }
    })
  }
})
