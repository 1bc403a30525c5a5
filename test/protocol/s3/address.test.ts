import assert from 'node:assert'
import { hostedBucket, parseAddress } from '../../../protocol/s3/address.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

const domains = ['s3.example', 'other.s3.example', 'localhost']

describe('the address of a request', (test) => {
  test('has its bucket in the host however the name is written', () => {
    for (const host of [
      'bkt.s3.example',
      'bkt.s3.example.',
      'BKT.S3.Example',
      'bkt.s3.example:9000',
      'bkt.s3.example.:9000',
      'bkt.s3.example:80',
      'bkt.s3.example:',
      'bkt.s3.example.:',
      'bkt.localhost.:443',
    ]) {
      assert.equal(hostedBucket(host, domains), 'bkt', host)
      assert.deepEqual(parseAddress('/a/b', host, domains), { bucket: 'bkt', key: 'a/b' })
    }
    assert.equal(hostedBucket('a.b.s3.example.', domains), 'a.b')
  })

  test('has its bucket in the path where the host is a domain of the server, or none of them', () => {
    for (const host of [
      's3.example',
      's3.example.',
      'S3.EXAMPLE.:9000',
      'xs3.example',
      's3.example.org.',
      '[::1]',
      '[::1]:9000',
      '[2001:db8::a.]:80',
      '127.0.0.1',
      '127.0.0.1.:9000',
      '.',
      '',
      undefined,
    ]) {
      assert.equal(hostedBucket(host, domains), undefined, host)
      assert.deepEqual(parseAddress('/bkt/a/b', host, domains), { bucket: 'bkt', key: 'a/b' })
    }
  })

  test('has the bucket below the longest domain, and none in a domain itself', () => {
    for (const order of [domains, [...domains].reverse()]) {
      assert.equal(hostedBucket('bkt.other.s3.example', order), 'bkt')
      assert.equal(hostedBucket('other.s3.example.', order), undefined)
    }
  })

  test('names a tenant before a colon in the path, as it was sent or encoded', () => {
    for (const path of ['/acme:photos/a:b', '/acme%3Aphotos/a:b', '/acme%3aphotos/a%3Ab']) {
      const named = { tenant: 'acme', bucket: 'photos', key: 'a:b' }
      assert.deepEqual(parseAddress(path, 's3.example', domains), named, path)
    }
    assert.deepEqual(parseAddress('/1:b', undefined, []), { tenant: '1', bucket: 'b' })
    // Nobody's, and so a name like any other.
    for (const bucket of [':b', 'b:', ':', '::']) {
      assert.deepEqual(parseAddress(`/${bucket}`, undefined, []), { bucket })
    }
  })

  test('may name a tenant by the last label before the domain, or a bucket of several labels', () => {
    assert.deepEqual(parseAddress('/k', 'a.b.acme.s3.example', domains), {
      ...{ bucket: 'a.b.acme', key: 'k' },
      orOfTenant: { tenant: 'acme', bucket: 'a.b' },
    })
    assert.deepEqual(parseAddress('/', 'bkt.s3.example', domains), { bucket: 'bkt' })
  })

  test('is nowhere in a host with empty labels: it would name another bucket when it is read otherwise', () => {
    for (const host of [
      ...[
        'bkt.s3.example..',
        'bkt.s3.example..:9000',
        '.s3.example',
        '..s3.example',
        'bkt..s3.example',
      ],
      ...['s3.example..', '.bkt.s3.example', 'a..b.s3.example', 'elsewhere..', '..'],
    ]) {
      for (const read of [
        () => hostedBucket(host, domains),
        () => parseAddress('/a/b', host, domains),
      ]) {
        assert.throws(read, (cause) => cause instanceof S3Error && cause.code === 'InvalidArgument')
      }
      // Where no host names a bucket, none is looked at.
      assert.equal(hostedBucket(host, []), undefined)
    }
  })
})
