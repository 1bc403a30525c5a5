import assert from 'node:assert/strict'
import { canonicalPath } from '../../../../protocol/s3/sigv4/canonical-encoding.ts'
import {
  canonicalQuery,
  canonicalRequest,
  stringToSign,
} from '../../../../protocol/s3/sigv4/canonical-request.ts'
import { canonicalValue, collectHeaders } from '../../../../protocol/s3/sigv4/request-headers.ts'
import { describe } from '../../../support/describe.ts'

describe('canonical paths', (test) => {
  test('nothing is normalised and nothing encoded twice', () => {
    for (const path of ['/', '//', '/a//b/', '/a/../b', '/./%2E', '/a%2Fb', '/%25']) {
      assert.equal(canonicalPath(path), path.replace('%2E', '.'))
    }
  })

  test('what may stay plain is plain, the rest encoded in upper case', () => {
    assert.equal(canonicalPath('/%41%7e%2d'), '/A~-')
    assert.equal(canonicalPath('/a b+c$d(e)'), '/a%20b%2Bc%24d%28e%29')
    assert.equal(canonicalPath('/%c3%a9%2f'), '/%C3%A9%2F')
    assert.equal(canonicalPath('/\u00c3\u00a9'), '/%C3%A9')
  })

  test('a broken escape is a percent sign', () => {
    assert.equal(canonicalPath('/%'), '/%25')
    assert.equal(canonicalPath('/%4'), '/%254')
    assert.equal(canonicalPath('/%zz%41'), '/%25zzA')
  })
})

describe('canonical queries', (test) => {
  test('parameters are sorted by encoded name, then value', () => {
    assert.equal(canonicalQuery('b=2&a=2&a=1&B=0&a-b=9'), 'B=0&a=1&a=2&a-b=9&b=2')
    assert.equal(canonicalQuery('a=%C3%A9&a=z&a=+'), 'a=%20&a=%C3%A9&a=z')
  })

  test('sub-resources get an equals sign and empty pairs vanish', () => {
    assert.equal(canonicalQuery('uploads'), 'uploads=')
    assert.equal(canonicalQuery('&&b&a=&'), 'a=&b=')
    assert.equal(canonicalQuery(''), '')
    assert.equal(canonicalQuery('=x'), '=x')
  })

  test('only the first equals sign divides', () => {
    assert.equal(canonicalQuery('a=b=c/d'), 'a=b%3Dc%2Fd')
  })

  test('a plus is a space and an encoded plus stays one', () => {
    assert.equal(canonicalQuery('prefix=a+b%2Bc%20d'), 'prefix=a%20b%2Bc%20d')
  })

  test('the signature itself is left out', () => {
    assert.equal(canonicalQuery('X-Amz-Signature=0&X-Amz-Date=1'), 'X-Amz-Date=1')
  })
})

describe('canonical headers', (test) => {
  test('repeated ones are joined, blanks trimmed and runs of them made one', () => {
    const headers = collectHeaders([
      ...['Host', 'h'],
      ...['X-Amz-Meta-A', ' one '],
      ...['x-amz-meta-a', 'two\t  three'],
      ...['X-Amz-Meta-Empty', ''],
    ])
    const canonical = [...headers].map(([name, value]) => [name, canonicalValue(value)])
    assert.deepEqual(Object.fromEntries(canonical), {
      host: 'h',
      'x-amz-meta-a': 'one,two three',
      'x-amz-meta-empty': '',
    })
  })

  test('bytes beyond ASCII are hashed as they came', () => {
    const parts = {
      method: 'GET',
      target: '/',
      headers: collectHeaders(['x-amz-meta-a', Buffer.from('é', 'utf8').toString('latin1')]),
      signedHeaders: ['x-amz-meta-a'],
      payloadHash: 'UNSIGNED-PAYLOAD',
      blanks: 'collapsed',
    } as const
    // sha256 of the canonical request in UTF-8, computed with sha256sum.
    const digest = stringToSign(canonicalRequest(parts), 'd', 's').split('\n')[3]
    assert.equal(digest, '87711c17593f9247a754c6f820df5fd96b9eb11119550e371668af8574d4e1fb')
  })
})
