import assert from 'node:assert'
import { compilePolicy } from '../../../protocol/policy/compile-policy.ts'
import { evaluate } from '../../../protocol/policy/evaluate.ts'
import { managedPolicies } from '../../../protocol/policy/managed-policies.ts'
import { parsePolicy } from '../../../protocol/policy/parse-policy.ts'
import { policySizes } from '../../../protocol/policy/policy-sizes.ts'
import { grantsToOtherAccounts, isPublic } from '../../../protocol/policy/public-policy.ts'
import { describe } from '../../support/describe.ts'
import { ours, request, resource, theirs } from './policy-under-test.ts'

const everyone = (Condition: unknown = {}) => isPublic(resource({ Principal: '*', Condition }))

describe('a bucket policy is public', (test) => {
  test('when it allows everyone something', () => {
    assert.equal(everyone(), true)
    assert.equal(isPublic(resource({ Principal: { AWS: '*' } })), true)
    const second = resource({ Principal: { AWS: ours } }, { Principal: { AWS: [ours, '*'] } })
    assert.equal(isPublic(second), true)
  })

  test('when whoever has an account with a provider is let in', () => {
    assert.equal(isPublic(resource({ Principal: { Federated: 'graph.facebook.com' } })), true)
    const own = `arn:aws:iam::${ours}:saml-provider/idp`
    assert.equal(isPublic(resource({ Principal: { Federated: own } })), false)
  })

  test('unless it names who is', () => {
    const named = [
      { AWS: ours },
      { AWS: `arn:aws:iam::${theirs}:user/mallory` },
      { Service: 'logging.s3.amazonaws.com' },
      { CanonicalUser: 'ab'.repeat(32) },
    ]
    for (const Principal of named) assert.equal(isPublic(resource({ Principal })), false)
    assert.equal(isPublic(resource({ Principal: '*', Effect: 'Deny' })), false)
  })

  const fixing: readonly (readonly [operator: string, key: string, value: unknown])[] = [
    ['StringEquals', 'aws:PrincipalOrgID', 'o-a1b2c3d4e5'],
    ['StringEquals', 'AWS:SourceVpc', 'vpc-91237329'],
    ['StringLike', 'aws:SourceVpce', 'vpce-1a2b3c4d'],
    ['StringEquals', 'aws:SourceAccount', ours],
    ['ArnLike', 'aws:SourceArn', `arn:aws:sns:us-east-1:${ours}:topic`],
    ['ArnEquals', 'aws:PrincipalArn', `arn:aws:iam::${ours}:role/reader`],
    ['StringEquals', 'aws:userid', 'AIDAEXAMPLE'],
    ['StringLike', 's3:DataAccessPointArn', `arn:aws:s3:us-east-1:${ours}:accesspoint/*`],
    ['StringEquals', 's3:DataAccessPointAccount', ours],
    ['IpAddress', 'aws:SourceIp', ['203.0.113.0/24', '10.0.0.0/8', '2001:db8::/32']],
    ['ForAnyValue:StringEquals', 'aws:PrincipalOrgPaths', 'o-a1/r-ab/ou-1/'],
  ]
  for (const [operator, key, value] of fixing) {
    test(`unless ${operator} fixes ${key}`, () => {
      assert.equal(everyone({ [operator]: { [key]: value } }), false)
    })
  }

  const open: readonly (readonly [operator: string, key: string, value: unknown])[] = [
    ['StringLike', 'aws:SourceVpc', 'vpc-*'],
    ['StringEquals', 'aws:SourceVpc', `\${aws:SourceVpc}`],
    ['StringEquals', 'aws:SourceVpc', ['vpc-1', 'vpc-*']],
    ['StringEqualsIfExists', 'aws:SourceVpc', 'vpc-1'],
    ['StringNotEquals', 'aws:SourceVpc', 'vpc-1'],
    ['ForAllValues:StringEquals', 'aws:PrincipalOrgID', 'o-a1b2c3d4e5'],
    ['StringLike', 'aws:userid', 'AROAEXAMPLE:*'],
    ['StringEquals', 'aws:userid', 'anonymous'],
    ['StringLike', 'AWS:userid', 'Anonymous'],
    ['StringEqualsIgnoreCase', 'aws:userid', 'ANONYMOUS'],
    ['ForAnyValue:StringEquals', 'aws:userid', ['AIDAEXAMPLE', 'anonymous']],
    ['StringLike', 'aws:userid', 'anonymou?'],
    ['StringEquals', 's3:x-amz-server-side-encryption-aws-kms-key-id', 'arn:aws:kms:::key/1'],
    ['IpAddress', 'aws:SourceIp', '0.0.0.0/1'],
    ['IpAddress', 'aws:SourceIp', ['203.0.113.0/24', '0.0.0.0/7']],
    ['IpAddress', 'aws:SourceIp', '2001:db8::/31'],
    ['NotIpAddress', 'aws:SourceIp', '203.0.113.0/24'],
    ['StringLike', 's3:DataAccessPointArn', 'arn:aws:s3:us-east-1:*:accesspoint/x'],
    ['StringEquals', 'aws:Referer', 'https://example.com'],
    ['Bool', 'aws:SecureTransport', 'true'],
    ['Null', 'aws:SourceVpc', 'false'],
  ]
  for (const [operator, key, value] of open) {
    test(`though there is ${operator} on ${key}: ${JSON.stringify(value)}`, () => {
      assert.equal(everyone({ [operator]: { [key]: value } }), true)
    })
  }
})

describe('a bucket policy lets in other accounts', (test) => {
  const lets = (Principal: unknown, Effect = 'Allow') =>
    grantsToOtherAccounts(resource({ Principal, Effect }), {
      accountId: ours,
      canonicalUserId: 'ab'.repeat(32),
    })

  test('by account, by ARN, by canonical user, and as everyone', () => {
    assert.equal(lets({ AWS: theirs }), true)
    assert.equal(lets({ AWS: [ours, `arn:aws:iam::${theirs}:role/x`] }), true)
    assert.equal(lets({ CanonicalUser: 'cd'.repeat(32) }), true)
    assert.equal(lets('*'), true)
  })

  test('but not by naming its own, or services, or by denying', () => {
    assert.equal(lets({ AWS: [ours, `arn:aws:iam::${ours}:user/alice`] }), false)
    assert.equal(lets({ CanonicalUser: 'ab'.repeat(32) }), false)
    assert.equal(lets({ Service: 'logging.s3.amazonaws.com' }), false)
    assert.equal(lets('*', 'Deny'), false)
  })
})

describe('managed policies', (test) => {
  const allows = (name: string, action: string) => {
    const managed = managedPolicies.get(`arn:aws:iam::aws:policy/${name}`)
    assert(managed !== undefined && managed.name === name)
    const options = { kind: 'identity', size: policySizes.managed } as const
    const compiled = compilePolicy(parsePolicy(managed.document, options), managed.arn)
    return evaluate(request({ action }), { identity: [compiled] }).is === 'allowed'
  }

  test('allow what their names say', () => {
    assert.ok(allows('AdministratorAccess', 'iam:CreateUser'))
    assert.ok(allows('AmazonS3FullAccess', 's3:DeleteBucket'))
    assert.ok(!allows('AmazonS3FullAccess', 'iam:GetUser'))
    assert.ok(allows('AmazonS3ReadOnlyAccess', 's3:ListBucket'))
    assert.ok(!allows('AmazonS3ReadOnlyAccess', 's3:PutObject'))
    assert.ok(allows('ReadOnlyAccess', 'iam:GetUser'))
    assert.ok(!allows('ReadOnlyAccess', 'iam:CreateUser'))
  })
})
