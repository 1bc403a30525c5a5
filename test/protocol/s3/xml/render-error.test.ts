import assert from 'node:assert'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import { renderError } from '../../../../protocol/s3/xml/render-error.ts'
import { describe } from '../../../support/describe.ts'

const request = { resource: '/b/k', requestId: 'r', hostId: 'h' }

describe('the document of an error', (test) => {
  test('has code, message and details, and where it was', () => {
    const document = renderError(new S3Error('NoSuchKey', { Key: 'a&b\n' }), request)
    assert.equal(
      document,
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a&amp;b&#xa;</Key><Resource>/b/k</Resource><RequestId>r</RequestId><HostId>h</HostId></Error>',
    )
  })

  test('can be parsed by every client, whatever was wrong with the request', () => {
    const bad = 'a\0b\x1b\uffff'
    const error = new S3Error('InvalidArgument', { ArgumentValue: bad }, { message: bad })
    const document = renderError(error, { ...request, resource: bad })
    assert.equal(document.match(/>a\ufffdb\ufffd\ufffd</g)?.length, 3)
    assert.ok(!document.includes('&#x'))
  })
})
