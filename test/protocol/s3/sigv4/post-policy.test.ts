import assert from 'node:assert/strict'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import { expandFileName } from '../../../../protocol/s3/sigv4/post-form.ts'
import { checkPostPolicy, parsePostPolicy } from '../../../../protocol/s3/sigv4/post-policy.ts'
import {
  parsePostSignature,
  verifyPostSignature,
} from '../../../../protocol/s3/sigv4/post-signature.ts'
import { describe } from '../../../support/describe.ts'
import * as aws from './aws-example.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html */
const exampleConditions = [
  '    {"bucket": "sigv4examplebucket"},',
  '    ["starts-with", "$key", "user/user1/"],',
  '    {"acl": "public-read"},',
  '    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},',
  '    ["starts-with", "$Content-Type", "image/"],',
  '    {"x-amz-meta-uuid": "14365123651274"},',
  '    {"x-amz-server-side-encryption": "AES256"},',
  '    ["starts-with", "$x-amz-meta-tag", ""],',
  '',
  '    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},',
  '    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},',
  '    {"x-amz-date": "20151229T000000Z" }',
]
const examplePolicy = [
  '{ "expiration": "2015-12-30T12:00:00.000Z",',
  '  "conditions": [',
  ...exampleConditions,
  '  ]',
  '}',
].join('\r\n')

const exampleFields = {
  key: 'user/user1/photo.jpg',
  acl: 'public-read',
  success_action_redirect: 'http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html',
  'content-type': 'image/jpeg',
  'x-amz-meta-uuid': '14365123651274',
  'x-amz-server-side-encryption': 'AES256',
  'x-amz-credential': 'AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request',
  'x-amz-algorithm': 'AWS4-HMAC-SHA256',
  'x-amz-date': '20151229T000000Z',
  'x-amz-meta-tag': '',
  policy: base64(examplePolicy),
  'x-amz-signature': '8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e',
}

const nowMs = Date.UTC(2015, 11, 29)

/** S3's own placeholder, not one of the language. */
function placeholder(before = ''): string {
  return `${before}$\{filename}`
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function form(
  changes: Readonly<Record<string, string | undefined>> = {},
): ReadonlyMap<string, string> {
  const fields = new Map<string, string>(Object.entries(exampleFields))
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) fields.delete(name)
    else fields.set(name, value)
  }
  return fields
}

function refusal(run: () => unknown): S3Error {
  try {
    run()
  } catch (error) {
    if (error instanceof S3Error) return error
    throw error
  }
  throw new assert.AssertionError({ message: 'the form was accepted' })
}

function check(conditions: readonly unknown[], fields: Readonly<Record<string, string>>) {
  const document = { expiration: '2015-12-30T12:00:00.000Z', conditions }
  const policy = parsePostPolicy(base64(JSON.stringify(document)))
  return checkPostPolicy(policy, {
    fields: new Map(Object.entries(fields)),
    bucket: 'sigv4examplebucket',
    nowMs,
  })
}

describe('the signature of a POST form', (test) => {
  const options = aws.verifyOptions()

  test('the example of the AWS documentation verifies', () => {
    const signature = parsePostSignature(form())
    assert.notEqual(signature, 'anonymous')
    if (signature === 'anonymous') return
    assert.equal(signature.scope.accessKeyId, aws.accessKeyId)
    verifyPostSignature(signature, options)
  })

  test('another policy, secret or region does not', () => {
    const changed = parsePostSignature(form({ policy: base64(`${examplePolicy} `) }))
    const same = parsePostSignature(form())
    if (changed === 'anonymous' || same === 'anonymous') throw new Error('unreachable')
    const error = refusal(() => verifyPostSignature(changed, options))
    assert.equal(error.code, 'SignatureDoesNotMatch')
    assert.equal(error.details.StringToSign, base64(`${examplePolicy} `))
    const secret = { ...options, secretAccessKey: 'x' }
    assert.equal(refusal(() => verifyPostSignature(same, secret)).code, 'SignatureDoesNotMatch')
    const region = { ...options, region: 'eu-west-1' }
    assert.equal(refusal(() => verifyPostSignature(same, region)).code, 'InvalidArgument')
  })

  test('a form with neither policy nor signature is anonymous', () => {
    const fields = form({ policy: undefined, 'x-amz-signature': undefined })
    assert.equal(parsePostSignature(fields), 'anonymous')
  })

  test('every field of the signature is required', () => {
    for (const name of [
      'policy',
      'x-amz-algorithm',
      'x-amz-credential',
      'x-amz-date',
      'x-amz-signature',
    ]) {
      const error = refusal(() => parsePostSignature(form({ [name]: undefined })))
      assert.deepEqual([error.code, error.details.ArgumentName], ['InvalidArgument', name])
    }
  })

  test('wrong fields and old signature versions are refused', () => {
    const flaws: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
      [{ 'x-amz-algorithm': 'AWS4' }, 'InvalidArgument'],
      [{ 'x-amz-algorithm': 'AWS4-ECDSA-P256-SHA256' }, 'NotImplemented'],
      [{ 'x-amz-credential': 'a/b' }, 'InvalidArgument'],
      [{ 'x-amz-date': '20151230T000000Z' }, 'InvalidArgument'],
    ]
    for (const [change, code] of flaws) {
      assert.equal(refusal(() => parsePostSignature(form(change))).code, code)
    }
  })
})

describe('the policy of a POST form', (test) => {
  test('the form of the AWS documentation meets its policy', () => {
    const policy = parsePostPolicy(base64(examplePolicy))
    assert.equal(policy.expiresMs, Date.UTC(2015, 11, 30, 12))
    const range = checkPostPolicy(policy, { fields: form(), bucket: 'sigv4examplebucket', nowMs })
    assert.deepEqual(range, { min: 0, max: Number.MAX_SAFE_INTEGER })
  })

  test('each broken condition is named', () => {
    const policy = parsePostPolicy(base64(examplePolicy))
    const flaws: readonly (readonly [Readonly<Record<string, string | undefined>>, string])[] = [
      [{ key: 'user/user2/a' }, '["starts-with", "$key", "user/user1/"]'],
      [{ acl: 'private' }, '["eq", "$acl", "public-read"]'],
      [{ acl: undefined }, '["eq", "$acl", "public-read"]'],
      [{ 'content-type': 'text/html' }, '["starts-with", "$content-type", "image/"]'],
      [{ 'content-type': 'image/png, text/html' }, '["starts-with", "$content-type", "image/"]'],
    ]
    for (const [change, condition] of flaws) {
      const fields = form(change)
      const error = refusal(() =>
        checkPostPolicy(policy, { fields, bucket: 'sigv4examplebucket', nowMs }),
      )
      assert.deepEqual(
        [error.code, error.message],
        ['AccessDenied', `Invalid according to Policy: Policy Condition failed: ${condition}`],
      )
    }
    const bucket = { fields: form(), bucket: 'other', nowMs }
    assert.equal(refusal(() => checkPostPolicy(policy, bucket)).code, 'AccessDenied')
  })

  test('a field that no condition mentions is refused', () => {
    const error = refusal(() => check([{ acl: 'a' }], { acl: 'a', tagging: 'x', key: 'k' }))
    assert.equal(error.message, 'Invalid according to Policy: Extra input fields: tagging, key')
    check([], { policy: 'p', 'x-amz-signature': 's', 'x-ignore-me': 'i', file: 'f' })
  })

  test('an expired policy is refused, at its last instant too', () => {
    const policy = parsePostPolicy(base64(examplePolicy))
    const at = (ms: number) => ({ fields: form(), bucket: 'sigv4examplebucket', nowMs: ms })
    checkPostPolicy(policy, at(policy.expiresMs - 1))
    const error = refusal(() => checkPostPolicy(policy, at(policy.expiresMs)))
    assert.equal(error.message, 'Invalid according to Policy: Policy expired.')
  })

  test('several size ranges leave what all of them allow', () => {
    const range = (min: unknown, max: unknown) => ['content-length-range', min, max]
    assert.deepEqual(check([range(1, 10)], {}), { min: 1, max: 10 })
    assert.deepEqual(check([range('2', '8'), range(0, 9)], {}), { min: 2, max: 8 })
  })

  test('what is no policy is an invalid document', () => {
    const documents = [
      '',
      '%%%',
      base64('{'),
      base64('[]'),
      base64('null'),
      base64('{"conditions":[]}'),
      base64('{"expiration":"2015-12-30T12:00:00Z"}'),
      base64('{"expiration":"tomorrow","conditions":[]}'),
      base64('{"expiration":"2015-13-30T12:00:00Z","conditions":[]}'),
      Buffer.from([0x7b, 0xff, 0x7d]).toString('base64'),
    ]
    for (const document of documents) {
      assert.equal(refusal(() => parsePostPolicy(document)).code, 'InvalidPolicyDocument', document)
    }
    const conditions: readonly unknown[] = [
      { a: 'x', b: 'y' },
      {},
      { a: 1 },
      'eq',
      null,
      ['eq', 'key', 'x'],
      ['eq', '$key'],
      ['eq', '$key', 1],
      ['ends-with', '$key', 'x'],
      ['content-length-range', -1, 2],
      ['content-length-range', 0, '1e3'],
      [1, 2, 3],
    ]
    for (const condition of conditions) {
      const error = refusal(() => check([condition], {}))
      assert.equal(error.code, 'InvalidPolicyDocument', JSON.stringify(condition))
    }
  })

  test('the name of the file goes where fields ask for it', () => {
    const fields = new Map([
      ['key', placeholder('a/')],
      ['x', placeholder() + placeholder()],
    ])
    assert.equal(expandFileName(fields, 'C:\\photos\\$&.jpg').get('key'), 'a/$&.jpg')
    assert.equal(expandFileName(fields, '/etc/passwd').get('x'), 'passwdpasswd')
  })
})
