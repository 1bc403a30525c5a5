// The contracts of the ports, while calls of every verb are lost: the connection is cut before the call has come to the
// node, when the node has acted, or with half of its answer there. And what a lost answer has left behind.
import { strict as assert } from 'node:assert'
import { blobPath, blobVerbs } from '../../../protocol/blob-http/blob-verbs.ts'
import { blobNodeContract } from '../../contracts/blob-node.ts'
import { blobReadManyContract } from '../../contracts/blob-read-many.ts'
import { blobStoreContract } from '../../contracts/blob-store.ts'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { describe } from '../../support/describe.ts'
import { type Fate, TamperingProxy } from '../../support/tampering-proxy.ts'
import { testChunk, wholeOf } from '../sealed-chunk-fixture.ts'
import { ServedNode } from '../served-node.ts'

/** Of the calls of one verb, from the first on. */
const lostOneOf = 5

async function behindProxy(decide: (path: string) => Fate) {
  const served = await ServedNode.start()
  const proxy = await TamperingProxy.before(served.url)
  proxy.decide = decide
  const client = await served.client({ endpoint: proxy.url, deadlineMs: 60_000 })
  const discard = async () => {
    await client.close()
    await proxy.close()
    await served.stop()
  }
  return { served, proxy, client, discard }
}

for (const fate of ['loseCall', 'loseAnswer', 'halveAnswer'] as const) {
  const open = async () => {
    const turns = new Map<string, number>()
    const { served, client, discard } = await behindProxy((path) => {
      const turn = turns.get(path) ?? 0
      turns.set(path, turn + 1)
      return turn % lostOneOf === 0 ? fate : 'pass'
    })
    const reopen = async () => {
      await served.down()
      await served.up()
      return client
    }
    return { store: client, node: client, reopen, discard }
  }
  blobStoreContract(`remote, ${fate} at every verb`, open)
  blobReadManyContract(`remote, ${fate} at every verb`, open)
  blobNodeContract(`remote, ${fate} at every verb`, open)
}

describe('a lost answer of a data node', (test) => {
  const random = new SeededRandom(Date.now() % 2 ** 31)

  test('leaves done what the node has done, and the repeat says so', async () => {
    const { served, proxy, client, discard } = await behindProxy(() => 'pass')
    try {
      const chunk = testChunk(random, 300_000)
      const loseOne = () => {
        let isLost = false
        proxy.decide = () => {
          const fate = isLost ? 'pass' : 'loseAnswer'
          isLost = true
          return fate
        }
      }
      loseOne()
      assert.deepEqual(await client.write(chunk), { is: 'stored' })
      assert.equal((await served.store.usage()).chunks, 1)
      loseOne()
      const read = await client.read(chunk.ref, wholeOf(chunk))
      assert(read.is === 'found' && read.frames.equals(chunk.frames))
      loseOne()
      assert.deepEqual(await client.delete([chunk.ref]), { is: 'deleted' })
      assert.equal((await served.store.usage()).chunks, 0)
      const twice = ['write', 'read', 'delete'] as const
      assert.deepEqual(
        proxy.seen,
        twice.flatMap((verb) => [blobPath(verb), blobPath(verb)]),
      )
    } finally {
      await discard()
    }
  })

  test('that never comes is unavailable of every verb, and throws of those of keepers', async () => {
    const { served, proxy, discard } = await behindProxy(() => 'hold')
    const limits = { deadlineMs: 200, keeperDeadlineMs: 200 }
    const client = await served.client({ endpoint: proxy.url, ...limits })
    try {
      const chunk = testChunk(random, 100_000)
      await served.store.write(chunk)
      const { ref } = chunk
      const unavailable = { is: 'unavailable' }
      assert.deepEqual(await client.write(testChunk(random, 100_000)), unavailable)
      assert.deepEqual(await client.hasMany([ref]), ['unavailable'])
      assert.deepEqual(await client.read(ref, wholeOf(chunk)), unavailable)
      const wanted = { ref, range: wholeOf(chunk) }
      assert.deepEqual(await client.readMany([wanted, wanted]), [unavailable, unavailable])
      assert.deepEqual(await client.delete([ref]), { is: 'unavailable', left: [ref] })
      const isUnavailable = { name: 'DataNodeUnavailable' }
      await assert.rejects(client.list({ limit: 1, minAgeMs: 0 }), isUnavailable)
      await assert.rejects(client.usage(), isUnavailable)
      await assert.rejects(client.reclaim(1000), isUnavailable)
      await assert.rejects(client.scrub(1000), isUnavailable)
      assert.deepEqual([...new Set(proxy.seen)].sort(), blobVerbs.map(blobPath).sort())
      assert.deepEqual(await served.store.hasMany([ref]), ['good'])
    } finally {
      await discard()
    }
  })
})
