import assert from 'node:assert'
import { formHeaders, parseFormKey } from '../../../protocol/s3/post-object-fields.ts'
import { S3Error, type S3ErrorCode } from '../../../protocol/s3/s3-error.ts'
import { parseTaggingHeader } from '../../../protocol/s3/tag-set.ts'
import { describe } from '../../support/describe.ts'

const failing = (code: S3ErrorCode) => (error: unknown) =>
  error instanceof S3Error && error.code === code
const fields = (values: Readonly<Record<string, string>>) => new Map(Object.entries(values))
const headers = (values: Readonly<Record<string, string>>) => ({ ...formHeaders(fields(values)) })

describe('the key of a form upload', (test) => {
  test('is the field of that name', () => {
    assert.equal(parseFormKey(fields({ key: 'user/ä.txt' })), 'user/ä.txt')
  })

  test('must be there, not empty and not too long', () => {
    assert.throws(() => parseFormKey(fields({})), failing('InvalidArgument'))
    assert.throws(() => parseFormKey(fields({ key: '' })), failing('UserKeyMustBeSpecified'))
    assert.throws(() => parseFormKey(fields({ key: 'ä'.repeat(513) })), failing('KeyTooLongError'))
    assert.equal(parseFormKey(fields({ key: 'ä'.repeat(512) })).length, 512)
  })
})

describe('the headers that form fields stand for', (test) => {
  test('are those of an object, and no other fields', () => {
    const given = {
      key: 'k',
      policy: 'p',
      'content-type': 'text/plain',
      'cache-control': ' no-cache ',
      'x-amz-meta-a': 'b',
      success_action_status: '201',
      'x-ignore-me': 'x',
      'if-match': '*',
      host: 'evil',
    }
    assert.deepEqual(headers(given), {
      'content-type': 'text/plain',
      'cache-control': 'no-cache',
      'x-amz-meta-a': 'b',
    })
  })

  test('carry UTF-8 as latin1 text, as headers do', () => {
    const value = headers({ 'x-amz-meta-name': 'ä€' })['x-amz-meta-name'] ?? ''
    assert.equal(Buffer.from(value, 'latin1').toString('utf8'), 'ä€')
  })

  test('cannot have names that no header has', () => {
    for (const name of [
      'x-amz-meta-a b',
      'x-amz-meta-a\r\nset-cookie: x',
      'x-amz-meta-ä',
      'x-amz-meta-\u212a',
    ]) {
      assert.throws(() => headers({ [name]: 'v' }), failing('InvalidArgument'))
    }
  })

  test('never meet the names every object inherits', () => {
    const made = formHeaders(fields({ 'x-amz-meta-__proto__': 'v', __proto__: 'v' }))
    assert.deepEqual(Object.keys(made), ['x-amz-meta-__proto__'])
  })

  test('bring the tags, which forms write as XML', () => {
    const xml =
      '<Tagging><TagSet><Tag><Key>a b</Key><Value>1+1=2</Value></Tag><Tag><Key>c</Key><Value/></Tag></TagSet></Tagging>'
    const header = headers({ tagging: xml })['x-amz-tagging'] ?? ''
    assert.deepEqual(parseTaggingHeader(header), [
      { key: 'a b', value: '1+1=2' },
      { key: 'c', value: '' },
    ])
    assert.throws(() => headers({ tagging: 'a=b' }), failing('MalformedXML'))
  })

  test('bring the ACL under its header name', () => {
    assert.deepEqual(headers({ acl: 'private' }), { 'x-amz-acl': 'private' })
  })
})
