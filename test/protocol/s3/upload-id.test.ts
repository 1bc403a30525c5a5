import assert from 'node:assert'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { parseUploadId } from '../../../protocol/s3/upload-id.ts'
import { describe } from '../../support/describe.ts'

describe('an upload id', (test) => {
  test('is what this server has issued: 32 hex digits in lower case', () => {
    const id = '0123456789abcdef0123456789abcdef'
    assert.equal(parseUploadId(id), id)
  })

  for (const raw of [
    '',
    'x',
    '0123456789ABCDEF0123456789ABCDEF',
    `${'0'.repeat(32)}\n`,
    undefined,
  ]) {
    test(`is not ${JSON.stringify(raw)}, so there is no such upload`, () => {
      assert.throws(
        () => parseUploadId(raw),
        (error) => error instanceof S3Error && error.code === 'NoSuchUpload',
      )
    })
  }
})
