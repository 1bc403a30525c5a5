// The signature of a POST upload: it covers the policy document, in the Base64 it came in. Forms
// signed with Signature Version 2: `../sigv2/post-signature-v2.ts`.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html
import { createHmac } from 'node:crypto'
import { S3Error } from '../s3-error.ts'
import { parseAmzDate } from './amz-date.ts'
import { parseScope } from './parse-scope.ts'
import type { FormFields } from './post-form.ts'
import type { CredentialScope } from './signed-request.ts'
import { isSameSignature, type VerifyOptions } from './verify-signature.ts'

export type PostSignature = {
  readonly scope: CredentialScope
  /** Base64, as it came: what is signed. */
  readonly policy: string
  /** As given, which may be anything. */
  readonly signature: string
  readonly sessionToken: string | undefined
}

/** Throws `InvalidArgument` for a field that is missing or wrong, `NotImplemented` for ECDSA. */
export function parsePostSignature(fields: FormFields): PostSignature | 'anonymous' {
  if (!fields.has('policy') && !fields.has('x-amz-signature')) return 'anonymous'
  const policy = required(fields, 'policy')
  const algorithm = required(fields, 'x-amz-algorithm')
  if (algorithm === 'AWS4-ECDSA-P256-SHA256') throw new S3Error('NotImplemented')
  if (algorithm !== 'AWS4-HMAC-SHA256') {
    throw wrong('x-amz-algorithm', algorithm, 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
  }
  const credential = required(fields, 'x-amz-credential')
  const parsed = parseScope(credential)
  if (parsed.is === 'malformed') {
    const problem = `Error parsing the X-Amz-Credential parameter; ${parsed.problem}`
    throw wrong('x-amz-credential', credential, problem)
  }
  const amzDate = required(fields, 'x-amz-date')
  if (parseAmzDate(amzDate) === undefined || !amzDate.startsWith(parsed.scope.date)) {
    throw wrong(
      'x-amz-date',
      amzDate,
      "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\" and of the day in X-Amz-Credential",
    )
  }
  return {
    scope: parsed.scope,
    policy,
    signature: required(fields, 'x-amz-signature'),
    sessionToken: fields.get('x-amz-security-token'),
  }
}

/**
 * The policy's own expiration bounds the time; check it with `checkPostPolicy`. Throws `InvalidArgument`
 * (region) or `SignatureDoesNotMatch`.
 */
export function verifyPostSignature(
  presented: PostSignature,
  options: Omit<VerifyOptions, 'nowMs'>,
): void {
  const { scope, policy } = presented
  if (options.region !== undefined && scope.region !== options.region) {
    throw wrong(
      'x-amz-credential',
      scope.credential,
      `Error parsing the X-Amz-Credential parameter; the region '${scope.region}' is wrong; expecting '${options.region}'`,
    )
  }
  const key = options.signingKeys.keyFor(scope, options.secretAccessKey)
  const expected = createHmac('sha256', key).update(policy).digest('hex')
  if (isSameSignature(expected, presented.signature)) return
  throw new S3Error('SignatureDoesNotMatch', {
    AWSAccessKeyId: scope.accessKeyId,
    StringToSign: policy,
    SignatureProvided: presented.signature,
  })
}

function required(fields: FormFields, name: string): string {
  const value = fields.get(name)
  if (value !== undefined && value !== '') return value
  throw wrong(
    name,
    '',
    `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
  )
}

function wrong(name: string, value: string, message: string): S3Error {
  return new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value }, { message })
}
