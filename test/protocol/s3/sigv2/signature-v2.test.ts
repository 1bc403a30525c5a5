// Signature Version 2 against the examples of the AWS documentation, and against everything that must make
// a signature worthless. Clients that sign so by default are in `test/compat`.
import assert from 'node:assert'
import { parseRequestTarget } from '../../../../protocol/s3/request-target.ts'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import { parsePostSignatureV2 } from '../../../../protocol/s3/sigv2/post-signature-v2.ts'
import { parsePresignedV2 } from '../../../../protocol/s3/sigv2/presigned-query.ts'
import { type RequestV2, stringToSignV2 } from '../../../../protocol/s3/sigv2/string-to-sign.ts'
import {
  requireMatch,
  signatureV2,
  verifyPresignedV2,
} from '../../../../protocol/s3/sigv2/verify-signature-v2.ts'
import { collectHeaders } from '../../../../protocol/s3/sigv4/request-headers.ts'
import { describe } from '../../../support/describe.ts'

const accessKeyId = 'AKIAIOSFODNN7EXAMPLE'
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const expires = 1_175_139_620

type Sample = {
  readonly method?: string
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly bucket?: string
}

function requestOf({ method = 'GET', target, headers = {}, bucket }: Sample): RequestV2 {
  const { rawPath, query } = parseRequestTarget(target)
  return {
    method,
    rawPath,
    query,
    headers: collectHeaders(Object.entries(headers).flat()),
    hostedBucket: bucket,
  }
}

function refusal(run: () => unknown): S3Error {
  try {
    run()
  } catch (error) {
    if (error instanceof S3Error) return error
    throw error
  }
  return assert.fail('it was accepted')
}

/** The target with the parameters of a good signature added. */
function presign(sample: Sample): Sample {
  const signature = signatureV2(stringToSignV2(requestOf(sample), String(expires)), secretAccessKey)
  const added = `AWSAccessKeyId=${accessKeyId}&Expires=${expires}&Signature=${encodeURIComponent(signature)}`
  return { ...sample, target: sample.target + (sample.target.includes('?') ? '&' : '?') + added }
}

function verify(sample: Sample, nowMs = expires * 1000): void {
  const request = requestOf(sample)
  const presented = parsePresignedV2(request.query)
  assert(presented !== undefined, 'it presents a signature of version 2')
  verifyPresignedV2(request, presented, { secretAccessKey, nowMs })
}

describe('the examples of the AWS documentation', (test) => {
  const signed = (sample: Sample, date: string) =>
    signatureV2(stringToSignV2(requestOf(sample), date), secretAccessKey)

  test('a presigned URL', () => {
    const signature = 'Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D'
    verify({
      target: `/photos/puppy.jpg?AWSAccessKeyId=${accessKeyId}&${signature}&Expires=${expires}`,
      bucket: 'johnsmith',
    })
  })

  test('an upload with metadata, some of it in several headers', () => {
    const headers = {
      'x-amz-acl': 'public-read',
      'Content-Type': 'application/x-download',
      'Content-MD5': '4gJE4saaMU4BqNR0kLY+lw==',
      'X-Amz-Meta-ReviewedBy': 'joe@johnsmith.net,jane@johnsmith.net',
      'X-Amz-Meta-FileChecksum': '0x02661779',
      'X-Amz-Meta-ChecksumAlgorithm': 'crc32',
      'Content-Disposition': 'attachment; filename=database.dat',
    }
    const sample = {
      method: 'PUT',
      target: '/db-backup.dat.gz',
      headers,
      bucket: 'static.johnsmith.net',
    }
    assert.equal(signed(sample, 'Tue, 27 Mar 2007 21:06:08 +0000'), 'ilyl83RwaSoYIEdixDQcA4OnAnc=')
  })

  test('listings sign no parameter but the sub-resource', () => {
    const list = { target: '/?prefix=photos&max-keys=50&marker=puppy', bucket: 'johnsmith' }
    assert.equal(signed(list, 'Tue, 27 Mar 2007 19:42:41 +0000'), 'htDYFYduRNen8P9ZfE/s9SuKy0U=')
    const acl = { target: '/?acl', bucket: 'johnsmith' }
    assert.equal(signed(acl, 'Tue, 27 Mar 2007 19:44:46 +0000'), 'c2WLPFtWHVgbEmeEG93a4cG37dM=')
  })

  test('a path is signed as it is encoded', () => {
    const target = '/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re'
    assert.equal(
      signed({ target }, 'Wed, 28 Mar 2007 01:49:49 +0000'),
      'DNEZGsoieTZ92F3bUfSPQcbGmlM=',
    )
  })
})

describe('URLs presigned with Signature Version 2', (test) => {
  test('what a response shall say is signed in plain text, in the order of names', () => {
    const target =
      '/b/k?versionId=3%2Fx&response-content-type=text%2Fplain&response-content-disposition=a%20%C3%A9'
    const text = stringToSignV2(requestOf({ target }), '1')
    const utf8 = Buffer.from(text, 'latin1').toString('utf8')
    assert.equal(
      utf8,
      'GET\n\n\n1\n/b/k?response-content-disposition=a é&response-content-type=text/plain&versionId=3/x',
    )
  })

  test('the host names the bucket of a virtual-host style request', () => {
    const { target } = presign({ target: '/b/k' })
    verify({ target: target.slice(2), bucket: 'b' })
    assert.equal(
      refusal(() => verify({ target: target.slice(2), bucket: 'c' })).code,
      'SignatureDoesNotMatch',
    )
  })

  test('a bucket may be signed with a slash at its end or without', () => {
    const { target } = presign({ target: '/b/' })
    verify({ target: target.replace('/b/?', '/b?') })
    verify(presign({ target: '/b' }))
    assert.equal(
      refusal(() => verify({ target: target.replace('/b/?', '/b/c?') })).code,
      'SignatureDoesNotMatch',
    )
  })

  test('x-amz headers count wherever they stand, and none can be added', () => {
    const inQuery = presign({ method: 'PUT', target: '/b/k?x-amz-meta-a=1&x-amz-meta-b=2' })
    verify(inQuery)
    verify({ ...inQuery, headers: { 'X-Amz-Meta-A': ' 1 ' } })
    const flaws: Readonly<Record<string, string>>[] = [
      { 'x-amz-meta-a': '2' },
      { 'x-amz-meta-c': '3' },
      { 'content-type': 'text/html' },
      { 'content-md5': 'x' },
    ]
    for (const headers of flaws) {
      const error = refusal(() => verify({ ...inQuery, headers }))
      assert.equal(error.code, 'SignatureDoesNotMatch', JSON.stringify(headers))
    }
  })

  test('a value keeps its last byte, though U+00A0 is no blank of HTTP', () => {
    const header = Buffer.from('voilà', 'utf8').toString('latin1')
    const sent = { method: 'PUT', target: '/b/k', headers: { 'x-amz-meta-a': header } }
    assert.match(stringToSignV2(requestOf(sent), '1'), /voil\xc3\xa0\n/)
  })

  test('another method, path, time, sub-resource or key is refused', () => {
    const good = presign({ target: '/b/k' })
    verify(good)
    const { target } = good
    const changed: Sample[] = [
      { target, method: 'PUT' },
      { target: target.replace('/b/k', '/b/l') },
      { target: target.replace('/b/k', '/b/%6b') },
      { target: target.replace('Expires=1', 'Expires=2') },
      { target: target.replace('Expires=1', 'Expires=01') },
      { target: `${target}&acl` },
      { target: `${target}&versionId=1` },
      { target: `${target}&uploadId=1` },
      { target: `${target}&tagging` },
      { target: `${target}&response-content-type=text%2Fhtml` },
      { target: `${target}&x-amz-meta-a=1` },
      { target: `${target}&X-Amz-Meta-A=1` },
      { target: target.replace(/Signature=[^&]*/, 'Signature=AAAA') },
    ]
    for (const sample of changed) {
      assert.equal(refusal(() => verify(sample)).code, 'SignatureDoesNotMatch', sample.target)
    }
  })

  test('the refusal shows what was to be signed', () => {
    const { target } = presign({ target: '/b/k' })
    const { details } = refusal(() => verify({ target, method: 'PUT' }))
    assert.equal(details.StringToSign, `PUT\n\n\n${expires}\n/b/k`)
    assert.equal(details.AWSAccessKeyId, accessKeyId)
    assert.match(details.StringToSignBytes ?? '', /^50 55 54 0a /)
  })

  test('a URL lives until its second, and its end is told', () => {
    const good = presign({ target: '/b/k' })
    verify(good, expires * 1000)
    const error = refusal(() => verify(good, expires * 1000 + 1000))
    assert.deepEqual([error.code, error.message], ['AccessDenied', 'Request has expired'])
    assert.deepEqual(error.details, {
      Expires: '2007-03-29T03:40:20Z',
      ServerTime: '2007-03-29T03:40:21Z',
    })
  })

  test('parameters that are missing, doubled or no time are told', () => {
    const queries = [
      'AWSAccessKeyId=a&Signature=b',
      'AWSAccessKeyId=a&Expires=1',
      'Signature=b&Expires=1',
      'AWSAccessKeyId=&Signature=b&Expires=1',
      'AWSAccessKeyId=a&Signature=b&Signature=c&Expires=1',
      'AWSAccessKeyId=a&Signature=b&Expires=tomorrow',
      'AWSAccessKeyId=a&Signature=b&Expires=-1',
      'AWSAccessKeyId=a&Signature=b&Expires=999999999999',
    ]
    for (const query of queries) {
      const error = refusal(() => parsePresignedV2(parseRequestTarget(`/b/k?${query}`).query))
      assert.equal(error.code, 'AccessDenied', query)
    }
  })

  test('a request that says nothing of it, or is signed with Version 4 as well, is not meant', () => {
    for (const query of ['', 'Expires=1', 'X-Amz-Signature=a&Signature=b', 'prefix=Signature']) {
      assert.equal(parsePresignedV2(parseRequestTarget(`/b?${query}`).query), undefined, query)
    }
  })
})

describe('POST forms signed with Signature Version 2', (test) => {
  const policy = Buffer.from('{"expiration":"2007-12-01T12:00:00.000Z"}').toString('base64')
  const good = new Map([
    ['awsaccesskeyid', accessKeyId],
    ['policy', policy],
    ['signature', signatureV2(policy, secretAccessKey)],
  ])
  const presented = (changes: Readonly<Record<string, string>> = {}) => {
    const found = parsePostSignatureV2(new Map([...good, ...Object.entries(changes)]))
    assert(found !== undefined, 'the form presents a signature of version 2')
    return found
  }

  test('the signature covers the policy as it came', () => {
    const form = presented()
    requireMatch(form.policy, form, secretAccessKey)
    const other = presented({ policy: `${policy}=` })
    const error = refusal(() => requireMatch(other.policy, other, secretAccessKey))
    assert.equal(error.code, 'SignatureDoesNotMatch')
  })

  test('a field that is missing is named', () => {
    for (const name of ['AWSAccessKeyId', 'policy', 'signature']) {
      const error = refusal(() => presented({ [name.toLowerCase()]: '' }))
      assert.deepEqual([error.code, error.details.ArgumentName], ['InvalidArgument', name])
    }
  })

  test('a form without it, or with Version 4 as well, is not meant', () => {
    assert.equal(parsePostSignatureV2(new Map([['policy', policy]])), undefined)
    const both = new Map([...good, ['x-amz-algorithm', 'AWS4-HMAC-SHA256']])
    assert.equal(parsePostSignatureV2(both), undefined)
  })
})
