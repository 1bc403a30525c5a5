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
    for (const alone of [
      'aws-chunked',
      'AWS-Chunked',
      ' aws-chunked ,',
      'aws-chunked,aws-chunked',
    ]) {
      assert.equal(encoding(alone), undefined)
    }
  })

  test('the word aws-chunked goes with its comma, and the rest stays as it was sent', () => {
    const encoding = (raw: string) =>
      parseObjectHeaders({ 'content-encoding': raw }).headers.contentEncoding
    assert.equal(encoding('deflate, gzip,aws-chunked'), 'deflate, gzip')
    assert.equal(encoding('deflate, aws-chunked, gzip'), 'deflate, gzip')
    assert.equal(encoding('aws-chunked,gzip'), 'gzip')
    assert.equal(encoding('aws-chunked, deflate,  gzip'), 'deflate,  gzip')
    assert.equal(encoding('gzip, AWS-Chunked'), 'gzip')
    assert.equal(encoding('aws-chunked,gzip;q=1 ,\tbr,aws-chunked'), 'gzip;q=1 ,\tbr')
    assert.equal(encoding('x-aws-chunked, gzip'), 'x-aws-chunked, gzip')
    assert.equal(encoding('gzip, br'), 'gzip, br')
  })

  test('the headers that S3 knows have 2 KiB at most, and a redirect as much again', () => {
    const { headers } = parseObjectHeaders({
      'cache-control': 'x'.repeat(2035),
      'x-amz-website-redirect-location': `/${'x'.repeat(2047)}`,
    })
    assert.equal(headers.cacheControl?.length, 2035)
    throwsCode(() => parseObjectHeaders({ 'cache-control': 'x'.repeat(2036) }), 'MetadataTooLarge')
    throwsCode(
      () => parseObjectHeaders({ 'x-amz-website-redirect-location': `/${'x'.repeat(2048)}` }),
      'InvalidRedirectLocation',
    )
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

  test('what no header can hold is refused, whatever the header', () => {
    for (const name of [
      'content-type',
      'cache-control',
      'content-disposition',
      'content-encoding',
      'content-language',
      'expires',
      'x-amz-website-redirect-location',
      'x-amz-meta-a',
    ]) {
      for (const bad of ['a\r\nb: c', '/\0', '/\x7f', '/€']) {
        throwsCode(() => parseObjectHeaders({ [name]: bad }), 'InvalidArgument')
      }
    }
  })
})
