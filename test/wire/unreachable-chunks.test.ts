// Chunks that cannot be reached for a while, as when nodes are down: every operation over sockets, on the real
// engines behind a network that can be cut. Clients are told to come again; nothing is lost, nothing is left,
// nothing is called absent, and all goes well again afterwards.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sweepOrphans } from '../../gateway/background/sweep-orphans.ts'
import { startBackground } from '../../gateway/compose/background.ts'
import { logTo } from '../../gateway/log.ts'
import type { Services } from '../../gateway/s3/operation.ts'
import { embeddedTaskQueue } from '../../metadata/tasks/embedded-task-queue.ts'
import { describe } from '../support/describe.ts'
import {
  askPlain,
  askSigned,
  errorOf,
  jsonOf,
  targetOf,
  textIn,
} from '../support/own-routes-client.ts'
import { PartitionedBlobs } from '../support/partitioned-blobs.ts'
import { readZip } from '../support/python-zip.ts'
import { RawConnection, type RawResponse } from '../support/raw-connection.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { signedForm } from '../support/signed-form.ts'
import { RunningServer } from '../support/start-server.ts'
import {
  codeOf,
  exchange,
  exchangeBytes,
  signed,
  type WireRequest,
} from '../support/wire-request.ts'

const kib = 1024
const mib = 1024 * kib
const random = seededBytes()
let server: RunningServer
let network: PartitionedBlobs

function ask(method: string, target: string, more: Partial<WireRequest> = {}) {
  return exchange(server.port, { method, target, ...more })
}

async function done(method: string, target: string, more: Partial<WireRequest> = {}) {
  const response = await ask(method, target, more)
  assert.ok(response.status < 300, `${method} ${target}: ${response.body.toString()}`)
  return response
}

function assertComeAgain(response: RawResponse, told: string): void {
  assert.equal(`${response.status} ${codeOf(response)}`, '503 SlowDown', told)
}

async function assertIs(target: string, body: Buffer, told = target): Promise<void> {
  assert.ok((await done('GET', target)).body.equals(body), told)
}

function chunksKept(): Promise<number> {
  return server.kept().then(({ chunks }) => chunks)
}

/** The first pass sets aside, the second deletes. */
async function sweep(): Promise<void> {
  const stores = { node: server.stores.blobs, orphans: server.stores.metadata.orphans }
  const options = { minAgeMs: -60_000, keepMs: 0, signal: new AbortController().signal }
  for (let pass = 0; pass < 2; pass += 1) await sweepOrphans(stores, options)
}

async function beginUpload(key: string): Promise<string> {
  const { body } = await done('POST', `${key}?uploads`)
  return /<UploadId>([^<]+)</.exec(body.toString())?.[1] ?? assert.fail('no upload id')
}

type Write = { readonly name: string; readonly send: () => Promise<RawResponse> }

/** Every operation that stores chunks, each of content of its own. Reads `/bkt/source`. */
async function writes(): Promise<readonly Write[]> {
  const uploadId = await beginUpload('/bkt/parts')
  const part = (number: number) => `/bkt/parts?partNumber=${number}&uploadId=${uploadId}`
  const body = () => random.bytes(100 * kib + random.integer(50 * kib))
  const [small, large, ofPart, ofForm] = [body(), random.bytes(9 * mib), body(), body()]
  const source = { 'x-amz-copy-source': '/bkt/source' }
  // Not at the bounds of its chunks, so that others come of it.
  const range = { 'x-amz-copy-source-range': `bytes=1000-${6 * mib}` }
  return [
    { name: 'PutObject', send: () => ask('PUT', '/bkt/put', { body: small }) },
    { name: 'PutObject, several chunks', send: () => ask('PUT', '/bkt/large', { body: large }) },
    { name: 'UploadPart', send: () => ask('PUT', part(1), { body: ofPart }) },
    {
      name: 'UploadPartCopy',
      send: () => ask('PUT', part(2), { headers: { ...source, ...range } }),
    },
    {
      name: 'PostObject',
      send: () => {
        const form = signedForm({ bucket: 'bkt', fields: { key: 'form' }, file: ofForm })
        return exchangeBytes(server.port, form, 'POST')
      },
    },
  ]
}

describe('chunks that cannot be reached', (test) => {
  const source = random.bytes(9 * mib)
  let sourceChunks = 0
  let sourceIds: ReadonlySet<string>
  test.before(async () => {
    server = await RunningServer.start({
      between: (blobs) => {
        network = new PartitionedBlobs(blobs)
        return network
      },
    })
    await done('PUT', '/bkt')
    await done('PUT', '/bkt/source', { body: source })
    sourceChunks = await chunksKept()
    const refs = await server.stores.metadata.chunks.list({ limit: 100 })
    sourceIds = new Set(refs.map(({ id }) => id.toString('hex')))
  })
  test.afterEach(async () => {
    network.heal()
    for (const key of ['put', 'large', 'form', 'again', 'copy']) await done('DELETE', `/bkt/${key}`)
    const { body } = await done('GET', '/bkt?uploads')
    for (const [, id] of body.toString().matchAll(/<UploadId>([^<]+)</g)) {
      await done('DELETE', `/bkt/parts?uploadId=${id}`)
    }
    await assertIs('/bkt/source', source)
    assert.equal(await chunksKept(), sourceChunks)
  })
  test.after(() => server.stop())

  test('refuse writes with 503, leave nothing of them, and take them again afterwards', async () => {
    for (const leavesCopies of [false, true]) {
      for (const { name, send } of await writes()) {
        const before = await chunksKept()
        network.leavesCopies = leavesCopies
        network.cut(['write'])
        assertComeAgain(await send(), name)
        network.heal()
        const listed = (await done('GET', '/bkt?versions')).body.toString()
        assert.doesNotMatch(listed, /<Key>(put|large|form)</, name)
        assert.equal(await chunksKept(), before, name)
        const again = await send()
        assert.ok(again.status < 300, `${name}: ${again.body.toString()}`)
        assert.ok((await chunksKept()) > before, name)
        for (const key of ['put', 'large', 'form']) await done('DELETE', `/bkt/${key}`)
      }
      const { body } = await done('GET', '/bkt?uploads')
      for (const [, id] of body.toString().matchAll(/<UploadId>([^<]+)</g)) {
        await done('DELETE', `/bkt/parts?uploadId=${id}`)
      }
    }
  })

  test('leave orphans of a write that could not be taken back, and the sweep finds them', async () => {
    const before = await chunksKept()
    for (const { name, send } of await writes()) {
      network.leavesCopies = true
      network.cut()
      assertComeAgain(await send(), name)
      network.heal()
    }
    assert.ok((await chunksKept()) > before)
    await sweep()
    assert.equal(await chunksKept(), before)
  })

  test('break an upload off in its middle, and nothing of it stays', async () => {
    const before = await chunksKept()
    const { bytes } = signed({ method: 'PUT', target: '/bkt/large', body: random.bytes(24 * mib) })
    const connection = await RawConnection.open(server.port)
    await connection.send(bytes.subarray(0, 12 * mib))
    while ((await server.stores.blobs.usage()).chunks < before + 2) await sleep(5)
    network.cut(['write'])
    const sending = connection.send(bytes.subarray(12 * mib))
    assertComeAgain(await connection.response('PUT'), 'in the middle')
    connection.close()
    await sending
    assert.equal(await chunksKept(), before)
    assert.equal((await ask('HEAD', '/bkt/large')).status, 404)
  })

  test('are written again by an upload of equal content, which is refused when they cannot be', async () => {
    network.cut(['hasMany', 'write'])
    assertComeAgain(await ask('PUT', '/bkt/again', { body: source }), 'nothing to be had')
    network.cut(['hasMany'])
    await done('PUT', '/bkt/again', { body: source })
    network.heal()
    await assertIs('/bkt/again', source)
    assert.equal(await chunksKept(), sourceChunks)
  })

  test('make no difference to what needs no chunk', async () => {
    network.cut()
    await done('PUT', '/bkt/put', { body: 'inline' })
    await assertIs('/bkt/put', Buffer.from('inline'))
    await done('HEAD', '/bkt/source')
    await done('PUT', '/bkt/copy', { headers: { 'x-amz-copy-source': '/bkt/source' } })
    await done('GET', '/bkt?list-type=2')
    await done('DELETE', '/bkt/copy')
    assertComeAgain(await ask('GET', '/bkt/source', { headers: { range: 'bytes=0-9' } }), 'read')
  })

  test('are completed into an object by an upload whose parts are there', async () => {
    const uploadId = await beginUpload('/bkt/parts')
    const target = `/bkt/parts?uploadId=${uploadId}`
    const { headers } = await done('PUT', `${target}&partNumber=1`, { body: source })
    network.cut()
    const list = `<Part><PartNumber>1</PartNumber><ETag>${headers.get('etag')}</ETag></Part>`
    const body = `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`
    await done('POST', target, { body })
    assertComeAgain(await ask('GET', '/bkt/parts'), 'read')
    network.heal()
    await assertIs('/bkt/parts', source)
    await done('DELETE', '/bkt/parts')
  })

  test('answer reads with 503 before the first byte, and are neither absent nor damaged', async () => {
    network.cut(['read'])
    const reads: readonly Partial<WireRequest>[] = [
      {},
      { headers: { range: 'bytes=5000000-5000010' } },
      { headers: { range: `bytes=-${source.length - 1}` } },
      { target: '/bkt/source?partNumber=1' },
      { target: '/bkt?zip' },
      { target: '/bkt/?zip', headers: { range: 'bytes=100-100000' } },
    ]
    for (const read of reads) {
      assertComeAgain(await ask('GET', '/bkt/source', read), JSON.stringify(read))
    }
    const headers = { 'x-amz-copy-source': '/bkt/source', 'x-amz-checksum-algorithm': 'SHA256' }
    assertComeAgain(await ask('PUT', '/bkt/copy', { headers }), 'a copy that reads')
    network.heal()
    await done('PUT', '/bkt/copy', { headers })
    await assertIs('/bkt/copy', source)
    for (const read of reads) await done('GET', '/bkt/source', read)
  })

  test('break off a download that has begun, which goes on afterwards where it was', async () => {
    let reads = 0
    network.beforeRead = () => {
      reads += 1
      if (reads > 3) network.cut(['read'])
    }
    const connection = await RawConnection.open(server.port)
    await connection.send(signed({ target: '/bkt/source' }).bytes)
    const all = await connection.rest()
    const got = all.subarray(all.indexOf('\r\n\r\n') + 4)
    assert.match(all.toString('latin1', 0, 20), /^HTTP\/1\.1 200 /)
    assert.ok(got.length > 0 && got.length < source.length)
    assert.ok(got.equals(source.subarray(0, got.length)))
    network.heal()
    const headers = { range: `bytes=${got.length}-` }
    const { body } = await done('GET', '/bkt/source', { headers })
    assert.ok(Buffer.concat([got, body]).equals(source))
  })

  test('break off a zip that has begun, never finish it, and it can be resumed', async () => {
    const whole = await done('GET', '/bkt/?zip')
    let reads = 0
    network.beforeRead = () => {
      reads += 1
      if (reads > 4) network.cut(['read'])
    }
    const connection = await RawConnection.open(server.port)
    await connection.send(signed({ target: '/bkt/?zip' }).bytes)
    const all = await connection.rest()
    const got = all.subarray(all.indexOf('\r\n\r\n') + 4)
    assert.ok(got.length < whole.body.length)
    network.heal()
    const etag = whole.headers.get('etag') ?? ''
    const headers = { range: `bytes=${got.length}-`, 'if-range': etag }
    const { status, body } = await done('GET', '/bkt/?zip', { headers })
    assert.equal(status, 206)
    assert.ok(Buffer.concat([got, body]).equals(whole.body))
  })

  test('answer downloads of a bundle with 503, in JSON, until they are there again', async () => {
    const json = { bucket: 'bkt', entries: [{ key: 'source' }] }
    const request = { method: 'POST', target: '/-/bundles', json }
    const bundle = jsonOf(await askSigned(server.port, request), 201)
    const target = targetOf(textIn(bundle, 'url'))
    network.cut(['read'])
    assert.equal(errorOf(await askPlain(server.port, { target })), '503 SlowDown')
    network.heal()
    const { body } = await askPlain(server.port, { target })
    assert.equal(readZip(body).length, 1)
    await askSigned(server.port, { method: 'DELETE', target: `/-/bundles/${bundle.id}` })
  })

  test('keep their deletion waiting, hold up no other one, and are deleted afterwards', async () => {
    await done('PUT', '/bkt/put', { body: random.bytes(50 * kib) })
    const { metadata, blobs } = server.stores
    const refs = await metadata.chunks.list({ limit: 100 })
    const ref = refs.find(({ id }) => !sourceIds.has(id.toString('hex')))
    assert.ok(ref)
    // What leases hold back since the tests before.
    const held = await metadata.outbox.depthEstimate()
    network.cutOff([ref])
    await done('PUT', '/bkt/form', { body: random.bytes(50 * kib) })
    for (const key of ['put', 'form']) await done('DELETE', `/bkt/${key}`)
    const logged: string[] = []
    const background = startBackground({
      metadata,
      blobs: network,
      node: blobs,
      queue: embeddedTaskQueue({ tasksMax: 256, onFailure: (cause) => assert.fail(String(cause)) }),
      now: Date.now,
      owner: () => 'background',
      random: randomBytes,
      works: {},
      options: {
        ...{ staleUploadMs: 0, keepOrphansMs: 1_000_000, scrubBytesPerSecond: 0 },
        taskTimes: { retryMs: { minMs: 20, maxMs: 100 }, stuckMs: { minMs: 10, maxMs: 50 } },
      },
      moreJobs: [],
      log: logTo((_level, event, { cause }) => logged.push(`${event}: ${String(cause)}`)),
    })
    const waitFor = async (isSo: () => Promise<boolean>) => {
      for (const untilMs = Date.now() + 20_000; !(await isSo()); await sleep(20)) {
        assert.ok(Date.now() < untilMs, 'it took too long')
      }
    }
    const chunks = async () => (await blobs.usage()).chunks
    await waitFor(async () => network.refusals > 5 && (await chunks()) === sourceChunks + 1)
    assert.deepStrictEqual(await blobs.hasMany([ref]), ['good'])
    await waitFor(async () => (await metadata.outbox.depthEstimate()) === held + 1)
    assert.ok(logged.some((line) => line.startsWith('background job failed')))
    network.heal()
    await waitFor(async () => (await chunks()) === sourceChunks)
    assert.deepStrictEqual(await blobs.hasMany([ref]), ['absent'])
    await waitFor(async () => (await metadata.outbox.depthEstimate()) === held)
    await background.stop()
  })

  test('are never reclaimed or scrubbed by whoever serves clients: there is no such verb', () => {
    const { blobs }: Pick<Services, 'blobs'> = { blobs: network }
    // @ts-expect-error space is given back by whoever keeps the node
    assert.equal(blobs.reclaim, undefined)
    // @ts-expect-error and verified by him
    assert.equal(blobs.scrub, undefined)
  })
})
