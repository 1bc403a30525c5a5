import assert from 'node:assert'
import { decodeWords as decode, encodeWords } from '../../../protocol/s3/encoded-words.ts'
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
      assert.equal(decode(encodeWords(text)), text)
    }
  })

  test('are read in any charset, between other text and one after the other', () => {
    assert.equal(decode('=?utf-8?b?R3LDtsOfZQ==?='), 'Größe')
    assert.equal(decode('=?ISO-8859-1?Q?Gr=F6=DFe?='), 'Größe')
    assert.equal(decode('=?shift_jis?B?k/qWew==?='), '日本')
    assert.equal(decode('=?UTF-8*de?q?=c3=b6?='), 'ö')
    assert.equal(decode('a =?UTF-8?Q?=C3=B6?=  b'), 'a ö  b')
    assert.equal(decode('=?UTF-8?Q?=C3=B6?= \t =?UTF-8?B?w7Y=?='), 'öö')
    assert.equal(decode('=?UTF-8?Q?=C3=B6?= =?latin1?Q?=F6_?= x'), 'öö  x')
    assert.equal(decode('=?UTF-8?Q?=C3?= =?UTF-8?Q?=B6?='), 'ö')
    assert.equal(decode('=?UTF-8?Q?abc?='), 'abc')
  })

  test('that are none, or of an unknown charset, stay as they are', () => {
    for (const text of [
      'a=?UTF-8?Q?b?=',
      '=?UTF-8?Q?b?=c',
      '=?UTF-8?X?b?=',
      '=?UTF-8?B?***?=',
      '=?UTF-8?Q?=FF?=',
      '=?none-such?Q?a?=',
      '=?none-such?Q?a?= b',
      '=?UTF-8?Q?a?',
      '=?',
      '=??Q?a?=',
      ' two  blanks\t',
    ]) {
      assert.equal(decode(text), text)
    }
    assert.equal(decode('=?none-such?Q?a?= =?UTF-8?Q?b?='), '=?none-such?Q?a?= b')
  })
})
