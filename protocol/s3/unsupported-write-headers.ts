// Headers of PutObject, CopyObject and CreateMultipartUpload that ask for what this server does not
// do. They are refused: storing an object and dropping its lock or key would be worse than not storing.
import { headerText, type RequestHeaders } from './request-headers.ts'
import { S3Error } from './s3-error.ts'

const sseHeader = 'x-amz-server-side-encryption'

const customerKeyHeaders = [
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-server-side-encryption-customer-key',
  'x-amz-server-side-encryption-customer-key-md5',
  'x-amz-copy-source-server-side-encryption-customer-algorithm',
  'x-amz-copy-source-server-side-encryption-customer-key',
  'x-amz-copy-source-server-side-encryption-customer-key-md5',
]

const notImplementedHeaders = [
  ...customerKeyHeaders,
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-context',
  'x-amz-server-side-encryption-bucket-key-enabled',
  'x-amz-write-offset-bytes',
]

const grantHeaders = [
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
]

const lockHeaders = [
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-lock-legal-hold',
]

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl */
const cannedAcls: ReadonlySet<string> = new Set([
  'private',
  'public-read',
  'public-read-write',
  'aws-exec-read',
  'authenticated-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
  'log-delivery-write',
])
/** Say nothing but what holds anyway: the tenant owns everything in its buckets. */
const harmlessAcls: ReadonlySet<string> = new Set(['private', 'bucket-owner-full-control'])

/**
 * Throws `NotImplemented` for keys of the client's or of KMS and for appends,
 * `AccessControlListNotSupported` for ACLs, `InvalidRequest` for object locks.
 */
export function refuseUnsupportedWriteHeaders(headers: RequestHeaders): void {
  for (const name of notImplementedHeaders) {
    if (headerText(headers, name) !== undefined) throw notImplemented(name)
  }
  checkEncryption(headerText(headers, sseHeader))
  checkAcl(headers)
  for (const name of lockHeaders) {
    if (headerText(headers, name) === undefined) continue
    throw new S3Error('InvalidRequest', undefined, {
      message: 'Bucket is missing Object Lock Configuration',
    })
  }
}

function checkEncryption(algorithm: string | undefined): void {
  if (algorithm === undefined || algorithm === 'AES256') return
  if (algorithm === 'aws:kms' || algorithm === 'aws:kms:dsse') throw notImplemented(sseHeader)
  throw new S3Error('InvalidEncryptionAlgorithmError', {
    ArgumentName: sseHeader,
    ArgumentValue: algorithm,
  })
}

function checkAcl(headers: RequestHeaders): void {
  const acl = headerText(headers, 'x-amz-acl')
  if (acl !== undefined && !cannedAcls.has(acl)) {
    throw new S3Error('InvalidArgument', { ArgumentName: 'x-amz-acl', ArgumentValue: acl })
  }
  const granted = grantHeaders.some((name) => headerText(headers, name) !== undefined)
  if (granted || (acl !== undefined && !harmlessAcls.has(acl))) {
    throw new S3Error('AccessControlListNotSupported')
  }
}

/**
 * Throws `InvalidRequest` when a read brings a key of its own: no object here is encrypted under one.
 */
export function refuseCustomerKey(headers: RequestHeaders): void {
  if (headers['x-amz-server-side-encryption-customer-algorithm'] === undefined) return
  throw new S3Error('InvalidRequest', undefined, {
    message: 'The encryption parameters are not applicable to this object.',
  })
}

function notImplemented(header: string): S3Error {
  return new S3Error('NotImplemented', { Header: header })
}
