import assert from 'node:assert'
import { parseCopySource } from '../../../protocol/s3/copy-source.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

const parse = (raw: string) => parseCopySource({ 'x-amz-copy-source': raw })

describe('copy sources', (test) => {
  test('bucket and key come with or without a leading slash', () => {
    assert.deepEqual(parse('/bucket/a/b'), { bucketName: 'bucket', key: 'a/b' })
    assert.deepEqual(parse('bucket/a/b'), { bucketName: 'bucket', key: 'a/b' })
    assert.deepEqual(parse('bucket//a'), { bucketName: 'bucket', key: '/a' })
  })

  test('names are percent-decoded, and a plus is a space', () => {
    assert.equal(parse('bucket/%C3%A4%2Fb%3Fc').key, 'ä/b?c')
    assert.equal(parse('bucket%2Fa').key, 'a')
    assert.equal(parse('bucket/a+b%2Bc').key, 'a b+c')
  })

  test('a tenant may stand before the bucket, and the colons of a key are its own', () => {
    assert.deepEqual(parseCopySource({ 'x-amz-copy-source': '/acme%3Ab/k:1?versionId=v' }), {
      ...{ tenant: 'acme', bucketName: 'b', key: 'k:1', versionId: 'v' },
    })
  })

  test('raw UTF-8 is taken as it is', () => {
    assert.equal(parse(`bucket/${Buffer.from('ä').toString('latin1')}`).key, 'ä')
  })

  test('the version follows the last mark, and an encoded mark belongs to the key', () => {
    assert.deepEqual(parse('bucket/a?versionId=null'), {
      bucketName: 'bucket',
      key: 'a',
      versionId: 'null',
    })
    assert.deepEqual(parse('bucket/a%3FversionId=x?versionId=y'), {
      bucketName: 'bucket',
      key: 'a?versionId=x',
      versionId: 'y',
    })
  })

  test('what names no object is an invalid argument', () => {
    for (const raw of [
      '',
      '/',
      'bucket',
      'bucket/',
      '/bucket/',
      '//a',
      'bucket/%zz',
      'bucket/%ff',
    ]) {
      assert.throws(
        () => parse(raw),
        (cause) => cause instanceof S3Error && cause.code === 'InvalidArgument',
        raw,
      )
    }
  })

  test('a key that is too long is refused', () => {
    assert.throws(
      () => parse(`bucket/${'k'.repeat(1025)}`),
      (cause) => cause instanceof S3Error && cause.code === 'KeyTooLongError',
    )
  })
})
