// What an operation does with headers of others: a condition or a lock is never dropped in silence.
import assert from 'node:assert'
import { checkHeaders, checkHeadersOfForm } from '../../../protocol/s3/check-headers.ts'
import { type HeaderRow, operationHeaders } from '../../../protocol/s3/operation-headers.ts'
import { type OperationName, operations } from '../../../protocol/s3/operations-table.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

type Sent = Readonly<Record<string, string>>

function codeOf(run: () => unknown): string {
  try {
    run()
    return 'taken'
  } catch (cause) {
    assert(cause instanceof S3Error, String(cause))
    return cause.code
  }
}

const check = (name: OperationName, headers: Sent) => codeOf(() => checkHeaders(name, headers))

describe('headers of an operation', (test) => {
  test('that another operation takes are refused', () => {
    const source = { 'x-amz-copy-source': 'b/k' }
    const names = Object.keys(operations) as OperationName[]
    const refusing = names.filter((name) => check(name, source) === 'InvalidArgument')
    assert.deepEqual(
      names.filter((name) => !refusing.includes(name)),
      ['UploadPartCopy', 'CopyObject'],
    )
    const invalid: readonly (readonly [OperationName, string])[] = [
      ['CopyObject', 'x-amz-copy-source-range'],
      ['PutObject', 'x-amz-copy-source-range'],
      ['UploadPart', 'x-amz-copy-source-if-match'],
      ['PutObject', 'x-amz-source-expected-bucket-owner'],
      ['UploadPartCopy', 'x-amz-metadata-directive'],
      ['PutObject', 'x-amz-if-match-size'],
      ['DeleteObjects', 'x-amz-if-match-last-modified-time'],
      ['DeleteObject', 'x-amz-if-match-initiated-time'],
      ['PutObjectTagging', 'x-amz-object-lock-mode'],
      ['DeleteObject', 'x-amz-bypass-governance-retention'],
      ['PutObject', 'content-range'],
    ]
    for (const [name, header] of invalid) {
      assert.equal(check(name, { [header]: 'true' }), 'InvalidArgument', `${name} ${header}`)
    }
  })

  test('that nothing here can do are not implemented', () => {
    const missing: readonly (readonly [OperationName, string])[] = [
      ['DeleteObject', 'x-amz-mfa'],
      ['PutBucketVersioning', 'x-amz-mfa'],
      ['PutObject', 'x-amz-write-offset-bytes'],
      ['PutObject', 'x-amz-rename-source'],
      ['UploadPart', 'if-none-match'],
      ['PutObjectTagging', 'if-match'],
      ['DeleteObject', 'if-unmodified-since'],
      ['CompleteMultipartUpload', 'x-amz-server-side-encryption-customer-key'],
    ]
    for (const [name, header] of missing) {
      assert.equal(check(name, { [header]: 'x' }), 'NotImplemented', `${name} ${header}`)
    }
  })

  test('that nobody knows are not implemented when their name makes them a demand', () => {
    for (const header of [
      'x-amz-if-match-phase-of-moon',
      'x-amz-copy-source-if-owner',
      'x-amz-expected-object-owner',
      'x-amz-object-lock-forever',
      'x-amz-server-side-encryption-twice',
      'x-amz-bypass-everything',
      'x-amz-if',
    ]) {
      assert.equal(check('PutObject', { [header]: 'x' }), 'NotImplemented', header)
      assert.equal(check('GetObject', { [header]: 'x' }), 'NotImplemented', header)
    }
  })

  test('that mean nothing to it, or say what holds anyway, are ignored', () => {
    const harmless = {
      'x-amz-date': 'd',
      'x-amz-content-sha256': 'h',
      'x-amz-user-agent': 'aws',
      'x-amz-request-payer': 'requester',
      'x-amz-meta-if': 'x',
      'x-amz-tagging': 'a=b',
      'x-amz-storage-class': 'STANDARD',
      'x-amz-acl': 'private',
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-server-side-encryption-bucket-key-enabled': 'false',
      'x-amz-bypass-governance-retention': 'false',
      'x-amz-object-attributes': 'ETag',
      'x-amz-optional-object-attributes': 'RestoreStatus',
      'x-amz-cf-id': 'c',
      'x-amz-unheard-of': 'u',
      'x-amz-copy-source': '',
      range: 'bytes=0-1',
    }
    for (const name of Object.keys(operations) as OperationName[]) {
      assert.equal(check(name, harmless), 'taken', name)
    }
    for (const header of ['if-none-match', 'if-modified-since', 'content-range']) {
      assert.equal(check('ListObjectsV2', { [header]: 'x' }), 'taken', header)
    }
  })

  test('that are conditions have a value, where something is changed', () => {
    const rows = Object.entries<HeaderRow>(operationHeaders)
    for (const [header] of rows.filter(([, row]) => row.condition)) {
      assert.notEqual(check('DeleteObject', { [header]: '' }), 'taken', header)
      assert.notEqual(check('CopyObject', { [header]: '' }), 'taken', header)
    }
    assert.equal(check('GetObject', { 'if-none-match': '' }), 'taken')
  })

  test('share nothing, whatever the operation', () => {
    const shared = { 'x-amz-acl': 'public-read' }
    assert.equal(check('UploadPart', shared), 'AccessControlListNotSupported')
    assert.equal(
      check('GetObject', { 'x-amz-grant-read': 'id=x' }),
      'AccessControlListNotSupported',
    )
  })

  test('beside a form are refused, for its fields say what is done', () => {
    const form = (headers: Sent) => codeOf(() => checkHeadersOfForm(headers))
    assert.equal(form({ 'x-amz-object-lock-mode': 'GOVERNANCE' }), 'InvalidArgument')
    assert.equal(form({ 'x-amz-acl': 'public-read' }), 'AccessControlListNotSupported')
    assert.equal(form({ 'if-none-match': '*' }), 'NotImplemented')
    assert.equal(form({ 'content-type': 'multipart/form-data', 'x-amz-meta-a': 'b' }), 'taken')
  })
})
