import assert from 'node:assert/strict'
import { parseEncodingType, urlEncode } from '../../../protocol/s3/url-encoding.ts'
import { describe } from '../../support/describe.ts'

describe('encoding-type=url', (test) => {
  test('encodes as S3 does', () => {
    const pairs = [
      ['a b.txt', 'a+b.txt'],
      ['a+b.txt', 'a%2Bb.txt'],
      ['100%.csv', '100%25.csv'],
      ['한글/x.txt', '%ED%95%9C%EA%B8%80/x.txt'],
      ['test_file(3).png', 'test_file%283%29.png'],
      ["it's~!*", 'it%27s%7E%21*'],
      ['\u0000\n\u007f', '%00%0A%7F'],
      ['a|b&c="d"', 'a%7Cb%26c%3D%22d%22'],
      ['😀', '%F0%9F%98%80'],
      ['', ''],
    ] as const
    for (const [key, encoded] of pairs) assert.equal(urlEncode(key), encoded)
  })

  test('leaves only what XML may hold without escaping', () => {
    for (let code = 0; code < 0x300; code += 1) {
      assert.match(urlEncode(String.fromCharCode(code)), /^[A-Za-z0-9_.*/%+-]+$/)
    }
  })

  test('is the only encoding there is', () => {
    assert.equal(parseEncodingType('url'), 'url')
    assert.equal(parseEncodingType(undefined), undefined)
    assert.throws(() => parseEncodingType('base64'), {
      code: 'InvalidArgument',
      message: 'Invalid Encoding Method specified in Request',
      details: { ArgumentName: 'encoding-type', ArgumentValue: 'base64' },
    })
  })
})
