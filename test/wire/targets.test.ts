// Request targets over raw sockets: what a library would normalise, and keys of every legal byte.
import assert from 'node:assert'
import { describe } from '../support/describe.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { RunningServer } from '../support/start-server.ts'
import { codeOf, exchange, exchangeBytes, signed } from '../support/wire-request.ts'

const random = seededBytes()
let server: RunningServer

function put(target: string, body: Buffer | string = target): Promise<RawResponse> {
  return exchange(server.port, { method: 'PUT', target, body })
}

async function bodyAt(target: string): Promise<string> {
  const response = await exchange(server.port, { target })
  return response.status === 200 ? response.body.toString('latin1') : codeOf(response)
}

function escapeAll(bytes: Buffer): string {
  return [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}

describe('request targets on the wire', (test) => {
  test.before(async () => {
    server = await RunningServer.start({ domains: ['s3.test', 'other.example'] })
    for (const bucket of ['bkt', 'other']) assert.equal((await put(`/${bucket}`, '')).status, 200)
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('dot segments and doubled slashes are parts of keys and lead nowhere', async () => {
    await put('/other/secret', 'the other one')
    const targets = [
      '/bkt/%2e%2e/other/secret',
      '/bkt/../other/secret2',
      '/bkt/..%2fother%2fsecret3',
      '/bkt//',
      '/bkt//a//b',
      '/bkt/./x',
      '/bkt/%2E/y',
      '/bkt/.',
      '/bkt/..',
      '/bkt/a/../b',
      '/bkt/a/',
    ]
    for (const target of targets) {
      assert.equal((await put(target)).status, 200, target)
      assert.equal(await bodyAt(target), target)
    }
    assert.equal(await bodyAt('/other/secret'), 'the other one')
    assert.equal(await bodyAt('/bkt/b'), 'NoSuchKey')
    assert.equal(await bodyAt('/bkt/x'), 'NoSuchKey')
    assert.equal(await bodyAt('/bkt/%2e%2e/secret'), 'NoSuchKey')
    const listed = await exchange(server.port, { target: '/bkt?list-type=2&encoding-type=url' })
    assert.equal(listed.body.toString().match(/<Key>/g)?.length, targets.length)
  })

  test('a host is the same with a dot at its end, in capitals and with any port', async () => {
    await put('/bkt/hosted', 'by its path')
    for (const host of ['bkt.s3.test', 'bkt.s3.test.', 'BKT.S3.TEST.:80', 'bkt.s3.test.:9000']) {
      const got = await exchange(server.port, { target: '/hosted', headers: { host } })
      assert.equal(got.body.toString(), 'by its path', host)
    }
    for (const host of ['s3.test.', 'S3.test:443', '[::1]', '[::1]:9000', '127.0.0.1.']) {
      const got = await exchange(server.port, { target: '/bkt/hosted', headers: { host } })
      assert.equal(got.body.toString(), 'by its path', host)
    }
  })

  test('a bucket cannot be named by dots, escapes or nothing', async () => {
    for (const target of ['/%2e%2e/secret', '/../secret', '/./secret', '/other%2fsecret']) {
      assert.match(
        codeOf(await exchange(server.port, { target })),
        /NoSuchBucket|InvalidBucketName/,
      )
    }
    assert.equal(codeOf(await exchange(server.port, { target: '//secret' })), 'InvalidBucketName')
  })

  test('one key in two encodings is one object', async () => {
    await put('/bkt/a%20%7eb%2Fc+d', 'one')
    assert.equal(await bodyAt('/bkt/%61%20~b/c%2Bd'), 'one')
    assert.equal(await bodyAt('/bkt/a+~b/c+d'), 'NoSuchKey')
  })

  test('every byte that UTF-8 allows comes back in keys, encoded listings and reads', async () => {
    const keys: Buffer[] = []
    for (let byte = 0; byte < 0x80; byte += 1) keys.push(Buffer.from([0x6b, byte, 0x7a]))
    for (const text of [
      'é',
      '\u{1f600}',
      '\u{10ffff}',
      '\ufeffbom',
      '\u2028',
      'e\u0301',
      '\ufffe',
    ]) {
      keys.push(Buffer.from(text))
    }
    assert.equal(
      (await exchange(server.port, { method: 'PUT', target: '/bytes', body: '' })).status,
      200,
    )
    for (const key of keys) {
      const target = `/bytes/${escapeAll(key)}`
      assert.equal((await put(target, key)).status, 200, key.toString('hex'))
    }
    for (const key of keys) {
      assert.equal(await bodyAt(`/bytes/${escapeAll(key)}`), key.toString('latin1'))
    }
    const encoded = await exchange(server.port, { target: '/bytes?list-type=2&encoding-type=url' })
    const listed = [...encoded.body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map((match) =>
      Buffer.from(decodeURIComponent((match[1] ?? '').replaceAll('+', ' '))),
    )
    assert.deepStrictEqual(listed, [...keys].sort(Buffer.compare))
    const plain = await exchange(server.port, { target: '/bytes?list-type=2' })
    assert.equal(plain.status, 200)
  })

  test('a key holds 1,024 bytes and no more', async () => {
    const longest = 'é'.repeat(512)
    assert.equal((await put(`/bkt/${encodeURIComponent(longest)}`, 'long')).status, 200)
    assert.equal(await bodyAt(`/bkt/${encodeURIComponent(longest)}`), 'long')
    assert.equal(codeOf(await put(`/bkt/${encodeURIComponent(`${longest}a`)}`)), 'KeyTooLongError')
    assert.equal((await put(`/bkt/${'%2f'.repeat(1024)}`)).status, 200)
    assert.equal(codeOf(await put(`/bkt/${'/'.repeat(1025)}`)), 'KeyTooLongError')
  })

  test('bytes that are no UTF-8 and broken escapes are refused', async () => {
    const bad = [
      '%ff',
      '%c3',
      '%c3%28',
      '%ed%a0%80',
      '%c0%80',
      '%f4%90%80%80',
      '%',
      '%1',
      '%zz',
      '%%31',
    ]
    for (const key of bad) {
      assert.equal(codeOf(await put(`/bkt/${key}`)), 'InvalidURI', key)
      const listing = await exchange(server.port, { target: `/bkt?prefix=${key}` })
      assert.equal(codeOf(listing), 'InvalidURI', key)
    }
    assert.equal((await put('/bkt/raw\xff')).status, 400)
  })

  test('a key in raw UTF-8 bytes is taken or refused, and never changed', async () => {
    const { bytes } = signed({ method: 'PUT', target: '/bkt/raw-\xc3\xa9', body: 'raw' })
    const { status } = await exchangeBytes(server.port, bytes, 'PUT')
    assert.ok(status === 200 || status === 400)
    assert.equal(await bodyAt('/bkt/raw-%C3%A9'), status === 200 ? 'raw' : 'NoSuchKey')
  })

  test('a host below a domain names the bucket, whatever its letter case and port', async () => {
    await put('/bkt/hosted', 'by path')
    for (const host of ['bkt.s3.test', 'BKT.S3.Test:9000', 'bkt.other.example']) {
      const got = await exchange(server.port, { target: '/hosted', headers: { host } })
      assert.equal(got.body.toString(), 'by path', host)
    }
    const headers = { host: 'bkt.s3.test' }
    const listed = await exchange(server.port, { target: '/?prefix=hosted', headers })
    assert.match(listed.body.toString(), /<Key>hosted<\/Key>/)
    const dots = { method: 'PUT', target: '/%2e%2e/x//y', headers, body: 'dots' }
    assert.equal((await exchange(server.port, dots)).status, 200)
    assert.equal(await bodyAt('/bkt/../x//y'), 'dots')
    const foreign = { target: '/hosted', headers: { host: 'bkt.example.org' } }
    assert.equal(codeOf(await exchange(server.port, foreign)), 'NoSuchBucket')
    const missing = { target: '/k', headers: { host: 'missing.s3.test' } }
    assert.equal(codeOf(await exchange(server.port, missing)), 'NoSuchBucket')
  })

  test('a target in absolute form means the same', async () => {
    await put('/bkt/absolute', 'yes')
    for (const origin of ['http://s3.test', 'HTTP://s3.test', 'https://s3.test:9000']) {
      const spoil = (head: string) => head.replace('GET /', `GET ${origin}/`)
      const got = await exchange(server.port, { target: '/bkt/absolute?partNumber=1', spoil })
      assert.deepStrictEqual([got.status, got.body.toString()], [206, 'yes'], origin)
    }
    const spoil = (head: string) => head.replace('GET /', 'GET http://s3.test/')
    const dots = await exchange(server.port, { target: '/bkt/%2e%2e/other/secret', spoil })
    assert.notEqual(dots.body.toString(), 'the other one')
  })

  test('targets of other forms are refused', async () => {
    for (const target of ['*', 'bkt/k', 'ftp://s3.test/bkt', '?a', '%2fbkt', 'urn:x']) {
      const { status } = await exchangeBytes(
        server.port,
        `GET ${target} HTTP/1.1\r\nHost: s3.test\r\n\r\n`,
      )
      assert.ok(status === 400 || status === 403, `${target}: ${status}`)
    }
  })

  test('random keys are kept apart', async () => {
    const keys = new Map<string, string>()
    for (let count = 0; count < 60; count += 1) {
      const alphabet = [
        '/',
        '.',
        '..',
        '%2e',
        ' ',
        '+',
        '?',
        '#',
        '&',
        '=',
        '\\',
        '"',
        '<',
        'é',
        '\0',
      ]
      const length = 1 + random.integer(8)
      const key = Array.from({ length }, () => alphabet[random.integer(alphabet.length)]).join('')
      keys.set(key, String(count))
      const encoded =
        random.integer(2) === 0 ? escapeAll(Buffer.from(key)) : encodeURIComponent(key)
      assert.equal((await put(`/other/${encoded}`, String(count))).status, 200, key)
    }
    for (const [key, body] of keys) {
      assert.equal(await bodyAt(`/other/${escapeAll(Buffer.from(key))}`), body, key)
    }
  })
})
