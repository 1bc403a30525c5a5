// Random steps on users, groups and who is in them, against a model, one after the other; and then many at once, after which
// all that is stored must agree with itself. Longer, or another seed: node dist/test/gateway/iam/users/users-and-groups-random.test.js
// --budget-ms 60000 [--seed 7]
import assert from 'node:assert'
import { parseArgs } from 'node:util'
import { describe } from '../../../support/describe.ts'
import { IamAccount, tenantId } from '../../../support/iam-account.ts'
import { type Step, UsersAndGroupsModel } from './users-and-groups-model.ts'

const { values } = parseArgs({
  options: { 'budget-ms': { type: 'string' }, seed: { type: 'string' } },
  strict: false,
})
const budgetMs = Number(values['budget-ms'] ?? 4_000)
const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))

/** From 0 to below 1. */
type Random = () => number

/** mulberry32. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const actions = [
  ...['CreateUser', 'CreateUser', 'CreateGroup', 'CreateGroup', 'CreateAccessKey', 'UpdateUser'],
  ...['UpdateGroup', 'DeleteUser', 'DeleteGroup', 'RemoveUserFromGroup'],
  ...Array.from({ length: 6 }, () => 'AddUserToGroup'),
]

function stepOf(random: Random): Step {
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? ''
  const user = () => pick(['ann', 'Ann', 'bob', 'cy', 'Dora', 'dora', 'eve'])
  const group = () => pick(Array.from({ length: 14 }, (_, i) => (i % 5 === 0 ? `G${i}` : `g${i}`)))
  const parameters = {
    ...{ UserName: user(), NewUserName: user(), GroupName: group(), NewGroupName: group() },
  }
  return { action: pick(actions), parameters }
}

describe('random steps on users and groups', (test) => {
  test('have the outcomes of the model, and leave what it has', async () => {
    console.log(`users and groups against a model: first seed ${firstSeed}, ${budgetMs} ms`)
    const end = Date.now() + budgetMs / 2
    for (let seed = firstSeed; seed === firstSeed || Date.now() < end; seed += 1) {
      const iam = await IamAccount.start()
      try {
        await runAgainstModel(iam, seed)
      } finally {
        await iam.stop()
      }
    }
  })

  test('many at once, in several processes, leave what agrees with itself', async () => {
    const end = Date.now() + budgetMs / 2
    for (let seed = firstSeed; seed === firstSeed || Date.now() < end; seed += 1) {
      const iam = await IamAccount.start({ gateways: 4 })
      try {
        const random = randomFrom(seed)
        for (let round = 0; round < 20; round += 1) {
          const steps = Array.from({ length: 8 }, () => stepOf(random))
          const asked = steps.map(({ action, parameters }) => iam.spread.ask(action, parameters))
          for (const { status, body } of await Promise.all(asked)) assert.ok(status < 500, body)
          await assertConsistent(iam, `seed ${seed}, round ${round}`)
        }
      } finally {
        await iam.stop()
      }
    }
  })
})

async function runAgainstModel(iam: IamAccount, seed: number): Promise<void> {
  const random = randomFrom(seed)
  const model = new UsersAndGroupsModel()
  const { root } = iam
  for (let at = 0; at < 250; at += 1) {
    const step = stepOf(random)
    const told = `seed ${seed}, step ${at}: ${JSON.stringify(step)}`
    const { outcome } = await root.ask(step.action, step.parameters)
    assert.strictEqual(outcome, model.do(step), told)
    if (at % 25 !== 24) continue
    assert.deepStrictEqual((await root.do('ListUsers')).values('UserName'), model.userNames, told)
    assert.deepStrictEqual(
      (await root.do('ListGroups')).values('GroupName'),
      model.groupNames,
      told,
    )
    for (const UserName of model.userNames) {
      const groups = (await root.do('ListGroupsForUser', { UserName })).values('GroupName')
      assert.deepStrictEqual(groups, model.groupsOf(UserName), told)
      const keys = (await root.do('ListAccessKeys', { UserName })).values('AccessKeyId')
      assert.strictEqual(keys.length, model.keysOf(UserName), told)
    }
    for (const GroupName of model.groupNames) {
      const members = (await root.do('GetGroup', { GroupName })).values('UserName')
      assert.deepStrictEqual(members, model.membersOf(GroupName), told)
    }
  }
  await assertConsistent(iam, `seed ${seed}`)
}

/** Who is in which group stands with him and by itself, of those who are there; and of each key there is a row of his name. */
async function assertConsistent({ identities, tenants }: IamAccount, told: string): Promise<void> {
  const page = { limit: 1_000 }
  const { entries: users } = await identities.list(tenantId, 'user', page)
  const { entries: groups } = await identities.list(tenantId, 'group', page)
  const { entries: memberships } = await identities.list(tenantId, 'membership', page)
  const names = new Set(groups.map(({ name }) => name))
  const expected: string[] = []
  const keys: string[] = []
  for (const { name, document } of users) {
    assert.strictEqual(document.name.toLowerCase(), name, told)
    for (const group of document.groups) {
      assert.ok(names.has(group), `${told}: ${name} is in ${group}, which is not there`)
      expected.push(`${group}/${name}: ${document.name}`)
    }
    for (const { accessKeyId } of document.accessKeys) keys.push(`${accessKeyId} ${document.name}`)
  }
  const stand = memberships.map(({ name, document }) => `${name}: ${document.userName}`)
  assert.deepStrictEqual(stand.sort(), expected.sort(), told)
  const rows = await tenants.listAccessKeys(tenantId, page)
  const ofUsers = rows.filter(({ userName }) => userName !== 'root')
  const shown = ofUsers.map(({ accessKeyId, userName }) => `${accessKeyId} ${userName}`)
  assert.deepStrictEqual(shown.sort(), keys.sort(), told)
}
