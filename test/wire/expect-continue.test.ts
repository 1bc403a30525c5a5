// `Expect: 100-continue` over raw sockets: a body is asked for only when its head is in order.
import assert from 'node:assert'
import { describe } from '../support/describe.ts'
import { RawConnection } from '../support/raw-connection.ts'
import { RunningServer } from '../support/start-server.ts'
import { codeOf, exchange, signed, type WireRequest } from '../support/wire-request.ts'

describe('Expect: 100-continue', (test) => {
  const body = Buffer.alloc(100_000, 'e')
  let server: RunningServer
  test.before(async () => {
    server = await RunningServer.start()
    await exchange(server.port, { method: 'PUT', target: '/bkt' })
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  const expecting = (request: Partial<WireRequest>) =>
    signed({
      method: 'PUT',
      target: '/bkt/k',
      body,
      headers: { expect: '100-continue' },
      ...request,
    })

  test('a head that is in order is asked for its body', async () => {
    const connection = await RawConnection.open(server.port)
    const { head } = expecting({})
    await connection.send(head)
    assert.equal((await connection.response()).status, 100)
    await connection.send(body)
    assert.equal((await connection.response('PUT')).status, 200)
    await connection.send(signed({ target: '/bkt/k' }).bytes)
    assert.ok((await connection.response()).body.equals(body))
    connection.close()
  })

  test('one that is not is refused before the body, and never asked for it', async () => {
    const flaws: (readonly [string, Partial<WireRequest>])[] = [
      ['AccessDenied', { without: ['authorization'] }],
      [
        'SignatureDoesNotMatch',
        { spoil: (head) => head.replace(/Signature=.{4}/, 'Signature=0000') },
      ],
      ['NoSuchBucket', { target: '/missing-bucket/k' }],
      ['KeyTooLongError', { target: `/bkt/${'k'.repeat(1025)}` }],
      ['RequestTimeTooSkewed', { context: { nowMs: 0 } }],
      ['InvalidDigest', { headers: { expect: '100-continue', 'content-md5': 'x' } }],
      ['PreconditionFailed', { headers: { expect: '100-continue', 'if-none-match': '*' } }],
      ['EntityTooLarge', { headers: { expect: '100-continue', 'content-length': '6000000000' } }],
      ['InvalidArgument', { headers: { expect: '100-continue', 'x-amz-tagging': 'a=b&a=c' } }],
      ['NoSuchUpload', { target: '/bkt/k?partNumber=1&uploadId=x' }],
    ]
    for (const [code, request] of flaws) {
      const connection = await RawConnection.open(server.port)
      await connection.send(expecting(request).head)
      const response = await connection.response('PUT')
      const found = codeOf(response)
      assert.ok(
        found === code || (code === 'InvalidArgument' && found === 'InvalidTag'),
        `${found} for ${code}`,
      )
      assert.equal(response.headers.get('connection'), 'close', code)
      assert.equal((await connection.rest()).length, 0, code)
      connection.close()
    }
  })

  test('an expectation that is unknown changes nothing', async () => {
    const headers = { expect: 'a-miracle' }
    const got = await exchange(server.port, {
      method: 'PUT',
      target: '/bkt/miracle',
      body,
      headers,
    })
    assert.equal(got.status, 200)
  })
})
