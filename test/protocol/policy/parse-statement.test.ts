import assert from 'node:assert'
import type { PolicyKind } from '../../../protocol/policy/policy-document.ts'
import type { Refusal } from '../../../protocol/policy/policy-refused.ts'
import { describe } from '../../support/describe.ts'
import { bucketArn, ours } from './policy-under-test.ts'
import { parse, refusal, statement } from './refused-policy.ts'

type Case = readonly [
  sentence: string,
  kind: PolicyKind,
  changes: Readonly<Record<string, unknown>>,
  reason: Refusal,
  message: string,
]

const refused: readonly Case[] = [
  [
    'an unknown element',
    'identity',
    { Efect: 'x' },
    'unknown element',
    'Statement[0].Efect: is no',
  ],
  [
    'no Effect',
    'identity',
    { Effect: undefined },
    'missing element',
    'Statement[0]: has no Effect',
  ],
  ['an Effect in small letters', 'identity', { Effect: 'allow' }, 'effect', 'Statement[0].Effect'],
  ['an Effect that is a list', 'identity', { Effect: ['Allow'] }, 'effect', 'Statement[0].Effect'],
  [
    'no Action',
    'identity',
    { Action: undefined },
    'missing element',
    'Statement[0]: has no Action',
  ],
  [
    'no actions in a list',
    'identity',
    { Action: [] },
    'action',
    'Statement[0].Action: must not be',
  ],
  [
    'an Action that is a number',
    'identity',
    { Action: 1 },
    'action',
    'Statement[0].Action: must be',
  ],
  ['an action without a service', 'identity', { Action: 'Get*' }, 'action', 'Statement[0].Action'],
  ['a wildcard for the service', 'identity', { Action: 's*:Get' }, 'action', 'Statement[0].Action'],
  ['an action with a space', 'identity', { Action: 's3:Get ' }, 'action', 'Statement[0].Action'],
  ['an action with a Kelvin sign', 'identity', { Action: 's3:\u212A' }, 'action', 'Statement[0]'],
  [
    'Action and NotAction',
    'identity',
    { NotAction: 's3:*' },
    'syntax',
    'Statement[0]: has both Action and NotAction',
  ],
  ['no Resource', 'identity', { Resource: undefined }, 'missing element', 'has no Resource'],
  [
    'a resource that is no ARN',
    'identity',
    { Resource: 'photos' },
    'resource',
    '"photos" is neither',
  ],
  ['an ARN without partition', 'identity', { Resource: 'arn::s3:::b' }, 'resource', 'partition'],
  ['an ARN of any service', 'identity', { Resource: 'arn:aws:*:::b' }, 'resource', 'no service'],
  [
    'an ARN of a wrong account',
    'identity',
    { Resource: 'arn:aws:iam::1:x' },
    'resource',
    '12 digits',
  ],
  ['an ARN of nothing', 'identity', { Resource: 'arn:aws:s3:::' }, 'resource', 'names no resource'],
  [
    'a variable before the fifth colon',
    'identity',
    { Resource: 'arn:aws:s3:::${aws:username' },
    'variable',
    'is no variable',
  ],
  [
    'a variable for an account',
    'identity',
    { Resource: `arn:aws:iam::\${aws:PrincipalAccount}:user/x` },
    'resource',
    'account',
  ],
  ['a Sid with a space', 'identity', { Sid: 'a b' }, 'sid', 'Statement[0].Sid'],
  ['a Principal', 'identity', { Principal: '*' }, 'forbidden element', 'Statement[0].Principal'],
  ['no Principal', 'resource', { Principal: undefined }, 'missing element', 'has no Principal'],
  ['a Principal that is a list', 'resource', { Principal: ['*'] }, 'principal', '.Principal: must'],
  ['a Principal of nobody', 'resource', { Principal: {} }, 'principal', 'names nobody'],
  [
    'a principal with a wildcard',
    'resource',
    { Principal: { AWS: `arn:aws:iam::${ours}:user/*` } },
    'principal',
    'Statement[0].Principal.AWS: "arn:aws:iam::111122223333:user/*" is no principal',
  ],
  [
    'an account of 11 digits',
    'resource',
    { Principal: { AWS: '1'.repeat(11) } },
    'principal',
    'AWS',
  ],
  ['principals in an empty list', 'resource', { Principal: { AWS: [] } }, 'principal', 'empty'],
  [
    'an unknown type of principals',
    'resource',
    { Principal: { Aws: '*' } },
    'principal',
    '.Aws: is',
  ],
  [
    'a canonical user that is none',
    'resource',
    { Principal: { CanonicalUser: 'abc' } },
    'principal',
    'CanonicalUser',
  ],
  [
    'an action of another service',
    'resource',
    { Action: 'iam:GetUser' },
    'action',
    'no action of s3',
  ],
  [
    'an action that S3 does not have',
    'resource',
    { Action: 's3:Fetch*' },
    'action',
    'no action on',
  ],
  [
    'an action on buckets with objects alone',
    'resource',
    { Action: ['s3:GetObject', 's3:ListBucket'] },
    'action without resource',
    '"s3:ListBucket" can be done to none',
  ],
  [
    'an action on objects with the bucket alone',
    'resource',
    { Resource: bucketArn },
    'action without resource',
    '"s3:GetObject" can be done to none',
  ],
  [
    'a condition on a prefix where nothing is listed',
    'resource',
    { Condition: { StringEquals: { 's3:prefix': 'a' } } },
    'condition without effect',
    'has s3:prefix',
  ],
  [
    'a resource of another service',
    'resource',
    { Resource: 'arn:aws:sns:us-east-1:111122223333:photos' },
    'resource',
    'is neither the bucket nor anything in it',
  ],
  [
    'a resource in another partition, which no request is for',
    'resource',
    { Effect: 'Deny', Resource: [`${bucketArn}/*`, 'arn:aws-cn:s3:::photos/*'] },
    'resource',
    'Statement[0].Resource: "arn:aws-cn:s3:::photos/*" is not in the partition "aws"',
  ],
  [
    'NotResource in another partition',
    'resource',
    { Effect: 'Deny', Resource: undefined, NotResource: 'arn:aws-us-gov:s3:::photos/*' },
    'resource',
    'Statement[0].NotResource: "arn:aws-us-gov:s3:::photos/*" is not in',
  ],
  [
    'a wildcard for the partition',
    'resource',
    { Resource: 'arn:*:s3:::photos/*' },
    'resource',
    'names no partition',
  ],
  ['a Resource', 'trust', { Resource: '*' }, 'forbidden element', 'Statement[0].Resource'],
  ['an action of S3', 'trust', { Action: 's3:GetObject' }, 'action', 'is no action of sts'],
  [
    'NotPrincipal',
    'trust',
    { Principal: undefined, NotPrincipal: { AWS: ours } },
    'forbidden element',
    'NotPrincipal',
  ],
  ['a Condition that is a list', 'identity', { Condition: [] }, 'syntax', 'must be an object'],
  [
    'an unknown operator',
    'identity',
    { Condition: { StringMatches: { 'aws:username': 'x' } } },
    'condition operator',
    'Statement[0].Condition.StringMatches: is no condition operator',
  ],
  [
    'Null with IfExists',
    'identity',
    { Condition: { NullIfExists: { 'aws:username': 'true' } } },
    'condition operator',
    'NullIfExists',
  ],
  [
    'an operator without keys',
    'identity',
    { Condition: { Bool: {} } },
    'syntax',
    'names no condition',
  ],
  [
    'a condition key without a service',
    'identity',
    { Condition: { StringEquals: { username: 'x' } } },
    'condition key',
    '"username" is no condition key',
  ],
  [
    'no values',
    'identity',
    { Condition: { StringEquals: { 'aws:username': [] } } },
    'condition value',
    'Statement[0].Condition.StringEquals.aws:username: must not be empty',
  ],
  ...(
    [
      ['NumericLessThan', '10 apples', 'a number'],
      ['DateEquals', '2026-02-30', 'a date'],
      ['Bool', 'yes', '"true" or "false"'],
      ['Null', 'maybe', '"true" or "false"'],
      ['IpAddress', '300.1.1.1', 'an address'],
      ['IpAddress', '10.0.0.0/33', 'an address'],
      ['BinaryEquals', '%%%', 'base64'],
      ['ArnLike', 'arn:aws:s3', 'an ARN of six fields'],
    ] as const
  ).map(
    ([operator, value, wants]): Case => [
      `${value} for ${operator}`,
      'identity',
      { Condition: { [operator]: { 'aws:x': value } } },
      'condition value',
      `must be ${wants}`,
    ],
  ),
]

describe('a statement is refused', (test) => {
  for (const [sentence, kind, changes, reason, message] of refused) {
    test(`with ${sentence}, as a policy of the kind ${kind}`, () => {
      const error = refusal(() => parse(statement(kind, changes), kind))
      assert.equal(error.reason, reason, error.message)
      assert.ok(error.message.includes(message), error.message)
    })
  }
})

describe('a statement is taken', (test) => {
  test('with resources of other partitions, as a policy of the kind identity', () => {
    const { statements } = parse(statement('identity', { Resource: 'arn:aws-cn:s3:::photos/*' }))
    assert.deepEqual(statements[0]?.resources?.values, ['arn:aws-cn:s3:::photos/*'])
  })
})
