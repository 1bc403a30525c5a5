import assert from 'node:assert'
import { evaluate } from '../../../protocol/policy/evaluate.ts'
import { findMatchedStatements } from '../../../protocol/policy/matched-statements.ts'
import { describe } from '../../support/describe.ts'
import {
  alice,
  anonymous,
  bucketArn,
  federatedOf,
  identity,
  mallory,
  objectArn,
  ours,
  policy,
  request,
  resource,
  rootOf,
  sessionOf,
  theirs,
  userOf,
  verdictOf,
} from './policy-under-test.ts'

const role = sessionOf(ours, 'reader', 'monday')
const roleArn = `arn:aws:iam::${ours}:role/reader`
const sessionArn = `arn:aws:sts::${ours}:assumed-role/reader/monday`
const aliceArn = `arn:aws:iam::${ours}:user/alice`
const elsewhere = identity({ Resource: 'arn:aws:s3:::elsewhere/*' })
const any = identity({})
const everyone = resource({ Principal: '*' })
const toAccount = (accountId: string) => resource({ Principal: { AWS: accountId } })
const toArn = (arn: string) => resource({ Principal: { AWS: arn } })

describe('actions and resources', (test) => {
  const allows = (statement: object, action: string, arn = objectArn) =>
    verdictOf({ action, arn }, { identity: [identity({ ...statement })] }) === 'allowed'

  test('actions are compared without regard to case, with wildcards', () => {
    assert.ok(allows({ Action: 'S3:get*' }, 's3:GetObject'))
    assert.ok(allows({ Action: 's3:Get?bject' }, 's3:GETOBJECT'))
    assert.ok(allows({ Action: '*' }, 'iam:GetUser'))
    assert.ok(!allows({ Action: 's3:Get' }, 's3:GetObject'))
    assert.ok(!allows({ Action: 's3:*' }, 's3x:GetObject'))
  })

  test('NotAction is all but those, of all services', () => {
    assert.ok(allows({ NotAction: ['s3:Put*', 'iam:*'] }, 's3:GetObject'))
    assert.ok(allows({ NotAction: ['s3:Put*', 'iam:*'] }, 'sts:AssumeRole'))
    assert.ok(!allows({ NotAction: ['s3:Put*', 'iam:*'] }, 'iam:GetUser'))
  })

  test('resources are compared with regard to case, and their wildcards span all', () => {
    assert.ok(allows({ Resource: 'arn:aws:s3:::photos/*.jpg' }, 's3:GetObject'))
    assert.ok(!allows({ Resource: 'arn:aws:s3:::Photos/*' }, 's3:GetObject'))
    assert.ok(allows({ Resource: 'arn:aws:s3:::p*' }, 's3:GetObject'))
    assert.ok(allows({ Resource: 'arn:aws:s3' }, 's3:GetObject'))
    assert.ok(!allows({ Resource: 'arn:aws:s3:::photos' }, 's3:GetObject'))
    assert.ok(allows({ Resource: 'arn:aws:s3:::photos/a*c' }, 's3:GetObject', `${bucketArn}/a:/c`))
  })

  test('NotResource is all but those', () => {
    const statement = { NotResource: [`${bucketArn}/a/*`, `${bucketArn}/b/*`] }
    assert.ok(allows(statement, 's3:GetObject'))
    assert.ok(!allows(statement, 's3:GetObject', `${bucketArn}/b/x`))
  })
})

describe('within an account', (test) => {
  test('nothing is allowed that no policy allows', () => {
    assert.equal(verdictOf({}, {}), 'implicitly denied')
    assert.equal(verdictOf({}, { identity: [elsewhere] }), 'implicitly denied')
  })

  test('policies of the user and of the bucket add up', () => {
    assert.equal(verdictOf({}, { identity: [elsewhere, any] }), 'allowed')
    assert.equal(verdictOf({}, { resource: toArn(aliceArn) }), 'allowed')
    assert.equal(verdictOf({}, { resource: everyone }), 'allowed')
  })

  test('a bucket policy that names the account leaves it to the policies of its users', () => {
    assert.equal(verdictOf({}, { resource: toAccount(ours) }), 'implicitly denied')
    assert.equal(
      verdictOf({}, { resource: toArn(`arn:aws:iam::${ours}:root`) }),
      'implicitly denied',
    )
    assert.equal(verdictOf({}, { identity: [any], resource: toAccount(ours) }), 'allowed')
  })

  test('an explicit deny anywhere counts over all', () => {
    const deny = identity({ Effect: 'Deny' })
    const all = { identity: [any], resource: everyone }
    assert.equal(verdictOf({}, { ...all, identity: [any, deny] }), 'explicitly denied')
    assert.equal(verdictOf({}, { ...all, boundary: [any, deny] }), 'explicitly denied')
    assert.equal(verdictOf({}, { ...all, session: [deny, any] }), 'explicitly denied')
    const denied = resource({ Principal: '*' }, { Principal: { AWS: ours }, Effect: 'Deny' })
    assert.equal(verdictOf({}, { ...all, resource: denied }), 'explicitly denied')
  })

  test('boundary and session policies bound what the user’s policies allow', () => {
    assert.equal(verdictOf({}, { identity: [any], boundary: [any] }), 'allowed')
    assert.equal(verdictOf({}, { identity: [any], boundary: [elsewhere] }), 'implicitly denied')
    assert.equal(verdictOf({}, { identity: [any], session: [elsewhere] }), 'implicitly denied')
    assert.equal(verdictOf({}, { boundary: [any], session: [any] }), 'implicitly denied')
    assert.equal(verdictOf({}, { identity: [any], boundary: [] }), 'implicitly denied')
    assert.equal(verdictOf({}, { identity: [any], session: [] }), 'implicitly denied')
  })

  test('a bucket policy that names the user or everyone is bounded by neither', () => {
    const bounded = { boundary: [elsewhere] }
    assert.equal(verdictOf({}, { ...bounded, resource: toArn(aliceArn) }), 'allowed')
    assert.equal(verdictOf({}, { ...bounded, resource: everyone }), 'allowed')
  })

  test('one that names the role is bounded by both, one that names the session by neither', () => {
    const asking = { principal: role }
    for (const bounded of [{ boundary: [elsewhere] }, { session: [elsewhere] }]) {
      const ofRole = { ...bounded, resource: toArn(roleArn) }
      assert.equal(verdictOf(asking, ofRole), 'implicitly denied')
      assert.equal(verdictOf(asking, { ...bounded, resource: toArn(sessionArn) }), 'allowed')
    }
    assert.equal(verdictOf(asking, { resource: toArn(roleArn) }), 'allowed')
    const both = { boundary: [any], session: [any], resource: toArn(roleArn) }
    assert.equal(verdictOf(asking, both), 'allowed')
  })

  test('the session of a federated user stands to him as one of a role to the role', () => {
    const asking = { principal: federatedOf(ours, 'guest', 'alice') }
    const guest = `arn:aws:sts::${ours}:federated-user/guest`
    const session = { session: [elsewhere] }
    assert.equal(verdictOf(asking, { resource: toArn(aliceArn) }), 'allowed')
    assert.equal(verdictOf(asking, { ...session, resource: toArn(aliceArn) }), 'implicitly denied')
    assert.equal(verdictOf(asking, { ...session, resource: toArn(guest) }), 'allowed')
  })

  test('the root user may do everything that the bucket policy does not deny', () => {
    const asking = { principal: rootOf(ours) }
    assert.equal(verdictOf(asking, {}), 'allowed')
    const denied = resource({ Principal: '*', Effect: 'Deny' })
    assert.equal(verdictOf(asking, { resource: denied }), 'explicitly denied')
  })
})

describe('across accounts', (test) => {
  const foreign = { principal: mallory }

  test('both sides have to allow it', () => {
    assert.equal(verdictOf(foreign, { identity: [any] }), 'implicitly denied')
    assert.equal(verdictOf(foreign, { resource: everyone }), 'implicitly denied')
    assert.equal(verdictOf(foreign, { identity: [any], resource: everyone }), 'allowed')
    assert.equal(verdictOf(foreign, { identity: [any], resource: toAccount(theirs) }), 'allowed')
    const wrong = { identity: [any], resource: toAccount(ours) }
    assert.equal(verdictOf(foreign, wrong), 'implicitly denied')
  })

  test('the boundary counts, whomever the bucket policy names', () => {
    const named = toArn(`arn:aws:iam::${theirs}:user/mallory`)
    const bounded = { identity: [any], boundary: [elsewhere], resource: named }
    assert.equal(verdictOf(foreign, bounded), 'implicitly denied')
  })

  test('a root user needs the bucket policy alone', () => {
    const root = { principal: rootOf(theirs) }
    assert.equal(verdictOf(root, {}), 'implicitly denied')
    assert.equal(verdictOf(root, { resource: toAccount(theirs) }), 'allowed')
    const named = toArn(`arn:aws:iam::${theirs}:user/mallory`)
    assert.equal(verdictOf(root, { resource: named }), 'implicitly denied')
  })
})

describe('principals', (test) => {
  test('anonymous requests are allowed what everyone is', () => {
    const asking = { principal: anonymous }
    assert.equal(verdictOf(asking, {}), 'implicitly denied')
    assert.equal(verdictOf(asking, { resource: everyone }), 'allowed')
    assert.equal(verdictOf(asking, { resource: toArn('*') }), 'allowed')
    assert.equal(verdictOf(asking, { resource: toAccount(ours) }), 'implicitly denied')
    const denied = resource({ Principal: '*' }, { Principal: '*', Effect: 'Deny' })
    assert.equal(verdictOf(asking, { resource: denied }), 'explicitly denied')
  })

  test('canonical users are accounts', () => {
    const canonicalUserId = 'ab'.repeat(32)
    const named = resource({ Principal: { CanonicalUser: canonicalUserId } })
    const principal = { ...mallory, canonicalUserId }
    assert.equal(verdictOf({ principal }, { identity: [any], resource: named }), 'allowed')
    assert.equal(verdictOf({ principal }, { resource: named }), 'implicitly denied')
    const others = { ...mallory, canonicalUserId: 'cd'.repeat(32) }
    const asking = { principal: others }
    assert.equal(verdictOf(asking, { identity: [any], resource: named }), 'implicitly denied')
  })

  test('services and identity providers are allowed by name', () => {
    const service = { is: 'service', service: 'logging.s3.amazonaws.com' } as const
    const named = resource({ Principal: { Service: 'logging.s3.amazonaws.com' } })
    assert.equal(verdictOf({ principal: service }, { resource: named }), 'allowed')
    assert.equal(verdictOf({}, { resource: named }), 'implicitly denied')
    const federated = resource({ Principal: { Federated: 'accounts.google.com' } })
    const vouched = { ...role, provider: 'accounts.google.com' }
    assert.equal(verdictOf({ principal: vouched }, { resource: federated }), 'allowed')
    assert.equal(verdictOf({ principal: role }, { resource: federated }), 'implicitly denied')
  })

  test('NotPrincipal denies all but those that it names, and their accounts', () => {
    const but = (...names: readonly string[]) => ({
      identity: [any],
      resource: resource({ Effect: 'Deny', NotPrincipal: { AWS: names } }),
    })
    assert.equal(verdictOf({}, but(aliceArn)), 'allowed')
    assert.equal(verdictOf({}, but(ours)), 'allowed')
    assert.equal(verdictOf({}, but(`arn:aws:iam::${ours}:user/bob`)), 'explicitly denied')
    assert.equal(verdictOf({ principal: role }, but(roleArn)), 'allowed')
    assert.equal(verdictOf({ principal: anonymous }, but(aliceArn)), 'explicitly denied')
  })

  test('NotPrincipal denies whoever has a boundary, as AWS says', () => {
    const denied = resource({ Effect: 'Deny', NotPrincipal: { AWS: aliceArn } })
    const policies = { identity: [any], boundary: [any], resource: denied }
    assert.equal(verdictOf({}, policies), 'explicitly denied')
  })

  test('users with a path have it in their ARN', () => {
    const principal = userOf(ours, 'staff/eu/carol')
    const arn = `arn:aws:iam::${ours}:user/staff/eu/carol`
    assert.equal(verdictOf({ principal }, { resource: toArn(arn) }), 'allowed')
  })
})

describe('trust policies', (test) => {
  const asking = {
    principal: alice,
    action: 'sts:AssumeRole',
    arn: `arn:aws:iam::${ours}:role/reader`,
  }
  const trust = (Principal: unknown) => policy('trust', [{ Principal, Action: 'sts:AssumeRole' }])
  const assume = identity({ Action: 'sts:AssumeRole' })

  test('have to allow it, also within the account', () => {
    const others = { identity: [assume], resource: trust({ AWS: theirs }) }
    assert.equal(verdictOf(asking, others), 'implicitly denied')
    assert.equal(
      verdictOf(asking, { identity: [assume], resource: trust({ AWS: ours }) }),
      'allowed',
    )
    assert.equal(verdictOf(asking, { resource: trust({ AWS: ours }) }), 'implicitly denied')
    assert.equal(verdictOf(asking, { resource: trust({ AWS: aliceArn }) }), 'allowed')
    const root = { ...asking, principal: rootOf(ours) }
    assert.equal(verdictOf(root, { resource: trust({ AWS: theirs }) }), 'implicitly denied')
  })

  test('let in whom an identity provider vouches for', () => {
    const provider = `arn:aws:iam::${ours}:oidc-provider/login.example.com`
    const federated = policy('trust', [
      {
        Principal: { Federated: provider },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { 'login.example.com:aud': 'us' } },
      },
    ])
    const vouched = {
      ...asking,
      principal: { is: 'identity provider', provider } as const,
      action: 'sts:AssumeRoleWithWebIdentity',
    }
    const context = { 'login.example.com:aud': 'us' }
    assert.equal(verdictOf({ ...vouched, context }, { resource: federated }), 'allowed')
    assert.equal(verdictOf(vouched, { resource: federated }), 'implicitly denied')
  })
})

describe('a verdict', (test) => {
  test('names the statement that decided', () => {
    const mine = identity({ Action: 's3:PutObject' }, { Sid: 'Reading' })
    const policies = { identity: [mine] }
    assert.deepEqual(evaluate(request(), policies), {
      is: 'allowed',
      by: { source: 'identity', policy: 'identity policy', sid: 'Reading', index: 1 },
    })
    const denied = resource({ Principal: '*', Effect: 'Deny' })
    assert.deepEqual(evaluate(request(), { identity: [mine], resource: denied }), {
      is: 'explicitly denied',
      by: { source: 'resource', policy: 'resource policy', index: 0 },
    })
    assert.deepEqual(evaluate(request({ principal: rootOf(ours) }), { identity: [] }), {
      is: 'allowed',
      by: 'root user',
    })
  })

  test('says where an allow is lacking', () => {
    const lacks = (asking: Parameters<typeof request>[0], policies: object) => {
      const verdict = evaluate(request(asking), { identity: [], ...policies })
      return verdict.is === 'implicitly denied' ? verdict.lacks : verdict.is
    }
    assert.equal(lacks({}, {}), 'identity')
    assert.equal(lacks({}, { identity: [any], boundary: [elsewhere] }), 'boundary')
    assert.equal(lacks({}, { identity: [any], session: [elsewhere] }), 'session')
    assert.equal(lacks({ principal: mallory }, { identity: [any] }), 'resource')
    assert.equal(lacks({ principal: mallory }, { resource: everyone }), 'identity')
    assert.equal(lacks({ principal: anonymous }, {}), 'resource')
  })

  test('comes with all statements that are about the request, for simulations', () => {
    const policies = {
      identity: [identity({ Sid: 'A' }, { Sid: 'B', Effect: 'Deny' }, { Action: 's3:PutObject' })],
      resource: resource({ Principal: '*' }, { Principal: { AWS: theirs } }),
    }
    const found = findMatchedStatements(request(), policies)
    assert.deepEqual(
      found.map(({ source, index, effect }) => [source, index, effect]),
      [
        ['identity', 0, 'Allow'],
        ['identity', 1, 'Deny'],
        ['resource', 0, 'Allow'],
      ],
    )
  })

  test('computes no condition key that no statement in question names', () => {
    const asked: string[] = []
    const context = {
      get: (key: string) => {
        asked.push(key)
        return undefined
      },
    }
    const conditions = identity(
      { Action: 's3:PutObject', Condition: { Bool: { 'aws:a': 'true' } } },
      { Resource: 'arn:aws:s3:::elsewhere', Condition: { Bool: { 'aws:b': 'true' } } },
      { Condition: { Bool: { 'AWS:C': 'true', 'aws:d': 'true' } } },
    )
    evaluate({ ...request(), context }, { identity: [conditions] })
    assert.deepEqual(asked, ['aws:c'])
  })
})
