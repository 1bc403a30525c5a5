// The server by its command line with several processes behind one port: connections land on any of them,
// and none may tell.
import assert from 'node:assert'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe } from '../support/describe.ts'
import { RawConnection } from '../support/raw-connection.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { serverKey } from '../support/start-server.ts'
import { makeTemporaryDirectory, StartedServer } from '../support/started-server.ts'
import {
  codeOf,
  exchange,
  signed,
  signedChunked,
  type WireRequest,
} from '../support/wire-request.ts'

const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))
const random = seededBytes()
const workers = 3
const connectionsCount = 12

describe('several workers behind one port', (test) => {
  let server: StartedServer
  let port = 0
  let folder: ReturnType<typeof makeTemporaryDirectory>
  const put = (
    key: string,
    body: Buffer | string,
    headers: Readonly<Record<string, string>> = {},
  ) => exchange(port, { method: 'PUT', target: `/bkt/${key}`, body, headers })

  test.before(async () => {
    folder = makeTemporaryDirectory()
    server = new StartedServer({
      program,
      argv: [
        ...['server', '--data', join(folder.path, 'data'), '--workers', String(workers)],
        ...['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--domain', 'hosted.test'],
      ],
      env: {
        HOLDFAST_ROOT_ACCESS_KEY: serverKey.accessKeyId,
        HOLDFAST_ROOT_SECRET_KEY: serverKey.secretAccessKey,
      },
    })
    port = Number(new URL((await server.listening()).s3).port)
    assert.equal((await exchange(port, { method: 'PUT', target: '/bkt' })).status, 200)
  })
  test.after(async () => {
    assert.equal(await server.stop(), 0)
    assert.doesNotMatch(server.output, /"event"/, server.output)
    folder.remove()
  })

  /** The same request over connections enough to meet every worker. */
  async function everywhere(request: WireRequest): Promise<readonly string[]> {
    const connections = await Promise.all(
      Array.from({ length: connectionsCount }, () => RawConnection.open(port)),
    )
    const { bytes, method } = signed(request)
    const answers = await Promise.all(
      connections.map(async (connection) => {
        await connection.send(bytes)
        const response = await connection.response(method)
        const answer = response.status === 200 ? `200 ${response.body}` : String(response.status)
        return `${response.headers.get('x-amz-id-2')} ${response.headers.get('x-amz-request-id')} ${answer}`
      }),
    )
    for (const connection of connections) connection.close()
    return answers
  }

  const seen = (answers: readonly string[]) => [
    ...new Set(answers.map((answer) => answer.replace(/^\S+ \S+ /, ''))),
  ]

  test('what one has acknowledged, all answer, and what one has deleted, none does', async () => {
    for (let round = 0; round < 10; round += 1) {
      assert.equal((await put('k', `round ${round}`)).status, 200)
      assert.deepStrictEqual(seen(await everywhere({ target: '/bkt/k' })), [`200 round ${round}`])
      assert.equal((await exchange(port, { method: 'DELETE', target: '/bkt/k' })).status, 204)
      assert.deepStrictEqual(seen(await everywhere({ target: '/bkt/k' })), ['404'])
    }
  })

  test('requests are told apart by their ids, and processes by theirs', async () => {
    const answers = await everywhere({ target: '/bkt' })
    const ids = new Set(answers.map((answer) => answer.split(' ')[1]))
    assert.equal(ids.size, connectionsCount)
    const processes = new Set(answers.map((answer) => answer.split(' ')[0]))
    assert.ok(processes.size >= 1 && processes.size <= workers)
  })

  test('of many who create a key that must not exist, one succeeds', async () => {
    for (let round = 0; round < 5; round += 1) {
      const key = `contended${round}`
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => put(key, `writer ${n}`, { 'if-none-match': '*' })),
      )
      const statuses = answers.map(({ status }) => status).sort()
      assert.equal(statuses.filter((status) => status === 200).length, 1, String(statuses))
      assert.ok(statuses.every((status) => status === 200 || status === 412 || status === 409))
      const winner = answers.findIndex(({ status }) => status === 200)
      assert.deepStrictEqual(seen(await everywhere({ target: `/bkt/${key}` })), [
        `200 writer ${winner}`,
      ])
    }
  })

  test('parts that different processes took make one object', async () => {
    const created = await exchange(port, { method: 'POST', target: '/bkt/mp?uploads' })
    const uploadId = /<UploadId>([^<]+)/.exec(created.body.toString())?.[1] ?? ''
    const query = `uploadId=${encodeURIComponent(uploadId)}`
    const parts = [1, 2, 3, 4].map((number) => random.bytes(number === 4 ? 1000 : 5 * 1024 * 1024))
    const uploaded = await Promise.all(
      parts.map((body, at) =>
        exchange(port, { method: 'PUT', target: `/bkt/mp?partNumber=${at + 1}&${query}`, body }),
      ),
    )
    const list = uploaded.map(
      ({ headers }, at) =>
        `<Part><PartNumber>${at + 1}</PartNumber><ETag>${headers.get('etag')}</ETag></Part>`,
    )
    const body = `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`
    const completed = await exchange(port, { method: 'POST', target: `/bkt/mp?${query}`, body })
    assert.equal(completed.status, 200)
    const got = await exchange(port, { target: '/bkt/mp' })
    assert.ok(got.body.equals(Buffer.concat(parts)))
  })

  test('equal content stored and deleted by all at once is there when it should be', async () => {
    const body = random.bytes(300_000)
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        for (let round = 0; round < 4; round += 1) {
          assert.equal((await put(`same${n}`, body)).status, 200)
          const got = await exchange(port, { target: `/bkt/same${n}` })
          assert.ok(got.body.equals(body), `same${n}, round ${round}`)
          await exchange(port, { method: 'DELETE', target: `/bkt/same${n}` })
        }
      }),
    )
  })

  test('cut and spoilt uploads leave nothing, whichever process had them', async () => {
    const data = random.bytes(200_000)
    for (let count = 0; count < 30; count += 1) {
      const spoil = (bytes: Buffer) => {
        const spoilt = Buffer.from(bytes)
        const at = random.integer(spoilt.length)
        spoilt[at] = (spoilt[at] ?? 0) ^ 0x80
        return spoilt
      }
      const payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
      const options = { target: '/bkt/spoilt', data, chunkBytes: 65_536, payload } as const
      const { bytes } = signedChunked({ ...options, ...(count % 2 === 0 ? { spoil } : {}) })
      const connection = await RawConnection.open(port)
      if (count % 2 === 0) {
        await connection.send(bytes)
        assert.match(String((await connection.response('PUT')).status), /^40[03]$/)
      } else await connection.send(bytes.subarray(0, random.integer(bytes.length)))
      connection.close()
    }
    await sleep(100)
    assert.deepStrictEqual(seen(await everywhere({ target: '/bkt/spoilt' })), ['404'])
  })

  test('virtual-host style, continuation and refusals are those of one process', async () => {
    const headers = { host: 'bkt.hosted.test' }
    const hosted = { method: 'PUT', target: '/hosted', body: 'x', headers }
    assert.equal((await exchange(port, hosted)).status, 200)
    assert.deepStrictEqual(seen(await everywhere({ target: '/hosted', headers })), ['200 x'])
    assert.deepStrictEqual(seen(await everywhere({ target: '/bkt?website' })), ['501'])
    assert.deepStrictEqual(
      seen(await everywhere({ target: '/bkt/k', without: ['authorization'] })),
      ['403'],
    )
    const connection = await RawConnection.open(port)
    const body = random.bytes(10_000)
    const expecting = signed({
      method: 'PUT',
      target: '/bkt/e',
      body,
      headers: { expect: '100-continue' },
    })
    await connection.send(expecting.head)
    assert.equal((await connection.response()).status, 100)
    await connection.send(body)
    assert.equal((await connection.response('PUT')).status, 200)
    connection.close()
    const garbage = await RawConnection.open(port)
    await garbage.send('garbage\r\n\r\n')
    assert.equal(codeOf(await garbage.response()), 'BadRequest')
    garbage.close()
  })
})
