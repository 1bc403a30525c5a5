// Headers and parameters that have one of a few values: another one is refused wherever it is taken, with
// nothing done. The table has each operation that takes one.
import assert from 'node:assert'
import { describe } from '../support/describe.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { RunningServer } from '../support/start-server.ts'
import { codeOf, exchange, type WireRequest } from '../support/wire-request.ts'

const initiate = { method: 'POST', target: '/bkt/new?uploads', body: '' }
const put = { method: 'PUT', target: '/bkt/new', body: 'new' }
const copy = {
  method: 'PUT',
  target: '/bkt/new',
  headers: { 'x-amz-copy-source': 'bkt/old' },
}
const stores = [put, copy, initiate]
const makeBucket = { method: 'PUT', target: '/made', body: '' }
const tagging = '<Tagging><TagSet></TagSet></Tagging>'
const xmlWrites = [
  { method: 'PUT', target: '/bkt/old?tagging', body: tagging },
  { method: 'PUT', target: '/bkt?tagging', body: tagging },
  {
    method: 'POST',
    target: '/bkt?delete',
    body: '<Delete><Object><Key>old</Key></Object></Delete>',
  },
  {
    method: 'PUT',
    target: '/bkt?versioning',
    body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  },
]
const get = { method: 'GET', target: '/bkt/old' }
const head = { method: 'HEAD', target: '/bkt/old' }
const lists = ['/bkt', '/bkt?list-type=2', '/bkt?versions'].map((target) => ({
  method: 'GET',
  target,
}))
const attributes = {
  method: 'GET',
  target: '/bkt/old?attributes',
  headers: { 'x-amz-object-attributes': 'ETag' },
}

type Row = {
  readonly header: string
  readonly taken: readonly string[]
  readonly refused: readonly string[]
  readonly code: string
  readonly by: readonly WireRequest[]
}

const rows: readonly Row[] = [
  {
    header: 'x-amz-storage-class',
    taken: ['STANDARD', 'STANDARD_IA'],
    refused: ['standard', 'FAST', 'STANDARD,GLACIER'],
    code: 'InvalidStorageClass',
    by: stores,
  },
  {
    header: 'x-amz-acl',
    taken: ['private', 'bucket-owner-full-control'],
    refused: ['secret', 'PRIVATE', 'private,private'],
    code: 'InvalidArgument',
    by: [...stores, makeBucket],
  },
  {
    header: 'x-amz-metadata-directive',
    taken: ['COPY', 'REPLACE'],
    refused: ['copy', 'MERGE', 'COPY,REPLACE'],
    code: 'InvalidArgument',
    by: [copy],
  },
  {
    header: 'x-amz-tagging-directive',
    taken: ['COPY', 'REPLACE'],
    refused: ['replace', 'MERGE'],
    code: 'InvalidArgument',
    by: [copy],
  },
  {
    header: 'x-amz-checksum-algorithm',
    taken: ['CRC32', 'sha256', 'CRC64NVME'],
    refused: ['MD4', 'CRC32,SHA1', 'none'],
    code: 'InvalidRequest',
    by: [copy, initiate],
  },
  {
    header: 'x-amz-sdk-checksum-algorithm',
    taken: [],
    refused: ['MD4', 'CRC32,SHA1'],
    code: 'InvalidRequest',
    by: [put, ...xmlWrites],
  },
  {
    header: 'x-amz-checksum-type',
    taken: ['COMPOSITE'],
    refused: ['HALF', 'FULL_OBJECT,COMPOSITE'],
    code: 'InvalidRequest',
    by: [{ ...initiate, headers: { 'x-amz-checksum-algorithm': 'SHA256' } }],
  },
  {
    header: 'x-amz-checksum-mode',
    taken: ['ENABLED', 'enabled'],
    refused: ['DISABLED', 'yes', 'ENABLED,ENABLED'],
    code: 'InvalidRequest',
    by: [get, head],
  },
  {
    header: 'x-amz-object-attributes',
    taken: ['ETag', 'ETag,ObjectSize', 'Checksum, StorageClass'],
    refused: ['etag', 'ETag,Colour'],
    code: 'InvalidArgument',
    by: [{ method: 'GET', target: '/bkt/old?attributes' }],
  },
  {
    header: 'x-amz-request-payer',
    taken: ['requester', 'Requester'],
    refused: ['owner', 'true', 'requester,requester'],
    code: 'InvalidArgument',
    by: [...stores, get, head, ...lists, attributes, xmlWrites[0] ?? get],
  },
  {
    header: 'x-amz-optional-object-attributes',
    taken: ['RestoreStatus'],
    refused: ['Colour', 'RestoreStatus,Colour'],
    code: 'InvalidArgument',
    by: lists,
  },
  {
    header: 'x-amz-object-ownership',
    taken: ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'],
    refused: ['Nobody', 'bucketownerenforced', 'BucketOwnerEnforced,ObjectWriter'],
    code: 'InvalidArgument',
    by: [makeBucket],
  },
  {
    header: 'x-amz-bucket-namespace',
    taken: ['global'],
    refused: ['galactic', 'GLOBAL'],
    code: 'InvalidArgument',
    by: [makeBucket],
  },
  {
    header: 'x-amz-bucket-object-lock-enabled',
    taken: ['false', 'False'],
    refused: ['maybe', '0'],
    code: 'InvalidArgument',
    by: [makeBucket],
  },
  {
    header: 'x-amz-server-side-encryption',
    taken: ['AES256'],
    refused: ['ROT13', 'aes256', 'AES256,AES256'],
    code: 'InvalidEncryptionAlgorithmError',
    by: stores,
  },
  {
    header: 'x-amz-server-side-encryption-bucket-key-enabled',
    taken: ['false'],
    refused: ['maybe', '1'],
    code: 'InvalidArgument',
    by: stores,
  },
]

describe('a header with one of a few values', (test) => {
  let server: RunningServer
  const ask = (request: WireRequest) => exchange(server.port, request)
  const outcome = (reply: RawResponse) => (reply.status < 300 ? 'done' : codeOf(reply))

  test.before(async () => {
    server = await RunningServer.start()
    for (const request of [
      { method: 'PUT', target: '/bkt', body: '' },
      { method: 'PUT', target: '/bkt/old', body: 'old' },
    ]) {
      assert.equal((await ask(request)).status, 200)
    }
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  for (const { header, taken, refused, code, by } of rows) {
    test(`${header} is refused with another one by all that take it, and nothing is done`, async () => {
      for (const request of by) {
        const send = (value: string) =>
          ask({ ...request, headers: { ...request.headers, [header]: value } })
        for (const value of refused) {
          const reply = await send(value)
          const what = `${request.method} ${request.target} ${value}: ${reply.body}`
          // A HEAD has no body to say a code.
          if (request.method === 'HEAD') assert.equal(reply.status, 400, what)
          else assert.equal(outcome(reply), code, what)
        }
        assert.equal((await ask({ target: '/bkt/new' })).status, 404, header)
        assert.equal((await ask({ target: '/made' })).status, 404, header)
        for (const value of ['', ...taken]) {
          if (value === '' && /object-attributes|sdk-checksum/.test(header)) continue
          const reply = await send(value)
          const what = `${request.method} ${request.target} "${value}": ${reply.body}`
          assert.ok(reply.status < 300, what)
        }
        await ask({ method: 'DELETE', target: '/bkt/new' })
        await ask({ method: 'DELETE', target: '/made' })
      }
    })
  }

  test('encoding-type, fetch-owner and list-type are no exception', async () => {
    for (const list of ['/bkt?', '/bkt?list-type=2&', '/bkt?versions&', '/bkt?uploads&']) {
      assert.equal(outcome(await ask({ target: `${list}encoding-type=url` })), 'done')
      for (const value of ['gzip', 'url,url', '1']) {
        const reply = await ask({ target: `${list}encoding-type=${value}` })
        assert.equal(outcome(reply), 'InvalidArgument', `${list} ${value}`)
      }
    }
    for (const [value, expected] of [
      ...[
        ['true', 'done'],
        ['FALSE', 'done'],
        ['', 'done'],
        ['yes', 'InvalidArgument'],
      ],
    ]) {
      const reply = await ask({ target: `/bkt?list-type=2&fetch-owner=${value}` })
      assert.equal(outcome(reply), expected, value)
    }
    for (const value of ['', '1', '3', '02', '2.0', 'two', ' 2']) {
      const target = `/bkt?list-type=${encodeURIComponent(value)}`
      const { body } = await ask({ target })
      assert.match(body.toString(), /<Marker/, `"${value}" is the first version`)
      assert.doesNotMatch(body.toString(), /<KeyCount>/)
      for (const own of ['start-after=a', 'continuation-token=a', 'fetch-owner=true']) {
        const reply = await ask({ target: `${target}&${own}` })
        assert.equal(outcome(reply), 'InvalidArgument', `${target}&${own}`)
      }
    }
    assert.match((await ask({ target: '/bkt?list-type=2' })).body.toString(), /<KeyCount>/)
  })

  test('a demand that is not known asks for nothing without a value, and a condition stays a mistake', async () => {
    const send = async (header: string, value: string) =>
      outcome(await ask({ ...put, headers: { [header]: value } }))
    for (const name of [
      'grant-foo',
      'grant',
      'bypass-foo',
      'server-side-foo',
      'mfa-foo',
      'write-foo',
      'object-lock-foo',
    ]) {
      assert.equal(await send(`x-amz-${name}`, ''), 'done', name)
      assert.equal(await send(`x-amz-${name}`, 'x'), 'NotImplemented', name)
    }
    for (const name of ['if-foo', 'expected-foo', 'source-foo', 'copy-foo', 'rename-foo']) {
      for (const value of ['', 'x'])
        assert.equal(await send(`x-amz-${name}`, value), 'NotImplemented', name)
    }
  })
})
