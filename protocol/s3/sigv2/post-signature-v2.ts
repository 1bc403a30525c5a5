// The fields of a POST form signed with Signature Version 2: `AWSAccessKeyId`, `policy`, `signature`.
// https://docs.aws.amazon.com/AmazonS3/latest/API/HTTPPOSTForms.html
import { S3Error } from '../s3-error.ts'
import type { FormFields } from '../sigv4/post-form.ts'

export type PostSignatureV2 = {
  readonly accessKeyId: string
  /** Base64, as it came: what is signed. */
  readonly policy: string
  /** As given, which may be anything. */
  readonly signature: string
  readonly sessionToken: string | undefined
}

/**
 * Undefined when the form holds nothing of Signature Version 2, or something of Version 4 as well, which
 * then counts. Throws `InvalidArgument` for a field that is missing.
 */
export function parsePostSignatureV2(fields: FormFields): PostSignatureV2 | undefined {
  if (!fields.has('awsaccesskeyid') && !fields.has('signature')) return undefined
  if (fields.has('x-amz-algorithm') || fields.has('x-amz-signature')) return undefined
  return {
    accessKeyId: required(fields, 'AWSAccessKeyId'),
    policy: required(fields, 'policy'),
    signature: required(fields, 'signature'),
    sessionToken: fields.get('x-amz-security-token'),
  }
}

function required(fields: FormFields, name: string): string {
  const value = fields.get(name.toLowerCase())
  if (value !== undefined && value !== '') return value
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: name, ArgumentValue: '' },
    {
      message: `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
    },
  )
}
