import assert from 'node:assert/strict'
import { formatContinuationToken } from '../../../protocol/s3/continuation-token.ts'
import {
  parseListObjectsQuery,
  parseListObjectsV2Query,
  parseListVersionsQuery,
  positionAfter,
  positionBehind,
} from '../../../protocol/s3/list-query.ts'
import { parseRequestTarget } from '../../../protocol/s3/request-target.ts'
import { describe } from '../../support/describe.ts'

const query = (text: string) => parseRequestTarget(`/b?${text}`).query

describe('where a listing goes on', (test) => {
  test('is behind the marker itself when it lies in no group', () => {
    assert.equal(positionAfter('', { prefix: '', delimiter: '/' }), undefined)
    assert.deepEqual(positionAfter('a/b', { prefix: '', delimiter: undefined }), {
      key: 'a/b',
      group: false,
    })
    assert.deepEqual(positionAfter('photos', { prefix: '', delimiter: '/' }), {
      key: 'photos',
      group: false,
    })
  })

  test('is behind the whole group when the marker is a common prefix or lies within one', () => {
    for (const marker of ['photos/', 'photos/2026/a.jpg']) {
      assert.deepEqual(positionAfter(marker, { prefix: '', delimiter: '/' }), {
        key: 'photos/',
        group: true,
      })
    }
    assert.deepEqual(positionAfter('photos/2026/a.jpg', { prefix: 'photos/', delimiter: '/' }), {
      key: 'photos/2026/',
      group: true,
    })
  })

  test('takes the delimiter behind the prefix only', () => {
    assert.deepEqual(positionAfter('a/b', { prefix: 'a/', delimiter: '/' }), {
      key: 'a/b',
      group: false,
    })
    assert.deepEqual(positionAfter('a/b/c', { prefix: 'x', delimiter: '/' }), {
      key: 'a/b/c',
      group: false,
    })
  })

  test('knows delimiters of several characters', () => {
    assert.deepEqual(positionAfter('a::b', { prefix: '', delimiter: '::' }), {
      key: 'a::',
      group: true,
    })
  })

  test('is behind the last entry of a page', () => {
    assert.deepEqual(positionBehind({ is: 'prefix', prefix: 'a/' }), { key: 'a/', group: true })
    assert.deepEqual(positionBehind({ key: 'a/' }), { key: 'a/', group: false })
  })
})

describe('parameters of ListObjects', (test) => {
  test('have their defaults', () => {
    assert.deepEqual(parseListObjectsQuery(query('')), {
      prefix: '',
      delimiter: undefined,
      encodingType: undefined,
      maxKeys: 1000,
      marker: '',
      after: undefined,
    })
  })

  test('are read, and an empty delimiter is none', () => {
    const parsed = parseListObjectsQuery(
      query('prefix=a%2F&delimiter=&marker=a/b&max-keys=7&encoding-type=url'),
    )
    assert.equal(parsed.prefix, 'a/')
    assert.equal(parsed.delimiter, undefined)
    assert.equal(parsed.encodingType, 'url')
    assert.equal(parsed.maxKeys, 7)
    assert.deepEqual(parsed.after, { key: 'a/b', group: false })
  })
})

describe('parameters of ListObjectsV2', (test) => {
  test('go on at the token, which stands above start-after', () => {
    const position = { key: 'b/', group: true }
    const token = formatContinuationToken('objects', position)
    const parsed = parseListObjectsV2Query(query(`start-after=a&continuation-token=${token}`))
    assert.deepEqual(parsed.after, position)
    assert.equal(parsed.continuationToken, token)
    assert.deepEqual(parseListObjectsV2Query(query('start-after=a')).after, {
      key: 'a',
      group: false,
    })
  })

  test('refuse an empty token', () => {
    assert.throws(() => parseListObjectsV2Query(query('continuation-token=')), {
      code: 'InvalidArgument',
    })
  })

  test('ask for owners only with true', () => {
    assert.equal(parseListObjectsV2Query(query('fetch-owner=true')).fetchOwner, true)
    assert.equal(parseListObjectsV2Query(query('fetch-owner=false')).fetchOwner, false)
    assert.equal(parseListObjectsV2Query(query('')).fetchOwner, false)
  })
})

describe('parameters of ListObjectVersions', (test) => {
  const id = 'a'.repeat(32)

  test('go on behind a version of a key', () => {
    const parsed = parseListVersionsQuery(query(`key-marker=k&version-id-marker=${id}`))
    assert.deepEqual(parsed.after, { key: 'k', group: false })
    assert.equal(parsed.afterVersionId, id)
  })

  test('pass over a group, whatever version was named', () => {
    const parsed = parseListVersionsQuery(
      query(`delimiter=/&key-marker=k/a&version-id-marker=${id}`),
    )
    assert.deepEqual(parsed.after, { key: 'k/', group: true })
    assert.equal(parsed.afterVersionId, undefined)
  })

  test('name no version of a key that is too long to be one', () => {
    const named = (bytes: number) =>
      parseListVersionsQuery(query(`key-marker=${'k'.repeat(bytes)}&version-id-marker=${id}`))
    assert.equal(named(1024).afterVersionId, id)
    assert.equal(named(1025).afterVersionId, undefined)
    assert.equal(named(1025).after?.key.length, 1025)
  })

  test('refuse a version marker without a key marker', () => {
    assert.throws(() => parseListVersionsQuery(query(`version-id-marker=${id}`)), {
      code: 'InvalidArgument',
      message: 'A version-id marker cannot be specified without a key marker.',
    })
  })

  test('refuse a malformed version marker and a negative page', () => {
    assert.throws(() => parseListVersionsQuery(query('key-marker=k&version-id-marker=x')), {
      code: 'InvalidArgument',
      details: { ArgumentName: 'version-id-marker', ArgumentValue: 'x' },
    })
    assert.throws(() => parseListVersionsQuery(query('max-keys=-1')), {
      message: 'max-keys cannot be negative',
    })
  })
})
