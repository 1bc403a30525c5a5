// Conditions of all operators on keys of their types, and contexts that have those keys, mostly.
import type { Chance } from './generated-access.ts'
import type { Context } from './policy-under-test.ts'

type Family = {
  readonly operators: readonly string[]
  readonly keys: readonly string[]
  /** Of conditions. */
  readonly named: readonly string[]
  /** Of requests. */
  readonly given: readonly string[]
  /** Seldom named, and seldom given. */
  readonly oddNamed?: readonly string[]
  readonly oddGiven?: readonly string[]
}

const arnOfAlice = 'arn:aws:iam::111122223333:user/alice'

const families: readonly Family[] = [
  {
    operators: [
      'StringEquals',
      'StringNotEquals',
      'StringEqualsIgnoreCase',
      'StringNotEqualsIgnoreCase',
      'StringLike',
      'StringNotLike',
    ],
    keys: ['aws:username', 'AWS:UserId', 'aws:PrincipalTag/team', 'aws:SourceVpce'],
    named: [
      'alice',
      'Alice',
      'al*',
      '*',
      'a?ice',
      'none',
      'bob',
      `\${aws:PrincipalTag/team, 'bob'}`,
    ],
    given: ['alice', 'ALICE', 'bob', 'none', 'al', '*'],
    oddNamed: [
      `\${aws:username}`,
      `\${aws:userid}x`,
      `\${aws:TagKeys, 'alice'}`,
      `\${*}`,
      `a\${?}`,
    ],
  },
  {
    operators: [
      'NumericEquals',
      'NumericNotEquals',
      'NumericLessThan',
      'NumericLessThanEquals',
      'NumericGreaterThan',
      'NumericGreaterThanEquals',
    ],
    keys: ['aws:MultiFactorAuthAge'],
    named: ['0', '10', '10.0', '-3', '3600', '99.5'],
    given: ['0', '10', '10.5', '3600', '3601'],
    oddGiven: ['ten'],
  },
  {
    operators: [
      'DateEquals',
      'DateNotEquals',
      'DateLessThan',
      'DateLessThanEquals',
      'DateGreaterThan',
      'DateGreaterThanEquals',
    ],
    keys: ['aws:CurrentTime', 'aws:TokenIssueTime'],
    named: ['2026-01-01T00:00:00Z', '2026-01-01', '2026-01-01T01:00:00+01:00', '2025-06'],
    given: ['2026-01-01T00:00:00Z', '2025-12-31T23:59:59Z', '2026-05-04T03:02:01.123Z'],
    oddNamed: ['1767225600'],
    oddGiven: ['soon'],
  },
  {
    operators: ['Bool'],
    keys: ['aws:SecureTransport', 'aws:MultiFactorAuthPresent'],
    named: ['true', 'false'],
    given: ['true', 'false', 'TRUE'],
  },
  {
    operators: ['BinaryEquals'],
    keys: ['aws:SourceVpc'],
    named: ['QmluYXJ5', 'QQ=='],
    given: ['QmluYXJ5', 'QQ==', 'QUE='],
  },
  {
    operators: ['IpAddress', 'NotIpAddress'],
    keys: ['aws:SourceIp', 'aws:VpcSourceIp'],
    named: [
      '203.0.113.0/24',
      '10.0.0.0/8',
      '203.0.113.9/32',
      '128.0.0.0/1',
      '2001:db8::/32',
      '::/0',
    ],
    given: ['203.0.113.9', '10.255.0.1', '203.0.112.255', '2001:db8::1', '2001:db9::1'],
    oddNamed: ['203.0.113.9', '2001:db8::1', '0.0.0.0/0'],
    oddGiven: ['::ffff:203.0.113.9', '2001:db8:0::1'],
  },
  {
    operators: ['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'],
    keys: ['aws:PrincipalArn', 'aws:SourceArn'],
    named: [
      arnOfAlice,
      'arn:aws:iam::*:user/*',
      'arn:aws:s3:::photos*',
      'arn:aws:*:*:*:*',
      'arn:aws:iam::1111*:*/a?ice',
      `arn:aws:iam::111122223333:user/\${aws:username}`,
    ],
    given: [arnOfAlice, 'arn:aws:s3:::photos', 'arn:aws:iam::444455556666:user/staff/bob'],
    oddNamed: [`\${aws:PrincipalArn}`],
    oddGiven: ['alice'],
  },
]

const many = {
  keys: ['aws:TagKeys', 'aws:CalledVia'],
  named: ['a', 'b', 'c', 'a*'],
  given: ['a', 'b', 'ab', 'c'],
}
const oneOfMany = 60

export function generateContext(chance: Chance): Context {
  const context: Record<string, string | readonly string[]> = {}
  for (const { keys, given, oddGiven } of families) {
    for (const key of keys) {
      if (chance.once(3)) continue
      context[key] = chance.pick(oddGiven && chance.once(oneOfMany) ? oddGiven : given)
    }
  }
  for (const key of many.keys) if (!chance.once(3)) context[key] = chance.some(many.given, 3)
  return context
}

export function generateConditions(chance: Chance): Readonly<Record<string, unknown>> {
  const conditions: Record<string, Record<string, unknown>> = {}
  for (let count = chance.once(3) ? 2 : 1; count > 0; count -= 1) {
    const { operator, key, values } = generateCondition(chance)
    conditions[operator] = { ...conditions[operator], [key]: values }
  }
  return conditions
}

function generateCondition(chance: Chance) {
  const family = chance.pick(families)
  const allKeys = families.flatMap(({ keys }) => keys)
  if (chance.once(8)) {
    return { operator: 'Null', key: chance.pick(allKeys), values: chance.pick(['true', 'false']) }
  }
  const isText = family.operators.includes('StringLike')
  const overMany = isText && chance.once(2)
  const { named, keys } = overMany ? many : family
  const odd = family.oddNamed && !overMany && chance.once(oneOfMany / 4) ? family.oddNamed : named
  const values = chance.some(odd, 3)
  const set = overMany || chance.once(12) ? chance.pick(['ForAnyValue:', 'ForAllValues:']) : ''
  const withoutSet = overMany && chance.once(8)
  const exists = chance.once(set === 'ForAnyValue:' ? 20 : 6) ? 'IfExists' : ''
  return {
    operator: `${withoutSet ? '' : set}${chance.pick(family.operators)}${exists}`,
    key: chance.pick(keys),
    values: values.length === 1 && chance.once(2) ? values[0] : values,
  }
}
