// Policies and requests that look random: few names, so that they meet; all operators; and, seldom, what
// is odd. Every policy is one that is taken.
import assert from 'node:assert'
import type { Principal } from '../../../protocol/policy/access-request.ts'
import type { SeededBytes } from '../../support/seeded-bytes.ts'
import { generateConditions, generateContext } from './generated-conditions.ts'
import {
  anonymous,
  bucketArn,
  type Context,
  federatedOf,
  type JsonStatement,
  ours,
  rootOf,
  sessionOf,
  theirs,
  userOf,
} from './policy-under-test.ts'

export type PolicyJson = {
  readonly Version?: string
  readonly Statement: readonly JsonStatement[]
}

export type GeneratedAccess = {
  readonly principal: Principal
  readonly action: string
  readonly arn: string
  readonly owner: string
  readonly context: Context
  readonly identity: readonly PolicyJson[]
  readonly boundary?: PolicyJson
  readonly session?: PolicyJson
  readonly resource?: PolicyJson
  /** The resource is a role, and its policy a trust policy. */
  readonly isRole: boolean
}

/** Choices, all drawn from one seed. */
export class Chance {
  readonly #random: SeededBytes

  constructor(random: SeededBytes) {
    this.#random = random
  }

  /** Once in so many times. */
  once(inSoMany: number): boolean {
    return this.#random.integer(inSoMany) === 0
  }

  /** From 0 to `below` - 1. */
  integer(below: number): number {
    return this.#random.integer(below)
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.#random.integer(values.length)]
    assert(value !== undefined)
    return value
  }

  some<T>(values: readonly T[], max: number): readonly T[] {
    return Array.from({ length: 1 + this.#random.integer(max) }, () => this.pick(values))
  }
}

const principals: readonly Principal[] = [
  anonymous,
  userOf(ours, 'alice'),
  userOf(ours, 'alice'),
  userOf(ours, 'staff/bob'),
  userOf(theirs, 'mallory'),
  userOf(theirs, 'alice'),
  rootOf(ours),
  rootOf(theirs),
  sessionOf(ours, 'reader', 'monday'),
  sessionOf(ours, 'reader', 'tuesday'),
  sessionOf(theirs, 'reader', 'monday'),
  federatedOf(ours, 'alice', 'alice'),
  { is: 'service', service: 'logging.s3.amazonaws.com' },
]

const principalNames: readonly unknown[] = [
  '*',
  { AWS: '*' },
  { AWS: ours },
  { AWS: `arn:aws:iam::${ours}:root` },
  { AWS: theirs },
  { AWS: `arn:aws:iam::${ours}:user/alice` },
  { AWS: [`arn:aws:iam::${ours}:user/staff/bob`, `arn:aws:iam::${theirs}:user/mallory`] },
  { AWS: `arn:aws:iam::${ours}:role/reader` },
  { AWS: `arn:aws:sts::${ours}:assumed-role/reader/monday` },
  { AWS: [`arn:aws:iam::${theirs}:role/reader`, ours] },
  { AWS: `arn:aws:sts::${ours}:federated-user/alice` },
  { Service: 'logging.s3.amazonaws.com' },
]

const objectActions = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject']
const actionNames = [...objectActions, 's3:ListBucket', 's3:*', 's3:Get*', 'S3:get?bject', '*']
const keys = ['a', 'a/b', 'a/b.jpg', 'home/alice/x', 'home/bob/x', 'home/none/x', '*']
const objectNames = [
  `${bucketArn}/*`,
  `${bucketArn}/*`,
  `${bucketArn}/a`,
  `${bucketArn}/a/*`,
  `${bucketArn}/?`,
  `${bucketArn}/*.jpg`,
  `${bucketArn}/A/*`,
  `${bucketArn}/home/\${aws:username}/*`,
  `${bucketArn}/home/\${aws:PrincipalTag/team, 'none'}/*`,
  `${bucketArn}/\${*}`,
]
const resourceNames = [...objectNames, '*', bucketArn, 'arn:aws:s3:::*', 'arn:aws:s3:::ph*']

export function generateAccess(chance: Chance): GeneratedAccess {
  const isRole = chance.once(8)
  const principal = chance.pick(principals)
  const action = isRole ? 'sts:AssumeRole' : chance.pick([...objectActions, 's3:ListBucket'])
  const owner = chance.once(6) ? theirs : ours
  const arn = isRole
    ? `arn:aws:iam::${owner}:role/target`
    : action === 's3:ListBucket'
      ? bucketArn
      : `${bucketArn}/${chance.pick(keys.slice(0, -1))}`
  const isPerson = 'accountId' in principal && principal.is !== 'root'
  const maySession = principal.is === 'role session' || principal.is === 'federated user'
  const ofIdentity = () => identityPolicy(chance, isRole)
  return {
    principal,
    action,
    arn,
    owner,
    isRole,
    context: generateContext(chance),
    identity:
      isPerson && !chance.once(6) ? Array.from({ length: 1 + chance.integer(2) }, ofIdentity) : [],
    ...(isPerson && chance.once(4) ? { boundary: ofIdentity() } : {}),
    ...(maySession && chance.once(3) ? { session: ofIdentity() } : {}),
    ...(isRole || !chance.once(3) ? { resource: resourcePolicy(chance, isRole) } : {}),
  }
}

function withVersion(chance: Chance, Statement: readonly JsonStatement[]): PolicyJson {
  // What is an ARN only once it is filled in is none in the older version, and refused.
  const needsVariables = JSON.stringify(Statement).includes(`"\${aws:PrincipalArn}"`)
  if (needsVariables || !chance.once(20)) return { Version: '2012-10-17', Statement }
  return chance.once(2) ? { Statement } : { Version: '2008-10-17', Statement }
}

function single<T>(chance: Chance, values: readonly T[]): unknown {
  return values.length === 1 && chance.once(2) ? values[0] : values
}

function identityPolicy(chance: Chance, isRole: boolean): PolicyJson {
  const statement = () => {
    const actions = isRole ? ['sts:AssumeRole', 'sts:*', '*'] : actionNames
    const resources = isRole ? ['*', 'arn:aws:iam::*:role/*'] : resourceNames
    return {
      Effect: chance.once(5) ? 'Deny' : 'Allow',
      [chance.once(8) ? 'NotAction' : 'Action']: single(chance, chance.some(actions, 2)),
      [chance.once(8) ? 'NotResource' : 'Resource']: single(chance, chance.some(resources, 2)),
      ...conditions(chance),
    }
  }
  return withVersion(chance, Array.from({ length: 1 + chance.integer(3) }, statement))
}

function resourcePolicy(chance: Chance, isRole: boolean): PolicyJson {
  const statement = () => {
    const Effect = chance.once(4) ? 'Deny' : 'Allow'
    const element = Effect === 'Deny' && !isRole && chance.once(3) ? 'NotPrincipal' : 'Principal'
    const actions = isRole ? ['sts:AssumeRole', 'sts:*'] : actionNames
    return {
      Effect,
      [element]: chance.pick(element === 'Principal' ? principalNames : principalNames.slice(2)),
      Action: single(chance, chance.some(actions, 2)),
      ...(isRole ? {} : { Resource: [bucketArn, ...chance.some(objectNames, 2)] }),
      ...conditions(chance),
    }
  }
  return withVersion(chance, Array.from({ length: 1 + chance.integer(3) }, statement))
}

function conditions(chance: Chance): JsonStatement {
  return chance.once(2) ? { Condition: generateConditions(chance) } : {}
}
