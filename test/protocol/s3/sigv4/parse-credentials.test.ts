import assert from 'node:assert/strict'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import { parseCredentials } from '../../../../protocol/s3/sigv4/parse-credentials.ts'
import type {
  PresentedSignature,
  RawRequest,
} from '../../../../protocol/s3/sigv4/signed-request.ts'
import { describe } from '../../../support/describe.ts'
import * as aws from './aws-example.ts'

function presented(request: RawRequest): PresentedSignature {
  const found = parseCredentials(request)
  if (found === 'anonymous') throw new assert.AssertionError({ message: 'found no signature' })
  return found
}

function refusal(request: RawRequest): S3Error {
  try {
    parseCredentials(request)
  } catch (error) {
    if (error instanceof S3Error) return error
    throw error
  }
  throw new assert.AssertionError({ message: 'the request was accepted' })
}

const signed = {
  Host: aws.host,
  'x-amz-content-sha256': aws.emptySha256,
  'x-amz-date': '20130524T000000Z',
}

function withAuthorization(value: string, headers: Readonly<Record<string, string>> = signed) {
  return aws.request('GET', '/', { ...headers, Authorization: value })
}

function withCredential(credential: string): RawRequest {
  return withAuthorization(
    `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=00`,
  )
}

/** The presigned example with parameters set, or with undefined taken away. */
function withParameters(changes: Readonly<Record<string, string | undefined>>): RawRequest {
  const parameters = new Map<string, string>()
  for (const pair of aws.presignedTarget.slice('/test.txt?'.length).split('&')) {
    const [name = '', value = ''] = pair.split('=')
    parameters.set(name, value)
  }
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) parameters.delete(name)
    else parameters.set(name, value)
  }
  const query = [...parameters].map(([name, value]) => `${name}=${value}`).join('&')
  return aws.request('GET', `/test.txt?${query}`, { Host: aws.host })
}

const notSupported =
  'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.'

describe('a signature in the Authorization header', (test) => {
  test('a request without any signature is anonymous', () => {
    assert.equal(parseCredentials(aws.request('GET', '/a?list-type=2', { Host: 'h' })), 'anonymous')
    assert.equal(parseCredentials(aws.request('GET', '/a?', { Host: 'h' })), 'anonymous')
  })

  test('components are found with and without spaces, in any order', () => {
    const credential = `${aws.accessKeyId}/20130524/us-east-1/s3/aws4_request`
    const forms = [
      `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=host;x-amz-date,Signature=0a`,
      `AWS4-HMAC-SHA256 Signature=0a,  SignedHeaders=host;x-amz-date , Credential=${credential}`,
      `AWS4-HMAC-SHA256   Credential=${credential}, SignedHeaders=X-Amz-Date;Host, Signature=0a`,
    ]
    for (const form of forms) {
      const found = presented(withAuthorization(form))
      assert.equal(found.scope.accessKeyId, aws.accessKeyId)
      assert.equal(found.scope.credentialScope, '20130524/us-east-1/s3/aws4_request')
      assert.deepEqual(found.signedHeaders, ['host', 'x-amz-date'])
      assert.equal(found.signature, '0a')
      assert.equal(found.signedMs, aws.nowMs)
    }
  })

  test('an access key may hold slashes', () => {
    const found = presented(withCredential('team/a/20130524/us-east-1/s3/aws4_request'))
    assert.equal(found.scope.accessKeyId, 'team/a')
  })

  test('a component missing or unknown answers that three are required', () => {
    const forms = [
      'AWS4-HMAC-SHA256',
      'AWS4-HMAC-SHA256 ',
      'AWS4-HMAC-SHA256 Credential=a/20130524/r/s3/aws4_request,Signature=0',
      'AWS4-HMAC-SHA256 Credential=a/20130524/r/s3/aws4_request,SignedHeaders=,Signature=0',
      'AWS4-HMAC-SHA256 Credential=a/20130524/r/s3/aws4_request,SignedHeaders=host;;b,Signature=0',
      'AWS4-HMAC-SHA256 Credential=a/20130524/r/s3/aws4_request,SignedHeaders=host,Signature=0,Other=1',
      'AWS4-HMAC-SHA256 ,,,',
    ]
    for (const form of forms) {
      const error = refusal(withAuthorization(form))
      assert.equal(error.code, 'AuthorizationHeaderMalformed', form)
      assert.match(error.message, /requires three components/)
    }
  })

  test('each flaw of the credential is named', () => {
    const flaws: readonly (readonly [string, RegExp])[] = [
      ['a/20130524/r/s3', /the Credential is mal-formed/],
      ['nothing', /the Credential is mal-formed/],
      ['/20130524/r/s3/aws4_request', /a non-empty Access Key/],
      ['a/2013052/r/s3/aws4_request', /incorrect date format "2013052"/],
      ['a/20130524/r/ec2/aws4_request', /incorrect service "ec2"/],
      ['a/20130524/r/s3/aws5_request', /incorrect terminal "aws5_request"/],
      ['a/20130525/r/s3/aws4_request', /Invalid credential date "20130525"/],
    ]
    for (const [credential, message] of flaws) {
      const error = refusal(withCredential(credential))
      assert.equal(error.code, 'AuthorizationHeaderMalformed', credential)
      assert.match(error.message, message)
    }
  })

  test('Signature Version 2 in the header is answered as not supported', () => {
    const error = refusal(withAuthorization('AWS AKIA:c2lnbmF0dXJl'))
    assert.deepEqual([error.code, error.message], ['InvalidRequest', notSupported])
  })

  test('ECDSA signatures and streams are not implemented', () => {
    const header = 'AWS4-ECDSA-P256-SHA256 Credential=a/20130524/s3/aws4_request, SignedHeaders=h'
    assert.equal(refusal(withAuthorization(header)).code, 'NotImplemented')
    const payload = 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD'
    const stream = withAuthorization(aws.authorization('host', '00'), {
      ...signed,
      'x-amz-content-sha256': payload,
    })
    assert.equal(refusal(stream).code, 'NotImplemented')
  })

  test('other kinds of authorization are unsupported', () => {
    for (const value of ['Basic dTpw', 'Bearer x', '', 'aws4-hmac-sha256 Credential=a']) {
      const error = refusal(withAuthorization(value))
      assert.deepEqual(
        [error.code, error.message, error.details.ArgumentValue],
        ['InvalidArgument', 'Unsupported Authorization Type', value],
      )
    }
  })

  test('two ways of signing at once are refused', () => {
    const both = aws.request('GET', aws.presignedTarget, {
      ...signed,
      Authorization: aws.authorization('host', '00'),
    })
    const error = refusal(both)
    assert.equal(error.code, 'InvalidArgument')
    assert.match(error.message, /^Only one auth mechanism allowed/)
  })

  test('the date is x-amz-date, or else the Date header', () => {
    const value = aws.authorization('host;x-amz-date', '00')
    const { 'x-amz-date': _, ...dateless } = signed
    const dated = withAuthorization(value, { ...dateless, Date: 'Fri, 24 May 2013 00:00:00 GMT' })
    assert.equal(presented(dated).amzDate, '20130524T000000Z')
    for (const headers of [
      dateless,
      { ...dateless, Date: 'yesterday' },
      { ...signed, 'x-amz-date': '20130231T000000Z' },
      { ...signed, 'x-amz-date': '20130524T240000Z' },
      { ...signed, 'x-amz-date': '20130524T000000z' },
      { ...signed, 'x-amz-date': '2013-05-24T00:00' },
    ]) {
      const error = refusal(withAuthorization(value, headers))
      assert.deepEqual(
        [error.code, error.message],
        ['AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header'],
      )
    }
  })

  test('the payload hash must be there and be one that S3 knows', () => {
    const value = aws.authorization('host;x-amz-date', '00')
    const { 'x-amz-content-sha256': _, ...hashless } = signed
    const missing = refusal(withAuthorization(value, hashless))
    assert.deepEqual(
      [missing.code, missing.message],
      ['InvalidRequest', 'Missing required header for this request: x-amz-content-sha256'],
    )
    for (const hash of ['', 'abc', 'g'.repeat(64), 'unsigned-payload', 'STREAMING']) {
      const error = refusal(withAuthorization(value, { ...signed, 'x-amz-content-sha256': hash }))
      assert.equal(error.code, 'InvalidArgument')
      assert.equal(error.details.ArgumentValue, hash)
    }
  })

  test('every declaration of the payload has its meaning', () => {
    const value = aws.authorization('host;x-amz-date', '00')
    const meanings = [
      ['UNSIGNED-PAYLOAD', { is: 'unsigned' }],
      ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { is: 'unsignedTrailer' }],
      ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { is: 'signedChunks', trailer: false }],
      ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { is: 'signedChunks', trailer: true }],
      ['AB'.repeat(32), { is: 'sha256', hex: 'ab'.repeat(32) }],
    ] as const
    for (const [hash, meaning] of meanings) {
      const headers = { ...signed, 'x-amz-content-sha256': hash }
      assert.deepEqual(presented(withAuthorization(value, headers)).payload, meaning)
    }
  })

  test('a session token is handed on', () => {
    const value = aws.authorization('host', '00')
    const request = withAuthorization(value, { ...signed, 'X-Amz-Security-Token': 'token' })
    assert.equal(presented(request).sessionToken, 'token')
    assert.equal(presented(withParameters({ 'X-Amz-Security-Token': 't' })).sessionToken, 't')
    assert.equal(presented(aws.getObject).sessionToken, undefined)
  })
})

describe('a signature in the query', (test) => {
  test('every parameter is required and may come once', () => {
    for (const name of [
      'Algorithm',
      'Credential',
      'Date',
      'Expires',
      'SignedHeaders',
      'Signature',
    ]) {
      const error = refusal(withParameters({ [`X-Amz-${name}`]: undefined }))
      assert.equal(error.code, 'AuthorizationQueryParametersError', name)
      assert.match(error.message, /^Query-string authentication version 4 requires/)
    }
    const twice = aws.request('GET', `${aws.presignedTarget}&X-Amz-Expires=1`, {})
    assert.equal(refusal(twice).code, 'AuthorizationQueryParametersError')
  })

  test('a URL lives one second to one week', () => {
    for (const seconds of ['1', '604800']) {
      const found = presented(withParameters({ 'X-Amz-Expires': seconds }))
      assert.equal(found.expiresSeconds, Number(seconds))
    }
    for (const seconds of ['0', '-1', '604801', '1e3', '9'.repeat(400), 'x']) {
      const error = refusal(withParameters({ 'X-Amz-Expires': seconds }))
      assert.equal(error.code, 'AuthorizationQueryParametersError', seconds)
      assert.match(error.message, /^X-Amz-Expires /)
    }
  })

  test('another algorithm, date or credential is refused', () => {
    const wrong: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
      [{ 'X-Amz-Algorithm': 'AWS4-HMAC-SHA1' }, 'AuthorizationQueryParametersError'],
      [{ 'X-Amz-Algorithm': 'AWS4-ECDSA-P256-SHA256' }, 'NotImplemented'],
      [{ 'X-Amz-Date': '20130524' }, 'AuthorizationQueryParametersError'],
      [{ 'X-Amz-Date': '20130525T000000Z' }, 'AuthorizationQueryParametersError'],
      [{ 'X-Amz-Credential': 'a%2F20130524%2Fr%2Fs3' }, 'AuthorizationQueryParametersError'],
      [{ 'X-Amz-Credential': '%zz' }, 'InvalidURI'],
    ]
    for (const [change, code] of wrong) assert.equal(refusal(withParameters(change)).code, code)
  })

  test('the payload may be declared in a header or in the query', () => {
    const query = withParameters({ 'X-Amz-Content-Sha256': aws.emptySha256 })
    assert.deepEqual(presented(query).payload, { is: 'sha256', hex: aws.emptySha256 })
    const header = aws.request('PUT', aws.presignedTarget, {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    })
    assert.deepEqual(presented(header).payload, { is: 'unsignedTrailer' })
  })
})
