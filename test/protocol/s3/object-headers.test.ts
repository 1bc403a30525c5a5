import assert from 'node:assert'
import {
  addObjectHeaders,
  parseObjectHeaders,
  type ReplyHeaders,
} from '../../../protocol/s3/object-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

function throwsCode(run: () => unknown, code: string): void {
  assert.throws(run, (cause) => cause instanceof S3Error && cause.code === code)
}

function shown(request: Record<string, string>): ReplyHeaders {
  const reply: ReplyHeaders = {}
  addObjectHeaders(reply, parseObjectHeaders(request))
  return reply
}

describe('headers of objects', (test) => {
  test('what was given comes back, and nothing else', () => {
    assert.deepEqual(
      shown({
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'no-cache',
        'content-disposition': 'attachment; filename="a.txt"',
        'content-encoding': 'gzip',
        'content-language': 'de',
        expires: 'not even a date',
        'x-amz-website-redirect-location': '/elsewhere',
        'x-amz-meta-colour': 'red',
        'x-amz-meta-empty': '',
        'x-amz-storage-class': 'STANDARD_IA',
        host: 'example.com',
        'x-amz-date': '20261121T080000Z',
      }),
      {
        'Content-Type': 'text/plain; charset=utf-8',
        'Cache-Control': 'no-cache',
        'Content-Disposition': 'attachment; filename="a.txt"',
        'Content-Encoding': 'gzip',
        'Content-Language': 'de',
        Expires: 'not even a date',
        'x-amz-website-redirect-location': '/elsewhere',
        'x-amz-storage-class': 'STANDARD_IA',
        'x-amz-meta-colour': 'red',
        'x-amz-meta-empty': '',
      },
    )
  })

  test('an object put without a type is binary, and STANDARD is not mentioned', () => {
    assert.deepEqual(shown({ 'x-amz-storage-class': 'STANDARD' }), {
      'Content-Type': 'binary/octet-stream',
    })
  })

  test('aws-chunked is how the body came, and no encoding of the object', () => {
    const encoding = (raw: string) =>
      parseObjectHeaders({ 'content-encoding': raw }).headers.contentEncoding
    assert.equal(encoding('aws-chunked'), undefined)
    assert.equal(encoding('aws-chunked,gzip'), 'gzip')
    assert.equal(encoding('gzip, AWS-Chunked'), 'gzip')
    assert.equal(encoding('gzip, br'), 'gzip, br')
  })

  test('2 KiB of metadata, names included, is the most', () => {
    const fits = { 'x-amz-meta-a': 'x'.repeat(2047) }
    assert.equal(parseObjectHeaders(fits).userMetadata.a?.length, 2047)
    throwsCode(() => parseObjectHeaders({ 'x-amz-meta-ab': 'x'.repeat(2047) }), 'MetadataTooLarge')
  })

  test('archive classes and unknown ones are refused', () => {
    for (const storageClass of ['GLACIER', 'DEEP_ARCHIVE', 'standard', 'FAST']) {
      throwsCode(
        () => parseObjectHeaders({ 'x-amz-storage-class': storageClass }),
        'InvalidStorageClass',
      )
    }
  })

  test('a redirect leads to a path or to a web address', () => {
    throwsCode(
      () => parseObjectHeaders({ 'x-amz-website-redirect-location': 'ftp://x' }),
      'InvalidRedirectLocation',
    )
  })

  test('a metadata name that objects inherit is a name like any other', () => {
    const { userMetadata } = parseObjectHeaders({ 'x-amz-meta-__proto__': 'x' })
    assert.deepEqual(Object.keys(userMetadata), ['__proto__'])
  })

  test('metadata that no header can hold is counted, and header fields of that kind are refused', () => {
    const reply = shown({ 'x-amz-meta-a': 'line\nbreak', 'x-amz-meta-b': 'plain' })
    assert.equal(reply['x-amz-missing-meta'], 1)
    assert.equal(reply['x-amz-meta-a'], undefined)
    assert.equal(reply['x-amz-meta-b'], 'plain')
    throwsCode(() => parseObjectHeaders({ 'content-type': 'a\r\nb: c' }), 'InvalidArgument')
  })
})
