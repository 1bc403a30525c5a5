// What a signature opens, over raw sockets: the request that was signed, and no other that is written or
// read alike.
import assert from 'node:assert'
import { presignUrl } from '../../protocol/s3/sigv4/sign-request.ts'
import { describe } from '../support/describe.ts'
import { signedV2 } from '../support/signed-v2.ts'
import { RunningServer } from '../support/start-server.ts'
import {
  codeOf,
  exchange,
  exchangeBytes,
  signingContext,
  type WireRequest,
} from '../support/wire-request.ts'

let server: RunningServer

const ask = (request: WireRequest) => exchange(server.port, request)

type Plain = { readonly headers?: readonly string[]; readonly body?: string }

/** Sends a request that carries its signature in the target, or none. */
async function plain(method: string, target: string, rest: Plain = {}): Promise<string> {
  const { headers = [], body = '' } = rest
  const lines = ['host: s3.test', `content-length: ${body.length}`, ...headers]
  const head = `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
  const response = await exchangeBytes(server.port, Buffer.from(head + body, 'latin1'), method)
  if (response.status < 300) return `${response.status}`
  const json = /"code":"(\w+)"/.exec(response.body.toString())?.[1]
  return `${response.status} ${json ?? codeOf(response)}`
}

async function bodyAt(target: string): Promise<string> {
  return (await ask({ target })).body.toString()
}

async function newVersion(body: string): Promise<string> {
  const put = await ask({ method: 'PUT', target: '/bkt/k', body })
  return put.headers.get('x-amz-version-id') ?? ''
}

describe('a signature of Version 2', (test) => {
  test.before(async () => {
    server = await RunningServer.start({ domains: ['s3.test'] })
    await ask({ method: 'PUT', target: '/bkt', body: '' })
    const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
    assert.equal((await ask({ method: 'PUT', target: '/bkt?versioning', body })).status, 200)
    await ask({ method: 'PUT', target: '/bkt/public/a', body: 'public' })
    await ask({ method: 'PUT', target: '/bkt/secret/b', body: 'secret' })
  })

  test('opens no extension of ours, whatever it covers', async () => {
    const zips = [
      { target: '/bkt?zip&prefix=public/', resource: '/bkt?zip' },
      { target: '/bkt?zip', resource: '/bkt?zip' },
      { target: '/bkt/public/?zip', resource: '/bkt/public/?zip' },
      { target: '/-/bundles', resource: '/-/bundles' },
      { target: '/-/archives?after=x', resource: '/-/archives' },
    ]
    for (const zip of zips) {
      assert.equal(await plain('GET', signedV2(zip)), '403 AccessDenied', zip.target)
    }
    const document = JSON.stringify({ bucket: 'bkt', entries: [{ prefix: 'secret/' }] })
    for (const target of ['/-/bundles', '/-/bundles?download', '/-/archives']) {
      const signed = signedV2({ method: 'POST', target, resource: target.split('?')[0] ?? '' })
      assert.equal(await plain('POST', signed, { body: document }), '403 AccessDenied', target)
    }
  })

  test('opens no action of IAM or STS, which it would not cover', async () => {
    const list = signedV2({ target: '/', resource: '/' })
    assert.equal(await plain('GET', list), '200')
    const headers = ['content-type: application/x-www-form-urlencoded']
    for (const [action, version] of [
      ['CreateAccessKey', '2010-05-08'],
      ['GetCallerIdentity', '2011-06-15'],
      ['GetSessionToken', '2011-06-15'],
    ]) {
      const form = `Action=${action}&Version=${version}`
      assert.equal(await plain('GET', `${list}&${form}`), '403 AccessDenied', action)
      const posted = signedV2({ method: 'POST', target: '/', resource: '/' })
      assert.equal(await plain('POST', posted, { headers, body: form }), '403 AccessDenied', action)
    }
  })

  test('opens what boto3 presigns with it', async () => {
    assert.equal(
      await plain('GET', signedV2({ target: '/bkt/public/a', resource: '/bkt/public/a' })),
      '200',
    )
    const list = { target: '/bkt?list-type=2&prefix=public%2F&max-keys=3', resource: '/bkt' }
    assert.equal(await plain('GET', signedV2(list)), '200')
    const shown = {
      target:
        '/bkt/public/a?response-content-disposition=attachment%3B%20filename%3D%22a%20%26%20b%22',
      resource: '/bkt/public/a?response-content-disposition=attachment; filename="a & b"',
    }
    assert.equal(await plain('GET', signedV2(shown)), '200')
  })

  test('of one parameter that holds another does not open both, nor of both the one', async () => {
    const two = '/bkt/k?partNumber=1&uploadId=X'
    const folded = { method: 'PUT', target: '/bkt/k?partNumber=1%26uploadId%3DX', resource: two }
    assert.equal(await plain('PUT', signedV2(folded), { body: 'x' }), '403 AccessDenied')
    const versionId = await newVersion('old')
    await newVersion('new')
    const resource = `/bkt/k?response-content-type=a&versionId=${versionId}`
    const split = { target: `/bkt/k?response-content-type=a%26versionId%3D${versionId}`, resource }
    assert.equal(await plain('GET', signedV2(split)), '403 AccessDenied')
    const deletion = {
      method: 'DELETE',
      target: `/bkt/k?response-content-type=a%26versionId%3D${versionId}`,
      resource,
    }
    assert.equal(await plain('DELETE', signedV2(deletion)), '403 AccessDenied')
    assert.equal(await bodyAt('/bkt/k'), 'new')
  })

  test('of a file name does not open a version, nor of a version a file name', async () => {
    const versionId = await newVersion('old')
    const name = `/bkt/k?versionId=${versionId}`
    const encoded = `/bkt/k%3FversionId%3D${versionId}`
    assert.equal(
      await plain('GET', signedV2({ target: encoded, resource: name })),
      '403 SignatureDoesNotMatch',
    )
    assert.equal(
      await plain('GET', signedV2({ target: name, resource: encoded })),
      '403 SignatureDoesNotMatch',
    )
  })

  test('of one header does not open two', async () => {
    const amzHeaders = 'x-amz-meta-a:1\nx-amz-tagging:a=b\n'
    const folded = {
      method: 'PUT',
      target: '/bkt/folded?x-amz-meta-a=1%0Ax-amz-tagging%3Aa%3Db',
      resource: '/bkt/folded',
      amzHeaders,
    }
    assert.equal(await plain('PUT', signedV2(folded)), '403 AccessDenied')
    const named = { ...folded, target: '/bkt/folded?x-amz-meta-a%3A1%0Ax-amz-tagging=a%3Db' }
    assert.equal(await plain('PUT', signedV2(named)), '403 AccessDenied')
    const spaced = {
      ...folded,
      target: '/bkt/folded?x-amz-meta-a%20b=1',
      amzHeaders: 'x-amz-meta-a b:1\n',
    }
    assert.equal(await plain('PUT', signedV2(spaced)), '403 AccessDenied')
    assert.equal((await ask({ target: '/bkt/folded' })).status, 404)
  })

  test('opens no other method, sub-resource or copy', async () => {
    const put = { method: 'PUT', target: '/bkt/k', resource: '/bkt/k' }
    const source = { headers: ['x-amz-copy-source: bkt/secret/b'] }
    assert.equal(await plain('PUT', signedV2(put), source), '403 SignatureDoesNotMatch')
    assert.equal(
      await plain('PUT', `${signedV2(put)}&x-amz-copy-source=bkt%2Fsecret%2Fb`),
      '403 SignatureDoesNotMatch',
    )
    for (const added of ['uploadId=x', 'tagging', 'versionId=null', 'zip', 'partNumber=1']) {
      const get = signedV2({ target: '/bkt/k', resource: '/bkt/k' })
      assert.match(await plain('GET', `${get}&${added}`), /^403 /, added)
    }
  })
})

function presigned(
  method: string,
  path: string,
  rest: { readonly query?: Record<string, string>; readonly headers?: Record<string, string> } = {},
): string {
  const origin = 'http://s3.test'
  const url = presignUrl({ method, origin, path, expiresSeconds: 60, ...rest }, signingContext())
  return url.slice(origin.length)
}

describe('a signature of Version 4', (test) => {
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('sorts parameters, so that none counts that is there twice', async () => {
    const versionId = await newVersion('old')
    const other = await newVersion('new')
    const target = `/bkt/k?versionId=${versionId}&versionId=${other}`
    const swap = (head: string) =>
      head.replace(target, `/bkt/k?versionId=${other}&versionId=${versionId}`)
    for (const spoil of [(head: string) => head, swap]) {
      const response = await ask({ target, spoil })
      assert.equal(`${response.status} ${codeOf(response)}`, '400 InvalidArgument')
    }
  })

  test('joins headers, so that none counts that is there twice, but for metadata', async () => {
    await ask({ method: 'PUT', target: '/bkt/a%2C%20b', body: 'with a blank' })
    await ask({ method: 'PUT', target: '/bkt/a%2Cb', body: 'without' })
    const copy = { method: 'PUT', target: '/bkt/copy', headers: { 'x-amz-copy-source': 'bkt/a,b' } }
    assert.equal((await ask(copy)).status, 200)
    assert.equal(await bodyAt('/bkt/copy'), 'without')
    const split = (head: string) =>
      head.replace('x-amz-copy-source: bkt/a,b', 'x-amz-copy-source: bkt/a\r\nx-amz-copy-source: b')
    assert.equal(codeOf(await ask({ ...copy, spoil: split })), 'InvalidArgument')
    const types = (head: string) =>
      head.replace('content-type: a/b,c/d', 'content-type: a/b\r\ncontent-type: c/d')
    const headers = { 'content-type': 'a/b,c/d', 'x-amz-meta-a': '1,2' }
    const put = { method: 'PUT', target: '/bkt/twice', headers, body: 'x' }
    assert.equal(codeOf(await ask({ ...put, spoil: types })), 'InvalidArgument')
    const metadata = (head: string) =>
      head.replace('x-amz-meta-a: 1,2', 'x-amz-meta-a: 1\r\nx-amz-meta-a: 2')
    assert.equal((await ask({ ...put, spoil: metadata })).status, 200)
    const got = await ask({ method: 'HEAD', target: '/bkt/twice' })
    assert.equal(got.headers.get('x-amz-meta-a'), '1,2')
  })

  test('takes runs of blanks for one, so that a copy names its source encoded', async () => {
    await ask({ method: 'PUT', target: '/bkt/one%20two', body: 'one blank' })
    await ask({ method: 'PUT', target: '/bkt/one%20%20two', body: 'two blanks' })
    const copy = (source: string, spoil = (head: string) => head) =>
      ask({ method: 'PUT', target: '/bkt/to', headers: { 'x-amz-copy-source': source }, spoil })
    assert.equal((await copy('bkt/one two')).status, 200)
    assert.equal(await bodyAt('/bkt/to'), 'one blank')
    const widened = await copy('bkt/one two', (head) => head.replace('one two', 'one  two'))
    assert.equal(codeOf(widened), 'InvalidArgument')
    assert.equal((await copy('bkt/one%20%20two')).status, 200)
    assert.equal(await bodyAt('/bkt/to'), 'two blanks')
  })

  test('ends no name with a letter that it has not seen', async () => {
    const value = Buffer.from('voilà', 'utf8').toString('latin1')
    const headers = { 'x-amz-meta-a': value, 'x-amz-meta-b': `${value}  ${value}` }
    const put = { method: 'PUT', target: '/bkt/voila', body: 'x', headers }
    assert.equal((await ask(put)).status, 200)
    const spoil = (head: string) =>
      head.replace('x-amz-meta-a: voil\xc3\xa0', 'x-amz-meta-a: voil\xc3')
    assert.equal(codeOf(await ask({ ...put, spoil })), 'SignatureDoesNotMatch')
  })

  test('in the header counts alone, however one in the query is written', async () => {
    for (const name of ['X-Amz-Signature', 'X%2DAmz-Signature', '%58-Amz-Signature']) {
      const response = await ask({ target: `/bkt/k?${name}=00` })
      assert.equal(codeOf(response), 'InvalidArgument', name)
    }
    const acl = await ask({ method: 'PUT', target: '/bkt/k?x-amz-acl=public-read', body: 'x' })
    assert.equal(codeOf(acl), 'InvalidArgument')
  })

  test('in the query opens what the query says, headers that were moved there included', async () => {
    const source = { 'x-amz-copy-source': 'bkt/public/a' }
    assert.equal(await plain('PUT', presigned('PUT', '/bkt/moved', { query: source })), '200')
    assert.equal(await bodyAt('/bkt/moved'), 'public')
    const owner = { 'X-Amz-Expected-Bucket-Owner': '111122223333' }
    const write = presigned('PUT', '/bkt/moved', { query: owner })
    assert.equal(await plain('PUT', write, { body: 'x' }), '403 AccessDenied')
    const lock = presigned('PUT', '/bkt/moved', {
      query: { 'x-amz-object-lock-mode': 'GOVERNANCE' },
    })
    assert.equal(await plain('PUT', lock, { body: 'x' }), '400 InvalidRequest')
    const mfa = presigned('DELETE', '/bkt/moved', { query: { 'x-amz-mfa': '1 2' } })
    assert.equal(await plain('DELETE', mfa), '501 NotImplemented')
    for (const query of [{ 'x-amz-meta-a b': 'c' }, { 'x-amz-meta-a': 'b\nx-amz-tagging:c' }]) {
      const target = presigned('PUT', '/bkt/moved', { query: query as Record<string, string> })
      assert.equal(await plain('PUT', target, { body: 'x' }), '400 InvalidArgument')
    }
    assert.equal(await bodyAt('/bkt/moved'), 'public')
  })

  test('in the query opens a route of ours with the body that it covers', async () => {
    const body = JSON.stringify({ bucket: 'bkt', entries: [{ prefix: 'secret/' }] })
    const target = presigned('POST', '/-/bundles')
    assert.equal(await plain('POST', target, { body }), '403 AccessDenied')
    assert.equal(await plain('GET', presigned('GET', '/-/bundles')), '200')
    const twice = await ask({ target: '/-/bundles?after=a&after=b', headers: { host: 'x' } })
    assert.equal(twice.status, 400)
  })
})
