import assert from 'node:assert'
import { encodeWords } from '../../../protocol/s3/encoded-words.ts'
import { decodeWords } from '../../support/decode-words.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'

describe('encoded words', (test) => {
  test('are legible where most is ASCII, and Base64 elsewhere', () => {
    assert.equal(encodeWords('Größe'), '=?UTF-8?Q?Gr=C3=B6=C3=9Fe?=')
    assert.equal(encodeWords('a_b? = ö'), '=?UTF-8?Q?a=5Fb=3F_=3D_=C3=B6?=')
    assert.equal(encodeWords('日本'), '=?UTF-8?B?5pel5pys?=')
  })

  test('are what S3 documents for what it cannot print', () => {
    // The example of UsingMetadata.html, whose text S3 has read as ISO-8859-1.
    const read = Buffer.from('ÄMÄZÕÑ S3').toString('latin1')
    assert.equal(encodeWords(read), '=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=')
  })

  test('have 75 characters at most, and cut no character in two', () => {
    for (const text of [
      'ü'.repeat(500),
      `${'ascii '.repeat(50)}ü`,
      '😀'.repeat(100),
      'a😀'.repeat(99),
    ]) {
      const encoded = encodeWords(text)
      assert.match(encoded, /^[\x20-\x7e]+$/)
      assert.equal(decodeWords(encoded), text)
    }
  })

  test('decode to any text that they were made of', () => {
    const random = seededBytes()
    const letters = [...' abz09=?_"\\\tüß€日😀\u0085\u00a0\ufffd']
    for (let round = 0; round < 500; round += 1) {
      let text = 'é'
      for (let left = random.integer(120); left > 0; left -= 1) {
        text += letters[random.integer(letters.length)]
      }
      assert.equal(decodeWords(encodeWords(text)), text)
    }
  })
})
