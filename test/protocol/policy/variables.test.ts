import assert from 'node:assert'
import { describe } from '../../support/describe.ts'
import { type Context, holds, policy, verdictOf } from './policy-under-test.ts'

const variable = (inside: string) => `\${${inside}}`

function allows(resource: string, arn: string, context: Context, element = 'Resource'): boolean {
  const statement = { Action: 's3:GetObject', [element]: resource }
  const asking = { arn, context }
  return verdictOf(asking, { identity: [policy('identity', [statement])] }) === 'allowed'
}

describe('policy variables', (test) => {
  const home = `arn:aws:s3:::photos/${variable('aws:username')}/*`

  test('stand in resources for what the request has', () => {
    assert.equal(allows(home, 'arn:aws:s3:::photos/alice/a', { 'aws:username': 'alice' }), true)
    assert.equal(allows(home, 'arn:aws:s3:::photos/bob/a', { 'aws:username': 'alice' }), false)
  })

  test('hold values in which wildcards mean nothing', () => {
    assert.equal(allows(home, 'arn:aws:s3:::photos/bob/a', { 'aws:username': '*' }), false)
    assert.equal(allows(home, 'arn:aws:s3:::photos/*/a', { 'aws:username': '*' }), true)
    assert.equal(
      allows(home, 'arn:aws:s3:::photos/x/a', { 'aws:username': variable('aws:userid') }),
      false,
    )
  })

  test('without a value match no resource, and all that NotResource leaves', () => {
    assert.equal(allows(home, 'arn:aws:s3:::photos//a', {}), false)
    assert.equal(allows(home, 'arn:aws:s3:::photos/x/a', {}, 'NotResource'), true)
    assert.equal(allows(home, 'arn:aws:s3:::photos/a/a', { 'aws:username': ['a', 'b'] }), false)
  })

  test('have defaults', () => {
    const team = `arn:aws:s3:::photos/${variable("aws:PrincipalTag/team, 'no ''team'''")}/*`
    assert.equal(allows(team, "arn:aws:s3:::photos/no 'team'/a", {}), true)
    assert.equal(
      allows(team, 'arn:aws:s3:::photos/red/a', { 'aws:principaltag/team': 'red' }),
      true,
    )
    assert.equal(
      allows(team, "arn:aws:s3:::photos/no 'team'/a", { 'aws:principaltag/team': 'a' }),
      false,
    )
  })

  test('are compared without regard to case, and may have spaces', () => {
    const tag = `arn:aws:s3:::photos/${variable(' AWS:PrincipalTag/Cost Center ')}/*`
    assert.equal(
      allows(tag, 'arn:aws:s3:::photos/7/a', { 'aws:principaltag/cost center': '7' }),
      true,
    )
  })

  test('write the special characters themselves', () => {
    const literal = `arn:aws:s3:::photos/${variable('*')}${variable('?')}${variable('$')}*`
    assert.equal(allows(literal, 'arn:aws:s3:::photos/*?$a', {}), true)
    assert.equal(allows(literal, 'arn:aws:s3:::photos/xyz', {}), false)
    assert.equal(holds({ StringEquals: { 'aws:x': variable('*') } }, { 'aws:x': '*' }), true)
  })

  test('stand in conditions on strings, booleans and ARNs', () => {
    const context = { 'aws:username': 'alice', 'aws:x': 'alice' }
    const named = { 'aws:x': variable('aws:username') }
    assert.equal(holds({ StringEquals: named }, context), true)
    assert.equal(holds({ StringLike: { 'aws:x': `${variable('aws:username')}*` } }, context), true)
    assert.equal(holds({ StringNotEquals: named }, context), false)
    const arn = `arn:aws:iam::111122223333:user/${variable('aws:username')}`
    const principal = { 'aws:principalarn': 'arn:aws:iam::111122223333:user/alice' }
    assert.equal(
      holds({ ArnLike: { 'aws:PrincipalArn': arn } }, { ...context, ...principal }),
      true,
    )
    const whole = { ArnEquals: { 'aws:SourceArn': variable('aws:PrincipalArn') } }
    const source = { 'aws:sourcearn': principal['aws:principalarn'] }
    assert.equal(holds(whole, { ...principal, ...source }), true)
    const flag = { Bool: { 'aws:x': variable('aws:flag') } }
    assert.equal(holds(flag, { 'aws:x': 'true', 'aws:flag': 'true' }), true)
  })

  test('without a value equal nothing, so that negated operators hold', () => {
    const named = { 'aws:x': variable('aws:username') }
    assert.equal(holds({ StringEquals: named }, { 'aws:x': 'a' }), false)
    assert.equal(holds({ StringNotEquals: named }, { 'aws:x': 'a' }), true)
  })

  test('are plain text in documents of the older version', () => {
    const named = { 'aws:x': variable('aws:username') }
    const context = { 'aws:username': 'alice', 'aws:x': variable('aws:username') }
    assert.equal(holds({ StringEquals: named }, context, '2008-10-17'), true)
    assert.equal(holds({ StringEquals: named }, context), false)
    assert.equal(holds({ StringLike: { 'aws:x': variable('*') } }, context, '2008-10-17'), true)
  })
})
