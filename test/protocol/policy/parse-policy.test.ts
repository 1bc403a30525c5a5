import assert from 'node:assert'
import { parsePolicy } from '../../../protocol/policy/parse-policy.ts'
import { PolicyRefused, type Refusal } from '../../../protocol/policy/policy-refused.ts'
import { policySizes } from '../../../protocol/policy/policy-sizes.ts'
import { describe } from '../../support/describe.ts'
import { bucketArn, ours } from './policy-under-test.ts'
import { parse, refusal, statement } from './refused-policy.ts'

describe('a policy is refused', (test) => {
  const documents: readonly (readonly [string, string, Refusal, string])[] = [
    ['that is no JSON', '{"Version": }', 'json', 'line 1, column 13: a value is expected'],
    ['that has no end', '{\n "Version": "x', 'json', 'line 2, column 15: a string has no end'],
    ['with text after it', '{} x', 'json', 'line 1, column 4: text after the end'],
    ['that is a list', '[]', 'json', 'must be an object'],
    ['that is empty', '', 'json', 'line 1, column 1: the document has no end'],
    ['with a comma too many', '{"Id": "x",}', 'json', 'line 1, column 12: the name of a member'],
    ['with a byte order mark', '\ufeff{}', 'json', 'line 1, column 1'],
    ['with a control character', '{"Id": "a\u0001"}', 'json', 'a control character'],
    ['with half a surrogate pair', '{"Id": "\\ud800"}', 'json', 'surrogate'],
    ['with an unknown escape', '{"Id": "\\x41"}', 'json', 'an escape'],
    ['nested deeply', '['.repeat(10_000), 'json', 'nested deeper than 16 levels'],
    ['that has a name twice', '{"Id": "a", "Id": "b"}', 'json', '"Id" is there twice'],
    [
      'that has a name twice, once escaped',
      '{"Id": "a", "\\u0049d": "b"}',
      'json',
      'line 1, column 13: "Id" is there twice',
    ],
    ['with an unknown element', '{"id": "a", "Statement": []}', 'unknown element', 'id: is no'],
    ['without statements', '{"Version": "2012-10-17"}', 'missing element', 'Statement: is missing'],
    ['with an empty list of statements', '{"Statement": []}', 'syntax', 'must not be empty'],
    ['of another version', '{"Version": "2012-10-18"}', 'version', 'Version: must be'],
    [
      'whose statement is text',
      '{"Statement": ["x"]}',
      'syntax',
      'Statement[0]: must be an object',
    ],
  ]
  for (const [sentence, source, reason, message] of documents) {
    test(`${sentence}`, () => {
      const error = refusal(() => parse(source))
      assert.equal(error.reason, reason, error.message)
      assert.ok(error.message.includes(message), error.message)
    })
  }

  test('with two statements of one Sid', () => {
    const one = { Sid: 'a', Effect: 'Allow', Action: '*', Resource: '*' }
    const error = refusal(() => parse(JSON.stringify({ Statement: [one, one] })))
    assert.equal(error.message, 'Statement[1].Sid: "a" is there twice')
    assert.equal(error.reason, 'duplicate sid')
  })

  test('that is not UTF-8', () => {
    const error = refusal(() => parse(Buffer.from([0x7b, 0xff, 0x7d])))
    assert.equal(error.message, 'the document is not UTF-8')
  })

  test('with names of JavaScript for elements, like any other', () => {
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty']) {
      assert.equal(refusal(() => parse(`{"${name}": {}}`)).reason, 'unknown element')
      const condition = `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"${name}": {"aws:x": "y"}}}}`
      assert.equal(refusal(() => parse(condition)).reason, 'condition operator')
    }
  })

  test('that is too long, before it is read', () => {
    const error = refusal(() => parse('['.repeat(20_481)))
    assert.equal(error.reason, 'size')
    assert.equal(error.message, 'the document is longer than 20480 bytes')
  })

  test('or taken in one pass, whatever it is full of', () => {
    const values = [
      `\${`.repeat(9000),
      `\${${' '.repeat(18_000)}`,
      `\${a, '${"'".repeat(18_000)}`,
      `\${a, '${"''".repeat(9000)}'}`,
      '9'.repeat(18_000),
      `${'9'.repeat(9000)}.${'9'.repeat(9000)}x`,
      '*?'.repeat(9000),
      'A'.repeat(18_001),
      ':'.repeat(18_000),
      '1.'.repeat(9000),
    ]
    const hostile = (value: string) => [
      ...['StringLike', 'NumericEquals', 'DateEquals', 'BinaryEquals', 'IpAddress', 'ArnLike'].map(
        (operator) => ({ Condition: { [operator]: { 'aws:x': value } } }),
      ),
      { Condition: { [value]: { 'aws:x': 'a' } } },
      { Condition: { StringEquals: { [value]: 'a' } } },
      { Resource: `arn:aws:s3:::photos/${value}` },
      { Resource: value },
      { Action: `s3:${value}` },
      { Principal: { AWS: `arn:aws:iam::${ours}:user/${value}` } },
      { Principal: { Federated: value } },
    ]
    for (const changes of values.flatMap(hostile)) {
      for (const kind of ['identity', 'resource'] as const) {
        try {
          parse(statement(kind, changes), kind)
        } catch (error) {
          assert.ok(error instanceof PolicyRefused, String(error))
        }
      }
    }
  })

  test('of IAM by its characters without white space', () => {
    const options = { kind: 'identity', size: policySizes.inlineOfUser } as const
    const spaced = statement('identity', {}).replace('{', `{${' '.repeat(5000)}`)
    assert.equal(parsePolicy(spaced, options).statements.length, 1)
    const long = statement('identity', { Sid: 'a'.repeat(2048) })
    assert.equal(refusal(() => parsePolicy(long, options)).reason, 'size')
    assert.equal(refusal(() => parsePolicy(' '.repeat(200_000), options)).reason, 'size')
  })

  test('in one line, of bounded length, whatever it holds', () => {
    const Condition = { [`a\nb${'c'.repeat(5000)}`]: {} }
    const { message } = refusal(() => parse(statement('identity', { Condition })))
    assert.ok(message.startsWith('Statement[0].Condition.a bccc'), message)
    assert.equal(message.length, 301)
  })

  test('in the words of S3 and of IAM', () => {
    const json = refusal(() => parse('x', 'resource'))
    assert.equal(json.s3Message, "Policies must be valid JSON and the first byte must be '{'")
    const principal = refusal(() => parse(statement('resource', { Principal: {} }), 'resource'))
    assert.equal(principal.s3Message, 'Invalid principal in policy')
    const without = statement('resource', { Principal: undefined })
    const missing = refusal(() => parse(without, 'resource'))
    assert.equal(missing.s3Message, 'Missing required field Principal')
    const effect = refusal(() => parse(statement('identity', { Effect: '$&' })))
    assert.equal(effect.iamMessage, 'Invalid effect: $&')
  })
})

describe('a bucket policy', (test) => {
  const takes = (Resource: unknown, bucket = 'photos') => {
    const source = statement('resource', { Action: ['s3:GetObject', 's3:Get*'], Resource })
    return parse(source, 'resource', bucket).statements.length === 1
  }

  test('is about its own bucket', () => {
    assert.ok(takes([bucketArn, `${bucketArn}/*`]))
    assert.ok(takes('arn:aws:s3:::ph*'))
    assert.ok(takes('*'))
    assert.ok(takes(`${bucketArn}/\${aws:username}/*`))
    assert.ok(takes(`arn:aws:s3:::\${aws:PrincipalTag/bucket}`))
    assert.ok(takes('arn:aws:s3:::*tos*.jpg'))
    const error = refusal(() => takes('arn:aws:s3:::photos2/*'))
    assert.equal(error.reason, 'resource')
    assert.equal(error.s3Message, 'Policy has invalid resource')
    assert.equal(refusal(() => takes([`${bucketArn}/*`, 'arn:aws:s3:::a/*'])).reason, 'resource')
  })

  test('may have a sentence for a Sid, and white space before it', () => {
    const source = ` \n${statement('resource', { Sid: 'Lets everyone read, always.' })}\n`
    assert.equal(parse(source, 'resource').statements[0]?.sid, 'Lets everyone read, always.')
  })

  test('takes NotPrincipal, NotAction and NotResource', () => {
    const source = statement('resource', {
      Effect: 'Deny',
      Principal: undefined,
      NotPrincipal: { AWS: [ours, `arn:aws:iam::${ours}:user/a/b`] },
      Action: undefined,
      NotAction: 's3:GetObject',
      Resource: undefined,
      NotResource: `${bucketArn}/public/*`,
    })
    const [parsed] = parse(source, 'resource', 'photos').statements
    assert.deepEqual(
      [parsed?.principals?.but, parsed?.actions.but, parsed?.resources?.but],
      [true, true, true],
    )
  })

  test('knows principals of all types', () => {
    const source = statement('resource', {
      Principal: {
        AWS: [`arn:aws:iam::${ours}:root`, `arn:aws:sts::${ours}:assumed-role/r/s`, '*'],
        CanonicalUser: 'ab'.repeat(32),
        Federated: ['accounts.google.com', `arn:aws:iam::${ours}:saml-provider/idp`],
        Service: 'logging.s3.amazonaws.com',
      },
    })
    const names = parse(source, 'resource').statements[0]?.principals?.values ?? []
    assert.deepEqual(
      names.map(({ is }) => is),
      [
        'account',
        'arn',
        'everyone',
        'canonical user',
        'identity provider',
        'identity provider',
        'service',
      ],
    )
  })
})

describe('a policy document', (test) => {
  test('has one statement or several, one value or several, and numbers and booleans', () => {
    const condition = {
      NumericLessThan: { 's3:max-keys': [10, '20'] },
      Bool: { 'aws:SecureTransport': true },
    }
    const Statement = { Effect: 'Allow', Action: ['s3:*'], Resource: ['*'], Condition: condition }
    const { version, statements } = parse(JSON.stringify({ Id: 'x', Statement }))
    assert.equal(version, '2008-10-17')
    assert.deepEqual(
      statements[0]?.conditions.map(({ values }) => values),
      [['10', '20'], ['true']],
    )
  })

  test('has fields of its ARNs completed', () => {
    const [parsed] = parse(statement('identity', { Resource: 'arn:aws:s3' })).statements
    assert.deepEqual(parsed?.resources?.values, ['arn:aws:s3:*:*:*'])
  })

  test('has no Sid where that is empty, however often', () => {
    const one = { Sid: '', Effect: 'Allow', Action: '*', Resource: '*' }
    const { statements } = parse(JSON.stringify({ Statement: [one, one] }))
    assert.deepEqual(
      statements.map(({ sid }) => sid),
      [undefined, undefined],
    )
  })
})
