// Signature Version 4 in all its forms over raw sockets, and every way for it to be wrong.
import assert from 'node:assert'
import { createHash, createHmac } from 'node:crypto'
import { signatureV2 } from '../../protocol/s3/sigv2/verify-signature-v2.ts'
import { presignUrl } from '../../protocol/s3/sigv4/sign-request.ts'
import { deriveSigningKey } from '../../protocol/s3/sigv4/signing-keys.ts'
import { describe } from '../support/describe.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { RunningServer, serverKey, serverRegion } from '../support/start-server.ts'
import {
  codeOf,
  exchange,
  exchangeBytes,
  signed,
  signingContext,
  type WireRequest,
} from '../support/wire-request.ts'

const minuteMs = 60_000
let server: RunningServer

const put = (request: Partial<WireRequest> = {}) =>
  exchange(server.port, { method: 'PUT', target: '/bkt/k', body: 'some body', ...request })

async function refused(request: Partial<WireRequest>): Promise<string> {
  const response = await put({ target: '/bkt/refused', ...request })
  const found = await exchange(server.port, { target: '/bkt/refused' })
  assert.equal(found.status, 404, `${codeOf(response)} stored something`)
  return `${response.status} ${codeOf(response)}`
}

async function plain(method: string, target: string, rest: Plain = {}): Promise<RawResponse> {
  const headers = { host: 's3.test', 'content-length': String((rest.body ?? '').length) }
  const lines = Object.entries({ ...headers, ...rest.headers }).map(([n, v]) => `${n}: ${v}\r\n`)
  const head = `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
  return exchangeBytes(server.port, Buffer.from(head + (rest.body ?? ''), 'latin1'), method)
}
type Plain = { readonly headers?: Readonly<Record<string, string>>; readonly body?: string }

describe('signatures in the header', (test) => {
  test.before(async () => {
    server = await RunningServer.start()
    assert.equal((await put({ target: '/bkt', body: '' })).status, 200)
    assert.equal((await put()).status, 200)
  })

  test('a body is bound to the signature, or said not to be', async () => {
    assert.equal((await put()).status, 200)
    assert.equal((await put({ payloadHash: 'UNSIGNED-PAYLOAD' })).status, 200)
    const upper = createHash('sha256').update('some body').digest('hex').toUpperCase()
    assert.equal((await put({ payloadHash: upper })).status, 200)
  })

  test('another body under a signature that was seen is refused', async () => {
    for (const body of ['some bodY', '', 'some body and more', 'x'.repeat(100_000)]) {
      const other = createHash('sha256').update('some body').digest('hex')
      assert.equal(await refused({ body, payloadHash: other }), '400 XAmzContentSHA256Mismatch')
    }
  })

  test('clocks may differ by fifteen minutes', async () => {
    const at = (nowMs: number) => ({ context: { nowMs } })
    assert.equal((await put(at(Date.now() - 14 * minuteMs))).status, 200)
    assert.equal((await put(at(Date.now() + 14 * minuteMs))).status, 200)
    assert.equal(await refused(at(Date.now() - 16 * minuteMs)), '403 RequestTimeTooSkewed')
    assert.equal(await refused(at(Date.now() + 16 * minuteMs)), '403 RequestTimeTooSkewed')
  })

  test('another region is named, with the right one', async () => {
    const credentials = { ...serverKey, region: 'eu-west-1' }
    const response = await put({ context: { credentials } })
    assert.equal(`${response.status} ${codeOf(response)}`, '400 AuthorizationHeaderMalformed')
    assert.match(response.body.toString(), /<Region>us-east-1<\/Region>/)
  })

  test('an unknown key and a wrong secret are told apart', async () => {
    const unknown = { ...serverKey, region: serverRegion, accessKeyId: 'AKIANOBODY' }
    assert.equal(await refused({ context: { credentials: unknown } }), '403 InvalidAccessKeyId')
    const wrong = { ...serverKey, region: serverRegion, secretAccessKey: 'wrong' }
    assert.equal(await refused({ context: { credentials: wrong } }), '403 SignatureDoesNotMatch')
  })

  test('what was changed on the way is refused', async () => {
    const changes: ((head: string) => string)[] = [
      (head) => head.replace('PUT /bkt/refused', 'PUT /bkt/refused2'),
      (head) => head.replace('PUT /bkt/refused', 'PUT /bkt/refused?versionId=null'),
      (head) => head.replace('host: s3.test', 'host: s3.test:1'),
      (head) => head.replace('x-amz-meta-a: 1', 'x-amz-meta-a: 2'),
      (head) => head.replace('x-amz-meta-a: 1', 'x-amz-meta-a: 1\r\nx-amz-meta-a: 2'),
      (head) => head.replace(/x-amz-meta-a: 1\r\n/, ''),
      (head) => head.replace(/Signature=./, 'Signature=g'),
      (head) => head.replace(/Signature=[0-9a-f]+/, 'Signature=00'),
      (head) => head.replace(/x-amz-date: (\d{8}T\d{5})\d/, 'x-amz-date: $1X'),
    ]
    for (const spoil of changes) {
      const headers = { 'x-amz-meta-a': '1' }
      const answer = await refused({ headers, spoil })
      assert.match(answer, /^403 (SignatureDoesNotMatch|AccessDenied)$/, String(spoil))
    }
  })

  test('an x-amz header that is not signed is refused', async () => {
    const unsigned = { 'x-amz-meta-added': 'by somebody' }
    assert.equal(await refused({ unsigned }), '403 AccessDenied')
    const response = await put({ unsigned })
    assert.match(response.body.toString(), /<HeadersNotSigned>x-amz-meta-added</)
    assert.equal((await put({ unsigned: { 'user-agent': 'any', accept: '*/*' } })).status, 200)
  })

  test('malformed headers are told to be so', async () => {
    const values: readonly (readonly [string, string])[] = [
      ['AWS4-HMAC-SHA256', 'AuthorizationHeaderMalformed'],
      ['AWS4-HMAC-SHA256 Credential=a', 'AuthorizationHeaderMalformed'],
      [
        'AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0',
        'AuthorizationHeaderMalformed',
      ],
      ['AWS AKIAWIRETEST:AAAA', 'InvalidRequest'],
      ['Bearer token', 'InvalidArgument'],
      ['Basic dTpw', 'InvalidArgument'],
    ]
    for (const [value, code] of values) {
      const spoil = (head: string) => head.replace(/authorization: .*/, `authorization: ${value}`)
      assert.equal(await refused({ spoil }), `400 ${code}`, value)
    }
    assert.equal(await refused({ without: ['x-amz-content-sha256'] }), '400 InvalidRequest')
    assert.equal(await refused({ without: ['x-amz-date'] }), '403 AccessDenied')
    assert.equal(await refused({ payloadHash: 'nonsense' }), '400 InvalidArgument')
  })

  test('nobody is anonymous', async () => {
    assert.equal(await refused({ without: ['authorization'] }), '403 AccessDenied')
    for (const [method, target] of [
      ['GET', '/'],
      ['GET', '/bkt'],
      ['GET', '/bkt/k'],
      ['DELETE', '/bkt/k'],
      ['PUT', '/newbucket'],
      ['POST', '/bkt?delete'],
    ] as const) {
      const response = await plain(method, target)
      assert.equal(`${response.status} ${codeOf(response)}`, '403 AccessDenied', target)
    }
    assert.equal((await plain('HEAD', '/bkt/k')).status, 403)
  })

  test('no session token is valid, for none was issued', async () => {
    const headers = { 'x-amz-security-token': 'token' }
    assert.equal(await refused({ headers }), '400 InvalidToken')
  })
})

function presigned(
  method: string,
  changes: Partial<Parameters<typeof presignUrl>[0]> = {},
  context = {},
) {
  const url = presignUrl(
    { method, origin: 'http://s3.test', path: '/bkt/k', expiresSeconds: 60, ...changes },
    signingContext(context),
  )
  return url.slice('http://s3.test'.length)
}

describe('signatures in the query', (test) => {
  const answer = async (method: string, target: string, rest: Plain = {}) => {
    const response = await plain(method, target, rest)
    return response.status < 300 ? `${response.status}` : `${response.status} ${codeOf(response)}`
  }

  test('a presigned URL reads, writes and deletes', async () => {
    assert.equal(await answer('PUT', presigned('PUT', { path: '/bkt/pre' }), { body: 'x' }), '200')
    assert.equal(await answer('GET', presigned('GET', { path: '/bkt/pre' })), '200')
    assert.equal((await plain('HEAD', presigned('HEAD'))).status, 200)
    assert.equal(await answer('DELETE', presigned('DELETE', { path: '/bkt/pre' })), '204')
  })

  test('it cannot be used for another method, key, host or header', async () => {
    const target = presigned('GET')
    assert.equal(await answer('DELETE', target), '403 SignatureDoesNotMatch')
    assert.equal(
      await answer('GET', target.replace('/bkt/k', '/bkt/l')),
      '403 SignatureDoesNotMatch',
    )
    assert.equal(await answer('GET', `${target}&versionId=null`), '403 SignatureDoesNotMatch')
    const host = { host: 'other.test' }
    assert.equal(await answer('GET', target, { headers: host }), '403 SignatureDoesNotMatch')
    const meta = { 'x-amz-meta-a': '1' }
    const write = presigned('PUT', { path: '/bkt/pre' })
    assert.equal(await answer('PUT', write, { headers: meta, body: 'x' }), '403 AccessDenied')
  })

  test('it lives as long as it says, a week at most, and not before its time', async () => {
    const ago = (ms: number) => ({ nowMs: Date.now() - ms })
    const expired = await plain('GET', presigned('GET', {}, ago(2 * minuteMs)))
    assert.equal(`${expired.status} ${codeOf(expired)}`, '403 AccessDenied')
    assert.match(expired.body.toString(), /Request has expired.*<Expires>.*<ServerTime>/)
    assert.equal(await answer('GET', presigned('GET', {}, ago(-14 * minuteMs))), '200')
    assert.equal(await answer('GET', presigned('GET', {}, ago(-16 * minuteMs))), '403 AccessDenied')
    for (const expiresSeconds of [0, -1, 604_801, 0.5]) {
      const target = presigned('GET', { expiresSeconds })
      assert.equal(await answer('GET', target), '400 AuthorizationQueryParametersError')
    }
  })

  test('parameters that are missing, doubled or of another region are told', async () => {
    const target = presigned('GET')
    const error = '400 AuthorizationQueryParametersError'
    for (const name of ['Credential', 'Date', 'SignedHeaders', 'Expires', 'Signature']) {
      const without = target.replace(new RegExp(`X-Amz-${name}=[^&]*&?`), '')
      assert.equal(await answer('GET', without), error, name)
    }
    assert.equal(await answer('GET', `${target}&X-Amz-Expires=60`), error)
    const credentials = { ...serverKey, region: 'mars' }
    assert.equal(await answer('GET', presigned('GET', {}, { credentials })), error)
  })

  test('two signatures are one too many', async () => {
    const both = signed({ target: presigned('GET') })
    const response = await exchangeBytes(server.port, both.bytes)
    assert.equal(`${response.status} ${codeOf(response)}`, '400 InvalidArgument')
  })

  test('metadata in the query is stored, and cannot be added', async () => {
    const path = '/bkt/with-meta'
    const target = presigned('PUT', { path, query: { 'x-amz-meta-a': 'é' } })
    assert.equal(await answer('PUT', target, { body: 'x' }), '200')
    const head = await exchange(server.port, { method: 'HEAD', target: path })
    assert.match(head.headers.get('x-amz-meta-a') ?? '', /^(Ã©|=\?UTF-8\?)/)
    const added = `${presigned('PUT', { path })}&x-amz-meta-b=2`
    assert.equal(await answer('PUT', added, { body: 'x' }), '403 SignatureDoesNotMatch')
  })

  test('Signature Version 2 is verified too', async () => {
    const expires = Math.floor(Date.now() / 1000) + 60
    const sign = (method: string, until = expires) => {
      const signature = signatureV2(`${method}\n\n\n${until}\n/bkt/k`, serverKey.secretAccessKey)
      return `/bkt/k?AWSAccessKeyId=${serverKey.accessKeyId}&Expires=${until}&Signature=${encodeURIComponent(signature)}`
    }
    assert.equal(await answer('GET', sign('GET')), '200')
    assert.equal(await answer('PUT', sign('PUT'), { body: 'some body' }), '200')
    assert.equal(await answer('DELETE', sign('GET')), '403 SignatureDoesNotMatch')
    assert.equal(await answer('GET', `${sign('GET')}&tagging`), '403 SignatureDoesNotMatch')
    assert.equal(await answer('GET', sign('GET', expires - 120)), '403 AccessDenied')
    const chunked = { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }
    assert.match(await answer('PUT', sign('PUT'), { headers: chunked }), /^40[03] /)
    const token = `${sign('GET')}&x-amz-security-token=t`
    assert.equal(await answer('GET', token), '400 InvalidToken')
  })
})

describe('signatures in a form', (test) => {
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  type Fields = Readonly<Record<string, string>>

  function form(fields: Fields, file = 'the file'): Promise<RawResponse> {
    const boundary = 'edge'
    const parts = Object.entries(fields).map(
      ([name, value]) =>
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    const body = `${parts.join('')}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n${file}\r\n--${boundary}--\r\n`
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
    return plain('POST', '/bkt', { headers, body })
  }

  function version4(changes: Fields = {}, policyChanges: object = {}): Fields {
    const now = new Date()
    const date = now.toISOString().slice(0, 10).replaceAll('-', '')
    const policy = {
      expiration: new Date(now.getTime() + minuteMs).toISOString(),
      conditions: [
        { bucket: 'bkt' },
        ['starts-with', '$key', 'form/'],
        ['content-length-range', 1, 100],
        ...['algorithm', 'credential', 'date'].map((name) => ['starts-with', `$x-amz-${name}`, '']),
      ],
      ...policyChanges,
    }
    const encoded = Buffer.from(JSON.stringify(policy)).toString('base64')
    const key = deriveSigningKey(serverKey.secretAccessKey, { date, region: serverRegion })
    return {
      key: 'form/x',
      'x-amz-algorithm': 'AWS4-HMAC-SHA256',
      'x-amz-credential': `${serverKey.accessKeyId}/${date}/${serverRegion}/s3/aws4_request`,
      'x-amz-date': `${date}T000000Z`,
      policy: encoded,
      'x-amz-signature': createHmac('sha256', key).update(encoded).digest('hex'),
      ...changes,
    }
  }

  const answer = async (fields: Fields, file?: string) => {
    const response = await form(fields, file)
    return response.status < 300 ? `${response.status}` : `${response.status} ${codeOf(response)}`
  }

  test('a form is taken as its policy allows', async () => {
    assert.equal(await answer(version4()), '204')
    const got = await exchange(server.port, { target: '/bkt/form/x' })
    assert.equal(got.body.toString(), 'the file')
  })

  test('what the policy does not allow is refused, and nothing stored', async () => {
    assert.equal(await answer(version4({ key: 'other/x' })), '403 AccessDenied')
    assert.equal(await answer(version4({ 'x-amz-meta-a': '1' })), '403 AccessDenied')
    assert.equal(await answer(version4(), 'x'.repeat(101)), '400 EntityTooLarge')
    assert.equal(await answer(version4({ key: 'form/short' }), ''), '400 EntityTooSmall')
    const past = { expiration: '2020-01-01T00:00:00.000Z' }
    assert.equal(await answer(version4({}, past)), '403 AccessDenied')
    assert.equal(await answer(version4({ 'x-amz-signature': '00' })), '403 SignatureDoesNotMatch')
    const other = Buffer.from('{"expiration":"2099-01-01T00:00:00Z","conditions":[]}')
    const forged = version4({ policy: other.toString('base64') })
    assert.equal(await answer(forged), '403 SignatureDoesNotMatch')
    assert.equal(await answer({ key: 'form/anonymous' }), '403 AccessDenied')
    const got = await exchange(server.port, { target: '/bkt?prefix=form/' })
    assert.equal(got.body.toString().match(/<Key>/g)?.length, 1)
  })

  test('a form of Signature Version 2 is taken, without a session token', async () => {
    const { policy = '' } = version4(
      {},
      {
        conditions: [{ bucket: 'bkt' }, ['starts-with', '$key', 'form/']],
      },
    )
    const fields = {
      key: 'form/v2',
      AWSAccessKeyId: serverKey.accessKeyId,
      policy,
      signature: signatureV2(policy, serverKey.secretAccessKey),
    }
    assert.equal(await answer(fields), '204')
    assert.equal(await answer({ ...fields, signature: 'AAAA' }), '403 SignatureDoesNotMatch')
    assert.equal(await answer({ ...fields, AWSAccessKeyId: 'x' }), '403 InvalidAccessKeyId')
    assert.equal(await answer({ ...fields, 'x-amz-security-token': 't' }), '400 InvalidToken')
  })
})
