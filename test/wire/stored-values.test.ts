// Names and values that are stored with an object, over raw sockets: on every way in one rule holds, and on
// every way out the bytes that were sent come back.

import assert from 'node:assert'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { presignUrl } from '../../protocol/s3/sigv4/sign-request.ts'
import { decodeWords } from '../support/decode-words.ts'
import { describe } from '../support/describe.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { type SignedForm, signedForm } from '../support/signed-form.ts'
import { RunningServer, serverKey } from '../support/start-server.ts'
import {
  codeOf,
  exchange,
  exchangeBytes,
  signingContext,
  type WireRequest,
} from '../support/wire-request.ts'

let server: RunningServer
const latin1 = (text: string) => Buffer.from(text).toString('latin1')

const send = (target: string, request: Partial<WireRequest> = {}) =>
  exchange(server.port, { target, ...request })
const put = (target: string, request: Partial<WireRequest> = {}) =>
  send(target, { method: 'PUT', body: 'some body', ...request })

/** Status, and what the error document calls the error; every client must be able to parse that. */
function answerOf(response: RawResponse): string {
  if (response.status < 300) return `${response.status}`
  assert.doesNotMatch(response.body.toString(), /&#x(?![9ad];)|[\0-\x08\x0b\x0c\x0e-\x1f]/)
  return `${response.status} ${codeOf(response)}`
}

async function presigned(
  method: string,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<RawResponse> {
  const url = presignUrl(
    { method, origin: 'http://s3.test', path, query, expiresSeconds: 60 },
    signingContext(),
  )
  const length = method === 'PUT' ? 'Content-Length: 1\r\n' : ''
  const head = `${method} ${url.slice('http://s3.test'.length)} HTTP/1.1\r\nHost: s3.test\r\n${length}\r\n`
  return exchangeBytes(server.port, method === 'PUT' ? `${head}x` : head, method)
}

const post = (fields: SignedForm['fields']) =>
  exchangeBytes(server.port, signedForm({ bucket: 'bkt', fields }), 'POST')

/** What HEAD, GET and a GET of a range say in one header; they must agree. */
async function shown(path: string, header: string): Promise<string | undefined> {
  const replies = [
    await send(path, { method: 'HEAD' }),
    await send(path),
    await send(path, { headers: { range: 'bytes=0-0' } }),
  ]
  const values = new Set(replies.map(({ headers }) => headers.get(header)))
  assert.deepEqual(
    replies.map(({ status }) => status),
    [200, 200, 206],
    path,
  )
  assert.equal(values.size, 1, `${header} of ${path}: ${[...values].join(' | ')}`)
  return [...values][0]
}

const texts = [
  'attachment; filename="č.txt"',
  'Größe',
  '日本',
  'Gr\xc3',
  '\xe9\xa0\x80\xff',
  'a\tb',
]
const systemHeaders = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-language',
  'content-encoding',
  'expires',
]

describe('headers that are stored', (test) => {
  test.before(async () => {
    server = await RunningServer.start()
    assert.equal((await put('/bkt', { body: '' })).status, 200)
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('come back in the bytes that were sent, whatever they are', async () => {
    for (const body of ['inline', Buffer.alloc(100_000)]) {
      for (const bytes of [...texts.slice(0, 3).map(latin1), ...texts.slice(3)]) {
        const headers = Object.fromEntries(systemHeaders.map((name) => [name, bytes]))
        const redirect = { 'x-amz-website-redirect-location': `/${bytes}` }
        assert.equal(
          (await put('/bkt/sent', { body, headers: { ...headers, ...redirect } })).status,
          200,
        )
        for (const name of systemHeaders) assert.equal(await shown('/bkt/sent', name), bytes, name)
        assert.equal(await shown('/bkt/sent', 'x-amz-website-redirect-location'), `/${bytes}`)
      }
    }
  })

  test('come back the same from forms, copies and uploads in parts', async () => {
    const bytes = latin1('attachment; filename="č ü.txt"')
    const field = { 'Content-Disposition': 'attachment; filename="č ü.txt"' }
    assert.equal((await post({ key: 'form', ...field })).status, 204)
    const headers = { 'content-disposition': bytes, 'x-amz-copy-source': '/bkt/form' }
    assert.equal((await put('/bkt/copy', { headers })).status, 200)
    const replace = { ...headers, 'x-amz-metadata-directive': 'REPLACE' }
    assert.equal((await put('/bkt/replace', { headers: replace })).status, 200)
    const begun = await send('/bkt/parts?uploads', {
      method: 'POST',
      body: '',
      headers: { 'content-disposition': bytes },
    })
    const uploadId = /<UploadId>(\w+)</.exec(begun.body.toString())?.[1]
    const part = await put(`/bkt/parts?partNumber=1&uploadId=${uploadId}`)
    const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.get('etag')}</ETag></Part></CompleteMultipartUpload>`
    const completed = await send(`/bkt/parts?uploadId=${uploadId}`, { method: 'POST', body: list })
    assert.equal(completed.status, 200)
    for (const key of ['form', 'copy', 'replace', 'parts']) {
      assert.equal(await shown(`/bkt/${key}`, 'content-disposition'), bytes, key)
    }
  })

  test('are the same in a 304', async () => {
    const bytes = latin1('č')
    const put304 = await put('/bkt/fresh', { headers: { 'cache-control': bytes, expires: bytes } })
    const reply = await send('/bkt/fresh', {
      headers: { 'if-none-match': put304.headers.get('etag') ?? '' },
    })
    assert.equal(reply.status, 304)
    assert.equal(reply.headers.get('cache-control'), bytes)
    assert.equal(reply.headers.get('expires'), bytes)
  })

  test('lose nothing of their bytes to an answer that leaves a long body unread', async () => {
    const headers = { 'cache-control': latin1('č'), 'content-disposition': latin1('č') }
    await put('/bkt/unread', { headers, body: '' })
    for (const method of ['GET', 'HEAD']) {
      const reply = await send('/bkt/unread', {
        method,
        headers: { 'content-length': String(64 * 1024 * 1024) },
      })
      assert.equal(reply.status, 200)
      assert.equal(reply.headers.get('cache-control'), latin1('č'))
      assert.equal(reply.headers.get('content-disposition'), latin1('č'))
    }
  })

  test('may be overridden with what ISO-8859-1 has, and nothing else', async () => {
    await put('/bkt/plain')
    await put('/bkt/folder/file')
    for (const name of systemHeaders) {
      const query = { [`response-${name}`]: 'Größe; "\u0080ÿ"' }
      for (const method of ['GET', 'HEAD']) {
        const reply = await presigned(method, '/bkt/plain', query)
        assert.equal(reply.status, 200)
        assert.equal(reply.headers.get(name), latin1('Größe; "\u0080ÿ"'))
      }
      for (const bad of ['日本', 'č', '😀', '\0č', 'a\r\nb: c', '\0']) {
        for (const path of ['/bkt/plain', '/bkt/folder/']) {
          const zip = path.endsWith('/') ? { zip: '' } : {}
          const refused = await presigned('GET', path, { ...zip, [`response-${name}`]: bad })
          assert.equal(answerOf(refused), '400 InvalidArgument', `${name} ${bad}`)
        }
      }
    }
    const zipped = await presigned('GET', '/bkt/folder/', {
      zip: '',
      'response-content-disposition': 'Größe',
    })
    assert.equal(zipped.headers.get('content-disposition'), latin1('Größe'))
  })
})

const badNames = ['', 'a b', 'a:b', 'a\r\nb', 'a\nb', 'ä', '\u212a', 'a\0', '(a)', 'a/b', 'a"']
const badValues = ['a\r\nx: y', 'a\nb', 'a\0b', '\x1b', '\x7f']

describe('user metadata', (test) => {
  test.before(async () => {
    server = await RunningServer.start()
    assert.equal((await put('/bkt', { body: '' })).status, 200)
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('that no header can hold is refused when it is written, on every way in', async () => {
    for (const name of badNames) {
      const refused = await presigned('PUT', '/bkt/bad', { [`x-amz-meta-${name}`]: 'v' })
      assert.equal(answerOf(refused), '400 InvalidArgument', `in a query: ${name}`)
      const begun = await presigned('POST', '/bkt/bad', {
        uploads: '',
        [`x-amz-meta-${name}`]: 'v',
      })
      assert.equal(answerOf(begun), '400 InvalidArgument', `of an upload in parts: ${name}`)
      if (/["\r\n\0]/.test(name)) continue
      const form = await post({ key: 'bad', [`x-amz-meta-${name}`]: 'v' })
      assert.equal(answerOf(form), '400 InvalidArgument', `in a form: ${name}`)
    }
    for (const value of badValues) {
      const refused = await presigned('PUT', '/bkt/bad', { 'x-amz-meta-a': value })
      assert.equal(answerOf(refused), '400 InvalidArgument', `in a query: ${value}`)
      const form = await post({ key: 'bad', 'x-amz-meta-a': value })
      assert.equal(answerOf(form), '400 InvalidArgument', `in a form: ${value}`)
      const type = await post({ key: 'bad', 'content-type': value })
      assert.equal(answerOf(type), '400 InvalidArgument', `in a form: ${value}`)
    }
    for (const tagging of ['a=%00', 'a%0d%0ab=c', '%ff=a', 'a=%ed%a0%80']) {
      const refused = await presigned('PUT', '/bkt/bad', { 'x-amz-tagging': tagging })
      assert.match(answerOf(refused), /^400 Invalid(?:Tag|Argument)$/, tagging)
    }
    const nameless = await put('/bkt/bad', { headers: { 'x-amz-meta-': 'v' } })
    assert.equal(answerOf(nameless), '400 InvalidArgument')
    assert.equal((await send('/bkt/bad')).status, 404)
  })

  test('beyond ASCII comes back in encoded words of the text that was meant', async () => {
    for (const text of ['Größe', '日本語', '😀 and more', 'ä'.repeat(900)]) {
      assert.equal((await post({ key: 'words', 'x-amz-meta-a': text })).status, 204)
      assert.equal(decodeWords((await shown('/bkt/words', 'x-amz-meta-a')) ?? ''), text)
      await presigned('PUT', '/bkt/words', { 'x-amz-meta-a': text })
      assert.equal(decodeWords((await shown('/bkt/words', 'x-amz-meta-a')) ?? ''), text)
      await put('/bkt/words', { headers: { 'x-amz-meta-a': latin1(text) } })
      assert.equal(decodeWords((await shown('/bkt/words', 'x-amz-meta-a')) ?? ''), text)
    }
    await put('/bkt/words', { headers: { 'x-amz-meta-a': 'Gr\xf6\xdfe' } })
    assert.equal(await shown('/bkt/words', 'x-amz-meta-a'), '=?UTF-8?Q?Gr=C3=B6=C3=9Fe?=')
    await put('/bkt/copy', { headers: { 'x-amz-copy-source': 'bkt/words' } })
    assert.equal(await shown('/bkt/copy', 'x-amz-meta-a'), '=?UTF-8?Q?Gr=C3=B6=C3=9Fe?=')
  })

  test('in encoded words comes back in words of the same text', async () => {
    for (const words of ['=?UTF-8?B?R3LDtsOfZQ==?=', '=?iso-8859-1?q?Gr=F6=DFe?=']) {
      await put('/bkt/encoded', { headers: { 'x-amz-meta-a': words } })
      assert.equal(await shown('/bkt/encoded', 'x-amz-meta-a'), '=?UTF-8?Q?Gr=C3=B6=C3=9Fe?=')
      await post({ key: 'encoded', 'x-amz-meta-a': words })
      assert.equal(await shown('/bkt/encoded', 'x-amz-meta-a'), '=?UTF-8?Q?Gr=C3=B6=C3=9Fe?=')
    }
  })

  test('is the same with blanks around it, from wherever it comes', async () => {
    await post({ key: 'blanks', 'x-amz-meta-a': ' in  between\t' })
    assert.equal(await shown('/bkt/blanks', 'x-amz-meta-a'), 'in  between')
    await presigned('PUT', '/bkt/blanks', { 'x-amz-meta-a': '  in  between ' })
    assert.equal(await shown('/bkt/blanks', 'x-amz-meta-a'), 'in  between')
    await put('/bkt/blanks', { headers: { 'x-amz-meta-a': 'in  between ' } })
    assert.equal(await shown('/bkt/blanks', 'x-amz-meta-a'), 'in  between')
  })

  test('whose names differ only in letter case is refused where the first alone may be signed', async () => {
    const twice = { 'x-amz-meta-a': '1', 'X-Amz-Meta-A': '2' }
    assert.equal(answerOf(await presigned('PUT', '/bkt/cases', twice)), '400 InvalidArgument')
    assert.equal(answerOf(await post({ key: 'cases', ...twice })), '400 InvalidArgument')
    await put('/bkt/cases', { headers: twice })
    assert.match((await shown('/bkt/cases', 'x-amz-meta-a')) ?? '', /^(?:1, ?2|2, ?1)$/)
  })

  test('has 2 KiB at most, from wherever it comes', async () => {
    const long = 'x'.repeat(2048)
    const refused = [
      await put('/bkt/long', { headers: { 'x-amz-meta-a': long } }),
      await presigned('PUT', '/bkt/long', { 'x-amz-meta-a': long }),
      await post({ key: 'long', 'x-amz-meta-a': long }),
      await post({ key: 'long', 'cache-control': long }),
    ]
    for (const reply of refused) assert.equal(answerOf(reply), '400 MetadataTooLarge')
  })

  test('stored before there was a rule is counted, and the object can be read', async () => {
    await put('/bkt/old')
    const { metadata } = server.stores
    const known = await metadata.tenants.getAccessKey(serverKey.accessKeyId)
    assert.ok(known !== undefined)
    const bucket = await metadata.buckets.get(defaultNamespace, 'bkt')
    assert.ok(bucket !== undefined)
    const version = await metadata.objects.get(bucket, 'old')
    assert.ok(version?.is === 'object' && version.data.is === 'inline')
    const { size, etag, crc32, tags, storageClass, data } = version
    await metadata.objects.commit({
      bucket,
      key: 'old',
      content: {
        ...{ size, etag, crc32, tags, storageClass, data },
        headers: { contentType: 'text/x', cacheControl: 'a\nb', contentDisposition: 'č' },
        userMetadata: { 'a b': 'v', c: 'line\nbreak', d: 'kept' },
      },
      nowMs: Date.now(),
    })
    assert.equal(await shown('/bkt/old', 'x-amz-missing-meta'), '2')
    assert.equal(await shown('/bkt/old', 'x-amz-meta-d'), 'kept')
    assert.equal(await shown('/bkt/old', 'content-type'), 'text/x')
    assert.equal(await shown('/bkt/old', 'cache-control'), undefined)
    assert.equal(await shown('/bkt/old', 'content-disposition'), undefined)
    await put('/bkt/copied', { headers: { 'x-amz-copy-source': 'bkt/old' } })
    assert.equal(await shown('/bkt/copied', 'content-type'), 'text/x')
  })
})
