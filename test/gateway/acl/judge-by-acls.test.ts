// What ACLs add to policies and take from them, over all that can be asked of them: held against the rules, one by one.
import assert from 'node:assert/strict'
import { type AclNeed, aclNeedOf } from '../../../gateway/acl/acl-needs.ts'
import type { BucketAcls } from '../../../gateway/acl/bucket-acls.ts'
import {
  type AclQuestion,
  type AclVerdict,
  judgeBelow,
  judgeByAcls,
} from '../../../gateway/acl/judge-by-acls.ts'
import type { ObjectVersion } from '../../../metadata/records.ts'
import {
  aclGroups,
  aclPermissions,
  anonymousUserId,
  type Grant,
  type ObjectAcl,
  toAccount,
  toGroup,
} from '../../../protocol/s3/acl/acl.ts'
import { describe } from '../../support/describe.ts'

const bucketOwner = '0'.repeat(64)
const other = '1'.repeat(64)
const third = '2'.repeat(64)
const askers = [bucketOwner, other, third, anonymousUserId]
const actions = [
  ...['s3:ListBucket', 's3:PutObject', 's3:DeleteObject', 's3:GetBucketAcl', 's3:PutBucketAcl'],
  ...['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectAcl', 's3:PutObjectVersionAcl'],
  ...['s3:GetBucketPolicy', 's3:DeleteBucket', 's3:GetObjectTagging', 'holdfast:CreateBundle'],
]
const grants: readonly (readonly Grant[])[] = [
  [],
  ...aclPermissions.flatMap((permission) => [
    ...aclGroups.map((group) => [toGroup(group, permission)]),
    ...[bucketOwner, other, anonymousUserId].map((id) => [toAccount(id, permission)]),
  ]),
]
const owners = [undefined, other, anonymousUserId]

type Case = Omit<AclQuestion, 'readObject' | 'ownAllows'> & {
  readonly object: ObjectAcl | 'none' | 'missing'
  readonly ownAllows: boolean
}

function* cases(): Generator<Case> {
  const rest = { ownership: 'ObjectWriter', blocksPublic: false } as const
  for (const action of actions) {
    for (const asker of askers) {
      for (const byPolicies of ['allowed', 'denied', 'nothing'] as const) {
        for (const list of grants) {
          for (const ignoresPublic of [true, false]) {
            for (const ownAllows of [true, false]) {
              const common = { action, asker, bucketOwner, byPolicies, isNew: false, ownAllows }
              const ofBucket: BucketAcls = { ...rest, grants: list, ignoresPublic }
              yield { ...common, acls: ofBucket, object: 'missing' }
              yield { ...common, acls: ofBucket, object: 'none' }
              const none: BucketAcls = { ...rest, grants: [], ignoresPublic }
              for (const owner of owners) {
                const object = owner === undefined ? { grants: list } : { owner, grants: list }
                yield { ...common, acls: none, object }
              }
            }
          }
        }
      }
    }
  }
}

function judge(one: Case, onRead = () => {}): Promise<AclVerdict> | AclVerdict {
  const { object, ownAllows, ...question } = one
  return judgeByAcls({
    ...question,
    ownAllows: () => ownAllows,
    readObject: async () => {
      onRead()
      if (object === 'missing') return undefined
      return (object === 'none' ? { is: 'object' } : { is: 'object', acl: object }) as ObjectVersion
    },
  })
}

const isAllowed = (verdict: AclVerdict, { byPolicies }: Case) =>
  verdict.startsWith('granted') || (verdict === 'unchanged' && byPolicies === 'allowed')

describe('ACLs beside policies', (test) => {
  const all: { readonly one: Case; readonly verdict: AclVerdict; readonly reads: number }[] = []
  test.before(async () => {
    for (const one of cases()) {
      let reads = 0
      const verdict = await judge(one, () => {
        reads += 1
      })
      all.push({ one, verdict, reads })
    }
  })
  const holds = (told: string, rule: (each: (typeof all)[number]) => boolean) => {
    const broken = all.find((each) => !rule(each))
    assert.equal(broken, undefined, `${told}: ${JSON.stringify(broken)}`)
  }

  test('were asked in tens of thousands of ways, of which some grant and some take', () => {
    assert.ok(all.length > 50_000, String(all.length))
    const found = new Set(all.map(({ verdict }) => verdict))
    assert.equal(found.size, 4)
  })

  test('never undo what a policy denies', () => {
    holds('denied', ({ one, verdict }) => one.byPolicies !== 'denied' || verdict === 'unchanged')
  })

  test('grant nothing that their table does not name, and read nothing for it', () => {
    holds(
      'no need',
      ({ one, verdict, reads }) =>
        aclNeedOf(one.action) !== undefined || (verdict === 'unchanged' && reads === 0),
    )
  })

  test('grant nothing to users whose own account does not let them', () => {
    holds('own', ({ one, verdict }) => one.ownAllows || !verdict.startsWith('granted'))
  })

  test('grant nothing to everybody while that is ignored', () => {
    holds('ignored', ({ one, verdict }) => {
      if (!one.acls.ignoresPublic || one.asker !== anonymousUserId) return true
      return !verdict.startsWith('granted')
    })
  })

  test('take from nobody but of what another account owns', () => {
    holds('taken', ({ one, verdict }) => {
      if (verdict !== 'not owned') return true
      return typeof one.object === 'object' && one.object.owner !== undefined
    })
  })

  test('alone say who reads what another account owns', () => {
    holds('others', ({ one, verdict }) => {
      const need: AclNeed | undefined = aclNeedOf(one.action)
      if (need?.of !== 'object' || typeof one.object !== 'object') return true
      if (one.object.owner === undefined) return true
      return !(verdict === 'unchanged' && isAllowed(verdict, one))
    })
  })

  test('read an object at most once, and none where policies deny', () => {
    holds('reads', ({ one, reads }) => reads <= (one.byPolicies === 'denied' ? 0 : 1))
  })

  test('of keys below a prefix are sure of nothing that one key would be answered otherwise', () => {
    holds('below', ({ one, verdict }) => {
      if (one.byPolicies === 'denied') return true
      const coarse = judgeBelow(one, one.byPolicies === 'allowed' ? 'all' : 'none')
      if (coarse === 'some') return true
      return isAllowed(verdict, one) === (coarse === 'all')
    })
  })

  test('let write what is new whatever lies under the key', async () => {
    const writes = {
      grants: [toAccount(other, 'WRITE')],
      ignoresPublic: false,
      blocksPublic: false,
    }
    const one: Case = {
      ...{ action: 's3:PutObjectAcl', asker: other, bucketOwner, byPolicies: 'nothing' },
      acls: { ...writes, ownership: 'ObjectWriter' },
      ...{ object: { owner: third, grants: [] }, isNew: true, ownAllows: true },
    }
    assert.equal(await judge(one), 'granted by bucket')
    assert.equal(await judge({ ...one, isNew: false }), 'unchanged')
  })
})
