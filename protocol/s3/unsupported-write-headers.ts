// Headers of PutObject, CopyObject and CreateMultipartUpload that ask for what this server does not
// do. They are refused: storing an object and dropping its lock or key would be worse than not storing.
import { headerText, type RequestHeaders } from './request-headers.ts'
import { S3Error } from './s3-error.ts'

const sseHeader = 'x-amz-server-side-encryption'
const bucketKeyHeader = 'x-amz-server-side-encryption-bucket-key-enabled'

const ownKeyHeaders = [
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-server-side-encryption-customer-key',
  'x-amz-server-side-encryption-customer-key-md5',
]
const customerKeyHeaders = [
  ...ownKeyHeaders,
  'x-amz-copy-source-server-side-encryption-customer-algorithm',
  'x-amz-copy-source-server-side-encryption-customer-key',
  'x-amz-copy-source-server-side-encryption-customer-key-md5',
]

const notImplementedHeaders = [
  ...customerKeyHeaders,
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-context',
  'x-amz-write-offset-bytes',
]

const lockHeaders = [
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-lock-legal-hold',
]

/**
 * Throws `NotImplemented` for keys of the client's or of KMS and for appends,
 * `InvalidRequest` for object locks, `InvalidArgument` for values
 * that a header cannot have.
 */
export function refuseUnsupportedWriteHeaders(headers: RequestHeaders): void {
  for (const name of notImplementedHeaders) {
    if (headerText(headers, name) !== undefined) throw notImplemented(name)
  }
  const bucketKey = headerText(headers, bucketKeyHeader)?.toLowerCase()
  if (bucketKey === 'true') throw notImplemented(bucketKeyHeader)
  if (bucketKey !== undefined && bucketKey !== 'false') {
    throw new S3Error('InvalidArgument', {
      ArgumentName: bucketKeyHeader,
      ArgumentValue: bucketKey,
    })
  }
  checkEncryption(headerText(headers, sseHeader))
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

/**
 * Throws `InvalidRequest` when a read brings a key of its own: no object here is encrypted under one.
 */
export function refuseCustomerKey(headers: RequestHeaders): void {
  if (!ownKeyHeaders.some((name) => headers[name] !== undefined)) return
  throw new S3Error('InvalidRequest', undefined, {
    message: 'The encryption parameters are not applicable to this object.',
  })
}

function notImplemented(header: string): S3Error {
  return new S3Error('NotImplemented', { Header: header })
}
