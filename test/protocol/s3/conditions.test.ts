import assert from 'node:assert'
import {
  checkCopySourceConditions,
  checkReadConditions,
  ifRangeHolds,
  parseDeleteConditions,
  parsePutConditions,
} from '../../../protocol/s3/conditions.ts'
import { formatHttpDate } from '../../../protocol/s3/http-date.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

const etag = '9e107d9d372bb6826bd81d3542a419d6'
const modifiedMs = Date.UTC(2026, 10, 21, 8, 0, 0) + 500
const current = { etag, modifiedMs }
const before = formatHttpDate(modifiedMs - 60_000)
const same = formatHttpDate(modifiedMs)
const after = formatHttpDate(modifiedMs + 60_000)

function refusal(run: () => unknown): S3Error {
  try {
    run()
  } catch (cause) {
    assert(cause instanceof S3Error)
    return cause
  }
  assert.fail('nothing was thrown')
}

describe('conditions of reads', (test) => {
  test('without conditions a read proceeds', () => {
    assert.equal(checkReadConditions({}, current), 'proceed')
  })

  test('If-Match holds for the ETag, with or without quotes, in a list, and for the star', () => {
    for (const raw of [`"${etag}"`, etag, `"x", "${etag}"`, '*']) {
      assert.equal(checkReadConditions({ 'if-match': raw }, current), 'proceed', raw)
    }
    for (const raw of ['"x"', `W/"${etag}"`, '""']) {
      assert.equal(checkReadConditions({ 'if-match': raw }, current), 'preconditionFailed', raw)
    }
  })

  test('If-None-Match compares weakly', () => {
    for (const raw of [`"${etag}"`, etag, `W/"${etag}"`, `"x","${etag}"`, '*']) {
      assert.equal(checkReadConditions({ 'if-none-match': raw }, current), 'notModified', raw)
    }
    assert.equal(checkReadConditions({ 'if-none-match': '"x"' }, current), 'proceed')
  })

  test('times are compared by whole seconds', () => {
    const since = (raw: string) => checkReadConditions({ 'if-modified-since': raw }, current)
    assert.equal(since(before), 'proceed')
    assert.equal(since(same), 'notModified')
    assert.equal(since(after), 'notModified')
    const unless = (raw: string) => checkReadConditions({ 'if-unmodified-since': raw }, current)
    assert.equal(unless(before), 'preconditionFailed')
    assert.equal(unless(same), 'proceed')
    assert.equal(unless(after), 'proceed')
  })

  test('an ETag condition makes the time condition void', () => {
    const match = { 'if-match': etag, 'if-unmodified-since': before }
    assert.equal(checkReadConditions(match, current), 'proceed')
    const none = { 'if-none-match': '"x"', 'if-modified-since': after }
    assert.equal(checkReadConditions(none, current), 'proceed')
    const changed = { 'if-none-match': etag, 'if-modified-since': before }
    assert.equal(checkReadConditions(changed, current), 'notModified')
  })

  test('a failed If-Match comes before an If-None-Match', () => {
    const headers = { 'if-match': '"x"', 'if-none-match': etag }
    assert.equal(checkReadConditions(headers, current), 'preconditionFailed')
  })

  test('a date that is none is ignored', () => {
    assert.equal(checkReadConditions({ 'if-modified-since': 'soon' }, current), 'proceed')
    assert.equal(checkReadConditions({ 'if-unmodified-since': 'soon' }, current), 'proceed')
  })

  test('If-Range holds for the strong ETag or the very time', () => {
    assert.equal(ifRangeHolds({}, current), true)
    assert.equal(ifRangeHolds({ 'if-range': `"${etag}"` }, current), true)
    assert.equal(ifRangeHolds({ 'if-range': same }, current), true)
    assert.equal(ifRangeHolds({ 'if-range': after }, current), false)
    assert.equal(ifRangeHolds({ 'if-range': `W/"${etag}"` }, current), false)
    assert.equal(ifRangeHolds({ 'if-range': '"x"' }, current), false)
  })
})

describe('conditions of copy sources', (test) => {
  test('what would be "not modified" is a failed precondition', () => {
    const headers = { 'x-amz-copy-source-if-none-match': etag }
    assert.equal(checkCopySourceConditions(headers, current), 'preconditionFailed')
  })

  test('If-Match true and If-Unmodified-Since false copies', () => {
    const headers = {
      'x-amz-copy-source-if-match': etag,
      'x-amz-copy-source-if-unmodified-since': before,
    }
    assert.equal(checkCopySourceConditions(headers, current), 'proceed')
  })

  test('the conditions of the destination are not asked of the source', () => {
    assert.equal(checkCopySourceConditions({ 'if-none-match': '*' }, current), 'proceed')
  })
})

describe('conditions of writes', (test) => {
  test('a put takes If-None-Match with a star, or an ETag to match', () => {
    assert.equal(parsePutConditions({}), undefined)
    assert.deepEqual(parsePutConditions({ 'if-none-match': '*' }), { ifNoneMatch: '*' })
    assert.deepEqual(parsePutConditions({ 'if-match': `"${etag}"` }), { ifMatch: [etag] })
  })

  test('a put refuses other conditions as not implemented', () => {
    for (const headers of [
      { 'if-none-match': `"${etag}"` },
      { 'if-match': etag, 'if-none-match': '*' },
      { 'if-modified-since': before },
      { 'if-unmodified-since': before },
    ]) {
      assert.equal(refusal(() => parsePutConditions(headers)).code, 'NotImplemented')
    }
  })

  test('a delete takes ETag, time and size', () => {
    assert.equal(parseDeleteConditions({}), undefined)
    const headers = {
      'if-match': etag,
      'x-amz-if-match-last-modified-time': same,
      'x-amz-if-match-size': '0',
    }
    assert.deepEqual(parseDeleteConditions(headers), {
      ifMatch: [etag],
      ifModifiedAtMs: Math.floor(modifiedMs / 1000) * 1000,
      ifSize: 0,
    })
  })

  test('a delete with a time or size that is none is refused, not carried out', () => {
    for (const headers of [
      { 'x-amz-if-match-last-modified-time': 'soon' },
      { 'x-amz-if-match-size': '-1' },
      { 'x-amz-if-match-size': 'all' },
    ]) {
      assert.equal(refusal(() => parseDeleteConditions(headers)).code, 'InvalidArgument')
    }
  })
})
