import assert from 'node:assert'
import { S3Error, type S3ErrorCode } from '../../../../protocol/s3/s3-error.ts'
import { readCompleteMultipartUpload } from '../../../../protocol/s3/xml/read-complete-multipart-upload.ts'
import { describe } from '../../../support/describe.ts'

const failing = (code: S3ErrorCode) => (error: unknown) =>
  error instanceof S3Error && error.code === code
const read = (...parts: readonly string[]) =>
  readCompleteMultipartUpload(
    Buffer.from(
      `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`,
    ),
  )
const part = (number: string | number, etag = 'abc', more = '') =>
  `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag>${more}</Part>`

describe('the body of CompleteMultipartUpload', (test) => {
  test('names parts in order, with ETags quoted or not', () => {
    assert.deepEqual(read(part(1, '"abc"'), part(2, '&quot;def&quot;'), part(7, 'ghi')), [
      { number: 1, etag: 'abc', checksums: {} },
      { number: 2, etag: 'def', checksums: {} },
      { number: 7, etag: 'ghi', checksums: {} },
    ])
  })

  test('may have checksums, and elements in any order', () => {
    const xml =
      '<Part><ChecksumCRC32C>AAAAAA==</ChecksumCRC32C><ETag>a</ETag><PartNumber> 3 </PartNumber><ChecksumSHA1/></Part>'
    assert.deepEqual(read(xml), [{ number: 3, etag: 'a', checksums: { CRC32C: 'AAAAAA==' } }])
  })

  test('drops no checksum that it cannot compare', () => {
    const md5 = part(1, 'a', '<ChecksumMD5>AAAA</ChecksumMD5>')
    assert.throws(() => read(md5), failing('NotImplemented'))
  })

  test('names between one and 10,000 parts', () => {
    const many = Array.from({ length: 10_000 }, (_, at) => part(at + 1))
    assert.equal(read(...many).length, 10_000)
    assert.throws(() => read(...many, part(10_001)), failing('MalformedXML'))
    assert.throws(() => read(), failing('MalformedXML'))
  })

  const malformed: Readonly<Record<string, string>> = {
    'a part without a number': '<Part><ETag>a</ETag></Part>',
    'a part without an ETag': '<Part><PartNumber>1</PartNumber></Part>',
    'a part with an empty ETag': part(1, ''),
    'a part with two numbers': part(1, 'a', '<PartNumber>2</PartNumber>'),
    'a number that is none': part('one'),
    'a fraction': part('1.5'),
    'something else than parts': '<Piece/>',
  }
  for (const [what, xml] of Object.entries(malformed)) {
    test(`is malformed with ${what}`, () => {
      assert.throws(() => read(xml), failing('MalformedXML'))
    })
  }

  test('numbers parts from 1', () => {
    assert.throws(() => read(part(0)), failing('InvalidArgument'))
    assert.throws(() => read(part(-1)), failing('InvalidArgument'))
  })
})
