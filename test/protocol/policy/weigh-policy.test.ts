import assert from 'node:assert'
import { weighPolicy } from '../../../protocol/policy/weigh-policy.ts'
import { describe } from '../../support/describe.ts'
import { bucketArn, resource } from './policy-under-test.ts'

const ofValues = (values: readonly string[], operator = 'StringLike') =>
  weighPolicy(resource({ Principal: '*', Condition: { [operator]: { 'aws:UserAgent': values } } }))

describe('the weight of a policy', (test) => {
  test('is a few KB for one of one statement', () => {
    const bytes = weighPolicy(resource({ Principal: '*' }))
    assert.ok(bytes > 1000 && bytes < 10_000, String(bytes))
  })

  test('grows with statements, values and the length of texts', () => {
    const one = weighPolicy(resource({ Principal: '*' }))
    assert.ok(weighPolicy(resource({ Principal: '*' }, { Principal: '*' })) > one + 1000)
    assert.ok(ofValues(Array.from({ length: 3000 }, () => '*b*')) > 1_000_000)
    assert.ok(ofValues(['a'.repeat(19_000)]) > 19_000)
    assert.ok(ofValues(['a:b:c:d:e:*'], 'ArnLike') > ofValues(['a:b:c:d:e:*']))
  })

  test('is under 200 KB for one that is nothing but wildcards', () => {
    const Resource = `${bucketArn}/${'*?'.repeat(9980)}`
    const bytes = weighPolicy(resource({ Principal: '*', Resource }))
    assert.ok(bytes < 200_000, String(bytes))
  })
})
