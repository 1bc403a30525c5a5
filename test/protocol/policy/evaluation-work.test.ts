// Requests that were made to keep an evaluation busy.
import assert from 'node:assert'
import { evaluate } from '../../../protocol/policy/evaluate.ts'
import { evaluateBelow } from '../../../protocol/policy/evaluate-below.ts'
import { findMatchedStatements } from '../../../protocol/policy/matched-statements.ts'
import { describe } from '../../support/describe.ts'
import { anonymous, bucketArn, type Context, request, resource } from './policy-under-test.ts'

const open = { Sid: 'open', Principal: '*' }
/** Matches only what has a `b` behind half of it. */
const agents = Array.from({ length: 500 }, (_, at) => `*${'a'.repeat(at % 20)}b*`)
const longAgent: Context = { 'aws:useragent': 'a'.repeat(15_000) }

function judge(policy: ReturnType<typeof resource>, context: Context) {
  const asking = request({ principal: anonymous, context })
  return evaluate(asking, { identity: [], resource: policy })
}

describe('an evaluation that would take too long', (test) => {
  const refusesAgents = resource(open, {
    Sid: 'agents',
    Effect: 'Deny',
    Principal: '*',
    Condition: { StringLike: { 'aws:UserAgent': agents } },
  })

  test('denies where a statement may deny, so that no long header dodges it', () => {
    const by = { source: 'resource', policy: 'resource policy', sid: 'agents', index: 1 }
    assert.deepEqual(judge(refusesAgents, longAgent), { is: 'explicitly denied', by })
    assert.equal(judge(refusesAgents, { 'aws:useragent': 'curl/8' }).is, 'allowed')
    assert.equal(judge(refusesAgents, { 'aws:useragent': 'curl/8 b' }).is, 'explicitly denied')
  })

  test('denies also where a negated operator would have held', () => {
    const allows = resource({
      ...open,
      Condition: { StringNotLike: { 'aws:UserAgent': agents } },
    })
    assert.equal(judge(allows, longAgent).is, 'implicitly denied')
    assert.equal(judge(allows, { 'aws:useragent': 'curl/8' }).is, 'allowed')
  })

  test('allows by nothing that was still to be looked at', () => {
    const policy = resource(
      { ...open, Sid: 'agents', Condition: { StringLike: { 'aws:UserAgent': agents } } },
      open,
    )
    assert.equal(judge(policy, longAgent).is, 'implicitly denied')
    assert.equal(judge(policy, {}).is, 'allowed')
  })

  test('may be one of a request that has a thousand values', () => {
    const values = Array.from({ length: 1000 }, (_, at) => `value ${at}`)
    for (const operator of ['StringEquals', 'StringEqualsIgnoreCase', 'StringLike']) {
      const denies = resource(open, {
        Effect: 'Deny',
        Principal: '*',
        Condition: { [`ForAnyValue:${operator}`]: { 'aws:TagKeys': values } },
      })
      const many = Array.from({ length: 1000 }, (_, at) => `other ${at}`)
      assert.equal(judge(denies, { 'aws:tagkeys': many }).is, 'explicitly denied')
      assert.equal(judge(denies, { 'aws:tagkeys': many.slice(0, 10) }).is, 'allowed')
    }
  })

  test('leaves all keys below a prefix to be asked for one by one', () => {
    const asking = { principal: anonymous, arn: bucketArn, context: longAgent }
    const policies = { identity: [], resource: refusesAgents }
    assert.equal(evaluateBelow(request(asking), policies, '2026/'), 'some')
    assert.equal(evaluateBelow(request({ ...asking, context: {} }), policies, '2026/'), 'all')
  })

  test('shows the statements that deny as those it is about', () => {
    const asking = request({ principal: anonymous, context: longAgent })
    const policies = { identity: [], resource: refusesAgents }
    const sids = findMatchedStatements(asking, policies).map(({ sid }) => sid)
    assert.deepEqual(sids, ['open', 'agents'])
  })

  test('is none where what variables stand for is longer than what they are held against', () => {
    const values = Array.from({ length: 700 }, () => `*?\${aws:useragent}`)
    const policy = resource(open, {
      Effect: 'Deny',
      Principal: '*',
      Condition: { StringLike: { 'aws:UserAgent': values } },
    })
    assert.equal(judge(policy, longAgent).is, 'allowed')
  })

  test('is none of long keys and many resources whose wildcards are at the end', () => {
    const Resource = Array.from({ length: 600 }, (_, at) => `${bucketArn}/2026/${at}/*`)
    const arn = `${bucketArn}/2026/599/${'k'.repeat(1000)}`
    const policies = { identity: [], resource: resource({ ...open, Resource }) }
    assert.equal(evaluate(request({ principal: anonymous, arn }), policies).is, 'allowed')
  })

  test('is none of values that could be no address, number or flag', () => {
    const policy = resource(open, {
      Effect: 'Deny',
      Principal: '*',
      Condition: {
        IpAddress: { 'aws:UserAgent': '192.0.2.1' },
        Bool: { 'aws:UserAgent': ['true', `\${aws:flag}`] },
        NumericEquals: { 'aws:UserAgent': '1' },
      },
    })
    for (const unit of ['.', ':', '1', 'a']) {
      assert.equal(judge(policy, { 'aws:useragent': unit.repeat(15_000) }).is, 'allowed')
    }
  })
})
