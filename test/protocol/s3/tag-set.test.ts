import assert from 'node:assert/strict'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { checkTags, parseTaggingHeader } from '../../../protocol/s3/tag-set.ts'
import { describe } from '../../support/describe.ts'

function refusal(run: () => unknown): S3Error {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof S3Error)
    return error
  }
  return assert.fail('nothing was thrown')
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ key: `k${at}`, value: '' }))

describe('the header x-amz-tagging', (test) => {
  test('reads percent-encoded and plus-encoded text, and a key without a value', () => {
    assert.deepEqual(parseTaggingHeader('a%20b=c+d&e=%C3%A4&flag&x=1=2'), [
      { key: 'a b', value: 'c d' },
      { key: 'e', value: 'ä' },
      { key: 'flag', value: '' },
      { key: 'x', value: '1=2' },
    ])
    assert.deepEqual(parseTaggingHeader(''), [])
  })

  test('refuses repeated keys, an empty key and broken encoding as an invalid argument', () => {
    for (const header of ['a=1&a=2', '=x', 'a=%zz', 'a=%ff']) {
      const error = refusal(() => parseTaggingHeader(header))
      assert.equal(error.code, 'InvalidArgument', header)
      assert.equal(error.details.ArgumentName, 'x-amz-tagging')
      assert.match(error.message, /without tag name duplicates\.$/)
    }
  })

  test('refuses an eleventh tag', () => {
    const header = numbered(11).map((tag) => `${tag.key}=v`)
    assert.equal(parseTaggingHeader(header.slice(1).join('&')).length, 10)
    const error = refusal(() => parseTaggingHeader(header.join('&')))
    assert.deepEqual(
      [error.code, error.message],
      ['BadRequest', 'Object tags cannot be greater than 10'],
    )
  })
})

describe('the rules of tags', (test) => {
  test('allow letters and digits of any script, spaces and + - = . _ : / @', () => {
    const tags = [{ key: 'Größe 大小 ٣', value: '+-=._:/@ ' }]
    assert.equal(checkTags(tags, 'object'), tags)
  })

  test('refuse other characters, in keys and in values', () => {
    for (const bad of ['a?', 'a\n', 'a*', '😀', 'a&']) {
      const key = refusal(() => checkTags([{ key: bad, value: '' }], 'object'))
      assert.deepEqual(
        [key.code, key.message, key.details.TagKey],
        ['InvalidTag', 'The TagKey you have provided is invalid', bad],
      )
      const value = refusal(() => checkTags([{ key: 'k', value: bad }], 'object'))
      assert.deepEqual(
        [value.code, value.message],
        ['InvalidTag', 'The TagValue you have provided is invalid'],
      )
    }
  })

  test('limit keys to 128 and values to 256 UTF-16 units, and ask for a key', () => {
    checkTags([{ key: 'k'.repeat(128), value: 'v'.repeat(256) }], 'object')
    assert.equal(
      refusal(() => checkTags([{ key: 'k'.repeat(129), value: '' }], 'object')).code,
      'InvalidTag',
    )
    assert.equal(
      refusal(() => checkTags([{ key: 'k', value: 'v'.repeat(257) }], 'object')).code,
      'InvalidTag',
    )
    assert.equal(refusal(() => checkTags([{ key: '', value: '' }], 'object')).code, 'InvalidTag')
  })

  test('refuse doubled keys and the prefix aws:, whatever its case', () => {
    const doubled = [
      { key: 'a', value: '1' },
      { key: 'a', value: '2' },
    ]
    assert.equal(
      refusal(() => checkTags(doubled, 'bucket')).message,
      'Cannot provide multiple Tags with the same key',
    )
    assert.equal(
      refusal(() => checkTags([{ key: 'AWS:x', value: '' }], 'bucket')).message,
      'System tags cannot be added/updated by requester',
    )
  })

  test('allow a bucket fifty tags', () => {
    assert.equal(checkTags(numbered(50), 'bucket').length, 50)
    assert.equal(refusal(() => checkTags(numbered(51), 'bucket')).code, 'BadRequest')
  })
})
