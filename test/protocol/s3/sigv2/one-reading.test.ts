// A signature of Version 2 is good for one request: no two that mean different things are signed alike.
import assert from 'node:assert'
import { parseRequestTarget, type Query } from '../../../../protocol/s3/request-target.ts'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import { isSignedParameter, stringToSignV2 } from '../../../../protocol/s3/sigv2/string-to-sign.ts'
import { refuseSecondReading } from '../../../../protocol/s3/sigv2/verify-signature-v2.ts'
import { describe } from '../../../support/describe.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const queryOf = (raw: string) => parseRequestTarget(`/b/k?${raw}`).query

function isRefused(query: Query): boolean {
  try {
    refuseSecondReading(query)
    return false
  } catch (cause) {
    assert(cause instanceof S3Error && cause.code === 'AccessDenied', String(cause))
    return true
  }
}

function stringOf(query: Query): string {
  const request = { method: 'GET', rawPath: '/b/k', headers: new Map(), hostedBucket: undefined }
  return stringToSignV2({ ...request, query }, '1')
}

/** All that the signature is to bind, in whatever order it came. */
function meaningOf(query: Query): string {
  const bound = query.parameters.map(({ name, value }) => {
    const header = name.toLowerCase()
    if (header.startsWith('x-amz-')) return [header, value]
    return isSignedParameter(name) ? [name, value] : []
  })
  return JSON.stringify(bound.filter((pair) => pair.length > 0).sort())
}

describe('the string of Signature Version 2', (test) => {
  test('is signed of no value that holds another parameter', () => {
    for (const raw of [
      'partNumber=1%26uploadId%3DX',
      'partNumber=1%26uploadId',
      'versionId=a%26acl',
      'response-content-type=a%26versionId%3Db',
      'response-content-disposition=x%26%26tagging%3D',
      'uploadId=%26zip',
    ]) {
      assert.ok(isRefused(queryOf(raw)), raw)
    }
  })

  test('is signed of an ampersand that is one', () => {
    for (const raw of [
      'response-content-disposition=attachment%3B%20filename%3D%22a%20%26%20b.txt%22',
      'response-content-disposition=a%26b%3Dc%3Fd',
      'prefix=a%26versionId%3Db',
      'partNumber=1&uploadId=a%3Db',
    ]) {
      assert.equal(isRefused(queryOf(raw)), false, raw)
    }
  })

  test('is signed of no parameter that is there twice', () => {
    for (const raw of [
      'versionId=a&versionId=b',
      'tagging&tagging',
      'x-amz-meta-a=1&x-amz-meta-a=1',
      'x-amz-meta-a=1&X-Amz-Meta-A=2',
    ]) {
      assert.ok(isRefused(queryOf(raw)), raw)
    }
    assert.equal(isRefused(queryOf('prefix=a&prefix=b')), false)
  })

  test('is signed of no header that could be none, or two', () => {
    for (const raw of [
      'x-amz-meta-a=1%0Ax-amz-tagging%3Aa%3Db',
      'x-amz-meta-a=1%0Dx',
      'x-amz-meta-a=%00',
      'x-amz-meta-a%3Ab=c',
      'x-amz-meta-a%20b=c',
      'x-amz-meta-a%0Ax-amz-tagging=c',
      'x-amz-meta-%C3%A9=c',
      'x-amz-security-token=a%0Ab',
    ]) {
      assert.ok(isRefused(queryOf(raw)), raw)
    }
    assert.equal(isRefused(queryOf('x-amz-meta-a=%C3%A9%20b%26c%3Dd')), false)
  })

  test('stands for one meaning, however names and values are made', () => {
    const random = seededBytes()
    const pieces = [
      'partNumber',
      'uploadId',
      'versionId',
      'acl',
      'response-expires',
      'x-amz-meta-a',
      'x-amz-meta-b',
      'prefix',
      '%26',
      '%3D',
      '%3F',
      '%0A',
      '%3A',
      '+',
      '1',
    ]
    const some = (most: number) =>
      Array.from(
        { length: 1 + random.integer(most) },
        () => pieces[random.integer(pieces.length)],
      ).join('')
    const meanings = new Map<string, string>()
    let compared = 0
    for (let count = 0; count < 20_000; count += 1) {
      const pairs = Array.from({ length: 1 + random.integer(3) }, () => {
        const name = random.integer(4) === 0 ? some(3) : pieces[random.integer(8)]
        return random.integer(4) === 0 ? name : `${name}=${some(4)}`
      })
      const query = queryOf(pairs.join('&'))
      if (isRefused(query)) continue
      const text = stringOf(query)
      const meaning = meaningOf(query)
      const earlier = meanings.get(text)
      if (earlier === undefined) meanings.set(text, meaning)
      else {
        compared += 1
        assert.equal(meaning, earlier, `${pairs.join('&')} is signed as\n${text}`)
      }
    }
    assert.ok(compared > 100, 'too few were signed alike to tell')
  })
})
