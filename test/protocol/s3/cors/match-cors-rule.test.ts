import assert from 'node:assert/strict'
import { corsHeaders } from '../../../../protocol/s3/cors/cors-headers.ts'
import type { CorsRule } from '../../../../protocol/s3/cors/cors-rule.ts'
import { matchCorsRule } from '../../../../protocol/s3/cors/match-cors-rule.ts'
import { describe } from '../../../support/describe.ts'

const rule = (parts: Partial<CorsRule>): CorsRule => ({
  ...{ allowedMethods: ['GET'], allowedOrigins: ['*'], allowedHeaders: [], exposeHeaders: [] },
  ...parts,
})
const origin = 'https://app.example.org'
const page = { origin, method: 'GET', headers: [] }

/** What is answered to a page of that origin. */
function allowed(pattern: string, from = origin): string | undefined {
  const rules = [rule({ allowedOrigins: [pattern] })]
  return matchCorsRule(rules, { ...page, origin: from })?.allowOrigin
}

describe('which CORS rule fits', (test) => {
  test('an origin fits itself alone, letter by letter', () => {
    assert.equal(allowed(origin), origin)
    for (const other of [
      'https://app.example.or',
      'https://app.example.org.evil.test',
      'http://app.example.org',
      'https://APP.example.org',
      'https://app.example.org/',
      'https://app.example.org:443',
      '',
    ]) {
      assert.equal(allowed(other), undefined, other)
    }
  })

  test('one wildcard stands for any text, and all else must be there beside it', () => {
    for (const pattern of [
      'https://*',
      'https://*.example.org',
      '*.example.org',
      'https://app.*.org',
      'https://app.example.org*',
      '*https://app.example.org',
    ]) {
      assert.equal(allowed(pattern), origin, pattern)
    }
    for (const pattern of ['http://*', 'https://*.example.com', '*.example.org.', 'https://b*']) {
      assert.equal(allowed(pattern), undefined, pattern)
    }
    // The two halves may not share letters.
    assert.equal(allowed('https://ab*ba', 'https://aba'), undefined)
    assert.equal(allowed('https://ab*ba', 'https://abba'), 'https://abba')
  })

  test('for all origins, all are answered, and pages of files with them', () => {
    assert.equal(allowed('*'), '*')
    assert.equal(allowed('*', 'null'), '*')
    assert.equal(allowed('null', 'null'), 'null')
  })

  test('of the origins of a rule the first that fits is answered', () => {
    const match = (allowedOrigins: readonly string[]) =>
      matchCorsRule([rule({ allowedOrigins })], page)?.allowOrigin
    assert.equal(match(['http://other', 'https://*', '*']), origin)
    assert.equal(match(['*', origin]), '*')
  })

  test('the method must be one of the rule, in capitals', () => {
    const rules = [rule({ allowedMethods: ['PUT', 'HEAD'] })]
    assert.equal(matchCorsRule(rules, { ...page, method: 'HEAD' })?.rule, rules[0])
    for (const method of ['GET', 'put', 'OPTIONS', '']) {
      assert.equal(matchCorsRule(rules, { ...page, method }), undefined, method)
    }
  })

  test('each header that is named must fit one that is allowed, in any letter case', () => {
    const fits = (allowedHeaders: readonly string[], headers: readonly string[]) =>
      matchCorsRule([rule({ allowedHeaders })], { ...page, headers }) !== undefined
    assert.ok(fits([], []))
    assert.ok(!fits([], ['content-type']))
    assert.ok(fits(['*'], ['content-type', 'x-amz-date']))
    assert.ok(fits(['Content-Type', 'X-Amz-*'], ['x-amz-date', 'content-type', 'x-amz-']))
    assert.ok(!fits(['Content-Type', 'X-Amz-*'], ['content-type', 'authorization']))
    assert.ok(!fits(['x-amz-*'], ['x-amz']))
  })

  test('more headers than any page names are allowed by none', () => {
    const names = Array.from({ length: 101 }, (_, at) => `x-${at}`)
    const rules = [rule({ allowedHeaders: ['*'] })]
    assert.ok(matchCorsRule(rules, { ...page, headers: names.slice(1) }))
    assert.equal(matchCorsRule(rules, { ...page, headers: names }), undefined)
  })

  test('the first rule that fits counts, whatever the next would allow', () => {
    const rules = [
      rule({ id: 'other origin', allowedOrigins: ['http://other'] }),
      rule({ id: 'other method', allowedMethods: ['PUT'] }),
      rule({ id: 'first' }),
      rule({ id: 'next', allowedHeaders: ['*'] }),
    ]
    assert.equal(matchCorsRule(rules, page)?.rule.id, 'first')
    const named = { ...page, headers: ['x-a'] }
    assert.equal(matchCorsRule(rules, named)?.rule.id, 'next')
    assert.equal(matchCorsRule([], page), undefined)
  })
})

describe('the headers of a reply that is shared', (test) => {
  const vary = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method'

  test('name what the rule says, and nothing that it does not', () => {
    assert.deepEqual(corsHeaders({ rule: rule({}), allowOrigin: '*' }), {
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Methods': 'GET',
      Vary: vary,
    })
    const all = rule({
      ...{ allowedMethods: ['PUT', 'GET'], exposeHeaders: ['ETag', 'x-amz-version-id'] },
      ...{ allowedHeaders: ['*'], maxAgeSeconds: 0 },
    })
    assert.deepEqual(corsHeaders({ rule: all, allowOrigin: origin }, ['x-b', 'x-a']), {
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Methods': 'PUT, GET',
      'Access-Control-Allow-Headers': 'x-b, x-a',
      'Access-Control-Expose-Headers': 'ETag, x-amz-version-id',
      'Access-Control-Max-Age': '0',
      'Access-Control-Allow-Credentials': 'true',
      Vary: vary,
    })
  })
})
