// Requests that say more than their operation takes, over raw sockets: nothing is done that was not meant.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { accountId, ownerId } from '../../gateway/access/owner.ts'
import type { TenantId } from '../../metadata/records.ts'
import { describe } from '../support/describe.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { RunningServer } from '../support/start-server.ts'
import { codeOf, exchange, type WireRequest } from '../support/wire-request.ts'

const tenantId = parseTenantId('root')
let server: RunningServer

function parseTenantId(text: string): TenantId {
  return text as TenantId
}

const ask = (request: WireRequest) => exchange(server.port, request)

type Headers = Readonly<Record<string, string>>

async function answer(method: string, target: string, headers: Headers = {}): Promise<string> {
  const body = method === 'GET' || method === 'HEAD' ? {} : { body: 'changed' }
  return short(await ask({ method, target, headers, ...body }))
}

function short(response: RawResponse): string {
  return response.status < 300 ? `${response.status}` : `${response.status} ${codeOf(response)}`
}

async function bodyAt(target: string): Promise<string> {
  return (await ask({ target })).body.toString()
}

async function setVersioning(bucket: string, status: string): Promise<void> {
  const body = `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`
  assert.equal((await ask({ method: 'PUT', target: `/${bucket}?versioning`, body })).status, 200)
}

function post(target: string, body: string): Promise<RawResponse> {
  const md5 = createHash('md5').update(body).digest('base64')
  return ask({ method: 'POST', target, body, headers: { 'content-md5': md5 } })
}

describe('a parameter of another operation', (test) => {
  test.before(async () => {
    server = await RunningServer.start()
    for (const bucket of ['bkt', 'versioned', 'suspended']) {
      assert.equal((await ask({ method: 'PUT', target: `/${bucket}`, body: '' })).status, 200)
    }
    await setVersioning('versioned', 'Enabled')
    await setVersioning('suspended', 'Suspended')
  })

  test('is never ignored by a write: nothing is stored, copied or deleted', async () => {
    await ask({ method: 'PUT', target: '/bkt/whole', body: 'whole' })
    const copy = { 'x-amz-copy-source': 'bkt/other' }
    await ask({ method: 'PUT', target: '/bkt/other', body: 'other' })
    const refused: readonly (readonly [string, string, Headers?])[] = [
      ['PUT', '/bkt/whole?partNumber=2'],
      ['PUT', '/bkt/whole?partNumber=2', copy],
      ['PUT', '/bkt/whole?partNumber'],
      ['PUT', '/bkt/whole?versionId=null'],
      ['PUT', '/bkt/whole?versionId='],
      ['PUT', '/bkt/whole?versionId=null', copy],
      ['PUT', '/bkt/whole?list-type=2'],
      ['POST', '/bkt/whole?uploads&versionId=null'],
      ['POST', '/bkt/whole?uploads&partNumber=1'],
      ['POST', '/bkt/whole?uploadId=x&versionId=null'],
      ['POST', '/bkt?delete&versionId=null'],
      ['DELETE', '/bkt/whole?partNumber=1'],
      ['DELETE', '/bkt/whole?uploadId=x&partNumber=1'],
      ['DELETE', '/bkt/whole?tagging&partNumber=1'],
      ['DELETE', '/bkt/whole?versionId=null&versionId=null'],
      ['DELETE', '/bkt?versionId=null'],
      ['PUT', '/bkt?partNumber=1'],
      ['PUT', '/bkt/whole?partNumber=1&uploadId=x&tagging'],
    ]
    for (const [method, target, headers] of refused) {
      const said = await answer(method, target, headers)
      assert.equal(said, '400 InvalidArgument', `${method} ${target}`)
    }
    assert.equal(await answer('PUT', '/bkt/whole?uploadId=x'), '405 MethodNotAllowed')
    assert.equal(await bodyAt('/bkt/whole'), 'whole')
  })

  test('is refused by a read too', async () => {
    for (const target of [
      '/bkt/whole?response-foo=bar',
      '/bkt/whole?tagging&partNumber=1',
      '/bkt/whole?uploadId=x&versionId=null',
      '/bkt/whole?zip&versionId=null',
      '/bkt/whole?list-type=2',
      '/bkt?versionId=null',
      '/bkt?versions&list-type=2',
      '/bkt?partNumber=1',
      '/?versionId=null',
      '/bkt?prefix=a&prefix=b',
    ]) {
      assert.equal(await answer('GET', target), '400 InvalidArgument', target)
    }
  })

  test('that S3 ignores, or that belongs to no operation, changes nothing', async () => {
    for (const target of [
      '/bkt/whole?foo=bar',
      '/bkt/whole?x-id=GetObject&prefix=a&marker=b',
      '/bkt/whole?response-content-type=a%2Fb',
      '/bkt?foo&max-keys=1&x-id=ListObjects',
      '/bkt?list-type=2&marker=a&delimiter=',
    ]) {
      assert.equal(await answer('GET', target), '200', target)
    }
    assert.equal(await answer('PUT', '/bkt/ok?x-id=PutObject&foo=bar'), '200')
  })
})

describe('a header of another operation', (test) => {
  test('is refused wherever it would be dropped', async () => {
    const source = { 'x-amz-copy-source': 'bkt/whole' }
    const refused: readonly (readonly [string, string, Headers, string])[] = [
      ['GET', '/bkt/whole', source, '400 InvalidArgument'],
      ['DELETE', '/bkt/whole', source, '400 InvalidArgument'],
      ['POST', '/bkt/whole?uploads', source, '400 InvalidArgument'],
      ['POST', '/bkt/whole?uploadId=x', source, '400 InvalidArgument'],
      ['PUT', '/bkt', source, '400 InvalidArgument'],
      ['PUT', '/bkt/whole?tagging', source, '400 InvalidArgument'],
      ['PUT', '/bkt/whole', { 'x-amz-copy-source-range': 'bytes=0-1' }, '400 InvalidArgument'],
      ['PUT', '/bkt/whole', { 'x-amz-copy-source-if-match': 'x' }, '400 InvalidArgument'],
      ['PUT', '/bkt/whole', { 'x-amz-if-match-size': '1' }, '400 InvalidArgument'],
      ['PUT', '/bkt/whole', { 'content-range': 'bytes 0-1/9' }, '400 InvalidArgument'],
      ['PUT', '/bkt/whole', { 'if-match': '' }, '400 InvalidArgument'],
      ['DELETE', '/bkt/whole', { 'if-match': '' }, '400 InvalidArgument'],
      ['DELETE', '/bkt/whole', { 'x-amz-mfa': '1 2' }, '501 NotImplemented'],
      ['DELETE', '/bkt/whole', { 'if-none-match': '*' }, '501 NotImplemented'],
      ['DELETE', '/bkt/whole', { 'x-amz-if-match-moon': 'full' }, '501 NotImplemented'],
      ['PUT', '/bkt/whole', { 'x-amz-write-offset-bytes': '0' }, '501 NotImplemented'],
      [
        'DELETE',
        '/bkt/whole',
        { 'x-amz-bypass-governance-retention': 'true' },
        '400 InvalidArgument',
      ],
    ]
    for (const [method, target, headers, expected] of refused) {
      const name = `${method} ${target} ${Object.keys(headers)[0]}`
      assert.equal(await answer(method, target, headers), expected, name)
    }
    assert.equal((await ask({ method: 'HEAD', target: '/bkt/whole', headers: source })).status, 400)
    assert.equal(await bodyAt('/bkt/whole'), 'whole')
  })
})

describe('the owner that a bucket is expected to have', (test) => {
  const owners = [tenantId, ownerId(tenantId), accountId(tenantId)]
  const others = ['111122223333', '000000000000', 'f'.repeat(64), 'x', `${accountId(tenantId)}0`]

  test('is one, by each of its names, whatever is asked', async () => {
    const requests: readonly (readonly [string, string])[] = [
      ['GET', '/bkt/whole'],
      ['GET', '/bkt'],
      ['GET', '/bkt?versioning'],
      ['GET', '/bkt/whole?zip'],
      ['PUT', '/bkt/whole'],
      ['GET', '/'],
    ]
    for (const [method, target] of requests) {
      const name = 'x-amz-expected-bucket-owner'
      for (const owner of owners) {
        assert.equal(await answer(method, target, { [name]: owner }), '200', target)
      }
      for (const owner of others) {
        const said = await answer(method, target, { [name]: owner })
        assert.equal(said, '403 AccessDenied', `${method} ${target} ${owner}`)
      }
    }
    const own = { target: '/-/bundles', headers: { 'x-amz-expected-bucket-owner': 'x' } }
    assert.equal((await ask(own)).status, 403)
  })

  test('is asked of a source as well', async () => {
    const copied = await ask({ method: 'POST', target: '/bkt/parts?uploads', body: '' })
    const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(copied.body.toString())?.[1]
    for (const target of ['/bkt/copied', `/bkt/parts?partNumber=1&uploadId=${uploadId}`]) {
      const copy = (owner: string) =>
        answer('PUT', target, {
          'x-amz-copy-source': 'bkt/whole',
          'x-amz-source-expected-bucket-owner': owner,
        })
      for (const owner of others) assert.equal(await copy(owner), '403 AccessDenied', target)
      assert.equal(await copy(''), '400 InvalidArgument')
      for (const owner of owners) assert.equal(await copy(owner), '200', target)
    }
  })

  test('has an account id that stays', () => {
    assert.equal(accountId(tenantId), '130350117572')
    assert.match(accountId(parseTenantId('another')), /^\d{12}$/)
  })
})

describe('access control lists', (test) => {
  test('are answered in one way, until there are some', async () => {
    for (const acl of ['public-read', 'public-read-write', 'authenticated-read']) {
      const shared = { 'x-amz-acl': acl }
      const refusal = '400 AccessControlListNotSupported'
      assert.equal(await answer('PUT', '/bkt/shared', shared), refusal)
      assert.equal(await answer('POST', '/bkt/shared?uploads', shared), refusal)
      const copy = { ...shared, 'x-amz-copy-source': 'bkt/whole' }
      assert.equal(await answer('PUT', '/bkt/shared', copy), refusal)
      const bucket = await ask({ method: 'PUT', target: '/shared', body: '', headers: shared })
      assert.equal(short(bucket), '400 InvalidBucketAclWithObjectOwnership')
    }
    assert.equal(await answer('GET', '/bkt/shared'), '404 NoSuchKey')
    const own = { 'x-amz-acl': 'private' }
    assert.equal(await answer('PUT', '/bkt/own', own), '200')
    const bucket = await ask({ method: 'PUT', target: '/private', body: '', headers: own })
    assert.equal(bucket.status, 200)
  })
})

describe('a write into a bucket whose versioning is suspended', (test) => {
  test('names no version; reads and delete markers say null', async () => {
    const versionOf = (response: RawResponse) => {
      assert.ok(response.status < 300, response.body.toString())
      return response.headers.get('x-amz-version-id')
    }
    const put = await ask({ method: 'PUT', target: '/suspended/k', body: 'x' })
    assert.equal(versionOf(put), undefined)
    const headers = { 'x-amz-copy-source': 'suspended/k' }
    const copy = await ask({ method: 'PUT', target: '/suspended/copy', body: '', headers })
    assert.equal(versionOf(copy), undefined)
    const begun = await ask({ method: 'POST', target: '/suspended/parts?uploads', body: '' })
    const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(begun.body.toString())?.[1]
    const target = `/suspended/parts?uploadId=${uploadId}`
    const part = await ask({ method: 'PUT', target: `${target}&partNumber=1`, body: 'x' })
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.get('etag')}</ETag></Part></CompleteMultipartUpload>`
    assert.equal(versionOf(await ask({ method: 'POST', target, body })), undefined)
    assert.equal(versionOf(await ask({ method: 'POST', target, body })), undefined)
    for (const method of ['GET', 'HEAD']) {
      assert.equal(versionOf(await ask({ method, target: '/suspended/k' })), 'null')
    }
    const deleted = await ask({ method: 'DELETE', target: '/suspended/k' })
    assert.equal(versionOf(deleted), 'null')
    assert.equal(deleted.headers.get('x-amz-delete-marker'), 'true')
    const versioned = await ask({ method: 'PUT', target: '/versioned/k', body: 'x' })
    assert.match(versionOf(versioned) ?? '', /^[0-9a-f]{32}$/)
  })
})

describe('an empty element of DeleteObjects', (test) => {
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('is not one that is missing: that key fails, and no other', async () => {
    for (const bucket of ['bkt', 'versioned']) {
      await ask({ method: 'PUT', target: `/${bucket}/kept`, body: 'kept' })
      await ask({ method: 'PUT', target: `/${bucket}/gone`, body: 'gone' })
      const kept = [
        '<Object><Key>kept</Key><VersionId/></Object>',
        '<Object><Key>kept</Key><VersionId> </VersionId></Object>',
        '<Object><Key>kept</Key><ETag/></Object>',
      ]
      const body = `<Delete>${kept.join('')}<Object><Key>gone</Key></Object></Delete>`
      const deleted = (await post(`/${bucket}?delete`, body)).body.toString()
      assert.equal(deleted.match(/<Code>NoSuchVersion<\/Code>/g)?.length, 2)
      assert.equal(deleted.match(/<Code>PreconditionFailed<\/Code>/g)?.length, 1)
      assert.equal(deleted.match(/<Deleted>/g)?.length, 1)
      assert.equal(await bodyAt(`/${bucket}/kept`), 'kept')
      assert.equal((await ask({ target: `/${bucket}/gone` })).status, 404)
    }
    assert.equal(await answer('DELETE', '/bkt/kept?versionId='), '400 InvalidArgument')
  })

  test('that is not known refuses the request', async () => {
    for (const element of ['<VersionID>x</VersionID>', '<IfMatch>x</IfMatch>']) {
      const body = `<Delete><Object><Key>kept</Key>${element}</Object></Delete>`
      assert.equal(codeOf(await post('/bkt?delete', body)), 'MalformedXML', element)
    }
    assert.equal(await bodyAt('/bkt/kept'), 'kept')
  })
})
