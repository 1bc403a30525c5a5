import assert from 'node:assert'
import { describe } from '../../support/describe.ts'
import { type Context, holds } from './policy-under-test.ts'

type Case = readonly [operator: string, named: unknown, given: string, expected: boolean]

function check(cases: readonly Case[], test: (sentence: string, body: () => void) => void): void {
  for (const [operator, named, given, expected] of cases) {
    test(`${operator} ${JSON.stringify(named)} ${expected ? 'holds' : 'fails'} of ${given}`, () => {
      assert.equal(holds({ [operator]: { 'aws:x': named } }, { 'aws:x': given }), expected)
    })
  }
}

describe('condition operators on strings', (test) => {
  const cases: readonly Case[] = [
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', 'a', 'A', false],
    ['StringEquals', ['b', 'a'], 'a', true],
    ['StringEquals', 'a*', 'ab', false],
    ['StringEquals', 'a*', 'a*', true],
    ['StringNotEquals', 'a', 'b', true],
    ['StringNotEquals', ['a', 'b'], 'b', false],
    ['StringNotEquals', ['a', 'b'], 'c', true],
    ['StringEqualsIgnoreCase', 'aBc', 'AbC', true],
    ['StringEqualsIgnoreCase', 'k', '\u212A', false],
    ['StringNotEqualsIgnoreCase', 'aBc', 'AbC', false],
    ['StringLike', 'a*c', 'a/b:c', true],
    ['StringLike', 'a?c', 'ac', false],
    ['StringLike', 'A*', 'ab', false],
    ['StringNotLike', ['a*', '*b'], 'cb', false],
    ['StringNotLike', ['a*', '*b'], 'cd', true],
  ]
  check(cases, test)
})

describe('condition operators on numbers and dates', (test) => {
  const cases: readonly Case[] = [
    ['NumericEquals', '10', '10.0', true],
    ['NumericEquals', 10, '1e1', true],
    ['NumericEquals', '10', 'ten', false],
    ['NumericNotEquals', ['1', '2'], '2', false],
    ['NumericNotEquals', ['1', '2'], '3', true],
    ['NumericLessThan', '10', '9.5', true],
    ['NumericLessThan', '10', '10', false],
    ['NumericLessThanEquals', '10', '10', true],
    ['NumericGreaterThan', '-1', '0', true],
    ['NumericGreaterThanEquals', '0', '-0.5', false],
    ['DateEquals', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00+01:00', true],
    ['DateEquals', '2026', '2026-01-01', true],
    ['DateEquals', '1767225600', '2026-01-01T00:00:00Z', true],
    ['DateNotEquals', '2026-01-02', '2026-01-01', true],
    ['DateLessThan', '2026-01-01T00:00:00Z', '2025-12-31T23:59:59.999Z', true],
    ['DateLessThan', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', false],
    ['DateLessThanEquals', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', true],
    ['DateGreaterThan', '2026-01-01T00:00Z', '2026-01-01T00:01Z', true],
    ['DateGreaterThanEquals', '2026-01-01', 'yesterday', false],
  ]
  check(cases, test)
})

describe('condition operators on booleans, bytes, addresses and ARNs', (test) => {
  const cases: readonly Case[] = [
    ['Bool', 'true', 'true', true],
    ['Bool', true, 'TRUE', true],
    ['Bool', 'false', 'true', false],
    ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
    ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ6', false],
    ['IpAddress', '203.0.113.0/24', '203.0.113.9', true],
    ['IpAddress', '203.0.113.0/24', '203.0.114.9', false],
    ['IpAddress', '203.0.113.77/24', '203.0.113.9', true],
    ['IpAddress', '203.0.113.9', '203.0.113.9', true],
    ['IpAddress', '0.0.0.0/0', '255.255.255.255', true],
    ['IpAddress', '128.0.0.0/1', '127.255.255.255', false],
    ['IpAddress', '203.0.113.0/24', '::ffff:203.0.113.9', true],
    ['IpAddress', '::ffff:203.0.113.0/120', '203.0.113.9', true],
    ['IpAddress', '::/0', '203.0.113.9', false],
    ['IpAddress', '2001:db8::/32', '2001:DB8:0:1::9', true],
    ['IpAddress', '2001:db8::/33', '2001:db8:8000::1', false],
    ['IpAddress', '2001:db8::1', '2001:db8:0:0:0:0:0:1', true],
    ['IpAddress', '10.0.0.0/8', 'nowhere', false],
    ['NotIpAddress', ['10.0.0.0/8', '192.168.0.0/16'], '192.168.3.4', false],
    ['NotIpAddress', ['10.0.0.0/8', '192.168.0.0/16'], '172.16.0.1', true],
    ['NotIpAddress', '10.0.0.0/8', '2001:db8::1', true],
    ['ArnEquals', 'arn:aws:s3:::a*', 'arn:aws:s3:::ab/c:d', true],
    ['ArnLike', 'arn:aws:*:*:*:x', 'arn:aws:sns:eu-1:111122223333:x', true],
    ['ArnLike', 'arn:aws:s*:::a', 'arn:aws:s3:x::a', false],
    ['ArnLike', 'arn:aws:s3:::A', 'arn:aws:s3:::a', false],
    ['ArnLike', 'arn:aws:s3:::a', 'a', false],
    ['ArnNotEquals', ['arn:aws:s3:::a', 'arn:aws:s3:::b'], 'arn:aws:s3:::b', false],
    ['ArnNotLike', 'arn:aws:s3:::a*', 'arn:aws:s3:::b', true],
  ]
  check(cases, test)
})

describe('condition keys', (test) => {
  const equals = (over: string, named: unknown) => ({ [over]: { 'aws:x': named } })
  const missing: Context = {}

  test('are compared without regard to case', () => {
    assert.equal(holds({ StringEquals: { 'AWS:UserName': 'a' } }, { 'aws:username': 'a' }), true)
  })

  test('of several operators and keys have to hold together', () => {
    const condition = { StringEquals: { 'aws:x': 'a', 'aws:y': 'b' }, Bool: { 'aws:z': 'true' } }
    assert.equal(holds(condition, { 'aws:x': 'a', 'aws:y': 'b', 'aws:z': 'true' }), true)
    assert.equal(holds(condition, { 'aws:x': 'a', 'aws:y': 'c', 'aws:z': 'true' }), false)
    assert.equal(holds(condition, { 'aws:x': 'a', 'aws:y': 'b' }), false)
    assert.equal(holds({}, {}), true)
  })

  test('that are missing match nothing, and so every negated operator', () => {
    assert.equal(holds(equals('StringEquals', 'a'), missing), false)
    assert.equal(holds(equals('StringNotEquals', 'a'), missing), true)
    assert.equal(holds(equals('IpAddress', '0.0.0.0/0'), missing), false)
    assert.equal(holds(equals('NotIpAddress', '0.0.0.0/0'), missing), true)
    assert.equal(holds(equals('Bool', 'false'), missing), false)
  })

  test('that are missing satisfy IfExists', () => {
    assert.equal(holds(equals('StringEqualsIfExists', 'a'), missing), true)
    assert.equal(holds(equals('StringEqualsIfExists', 'a'), { 'aws:x': 'b' }), false)
    assert.equal(holds(equals('StringNotEqualsIfExists', 'a'), { 'aws:x': 'a' }), false)
    assert.equal(holds(equals('ForAnyValue:StringLikeIfExists', 'a'), missing), true)
  })

  test('are looked for by Null', () => {
    assert.equal(holds(equals('Null', 'true'), missing), true)
    assert.equal(holds(equals('Null', false), missing), false)
    assert.equal(holds(equals('Null', 'false'), { 'aws:x': '' }), true)
    assert.equal(holds(equals('Null', 'true'), { 'aws:x': [] }), true)
    assert.equal(holds(equals('Null', ['true', 'false']), { 'aws:x': 'a' }), true)
  })

  test('with several values match any or all of them', () => {
    const some: Context = { 'aws:x': ['a', 'b'] }
    assert.equal(holds(equals('ForAnyValue:StringEquals', ['b', 'c']), some), true)
    assert.equal(holds(equals('ForAnyValue:StringEquals', 'c'), some), false)
    assert.equal(holds(equals('ForAllValues:StringEquals', ['a', 'b', 'c']), some), true)
    assert.equal(holds(equals('ForAllValues:StringEquals', ['a', 'c']), some), false)
    assert.equal(holds(equals('ForAnyValue:StringNotEquals', 'a'), some), true)
    assert.equal(holds(equals('ForAnyValue:StringNotEquals', ['a', 'b']), some), false)
    assert.equal(holds(equals('ForAllValues:StringNotEquals', 'c'), some), true)
    assert.equal(holds(equals('ForAllValues:StringNotEquals', 'a'), some), false)
    assert.equal(holds(equals('ForAnyValue:StringEquals', 'a'), { 'aws:x': 'a' }), true)
  })

  test('without values satisfy all of them, and none', () => {
    for (const context of [missing, { 'aws:x': [] }]) {
      assert.equal(holds(equals('ForAllValues:StringEquals', 'a'), context), true)
      assert.equal(holds(equals('ForAnyValue:StringEquals', 'a'), context), false)
      assert.equal(holds(equals('ForAnyValue:StringNotEquals', 'a'), context), false)
      assert.equal(holds(equals('StringNotEquals', 'a'), context), true)
    }
  })

  test('that can have several values match nothing where the policy does not say any or all', () => {
    for (const context of [{ 'aws:x': ['a', 'a'] }, { 'aws:x': ['a'] }]) {
      assert.equal(holds(equals('StringEquals', 'a'), context), false)
      assert.equal(holds(equals('StringEqualsIfExists', 'a'), context), false)
      assert.equal(holds(equals('StringNotEquals', 'b'), context), false)
    }
  })
})
