// What an operation does with parameters of others: it never ignores one that would make it another.
import assert from 'node:assert'
import { checkParameters } from '../../../protocol/s3/check-parameters.ts'
import { matchOperation } from '../../../protocol/s3/match-operation.ts'
import type { OperationRow } from '../../../protocol/s3/operation-row.ts'
import { type OperationName, operations } from '../../../protocol/s3/operations-table.ts'
import { parseRequestTarget } from '../../../protocol/s3/request-target.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { isSignedParameter, unsignedParameters } from '../../../protocol/s3/sigv2/string-to-sign.ts'
import { describe } from '../../support/describe.ts'

function answer(run: () => unknown): string {
  try {
    run()
    return 'taken'
  } catch (cause) {
    assert(cause instanceof S3Error, String(cause))
    return `${cause.code}: ${cause.message}`
  }
}

const queryOf = (raw: string) => parseRequestTarget(`/b/k?${raw}`).query
const check = (name: OperationName, raw: string) =>
  answer(() => checkParameters(name, queryOf(raw))).split(':')[0]

describe('parameters of an operation', (test) => {
  test('are taken where the table names them', () => {
    assert.equal(check('GetObject', 'versionId=a&partNumber=1&response-expires=x'), 'taken')
    assert.equal(check('UploadPart', 'partNumber=1&uploadId=a'), 'taken')
    assert.equal(
      check('ListObjectsV2', 'list-type=2&prefix=a&start-after=b&fetch-owner=true'),
      'taken',
    )
    assert.equal(check('DeleteObject', 'versionId=a'), 'taken')
  })

  test('that choose another operation or other data are refused everywhere else', () => {
    for (const name of Object.keys(operations) as OperationName[]) {
      const row: OperationRow = operations[name]
      const takes = [...(row.query ?? []), ...(row.takes ?? [])]
      for (const selector of ['versionId', 'partNumber', 'uploadId', 'list-type', 'acl', 'zip']) {
        const expected = takes.includes(selector) ? 'taken' : 'InvalidArgument'
        assert.equal(check(name, `${selector}=1`), expected, `${name} ?${selector}`)
      }
    }
  })

  test('that clients add and S3 ignores are ignored', () => {
    const harmless =
      'x-id=GetObject&X-Amz-Signature=a&X-Amz-Date=b&foo=bar&foo=baz&=&prefix=a&max-keys=x&AWSAccessKeyId=a'
    for (const name of Object.keys(operations) as OperationName[]) {
      assert.equal(check(name, harmless), 'taken', name)
    }
  })

  test('are taken once', () => {
    assert.equal(check('GetObject', 'versionId=a&versionId=a'), 'InvalidArgument')
    assert.equal(check('GetObject', 'versionId&versionI%64=a'), 'InvalidArgument')
    assert.equal(check('ListObjects', 'prefix=a&prefix=b'), 'InvalidArgument')
    assert.equal(check('GetObjectTagging', 'tagging&tagging='), 'InvalidArgument')
  })

  test('that are misspelt are refused where something is changed', () => {
    for (const name of ['versionID', 'VersionId', 'versionid', 'PARTNUMBER', 'uploadid', ' acl']) {
      assert.equal(check('DeleteObject', `${encodeURIComponent(name)}=a`), 'InvalidArgument', name)
      assert.equal(check('PutObject', `${encodeURIComponent(name)}=a`), 'InvalidArgument', name)
      assert.equal(check('GetObject', `${encodeURIComponent(name)}=a`), 'taken', name)
    }
  })

  test('override headers of a response, those that S3 lists', () => {
    assert.match(
      answer(() => checkParameters('GetObject', queryOf('response-foo=bar'))),
      /^InvalidArgument: response-foo is not in the set of overridable response headers/,
    )
    assert.equal(check('HeadObject', 'response-=bar'), 'InvalidArgument')
    assert.equal(check('GetZip', 'zip&response-content-typ=a'), 'InvalidArgument')
    assert.equal(check('PutObject', 'response-foo=bar'), 'taken')
  })

  test('are refused in the words of S3', () => {
    assert.equal(
      answer(() => checkParameters('PutObject', queryOf('versionId=a'))),
      'InvalidArgument: This operation does not accept a version-id.',
    )
    assert.equal(
      answer(() => checkParameters('PutObject', queryOf('partNumber=2'))),
      'InvalidArgument: This operation does not accept partNumber without uploadId',
    )
  })

  test('are bound by Signature Version 2, but for the page of a listing', () => {
    for (const row of Object.values<OperationRow>(operations)) {
      if (row.ours) continue
      for (const name of [...(row.query ?? []), ...(row.takes ?? [])]) {
        assert.notEqual(isSignedParameter(name), unsignedParameters.has(name), name)
      }
    }
  })
})

describe('sub-resources', (test) => {
  const match = (method: string, target: string) => {
    const { query } = parseRequestTarget(target)
    const address = target.startsWith('/b/k') ? { bucket: 'b', key: 'k' } : { bucket: 'b' }
    return answer(() => matchOperation({ method, address, query, headers: {} }))
  }

  test('are one at a time', () => {
    assert.equal(
      match('GET', '/b/k?tagging&uploadId=a'),
      'InvalidArgument: Conflicting query string parameters: tagging, uploadId',
    )
    assert.match(match('POST', '/b/k?uploads&uploadId=a'), /^InvalidArgument/)
    assert.match(match('DELETE', '/b?tagging&versioning'), /^InvalidArgument/)
    assert.match(match('GET', '/b?acl&policy'), /^InvalidArgument/)
    assert.equal(match('GET', '/b/k?tagging&tagging'), 'taken')
  })

  test('have methods, and belong to buckets or to keys', () => {
    assert.match(match('PUT', '/b/k?uploadId=a'), /^MethodNotAllowed/)
    assert.match(match('DELETE', '/b?versioning'), /^MethodNotAllowed/)
    assert.match(match('PUT', '/b/k?uploads'), /^InvalidRequest|^MethodNotAllowed/)
    assert.match(match('GET', '/b/k?versions'), /^InvalidRequest/)
    assert.match(match('GET', '/b?attributes'), /^InvalidRequest/)
    assert.match(match('GET', '/b?website'), /^NotImplemented/)
  })
})
