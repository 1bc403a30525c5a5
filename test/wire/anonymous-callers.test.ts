// Requests without a signature, where permissions let them in: what S3's clients send then, and what becomes
// of it.
import assert from 'node:assert'
import { crc32 } from 'node:zlib'
import { describe } from '../support/describe.ts'
import { authorizeBy, resourceName } from '../support/policy.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { RunningServer } from '../support/start-server.ts'
import { codeOf, exchange, exchangeBytes } from '../support/wire-request.ts'

describe('a bucket that is open to everybody', (test) => {
  let server: RunningServer
  test.before(async () => {
    server = await RunningServer.start({
      authorize: authorizeBy(({ identity, action, resource }) => {
        if (identity.is === 'user') return true
        const mayWrite = resourceName(resource).startsWith('open/drop/')
        return action === 's3:GetObject' || (action === 's3:PutObject' && mayWrite)
      }),
    })
    for (const target of ['/open', '/open/k']) {
      assert.equal((await exchange(server.port, { method: 'PUT', target, body: '' })).status, 200)
    }
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  const send = (method: string, target: string, lines: readonly string[], body = '') => {
    const length = body === '' ? [] : [`content-length: ${body.length}`]
    const head = [`${method} ${target} HTTP/1.1`, 'host: s3.test', ...length, ...lines].join('\r\n')
    return exchangeBytes(server.port, `${head}\r\n\r\n${body}`, method)
  }
  const read = async (target: string) => (await send('GET', target, [])).body.toString()
  const answer = ({ status, ...response }: RawResponse) =>
    status < 300 ? String(status) : `${status} ${codeOf({ status, ...response })}`

  test('is read, with its data and its errors', async () => {
    assert.equal(answer(await send('GET', '/open/k', [])), '200')
    assert.equal(answer(await send('HEAD', '/open/k', [])), '200')
    // Who may not list hears of no key whether it is there.
    assert.equal(answer(await send('GET', '/open/none', [])), '403 AccessDenied')
    assert.equal(answer(await send('GET', '/none/k', [])), '404 NoSuchBucket')
    assert.equal(answer(await send('DELETE', '/open/k', [])), '403 AccessDenied')
  })

  test('is written, whether the payload is told, not told, or in chunks with a trailer', async () => {
    const unsigned = 'x-amz-content-sha256: UNSIGNED-PAYLOAD'
    for (const lines of [[], [unsigned]]) {
      assert.equal(answer(await send('PUT', '/open/drop/a', lines, 'plain')), '200')
      assert.equal(await read('/open/drop/a'), 'plain')
    }
    const trailer = '5\r\nchunk\r\n0\r\nx-amz-checksum-crc32:I1jsHw==\r\n\r\n'
    const lines = [
      'x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length: 5',
      'content-encoding: aws-chunked',
      'x-amz-trailer: x-amz-checksum-crc32',
    ]
    const wrong = await send('PUT', '/open/drop/b', lines, trailer)
    assert.equal(answer(wrong), '400 BadDigest')
    const right = trailer.replace('I1jsHw==', crc32Of('chunk'))
    assert.equal(answer(await send('PUT', '/open/drop/b', lines, right)), '200')
    assert.equal(await read('/open/drop/b'), 'chunk')
    const signed = ['x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD', lines[1] ?? '']
    assert.equal(answer(await send('PUT', '/open/drop/b', signed, trailer)), '400 InvalidRequest')
    assert.equal(answer(await send('PUT', '/open/other', [], 'x')), '403 AccessDenied')
  })

  test('takes forms without policy and signature', async () => {
    const form = (key: string) =>
      `--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n${key}\r\n` +
      '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nof a form\r\n--b--\r\n'
    const type = ['content-type: multipart/form-data; boundary=b']
    assert.equal(answer(await send('POST', '/open', type, form('drop/form'))), '204')
    assert.equal(await read('/open/drop/form'), 'of a form')
    assert.equal(answer(await send('POST', '/open', type, form('other'))), '403 AccessDenied')
    assert.equal(answer(await send('POST', '/none', type, form('k'))), '404 NoSuchBucket')
  })
})

function crc32Of(text: string): string {
  const value = Buffer.alloc(4)
  value.writeUInt32BE(crc32(text))
  return value.toString('base64')
}
