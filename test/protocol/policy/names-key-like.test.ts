import assert from 'node:assert'
import { namesKeyLike } from '../../../protocol/policy/names-key-like.ts'
import { describe } from '../../support/describe.ts'
import { bucketArn, type JsonStatement, policy, resource } from './policy-under-test.ts'

const prefix = 's3:existingobjecttag/'
const tag = `\${s3:ExistingObjectTag/team}`
const asks = (statement: JsonStatement) =>
  namesKeyLike(resource({ Principal: '*' }, { Principal: '*', ...statement }), prefix)

describe('a policy asks for tags', (test) => {
  test('by a condition key, in any case', () => {
    const named = { 'S3:EXISTINGObjectTag/team': 'red' }
    assert.equal(asks({ Condition: { StringEquals: named } }), true)
    assert.equal(asks({ Condition: { Null: { 's3:ExistingObjectTag/team': 'true' } } }), true)
  })

  test('by a variable in a resource', () => {
    assert.equal(asks({ Resource: `${bucketArn}/${tag}/*` }), true)
    assert.equal(asks({ NotResource: `${bucketArn}/${tag}/*`, Effect: 'Deny' }), true)
  })

  test('by a variable in the value of a condition', () => {
    assert.equal(asks({ Condition: { StringLike: { 'aws:UserAgent': ['x', `*${tag}`] } } }), true)
  })

  test('but not by other keys, nor where variables are plain text', () => {
    assert.equal(asks({ Resource: `${bucketArn}/\${aws:userid}/*` }), false)
    assert.equal(asks({ Condition: { StringEquals: { 's3:RequestObjectTag/team': 'x' } } }), false)
    const statement = { Action: 's3:GetObject', Principal: '*', Resource: `${bucketArn}/${tag}/*` }
    assert.equal(namesKeyLike(policy('resource', [statement], '2008-10-17'), prefix), false)
  })
})
