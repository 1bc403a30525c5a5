import assert from 'node:assert'
import { encodeWords } from '../../../protocol/s3/encoded-words.ts'
import type { ReplyHeaders } from '../../../protocol/s3/object-headers.ts'
import { S3Error, type S3ErrorCode } from '../../../protocol/s3/s3-error.ts'
import { addUserMetadata, parseUserMetadata } from '../../../protocol/s3/user-metadata.ts'
import { decodeWords } from '../../support/decode-words.ts'
import { describe } from '../../support/describe.ts'

const failing = (code: S3ErrorCode) => (cause: unknown) =>
  cause instanceof S3Error && cause.code === code

function shown(metadata: Record<string, string>): ReplyHeaders {
  const reply: ReplyHeaders = {}
  addUserMetadata(reply, metadata)
  return reply
}

const latin1 = (text: string) => Buffer.from(text).toString('latin1')
const shownAs = (value: string) => String(shown({ a: value })['x-amz-meta-a'])

describe('user metadata', (test) => {
  test('that no header can hold is refused when it is written', () => {
    for (const name of ['', 'a b', 'a:b', 'a\r\nb', 'ä', 'a\0', 'a/b', 'a"']) {
      assert.throws(
        () => parseUserMetadata({ [`x-amz-meta-${name}`]: 'v' }),
        failing('InvalidArgument'),
        name,
      )
    }
    for (const value of ['a\nb', 'a\r\nb: c', '\0', '\x7f', 'a\x1b[0m', '€']) {
      assert.throws(
        () => parseUserMetadata({ 'x-amz-meta-a': value }),
        failing('InvalidArgument'),
        value,
      )
    }
  })

  test('may have every name that a header has, and every byte beyond ASCII', () => {
    const names = ["!#$%&'*+-.^_`|~", '0', '__proto__', 'constructor']
    for (const name of names) {
      assert.deepEqual(Object.keys(parseUserMetadata({ [`x-amz-meta-${name}`]: '' })), [name])
    }
    const { a } = parseUserMetadata({ 'x-amz-meta-a': '\t \x80\xff' })
    assert.equal(a, '\t \x80\xff')
  })

  test('has 2 KiB at most, names included', () => {
    assert.equal(parseUserMetadata({ 'x-amz-meta-a': 'x'.repeat(2047) }).a?.length, 2047)
    assert.throws(
      () => parseUserMetadata({ 'x-amz-meta-ab': 'x'.repeat(2047) }),
      failing('MetadataTooLarge'),
    )
  })

  test('in ASCII comes back as it was', () => {
    for (const value of ['', 'red', ' !"~\t', '=?', '=??', '=?UTF-8?X?a?=', 'a=?UTF-8?Q?b?=']) {
      assert.equal(shownAs(value), value)
    }
  })

  test('beyond ASCII comes back in encoded words, whether it came as UTF-8 or as ISO-8859-1', () => {
    for (const text of ['Größe', '日本語', '😀', 'naïve =?UTF-8?X?x?=', 'ü'.repeat(1000)]) {
      assert.equal(decodeWords(shownAs(latin1(text))), text)
    }
    assert.equal(decodeWords(shownAs('Gr\xf6\xdfe')), 'Größe')
  })

  test('in encoded words is decoded, and comes back in words of ours', () => {
    const written = (value: string) => shownAs(parseUserMetadata({ 'x-amz-meta-a': value }).a ?? '')
    assert.equal(written('=?utf-8?b?R3LDtsOfZQ==?='), '=?UTF-8?Q?Gr=C3=B6=C3=9Fe?=')
    assert.equal(written('=?ISO-8859-1?Q?Gr=F6=DFe?='), '=?UTF-8?Q?Gr=C3=B6=C3=9Fe?=')
    assert.equal(written('=?UTF-8?Q?abc?='), 'abc')
    assert.equal(decodeWords(written(latin1('ü =?UTF-8?Q?=C3=B6?='))), 'ü ö')
    // The text counts, not the words.
    const words = encodeWords('日'.repeat(682))
    assert.ok(words.length > 2048)
    assert.equal(decodeWords(written(words)), '日'.repeat(682))
  })

  test('in encoded words of what cannot be stored stays in them', () => {
    for (const words of ['=?UTF-8?Q?a=0D=0Ab?=', '=?UTF-8?B?AA==?=', '=?UTF-8?Q?=7F?=']) {
      assert.equal(parseUserMetadata({ 'x-amz-meta-a': words }).a, words)
      assert.equal(shownAs(words), words)
    }
  })

  test('stored before there was a rule is counted where no header can hold it', () => {
    assert.deepEqual(shown({ 'a b': 'v', a: 'line\nbreak', '': 'v', ö: 'v', c: 'kept' }), {
      'x-amz-meta-c': 'kept',
      'x-amz-missing-meta': 4,
    })
  })
})
