// What is said of all keys below a prefix, against what is said of each.
import assert from 'node:assert'
import type { Policies } from '../../../protocol/policy/combine-grants.ts'
import { evaluate } from '../../../protocol/policy/evaluate.ts'
import { evaluateBelow } from '../../../protocol/policy/evaluate-below.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import {
  type Asking,
  alice,
  anonymous,
  bucketArn,
  identity,
  mallory,
  ours,
  request,
  resource,
  rootOf,
  sessionOf,
} from './policy-under-test.ts'

function below(prefix: string, policies: Partial<Policies>, asking: Asking = {}) {
  return evaluateBelow(
    request({ arn: bucketArn, ...asking }),
    { identity: [], ...policies },
    prefix,
  )
}

const objects = (...keys: readonly string[]) => keys.map((key) => `${bucketArn}/${key}`)
const everything = identity({ Resource: objects('*') })

describe('all keys below a prefix', (test) => {
  test('are allowed, denied, or to be asked for', () => {
    const some = { identity: [identity({ Resource: objects('a/*') })] }
    assert.equal(below('', { identity: [everything] }), 'all')
    assert.equal(below('a/', some), 'all')
    assert.equal(below('a/b', some), 'all')
    assert.equal(below('a', some), 'some')
    assert.equal(below('b', some), 'none')
    assert.equal(below('', {}), 'none')
  })

  test('are some where some are denied, and none where all are', () => {
    const denying = (...keys: readonly string[]) => ({
      identity: [everything, identity({ Effect: 'Deny', Resource: objects(...keys) })],
    })
    assert.equal(below('', denying('secret/*')), 'some')
    assert.equal(below('open/', denying('secret/*')), 'all')
    assert.equal(below('secret/', denying('secret/*')), 'none')
    assert.equal(below('secret/', denying('*.key')), 'some')
  })

  test('depend on conditions that are the same for all of them', () => {
    const tls = identity({ Condition: { Bool: { 'aws:SecureTransport': 'true' } } })
    const secure = { context: { 'aws:securetransport': 'true' } }
    assert.equal(below('', { identity: [tls] }, secure), 'all')
    assert.equal(below('', { identity: [tls] }), 'none')
    const tagged = { StringEquals: { 's3:ExistingObjectTag/open': 'yes' } }
    assert.equal(below('', { identity: [identity({ Condition: tagged })] }), 'some')
    const own = { StringEquals: { 'aws:username': `\${s3:ExistingObjectTag/owner}` } }
    assert.equal(below('', { identity: [identity({ Condition: own })] }), 'some')
    const both = { ...tagged, Bool: { 'aws:SecureTransport': 'true' } }
    assert.equal(below('', { identity: [identity({ Condition: both })] }), 'none')
  })

  test('may be named by a variable', () => {
    const home = { identity: [identity({ Resource: objects(`home/\${aws:username}/*`) })] }
    const context = { 'aws:username': 'alice' }
    assert.equal(below('home/alice/', home, { context }), 'all')
    assert.equal(below('home/bob/', home, { context }), 'none')
    assert.equal(below('home/alice/', home), 'none')
    const tags = { identity: [identity({ Resource: objects(`\${s3:ExistingObjectTag/x}/*`) })] }
    assert.equal(below('home/', tags, { context }), 'some')
  })

  test('are what NotResource leaves', () => {
    const but = { identity: [identity({ NotResource: objects('a/*') })] }
    assert.equal(below('a/', but), 'none')
    assert.equal(below('b/', but), 'all')
    assert.equal(below('', but), 'some')
  })

  test('of a root user, of nobody, and of another account follow the bucket policy', () => {
    assert.equal(below('', {}, { principal: rootOf(ours) }), 'all')
    const open = { resource: resource({ Principal: '*', Resource: objects('open/*') }) }
    assert.equal(below('open/', open, { principal: anonymous }), 'all')
    assert.equal(below('', open, { principal: anonymous }), 'some')
    assert.equal(below('open/', open, { principal: mallory }), 'none')
    const both = { ...open, identity: [everything] }
    assert.equal(below('open/', both, { principal: mallory }), 'all')
  })
})

describe('what is said of all keys below a prefix', (test) => {
  test('is said of each of them', () => {
    const random = seededBytes()
    const pick = <T>(values: readonly T[]): T => {
      const value = values[random.integer(values.length)]
      assert(value !== undefined)
      return value
    }
    const key = (lengthMax: number) =>
      Array.from({ length: random.integer(lengthMax + 1) }, () => pick(['a', 'b', '/'])).join('')
    const pattern = () =>
      Array.from({ length: random.integer(5) }, () => pick(['a', 'b', '/', '*', '?'])).join('')
    const statement = (principal: object) => ({
      ...principal,
      Effect: pick(['Allow', 'Allow', 'Deny']),
      [pick(['Resource', 'Resource', 'NotResource'])]: objects(`${pattern()}*`, pattern() || 'a'),
    })
    const identityPolicy = () => identity(statement({}), statement({}))
    const maybe = <T>(make: () => T): T | undefined =>
      random.integer(4) === 0 ? make() : undefined
    let sure = 0
    for (let round = 0; round < 1500; round += 1) {
      const principal = pick([alice, mallory, anonymous, rootOf(ours), sessionOf(ours, 'r', 's')])
      const [boundary, session] = [maybe(identityPolicy), maybe(identityPolicy)]
      const policies: Policies = {
        identity: [identityPolicy()],
        ...(boundary === undefined ? {} : { boundary: [boundary] }),
        ...(session === undefined ? {} : { session: [session] }),
        ...(random.integer(2) === 0
          ? {}
          : { resource: resource(statement({ Principal: '*' }), statement({ Principal: '*' })) }),
      }
      const prefix = key(3)
      const coarse = below(prefix, policies, { principal })
      if (coarse === 'some') continue
      sure += 1
      for (let each = 0; each < 20; each += 1) {
        const arn = `${bucketArn}/${prefix}${key(4)}`
        const { is } = evaluate(request({ principal, arn }), policies)
        assert.equal(is === 'allowed', coarse === 'all', `${arn} ${JSON.stringify(policies)}`)
      }
    }
    assert.ok(sure > 150, `only ${sure} answers were sure`)
  })
})
