// HTTP itself over raw sockets: lengths, encodings, heads that are none, pipelining, and what becomes of a
// connection after an answer.
import assert from 'node:assert'
import { describe } from '../support/describe.ts'
import { RawConnection } from '../support/raw-connection.ts'
import { RunningServer } from '../support/start-server.ts'
import {
  codeOf,
  exchange,
  exchangeBytes,
  signed,
  type WireRequest,
} from '../support/wire-request.ts'

let server: RunningServer

async function stored(key: string): Promise<string | undefined> {
  const response = await exchange(server.port, { target: `/bkt/${key}` })
  return response.status === 200 ? response.body.toString('latin1') : undefined
}

/** All that comes for these bytes until the server hangs up, or `ms` have passed. */
async function everything(bytes: Buffer | string, ms = 300): Promise<string> {
  const connection = await RawConnection.open(server.port)
  await connection.send(bytes)
  const timer = setTimeout(() => connection.close(), ms)
  const got = await connection.rest()
  clearTimeout(timer)
  connection.close()
  return got.toString('latin1')
}

const statusesOf = (text: string) => [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((m) => m[1])

describe('framing of requests', (test) => {
  test.before(async () => {
    server = await RunningServer.start()
    assert.equal((await exchange(server.port, { method: 'PUT', target: '/bkt' })).status, 200)
    assert.equal(
      (await exchange(server.port, { method: 'PUT', target: '/bkt/k', body: 'content' })).status,
      200,
    )
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('a length that is wrong, doubled or no number stores nothing', async () => {
    const put = { method: 'PUT', target: '/bkt/length', body: 'some body' }
    const lengths = [
      '-1',
      '9x',
      '0x9',
      '9, 9',
      '9\r\ncontent-length: 8',
      '9\r\ncontent-length: 9',
      '99999999999999999999999',
      '',
      '+9',
      '9.0',
      'NaN',
    ]
    for (const length of lengths) {
      const spoil = (head: string) => head.replace('content-length: 9', `content-length: ${length}`)
      const got = await everything(signed({ ...put, spoil }).bytes)
      assert.match(got, /^(HTTP\/1\.1 4\d\d |$)/, `${length}: ${got}`)
      assert.equal(await stored('length'), undefined, length)
    }
  })

  test('a write without a length is told to say one', async () => {
    const request = { method: 'PUT', target: '/bkt/nolength', payloadHash: 'UNSIGNED-PAYLOAD' }
    const response = await exchange(server.port, request)
    // No length and no transfer encoding: HTTP says there is no body.
    assert.ok(response.status === 411 || response.status === 200)
    const headers = { 'transfer-encoding': 'chunked' }
    const chunked = signed({ ...request, target: '/bkt/nolength2', headers })
    const answer = await exchangeBytes(
      server.port,
      Buffer.concat([chunked.head, Buffer.from('4\r\nbody\r\n0\r\n\r\n')]),
      'PUT',
    )
    assert.equal(`${answer.status} ${codeOf(answer)}`, '411 MissingContentLength')
    assert.equal(await stored('nolength2'), undefined)
  })

  test('a length and a transfer encoding together smuggle nothing', async () => {
    const inner = signed({ method: 'PUT', target: '/bkt/smuggled', body: 'x' }).bytes
    const encodings = [
      'chunked',
      'Chunked',
      'identity, chunked',
      'chunked, identity',
      ' chunked',
      'xchunked',
      'gzip',
    ]
    for (const encoding of encodings) {
      for (const where of ['signed', 'unsigned'] as const) {
        const outer = signed({
          method: 'PUT',
          target: '/bkt/outer',
          payloadHash: 'UNSIGNED-PAYLOAD',
          headers: { 'content-length': '5' },
          [where]: { 'transfer-encoding': encoding },
        })
        const bytes = Buffer.concat([outer.head, Buffer.from('0\r\n\r\n'), inner])
        const statuses = statusesOf(await everything(bytes))
        const both = `${encoding} ${where}: ${statuses}`
        if ((await stored('smuggled')) !== undefined) {
          // Taken as two requests: then the first must have been whole by its length.
          assert.deepStrictEqual([statuses.length, await stored('outer')], [2, '0\r\n\r\n'], both)
          await exchange(server.port, { method: 'DELETE', target: '/bkt/smuggled' })
        }
        assert.ok(statuses.length <= 2 && !statuses.some((status) => Number(status) >= 502), both)
      }
    }
  })

  test('chunk sizes that are no numbers end the connection', async () => {
    const request = signed({
      method: 'PUT',
      target: '/bkt/sizes',
      payloadHash: 'UNSIGNED-PAYLOAD',
      headers: { 'transfer-encoding': 'chunked' },
    })
    for (const chunks of [
      '-4\r\nbody\r\n0\r\n\r\n',
      '4g\r\nbody\r\n',
      'ffffffffffffffffff\r\nx',
      '4\nbody\n0\n\n',
    ]) {
      const got = await everything(Buffer.concat([request.head, Buffer.from(chunks)]))
      for (const status of statusesOf(got)) assert.match(status ?? '', /^4/)
    }
    assert.equal(await stored('sizes'), undefined)
  })

  test('what is no request is answered with a document and hung up on', async () => {
    const garbage = [
      'garbage\r\n\r\n',
      'GET\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'GET /bkt HTTP/1.1\nHost: a\n\n',
      'GET  /bkt HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /bkt HTTP/1.1\r\nHost : a\r\n\r\n',
      'GET /bkt HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n',
      'GET /bkt HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n',
      'GET /bkt HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n',
      'GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
      '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      `${'A'.repeat(100)} / HTTP/1.1\r\n\r\n`,
    ]
    for (const text of garbage) {
      const got = await everything(Buffer.from(text, 'latin1'))
      assert.match(got, /^HTTP\/1\.1 4\d\d /, JSON.stringify(text.slice(0, 60)))
      assert.match(got, /<Error><Code>[A-Za-z]+<\/Code>.*<RequestId>/, JSON.stringify(text))
      assert.equal(statusesOf(got).length, 1)
    }
    assert.equal(await stored('k'), 'content')
  })

  test('hosts that are missing or malformed are refused as S3 does', async () => {
    for (const host of ['', 'Host: a b\r\n', 'Host: a/b\r\n', 'Host: <a>\r\n', 'Host: [::1\r\n']) {
      const response = await exchangeBytes(server.port, `GET /bkt HTTP/1.1\r\n${host}\r\n`)
      assert.equal(`${response.status} ${codeOf(response)}`, '400 BadRequest', host)
    }
    for (const host of ['[::1]:9000', '127.0.0.1', 'under_score.test', '']) {
      const response = await exchangeBytes(
        server.port,
        `GET /bkt HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      )
      assert.equal(codeOf(response), 'AccessDenied', host)
    }
  })

  test('a head beyond its limit is refused', async () => {
    const headers = { 'x-long': 'y'.repeat(20_000) }
    const response = await exchange(server.port, { target: '/bkt', unsigned: headers })
    assert.deepStrictEqual(
      [response.status, codeOf(response)],
      [400, 'RequestHeaderSectionTooLarge'],
    )
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`h${n}`, 'v']))
    assert.equal((await exchange(server.port, { target: '/bkt', unsigned: many })).status, 400)
    const got = await everything(`GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`)
    assert.match(got, /^HTTP\/1\.1 4/)
  })

  test('no header of a reply can be made by what a request says', async () => {
    const attempts = [
      'a%0d%0aSet-Cookie:%20x',
      'a%0d%0a%0d%0a<html>',
      '%0aX-Evil:1',
      'a%00b',
      '\u{e9}',
    ]
    for (const value of attempts) {
      const query = `response-content-type=${value}&response-content-disposition=${value}&response-expires=${value}`
      const raw = encodeURI(query).replaceAll('%25', '%')
      const response = await exchange(server.port, { target: `/bkt/k?${raw}` })
      assert.ok(response.status < 500, `${value}: ${response.head}`)
      assert.doesNotMatch(response.head, /^(Set-Cookie|X-Evil|<html)/im)
    }
    const target = '/bkt/%0d%0aSet-Cookie%3a%20x'
    const put = await exchange(server.port, { method: 'PUT', target, body: 'x' })
    assert.equal(put.status, 200)
    const create = { method: 'PUT', target: '/a%0d%0aSet-Cookie:x' }
    assert.equal(codeOf(await exchange(server.port, create)), 'InvalidBucketName')
    const origin = { target: '/bkt/k', unsigned: { origin: 'http://a', 'x-request-id': 'mine' } }
    assert.equal((await exchange(server.port, origin)).status, 200)
  })

  test('HTTP/1.0 is answered and hung up on, unless it asks to stay', async () => {
    const old = (head: string) => head.replace('HTTP/1.1', 'HTTP/1.0')
    const got = await everything(signed({ target: '/bkt/k', spoil: old }).bytes, 5_000)
    assert.match(got, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\ncontent$/)
    const nohost = await everything('GET /bkt/k HTTP/1.0\r\n\r\n', 5_000)
    assert.match(nohost, /^HTTP\/1\.1 403 [\s\S]*AccessDenied/)
  })

  test('pipelined requests are answered in order', async () => {
    const requests = [
      signed({ method: 'PUT', target: '/bkt/p1', body: 'first' }),
      signed({ target: '/bkt/p1' }),
      signed({ method: 'HEAD', target: '/bkt/p1' }),
      signed({ target: '/bkt/missing' }),
      signed({ method: 'DELETE', target: '/bkt/p1' }),
      signed({ target: '/bkt/p1' }),
      signed({ target: '/bkt/k' }),
    ]
    const connection = await RawConnection.open(server.port)
    await connection.send(Buffer.concat(requests.map(({ bytes }) => bytes)))
    const answers: string[] = []
    for (const { method } of requests) {
      const { status, body } = await connection.response(method)
      answers.push(status === 200 ? `200 ${body}` : String(status))
    }
    const expected = ['200 ', '200 first', '200 ', '404', '204', '404', '200 content']
    assert.deepStrictEqual(answers, expected)
    connection.close()
  })

  test('garbage behind a request never becomes a part of its reply', async () => {
    const body = Buffer.alloc(8_000_000, 'large ')
    assert.equal(
      (await exchange(server.port, { method: 'PUT', target: '/bkt/large', body })).status,
      200,
    )
    const connection = await RawConnection.open(server.port)
    connection.socket.pause()
    await connection.send(signed({ target: '/bkt/large' }).bytes)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await connection.send('garbage\r\n\r\n')
    connection.socket.resume()
    const text = (await connection.rest()).toString('latin1')
    assert.deepStrictEqual(statusesOf(text), ['200'])
    const received = text.slice(text.indexOf('\r\n\r\n') + 4)
    assert.ok(body.toString('latin1').startsWith(received), 'a part of the object and nothing else')
    await exchange(server.port, { method: 'DELETE', target: '/bkt/large' })
  })

  test('a long pipeline runs one by one, and bodies within it arrive whole', async () => {
    const connection = await RawConnection.open(server.port)
    const rounds = 200
    const bodyOf = (round: number) =>
      Buffer.alloc(round === 100 ? 3_000_000 : 700, `body ${round} `)
    const sending = (async () => {
      for (let round = 0; round < rounds; round += 1) {
        const target = `/bkt/pipe${round % 3}`
        const put = signed({ method: 'PUT', target, body: bodyOf(round) }).bytes
        await connection.send(Buffer.concat([put, signed({ target }).bytes]))
      }
    })()
    for (let round = 0; round < rounds; round += 1) {
      assert.equal((await connection.response('PUT')).status, 200)
      assert.ok((await connection.response()).body.equals(bodyOf(round)), `round ${round}`)
    }
    await sending
    connection.close()
  })

  test('replies without a body have none, whatever they say, and the next follows at once', async () => {
    const etag = (await exchange(server.port, { target: '/bkt/k' })).headers.get('etag') ?? ''
    const requests: WireRequest[] = [
      { method: 'HEAD', target: '/bkt/k' },
      { method: 'HEAD', target: '/bkt/missing' },
      { method: 'HEAD', target: '/missing-bucket' },
      { method: 'HEAD', target: '/bkt/k', headers: { range: 'bytes=100-' } },
      { method: 'HEAD', target: '/bkt/k', headers: { 'if-match': '"no"' } },
      { target: '/bkt/k', headers: { 'if-none-match': etag } },
      { method: 'HEAD', target: '/bkt/k', headers: { 'if-none-match': etag } },
      { method: 'DELETE', target: '/bkt/missing' },
      { method: 'HEAD', target: '/bkt/k', without: ['authorization'] },
    ]
    const connection = await RawConnection.open(server.port)
    const statuses: number[] = []
    for (const request of requests) {
      await connection.send(
        Buffer.concat([signed(request).bytes, signed({ target: '/bkt/k' }).bytes]),
      )
      const { status, headers } = await connection.response(request.method)
      statuses.push(status)
      assert.match(headers.get('x-amz-request-id') ?? '', /^[0-9A-Z]{16}$/)
      assert.ok((headers.get('x-amz-id-2') ?? '').length > 20)
      if (status === 204) assert.equal(headers.get('content-length'), undefined)
      assert.equal((await connection.response()).body.toString(), 'content')
    }
    assert.deepStrictEqual(statuses, [200, 404, 404, 416, 412, 304, 304, 204, 403])
    assert.equal(connection.pending.length, 0)
    connection.close()
  })

  test('a connection lives on after an error, when the body that was not read is small', async () => {
    const body = Buffer.alloc(50_000, 'x')
    const connection = await RawConnection.open(server.port)
    for (let round = 0; round < 3; round += 1) {
      await connection.send(signed({ method: 'PUT', target: '/missing-bucket/k', body }).bytes)
      assert.equal(codeOf(await connection.response('PUT')), 'NoSuchBucket')
      await connection.send(signed({ target: '/bkt/k' }).bytes)
      assert.equal((await connection.response()).body.toString(), 'content')
    }
    connection.close()
  })

  test('an early error of a large body is read by its sender, and the rest is not', async () => {
    const connection = await RawConnection.open(server.port)
    const { head } = signed({
      method: 'PUT',
      target: '/missing-bucket/k',
      headers: { 'content-length': String(4 * 1024 ** 3) },
      payloadHash: 'UNSIGNED-PAYLOAD',
    })
    await connection.send(head)
    const flood = (async () => {
      const piece = Buffer.alloc(1024 * 1024)
      for (let count = 0; count < 64 && !connection.isEnded; count += 1) {
        await Promise.race([connection.send(piece), connection.rest()])
      }
    })()
    const response = await connection.response('PUT')
    assert.equal(codeOf(response), 'NoSuchBucket')
    assert.equal(response.headers.get('connection'), 'close')
    connection.close()
    await flood
  })

  test('methods and sub-resources that S3 has and this server has not are 501, others 405', async () => {
    const answers: (readonly [string, string, string])[] = [
      ['GET', '/bkt?website', '501 NotImplemented'],
      ['PUT', '/bkt?encryption', '501 NotImplemented'],
      ['GET', '/bkt?lifecycle', '501 NotImplemented'],
      ['PUT', '/bkt?website', '501 NotImplemented'],
      ['GET', '/bkt/k?torrent', '501 NotImplemented'],
      ['POST', '/bkt/k?select&select-type=2', '501 NotImplemented'],
      ['POST', '/bkt/k?restore', '501 NotImplemented'],
      ['PATCH', '/bkt/k', '405 MethodNotAllowed'],
      ['POST', '/', '405 MethodNotAllowed'],
      ['DELETE', '/', '405 MethodNotAllowed'],
      ['PUT', '/', '405 MethodNotAllowed'],
      ['TRACE', '/bkt/k', '405 MethodNotAllowed'],
      ['PROPFIND', '/bkt', '405 MethodNotAllowed'],
      ['POST', '/bkt/k', '405 MethodNotAllowed'],
    ]
    for (const [method, target, expected] of answers) {
      const response = await exchange(server.port, { method, target })
      assert.equal(`${response.status} ${codeOf(response)}`, expected, `${method} ${target}`)
    }
  })

  test('an error is a document that names its code, resource and request', async () => {
    const response = await exchange(server.port, { target: '/bkt/no%20%3C%26%3E%00such' })
    assert.equal(response.headers.get('content-type'), 'application/xml')
    const text = response.body.toString()
    assert.match(text, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<Error><Code>NoSuchKey<\/Code>/)
    assert.match(text, /<Resource>\/bkt\/no%20%3C%26%3E%00such<\/Resource>/)
    const requestId = response.headers.get('x-amz-request-id')
    assert.ok(requestId && text.includes(`<RequestId>${requestId}</RequestId>`))
    assert.ok(text.includes(`<HostId>${response.headers.get('x-amz-id-2')}</HostId></Error>`))
    assert.doesNotMatch(text, /[\0-\x08\x0b\x0c\x0e-\x1f]/)
  })
})
