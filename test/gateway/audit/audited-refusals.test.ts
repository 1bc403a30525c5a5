// Lines of the audit log of what is refused besides permissions, or could not be read: what they say is what came of it,
// and nothing secret is in them.
import assert from 'node:assert/strict'
import { describe } from '../../support/describe.ts'
import { RawConnection } from '../../support/raw-connection.ts'
import { exchange, exchangeBytes, signed } from '../../support/wire-request.ts'
import { AuditedServer } from './audited-fixture.ts'

describe('the audit log of refusals', (test) => {
  let server: AuditedServer
  test.before(async () => {
    server = await AuditedServer.start()
  })
  test.after(() => server.stop())

  test('says denied, and why, where another owner was expected', async () => {
    const there = await server.place()
    const { bucket } = there
    const get = await server.lineOf(() =>
      exchange(server.port, {
        target: there.at('k'),
        headers: { 'x-amz-expected-bucket-owner': '123456789012' },
      }),
    )
    assert.deepEqual([get.status, get.verdict, get.actions], [403, 'denied', ['s3:GetObject']])
    assert.deepEqual(get.decidedBy, { type: 'expectedOwner', of: 'bucket' })
    assert.equal(get.deniedAction, undefined, 'the action itself was allowed')
    const copy = await server.lineOf(() =>
      exchange(server.port, {
        method: 'PUT',
        target: there.at('copy'),
        headers: {
          'x-amz-copy-source': `/${bucket}/k`,
          'x-amz-source-expected-bucket-owner': '123456789012',
        },
      }),
    )
    assert.deepEqual([copy.status, copy.verdict], [403, 'denied'])
    assert.deepEqual(copy.decidedBy, { type: 'expectedOwner', of: 'source' })
    const made = await server.lineOf(() =>
      exchange(server.port, {
        target: '/',
        headers: { 'x-amz-expected-bucket-owner': '123456789012' },
      }),
    )
    assert.deepEqual([made.status, made.verdict], [403, 'denied'])
  })

  test('says denied where a public policy is blocked', async () => {
    const there = await server.place()
    const { bucket } = there
    const body = JSON.stringify({
      Statement: [
        {
          ...{ Principal: '*', Action: 's3:GetObject', Effect: 'Allow' },
          Resource: `arn:aws:s3:::${bucket}/*`,
        },
      ],
    })
    const line = await server.lineOf(() =>
      exchange(server.port, { method: 'PUT', target: `/${bucket}?policy`, body }),
    )
    assert.deepEqual([line.status, line.errorCode, line.verdict], [403, 'AccessDenied', 'denied'])
    assert.deepEqual(line.decidedBy, { type: 'publicAccessBlock' })
    assert.deepEqual(line.actions, ['s3:PutBucketPolicy'])
  })

  test('has nothing of the query of what is copied but the version', async () => {
    const there = await server.place()
    const { bucket } = there
    const sourceOf = async (source: string) => {
      const line = await server.lineOf(() =>
        exchange(server.port, {
          ...{ method: 'PUT', target: there.at('copy') },
          headers: { 'x-amz-copy-source': source },
        }),
      )
      assert.doesNotMatch(JSON.stringify(line), /SECRET/)
      return line.source
    }
    const at = `/${bucket}/a%3Fb`
    const plain = { bucket, key: 'a?b' }
    assert.deepEqual(await sourceOf(`${at}?X-Amz-Signature=SECRET`), plain)
    assert.deepEqual(await sourceOf(`${at}?X-Amz-Signature=SECRET?versionId=v`), {
      ...plain,
      versionId: 'v',
    })
    for (const query of ['versionId=v&X-Amz-Signature=SECRET', 'Signature=SECRET&versionId=v']) {
      assert.deepEqual(await sourceOf(`${at}?${query}`), { ...plain, versionId: 'v' })
    }
  })

  test('has a line of CONNECT, which is refused', async () => {
    const line = await server.lineOf(async () => {
      const tunnel = 'CONNECT s3.test:443 HTTP/1.1\r\nHost: s3.test\r\nUser-Agent: me\r\n\r\n'
      assert.equal((await exchangeBytes(server.port, tunnel)).status, 405)
    })
    assert.deepEqual([line.method, line.operation], ['CONNECT', 'unknown'])
    assert.deepEqual([line.status, line.errorCode], [405, 'MethodNotAllowed'])
    assert.deepEqual([line.userAgent, line.protocol, line.hungUp], ['me', 'HTTP/1.1', undefined])
  })

  test('tells of requests and of garbage behind them what was answered to each', async () => {
    const there = await server.place()
    const get = signed({ target: there.at('k') }).bytes
    const lines = await server.linesOf(3, async () => {
      const connection = await RawConnection.open(server.port)
      await connection.send(Buffer.concat([get, get, Buffer.from('garbage\r\n\r\n')]))
      const statuses: number[] = []
      for (let at = 0; at < 3; at += 1) statuses.push((await connection.response()).status)
      assert.deepEqual(statuses, [200, 200, 400])
      assert.equal((await connection.rest()).length, 0)
      connection.close()
    })
    assert.deepEqual(
      lines.map(({ operation, status, hungUp }) => [operation, status, hungUp]),
      [
        ['GetObject', 200, undefined],
        ['GetObject', 200, undefined],
        ['unknown', 400, undefined],
      ],
    )
  })

  test('says that a reply was cut off by garbage behind its request, which has a line too', async () => {
    const there = await server.place()
    const body = Buffer.alloc(32 * 1024 * 1024)
    await there.sure({ method: 'PUT', target: there.at('large'), body })
    const connection = await RawConnection.open(server.port)
    const lines = await server.linesOf(2, async () => {
      connection.socket.pause()
      await connection.send(signed({ target: there.at('large') }).bytes)
      await new Promise((resolve) => setTimeout(resolve, 100))
      await connection.send('garbage\r\n\r\n')
    })
    connection.close()
    assert.deepEqual(
      new Set(lines.map(({ operation, status, hungUp }) => `${operation} ${status} ${hungUp}`)),
      new Set(['GetObject 200 true', 'unknown undefined true']),
    )
  })
})
