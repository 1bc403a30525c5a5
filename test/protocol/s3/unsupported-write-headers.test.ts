import assert from 'node:assert'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import {
  refuseCustomerKey,
  refuseUnsupportedWriteHeaders,
} from '../../../protocol/s3/unsupported-write-headers.ts'
import { describe } from '../../support/describe.ts'

function codeOf(headers: Record<string, string>): string {
  try {
    refuseUnsupportedWriteHeaders(headers)
    return 'taken'
  } catch (cause) {
    assert(cause instanceof S3Error)
    return cause.code
  }
}

describe('headers of writes that are not supported', (test) => {
  test('server-side encryption is AES256, which holds anyway', () => {
    const code = (algorithm: string) => codeOf({ 'x-amz-server-side-encryption': algorithm })
    assert.equal(code('AES256'), 'taken')
    assert.equal(code('aws:kms'), 'NotImplemented')
    assert.equal(code('aws:kms:dsse'), 'NotImplemented')
    assert.equal(code('ROT13'), 'InvalidEncryptionAlgorithmError')
  })

  test('keys of the client are not implemented, and mean nothing when reading', () => {
    const headers = { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }
    assert.equal(codeOf(headers), 'NotImplemented')
    assert.throws(
      () => refuseCustomerKey(headers),
      (cause) => cause instanceof S3Error && cause.code === 'InvalidRequest',
    )
    refuseCustomerKey({})
  })

  test('a lock is refused rather than dropped', () => {
    assert.equal(codeOf({ 'x-amz-object-lock-mode': 'GOVERNANCE' }), 'InvalidRequest')
    assert.equal(codeOf({ 'x-amz-object-lock-legal-hold': 'ON' }), 'InvalidRequest')
  })

  test('appending is not implemented', () => {
    assert.equal(codeOf({ 'x-amz-write-offset-bytes': '0' }), 'NotImplemented')
  })
})
