import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import { stringToSign } from '../../../../protocol/s3/sigv4/canonical-request.ts'
import { parseCredentials } from '../../../../protocol/s3/sigv4/parse-credentials.ts'
import type { RawRequest, VerifiedRequest } from '../../../../protocol/s3/sigv4/signed-request.ts'
import { deriveSigningKey, SigningKeyCache } from '../../../../protocol/s3/sigv4/signing-keys.ts'
import {
  type VerifyOptions,
  verifySignature,
} from '../../../../protocol/s3/sigv4/verify-signature.ts'
import { describe } from '../../../support/describe.ts'
import * as aws from './aws-example.ts'

const minuteMs = 60_000

function verify(request: RawRequest, changes: Partial<VerifyOptions> = {}): VerifiedRequest {
  const presented = parseCredentials(request)
  assert.notEqual(presented, 'anonymous')
  if (presented === 'anonymous') throw new Error('unreachable')
  return verifySignature(request, presented, aws.verifyOptions(changes))
}

function refusal(run: () => unknown): S3Error {
  try {
    run()
  } catch (error) {
    if (error instanceof S3Error) return error
    throw error
  }
  throw new assert.AssertionError({ message: 'the request was accepted' })
}

/** The request with headers set, or with undefined taken away. */
function withHeaders(
  request: RawRequest,
  changes: Readonly<Record<string, string | undefined>>,
): RawRequest {
  const headers = new Map<string, string>()
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    headers.set(request.rawHeaders[at] ?? '', request.rawHeaders[at + 1] ?? '')
  }
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) headers.delete(name)
    else headers.set(name, value)
  }
  return { ...request, rawHeaders: [...headers].flat() }
}

describe('verifying the examples of the AWS documentation', (test) => {
  test('GET of an object with a range', () => {
    const verified = verify(aws.getObject)
    assert.equal(verified.accessKeyId, aws.accessKeyId)
    assert.deepEqual(verified.payload, { is: 'sha256', hex: aws.emptySha256 })
  })

  test('PUT of an object whose key is encoded in the signature only', () => {
    assert.equal(verify(aws.putObject).payload.is, 'sha256')
    verify({ ...aws.putObject, target: '/test%24file.text' })
  })

  test('a sub-resource without a value', () => {
    verify(aws.getLifecycle)
    verify({ ...aws.getLifecycle, target: '/?lifecycle=' })
  })

  test('a listing, whatever the order of its parameters', () => {
    verify(aws.listObjects)
    verify({ ...aws.listObjects, target: '/?prefix=J&max-keys=2' })
  })

  test('a presigned URL leaves its body unsigned', () => {
    assert.deepEqual(verify(aws.presigned).payload, { is: 'unsigned' })
  })

  test('an upload in signed chunks yields the seed of the chain', () => {
    const verified = verify(aws.chunkedUpload)
    assert.deepEqual(verified.payload, { is: 'signedChunks', trailer: false })
    assert.equal(
      verified.chunkSigning.seedSignature,
      '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    )
  })

  test('an upload in signed chunks with a trailer', () => {
    assert.deepEqual(verify(aws.trailerUpload).payload, { is: 'signedChunks', trailer: true })
  })
})

describe('verifying what clients differ in', (test) => {
  test('runs of blanks in a header may be signed as one or as they are', () => {
    const signingKeys = new SigningKeyCache({ entriesMax: 1 })
    for (const signed of ['two blanks', 'two  blanks']) {
      const canonical = `PUT\n/a\n\nhost:h\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:20130524T000000Z\nx-amz-meta-a:${signed}\n\nhost;x-amz-content-sha256;x-amz-date;x-amz-meta-a\nUNSIGNED-PAYLOAD`
      const scope = '20130524/us-east-1/s3/aws4_request'
      const key = deriveSigningKey(aws.secretAccessKey, { date: '20130524', region: 'us-east-1' })
      const signature = createHmac('sha256', key)
        .update(stringToSign(canonical, '20130524T000000Z', scope))
        .digest('hex')
      const request = aws.request('PUT', '/a', {
        Host: 'h',
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
        'x-amz-date': '20130524T000000Z',
        'x-amz-meta-a': 'two  blanks',
        Authorization: aws.authorization(
          'host;x-amz-content-sha256;x-amz-date;x-amz-meta-a',
          signature,
        ),
      })
      verify(request, { signingKeys })
    }
  })
})

describe('refusing signatures', (test) => {
  test('another secret answers SignatureDoesNotMatch and shows what was signed', () => {
    const error = refusal(() => verify(aws.getLifecycle, { secretAccessKey: 'other' }))
    assert.equal(error.code, 'SignatureDoesNotMatch')
    assert.equal(error.details.AWSAccessKeyId, aws.accessKeyId)
    assert.equal(
      error.details.CanonicalRequest,
      `GET\n/\nlifecycle=\nhost:${aws.host}\nx-amz-content-sha256:${aws.emptySha256}\nx-amz-date:20130524T000000Z\n\nhost;x-amz-content-sha256;x-amz-date\n${aws.emptySha256}`,
    )
    assert.match(error.details.CanonicalRequestBytes ?? '', /^47 45 54 0a 2f 0a .* 35 35$/)
    assert.equal(
      error.details.StringToSign,
      'AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n9766c798316ff2757b517bc739a67f6213b4ab36dd5da2f94eaebf79c77395ca',
    )
    assert.match(error.details.StringToSignBytes ?? '', /^41 57 53 34 /)
    assert.match(error.details.SignatureProvided ?? '', /^fea454ca/)
  })

  test('every part of the request that is signed is bound', () => {
    const changed: RawRequest[] = [
      { ...aws.getObject, method: 'PUT' },
      { ...aws.getObject, target: '/test.txT' },
      { ...aws.getObject, target: '/./test.txt' },
      { ...aws.getObject, target: '//test.txt' },
      { ...aws.getObject, target: '/test.txt?versions' },
      withHeaders(aws.getObject, { Range: 'bytes=0-8' }),
      withHeaders(aws.getObject, { Range: undefined }),
      withHeaders(aws.getObject, { Host: 'other.s3.amazonaws.com' }),
      withHeaders(aws.getObject, { 'x-amz-date': '20130524T000001Z' }),
      withHeaders(aws.getObject, { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }),
    ]
    for (const request of changed) {
      assert.equal(refusal(() => verify(request)).code, 'SignatureDoesNotMatch')
    }
  })

  test('a signature that differs in one digit, in case or in length does not match', () => {
    const good = 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'
    const signatures = [
      good.replace(/1$/, '0'),
      good.toUpperCase(),
      good.slice(0, 63),
      `${good}00`,
      'x',
      'é'.repeat(64),
    ]
    for (const signature of signatures) {
      const header = aws.authorization('host;range;x-amz-content-sha256;x-amz-date', signature)
      const request = withHeaders(aws.getObject, { Authorization: header })
      assert.equal(refusal(() => verify(request)).code, 'SignatureDoesNotMatch')
    }
  })

  test('another region answers which one is expected', () => {
    const header = refusal(() => verify(aws.getObject, { region: 'eu-central-1' }))
    assert.equal(header.code, 'AuthorizationHeaderMalformed')
    assert.equal(header.details.Region, 'eu-central-1')
    assert.equal(
      header.message,
      "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-central-1'",
    )
    const query = refusal(() => verify(aws.presigned, { region: 'eu-central-1' }))
    assert.equal(query.code, 'AuthorizationQueryParametersError')
    assert.equal(query.details.Region, 'eu-central-1')
  })

  test('a clock may be fifteen minutes off either way, and no more', () => {
    for (const side of [-1, 1]) {
      verify(aws.getObject, { nowMs: aws.nowMs + side * 15 * minuteMs })
      const late = aws.nowMs + side * (15 * minuteMs + 1000)
      const error = refusal(() => verify(aws.getObject, { nowMs: late }))
      assert.equal(error.code, 'RequestTimeTooSkewed')
      assert.equal(error.details.RequestTime, '20130524T000000Z')
      assert.equal(error.details.ServerTime, `${new Date(late).toISOString().slice(0, 19)}Z`)
      assert.equal(error.details.MaxAllowedSkewMilliseconds, '900000')
    }
  })

  test('a presigned URL ends with its time and begins at its date', () => {
    verify(aws.presigned, { nowMs: aws.nowMs + 86_400_000 })
    verify(aws.presigned, { nowMs: aws.nowMs - 15 * minuteMs })
    const expired = refusal(() => verify(aws.presigned, { nowMs: aws.nowMs + 86_401_000 }))
    assert.deepEqual(
      [expired.code, expired.message, expired.details],
      [
        'AccessDenied',
        'Request has expired',
        {
          'X-Amz-Expires': '86400',
          Expires: '2013-05-25T00:00:00Z',
          ServerTime: '2013-05-25T00:00:01Z',
        },
      ],
    )
    const early = refusal(() => verify(aws.presigned, { nowMs: aws.nowMs - 16 * minuteMs }))
    assert.deepEqual([early.code, early.message], ['AccessDenied', 'Request is not valid yet'])
  })

  test('x-amz- headers that nobody signed are refused by name', () => {
    for (const request of [aws.getObject, aws.presigned]) {
      const error = refusal(() => verify(withHeaders(request, { 'X-Amz-Acl': 'public-read' })))
      assert.equal(error.code, 'AccessDenied')
      assert.equal(error.details.HeadersNotSigned, 'x-amz-acl')
    }
  })

  test('a signature that leaves the host out is refused', () => {
    const header = aws.authorization('range;x-amz-content-sha256;x-amz-date', 'a'.repeat(64))
    const error = refusal(() => verify(withHeaders(aws.getObject, { Authorization: header })))
    assert.equal(error.details.HeadersNotSigned, 'host')
  })
})

describe('signing keys', (test) => {
  test('a cached key serves again, and never for another secret', () => {
    const signingKeys = new SigningKeyCache({ entriesMax: 2 })
    const first = verify(aws.getObject, { signingKeys })
    const second = verify(aws.listObjects, { signingKeys })
    assert.equal(first.chunkSigning.signingKey, second.chunkSigning.signingKey)
    const error = refusal(() => verify(aws.getObject, { signingKeys, secretAccessKey: 'other' }))
    assert.equal(error.code, 'SignatureDoesNotMatch')
    verify(aws.getObject, { signingKeys })
  })

  test('more keys than the cache holds push the oldest out', () => {
    const signingKeys = new SigningKeyCache({ entriesMax: 2 })
    const scope = (day: string) => ({
      accessKeyId: 'a',
      date: day,
      region: 'r',
      credential: `a/${day}/r/s3/aws4_request`,
      credentialScope: `${day}/r/s3/aws4_request`,
    })
    const first = signingKeys.keyFor(scope('20130101'), 's')
    const second = signingKeys.keyFor(scope('20130102'), 's')
    assert.equal(signingKeys.keyFor(scope('20130102'), 's'), second)
    signingKeys.keyFor(scope('20130103'), 's')
    assert.equal(signingKeys.keyFor(scope('20130102'), 's'), second)
    assert.notEqual(signingKeys.keyFor(scope('20130101'), 's'), first)
  })
})
