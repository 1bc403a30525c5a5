// Who calls a data node, and how: strangers, nonsense, calls that are too large, too many or too slow, callers that hang
// up, and what happens to all of them when the node stops.
import { strict as assert } from 'node:assert'
import type { BlobNode } from '../../../datanode/blob-node.ts'
import { blobPath, blobVerbs } from '../../../protocol/blob-http/blob-verbs.ts'
import { checkedCall } from '../../../protocol/blob-http/checked-head.ts'
import { encodeRefs } from '../../../protocol/blob-http/wire-refs.ts'
import { encodeWriteHead, writeCallBytesMax } from '../../../protocol/blob-http/write-call.ts'
import { callToken } from '../../../protocol/cluster/cluster-secret.ts'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { describe } from '../../support/describe.ts'
import { RawConnection, type RawResponse } from '../../support/raw-connection.ts'
import { testChunk, testRef, wholeOf } from '../sealed-chunk-fixture.ts'
import { ServedNode, secret, secretOf } from '../served-node.ts'

const seed = Date.now() % 2 ** 31
console.log(`callers of a data node: seed ${seed}`)
const bearer = `authorization: Bearer ${callToken(secret, 'data node')}`

function headOf(path: string, lines: readonly string[]): string {
  return `${[`POST ${path} HTTP/1.1`, 'host: node', ...lines].join('\r\n')}\r\n\r\n`
}

async function asked(url: URL, head: string, body: Buffer | string = ''): Promise<RawResponse> {
  const connection = await RawConnection.open(Number(url.port))
  try {
    await connection.send(head)
    await connection.send(body)
    return await connection.response()
  } finally {
    connection.socket.destroy()
  }
}

function called(url: URL, path: string, body: Buffer): Promise<RawResponse> {
  const lines = [bearer, `content-length: ${body.length}`, 'holdfast-deadline: 10000']
  return asked(url, headOf(path, lines), body)
}

/** Holds every `usage` until it is let go. */
class Holding {
  readonly signals: AbortSignal[] = []
  readonly #held: (() => void)[] = []
  #onHeld: () => void = () => {}

  between(node: BlobNode): BlobNode {
    return new Proxy(node, {
      get: (target, verb) => {
        const member: unknown = Reflect.get(target, verb)
        if (typeof member !== 'function') return member
        if (verb !== 'usage') return member.bind(target)
        return async (call: { readonly signal: AbortSignal }) => {
          this.signals.push(call.signal)
          await new Promise<void>((resolve) => {
            this.#held.push(resolve)
            this.#onHeld()
          })
          return target.usage()
        }
      },
    })
  }

  async holds(count: number): Promise<void> {
    while (this.#held.length < count) {
      await new Promise<void>((resolve) => {
        this.#onHeld = resolve
      })
    }
  }

  letGo(): void {
    for (const resolve of this.#held.splice(0)) resolve()
  }
}

async function aborted(signal: AbortSignal | undefined): Promise<void> {
  assert(signal !== undefined)
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  }
}

const usageCall = checkedCall('usage', Buffer.from('{}')).bytes

describe('strangers at a data node', (test) => {
  let served: ServedNode
  test.before(async () => {
    served = await ServedNode.start()
  })
  test.after(() => served.stop())

  test('get 401 whatever they ask, and so does who has another token', async () => {
    const wrong = secretOf('another secret of the cluster, as long')
    const tokens = [
      [],
      ['authorization: Bearer '],
      [`authorization: Bearer ${secret}`],
      [`authorization: Bearer ${callToken(wrong, 'data node')}`],
      [`authorization: Bearer ${callToken(secret, 'metadata service')}`],
    ]
    const paths = [...blobVerbs.map(blobPath), '/v1/blobs/nothing', '/v9/blobs/read']
    for (const path of paths) {
      for (const lines of tokens) {
        const { status } = await asked(served.url, headOf(path, [...lines, 'content-length: 0']))
        assert.equal(status, 401, path)
      }
    }
  })

  test('are unavailable to themselves, told why once, and are served when they know the secret', async () => {
    const told: unknown[] = []
    const stranger = await served.client({
      secret: secretOf('another secret of the cluster, as long'),
      onUnavailable: (cause) => told.push(cause),
    })
    const ref = testRef(new SeededRandom(seed))
    assert.deepEqual(await stranger.hasMany([ref]), ['unavailable'])
    assert.deepEqual(await stranger.hasMany([ref]), ['unavailable'])
    assert.match(String(told), /^DataNodeRefused: the data node .* does not take the secret/)
    assert.equal(told.length, 1)
    assert.deepEqual(await (await served.client()).hasMany([ref]), ['absent'])
  })

  test('may ask how it is', async () => {
    const get = (path: string) => asked(served.url, `GET ${path} HTTP/1.1\r\nhost: node\r\n\r\n`)
    assert.equal((await get('/health/live')).status, 200)
    assert.equal((await get('/health/ready')).status, 200)
    assert.equal((await get('/')).status, 404)
    assert.equal((await get('/health/ready/')).status, 404)
  })
})

describe('nonsense sent to a data node', (test) => {
  const random = new SeededRandom(seed)
  let served: ServedNode
  test.before(async () => {
    served = await ServedNode.start()
  })
  test.after(() => served.stop())

  test('is refused by its head', async () => {
    const { url } = served
    const path = blobPath('hasMany')
    const deadline = 'holdfast-deadline: 1000'
    const answer = async (head: string) => (await asked(url, head)).status
    assert.equal(await answer(headOf('/v1/blobs/nothing', [bearer, 'content-length: 0'])), 501)
    assert.equal(await answer(headOf('/v2/blobs/read', [bearer, 'content-length: 0'])), 404)
    assert.equal(await answer(`GET ${path} HTTP/1.1\r\nhost: node\r\n${bearer}\r\n\r\n`), 405)
    const chunked = [bearer, deadline, 'transfer-encoding: chunked']
    assert.equal(await answer(headOf(path, chunked)), 411)
    assert.equal(await answer(headOf(path, [bearer, 'content-length: 0'])), 400)
    const tooLarge = [bearer, deadline, `content-length: ${writeCallBytesMax + 1}`]
    for (const verb of blobVerbs) assert.equal(await answer(headOf(blobPath(verb), tooLarge)), 413)
  })

  test('is 400 of every verb, and harms nothing', async () => {
    const chunk = testChunk(random, 100_000)
    await served.store.write(chunk)
    for (const verb of blobVerbs) {
      const path = blobPath(verb)
      for (let round = 0; round < 20; round += 1) {
        const made = random.bytes(random.below(3000))
        const bodies = [made, checkedCall(verb, made).bytes]
        for (const body of bodies) {
          const { status } = await called(served.url, path, body)
          // Names of chunks may be any bytes that are as long, and nothing at all is a list of none.
          const isList = verb === 'hasMany' || verb === 'delete'
          const isOne = isList && body !== made && made.length % 38 === 0
          assert.equal(status, isOne ? 200 : 400, `${verb}, ${body.toString('hex')}`)
        }
      }
    }
    const wrongFrames = Buffer.from(chunk.frames)
    wrongFrames[5] = (wrongFrames[5] ?? 0) ^ 1
    const head = checkedCall('write', encodeWriteHead(testRef(random), chunk.length)).bytes
    const body = Buffer.concat([head, wrongFrames])
    assert.equal((await called(served.url, blobPath('write'), body)).status, 400)
    const tooMany = encodeRefs(Array.from({ length: 1001 }, () => testRef(random)))
    const many = checkedCall('delete', tooMany).bytes
    assert.equal((await called(served.url, blobPath('delete'), many)).status, 413)
    assert.equal((await served.store.usage()).chunks, 1)
    const client = await served.client()
    const read = await client.read(chunk.ref, wholeOf(chunk))
    assert(read.is === 'found' && read.frames.equals(chunk.frames))
    assert.deepEqual(served.failures, [])
  })
})

describe('calls under way at a data node', (test) => {
  const random = new SeededRandom(seed)

  test('beyond the bounds are refused for now, and are answered when there is room', async () => {
    const holding = new Holding()
    const served = await ServedNode.start({
      between: (node) => holding.between(node),
      bounds: { callsMax: 2, bytesMax: 300_000 },
    })
    try {
      const client = await served.client({ deadlineMs: 60_000 })
      const chunk = testChunk(random, 200_000)
      await client.write(chunk)
      const usages = [client.usage(), client.usage()]
      await holding.holds(2)
      const refused = await called(served.url, blobPath('usage'), usageCall)
      assert.equal(refused.status, 503)
      assert.equal(refused.headers.get('retry-after'), '1')
      const reading = client.read(chunk.ref, wholeOf(chunk))
      holding.letGo()
      await Promise.all(usages)
      assert.equal((await reading).is, 'found')
      const large = testChunk(random, 400_000)
      const hasty = await served.client({ deadlineMs: 100 })
      assert.deepEqual(await hasty.write(large), { is: 'unavailable' })
      await served.store.write(large)
      assert.deepEqual(await hasty.read(large.ref, wholeOf(large)), { is: 'unavailable' })
      assert.equal((await client.read(chunk.ref, wholeOf(chunk))).is, 'found')
    } finally {
      holding.letGo()
      await served.stop()
    }
  })

  test('are aborted when their caller hangs up, and when their time has passed', async () => {
    const holding = new Holding()
    const served = await ServedNode.start({ between: (node) => holding.between(node) })
    try {
      const client = await served.client()
      const giveUp = new AbortController()
      const reason = new Error('enough')
      const given = client.usage({ signal: giveUp.signal })
      await holding.holds(1)
      giveUp.abort(reason)
      await assert.rejects(given, (cause) => cause === reason)
      await aborted(holding.signals[0])
      const hasty = await served.client({ keeperDeadlineMs: 100 })
      await assert.rejects(hasty.usage(), { name: 'DataNodeUnavailable' })
      await holding.holds(2)
      await aborted(holding.signals[1])
    } finally {
      holding.letGo()
      await served.stop()
    }
  })

  test('that never come whole hold nothing up, and are cut off when the node stops', async () => {
    const served = await ServedNode.start()
    const connection = await RawConnection.open(Number(served.url.port))
    try {
      const lines = [bearer, 'content-length: 1000000', 'holdfast-deadline: 600000']
      await connection.send(headOf(blobPath('write'), lines))
      await connection.send(Buffer.alloc(1000))
      const client = await served.client()
      const chunk = testChunk(random, 1000)
      assert.deepEqual(await client.write(chunk), { is: 'stored' })
      await served.down()
    } finally {
      connection.socket.destroy()
      await served.stop()
    }
  })

  test('end before the node has stopped, and new ones go to nobody', async () => {
    const holding = new Holding()
    const served = await ServedNode.start({ between: (node) => holding.between(node) })
    try {
      const client = await served.client({ deadlineMs: 100 })
      const { server } = served
      const usage = client.usage()
      await holding.holds(1)
      const idle = await RawConnection.open(Number(served.url.port))
      await idle.send('GET /health/ready HTTP/1.1\r\nhost: node\r\n\r\n')
      assert.equal((await idle.response()).status, 200)
      const closing = server.close(60_000)
      assert.deepEqual(await client.hasMany([testRef(random)]), ['unavailable'])
      holding.letGo()
      assert.equal((await usage).chunks, 0)
      await closing
    } finally {
      holding.letGo()
      await served.stop()
    }
  })

  test('that fail are told by an id, under which the log has them', async () => {
    const failure = new Error('a secret of the disk')
    const served = await ServedNode.start({
      nextRequestId: () => 'request-7',
      between: (node) =>
        new Proxy(node, {
          get: (target, verb) => {
            if (verb === 'read') return () => Promise.reject(failure)
            const member: unknown = Reflect.get(target, verb)
            return typeof member === 'function' ? member.bind(target) : member
          },
        }),
    })
    try {
      const client = await served.client()
      await assert.rejects(client.read(testRef(random), { first: 0, count: 1, length: 1 }), {
        name: 'DataNodeFailed',
        message: /its log has the cause under request-7$/,
      })
      assert.deepEqual(served.failures, [failure])
    } finally {
      await served.stop()
    }
  })
})
