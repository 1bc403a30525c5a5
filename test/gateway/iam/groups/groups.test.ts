// CreateGroup, GetGroup, ListGroups, UpdateGroup, DeleteGroup, and who is in them, by signed forms.
import assert from 'node:assert'
import { describe } from '../../../support/describe.ts'
import type { FormClient } from '../../../support/form-client.ts'
import { account, allow, IamAccount, tenantId } from '../../../support/iam-account.ts'

describe('groups', (test) => {
  let iam: IamAccount
  let root: FormClient
  test.before(async () => {
    iam = await IamAccount.start({ gateways: 2 })
    root = iam.root
  })
  test.after(() => iam.stop())

  test('a new one is answered with its id, its path and its ARN, and then found', async () => {
    const made = await root.do('CreateGroup', { GroupName: 'Admins', Path: '/staff/' })
    assert.match(made.value('GroupId'), /^AGPA[A-Z2-7]{17}$/)
    assert.strictEqual(made.value('Arn'), `arn:aws:iam::${account}:group/staff/Admins`)
    const elements = [...made.body.matchAll(/<(\w+)>/g)].map(([, name]) => name)
    assert.deepStrictEqual(elements, [
      ...['CreateGroupResult', 'Group', 'Path', 'GroupName', 'GroupId', 'Arn', 'CreateDate'],
      ...['ResponseMetadata', 'RequestId'],
    ])
    const found = await root.do('GetGroup', { GroupName: 'ADMINS' })
    assert.strictEqual(found.value('GroupId'), made.value('GroupId'))
    const again = await root.ask('CreateGroup', { GroupName: 'admins' })
    assert.deepStrictEqual(
      [again.outcome, again.message],
      ['EntityAlreadyExists 409', 'Group with name admins already exists.'],
    )
    for (const GroupName of ['', 'g'.repeat(129), 'a b', 'ä', 'a\u0000b']) {
      assert.strictEqual(
        (await root.ask('CreateGroup', { GroupName })).outcome,
        'ValidationError 400',
      )
    }
  })

  test('which is not there is not found, whoever should join it', async () => {
    await root.do('CreateUser', { UserName: 'joiner' })
    const named = { GroupName: 'none', UserName: 'joiner' }
    for (const action of [
      'GetGroup',
      'UpdateGroup',
      'DeleteGroup',
      'AddUserToGroup',
      'RemoveUserFromGroup',
    ]) {
      const answer = await root.ask(action, named)
      assert.deepStrictEqual(
        [answer.outcome, answer.message],
        ['NoSuchEntity 404', 'The group with name none cannot be found.'],
      )
    }
    const nobody = await root.ask('AddUserToGroup', { GroupName: 'Admins', UserName: 'nobody' })
    assert.strictEqual(nobody.message, 'The user with name nobody cannot be found.')
    const outside = await root.ask('RemoveUserFromGroup', { ...named, GroupName: 'Admins' })
    assert.strictEqual(outside.outcome, 'NoSuchEntity 404')
  })

  test('members are shown in pages; joining twice changes nothing', async () => {
    for (const UserName of ['Carol', 'alice', 'Bob']) {
      await root.do('CreateUser', { UserName })
      await root.do('AddUserToGroup', { UserName, GroupName: 'admins' })
      await root.do('AddUserToGroup', { UserName, GroupName: 'ADMINS' })
    }
    const first = await root.do('GetGroup', { GroupName: 'Admins', MaxItems: '2' })
    assert.deepStrictEqual(first.values('UserName'), ['alice', 'Bob'])
    const Marker = first.value('Marker')
    const second = await root.do('GetGroup', { GroupName: 'Admins', Marker })
    assert.deepStrictEqual(second.values('UserName'), ['Carol'])
    assert.strictEqual(second.value('IsTruncated'), 'false')
    await root.do('RemoveUserFromGroup', { UserName: 'BOB', GroupName: 'admins' })
    const left = await root.do('GetGroup', { GroupName: 'Admins' })
    assert.deepStrictEqual(left.values('UserName'), ['alice', 'Carol'])
  })

  test('a user is in ten groups at most', async () => {
    await root.do('CreateUser', { UserName: 'sociable' })
    for (let i = 0; i < 11; i += 1) await root.do('CreateGroup', { GroupName: `club-${i}` })
    for (let i = 0; i < 10; i += 1) {
      await root.do('AddUserToGroup', { UserName: 'sociable', GroupName: `club-${i}` })
    }
    const one = await root.ask('AddUserToGroup', { UserName: 'sociable', GroupName: 'club-10' })
    assert.deepStrictEqual(
      [one.outcome, one.message],
      ['LimitExceeded 409', 'Cannot exceed quota for GroupsPerUser: 10'],
    )
    const first = await root.do('ListGroupsForUser', { UserName: 'sociable', MaxItems: '7' })
    const Marker = first.value('Marker')
    const rest = await root.do('ListGroupsForUser', { UserName: 'sociable', Marker })
    assert.strictEqual(
      new Set([...first.values('GroupName'), ...rest.values('GroupName')]).size,
      10,
    )
  })

  test('only one that has nobody and nothing is deleted', async () => {
    await root.do('CreateGroup', { GroupName: 'used' })
    const group = await iam.identities.get(tenantId, 'group', 'used')
    assert.ok(group !== undefined)
    const refused = async (message: string) => {
      const answer = await root.ask('DeleteGroup', { GroupName: 'used' })
      assert.deepStrictEqual([answer.outcome, answer.message], ['DeleteConflict 409', message])
    }
    await root.do('AddUserToGroup', { GroupName: 'used', UserName: 'joiner' })
    await refused('Cannot delete entity, must remove users from group first.')
    await root.do('RemoveUserFromGroup', { GroupName: 'used', UserName: 'joiner' })
    await iam.put('group', 'used', {
      ...group,
      attached: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
    })
    await refused('Cannot delete entity, must detach all policies first.')
    await iam.put('group', 'used', { ...group, inline: [{ name: 'p', document: '{}' }] })
    await refused('Cannot delete entity, must delete policies first.')
    await iam.put('group', 'used', group)
    await root.do('DeleteGroup', { GroupName: 'used' })
    assert.strictEqual(
      (await root.ask('GetGroup', { GroupName: 'used' })).outcome,
      'NoSuchEntity 404',
    )
  })

  test('its policies are those of its members, also under another name, until they leave', async () => {
    const by = await iam.userWith('member')
    await root.do('CreateGroup', { GroupName: 'readers' })
    const group = await iam.identities.get(tenantId, 'group', 'readers')
    assert.ok(group !== undefined)
    const document = JSON.stringify({ Version: '2012-10-17', Statement: [allow('iam:GetUser')] })
    await iam.put('group', 'readers', { ...group, inline: [{ name: 'read', document }] })
    assert.strictEqual((await by.ask('GetUser')).outcome, 'AccessDenied 403')
    await root.do('AddUserToGroup', { GroupName: 'readers', UserName: 'member' })
    await by.do('GetUser')
    await root.do('UpdateGroup', { GroupName: 'readers', NewGroupName: 'Lectors', NewPath: '/l/' })
    await by.do('GetUser')
    const renamed = await root.do('GetGroup', { GroupName: 'lectors' })
    assert.strictEqual(renamed.value('Arn'), `arn:aws:iam::${account}:group/l/Lectors`)
    assert.strictEqual(renamed.value('GroupId'), group.id)
    assert.deepStrictEqual(renamed.values('UserName'), ['member'])
    const taken = await root.ask('UpdateGroup', { GroupName: 'lectors', NewGroupName: 'ADMINS' })
    assert.strictEqual(taken.outcome, 'EntityAlreadyExists 409')
    await root.do('RemoveUserFromGroup', { GroupName: 'lectors', UserName: 'member' })
    const isTaken = async () => (await by.ask('GetUser')).outcome === 'AccessDenied 403'
    assert.ok(await isTaken())
  })

  test('one of hundreds is renamed in steps, and one that was broken off goes on', async () => {
    await root.do('CreateGroup', { GroupName: 'crowd' })
    const crowd = await iam.identities.get(tenantId, 'group', 'crowd')
    assert.ok(crowd !== undefined)
    const ifRevision = await iam.identities.revision(tenantId)
    const names = Array.from({ length: 450 }, (_, i) => `one-${i}`)
    // As after the first step of a renaming, which has moved half of them.
    const groupOf = (i: number) => (i < 225 ? 'crowd' : 'mass')
    const put = names.flatMap((name, i) => [
      {
        ...{ kind: 'user' as const, name },
        document: {
          ...{ id: `AIDA${name}`, name, path: '/', createdMs: 0, inline: [], attached: [] },
          ...{ tags: [], accessKeys: [], groups: [groupOf(i)] },
        },
      },
      {
        ...{ kind: 'membership' as const, name: `${groupOf(i)}/${name}` },
        document: { userName: name },
      },
    ])
    const mass = { kind: 'group' as const, name: 'mass', document: { ...crowd, name: 'Mass' } }
    await iam.identities.commit(tenantId, { ifRevision, put: [...put, mass], remove: [] })
    await root.do('UpdateGroup', { GroupName: 'crowd', NewGroupName: 'Mass' })
    const shown = await root.do('GetGroup', { GroupName: 'mass', MaxItems: '1000' })
    assert.deepStrictEqual([...shown.values('UserName')].sort(), [...names].sort())
    assert.strictEqual(
      (await root.ask('GetGroup', { GroupName: 'crowd' })).outcome,
      'NoSuchEntity 404',
    )
    for (const name of ['one-0', 'one-449']) {
      assert.deepStrictEqual((await iam.user(name))?.groups, ['mass'])
    }
    const prefix = 'crowd/'
    const left = await iam.identities.list(tenantId, 'membership', { prefix, limit: 1 })
    assert.deepStrictEqual(left.entries, [])
  })

  test('of a user who is deleted while he joins, nothing is left, or he has joined', async () => {
    const GroupName = 'club-3'
    for (let i = 0; i < 20; i += 1) {
      const UserName = `fleeting-${i}`
      await root.do('CreateUser', { UserName })
      const [joined, deleted] = await Promise.all([
        iam.spread.ask('AddUserToGroup', { UserName, GroupName }),
        iam.spread.ask('DeleteUser', { UserName }),
      ])
      const outcomes = [joined.outcome, deleted.outcome]
      const members = (await root.do('GetGroup', { GroupName })).values('UserName')
      const prefix = `club-3/${UserName}`
      const { entries } = await iam.identities.list(tenantId, 'membership', { prefix, limit: 2 })
      if (deleted.status === 200) {
        assert.deepStrictEqual(outcomes, ['NoSuchEntity 404', '200'])
        assert.deepStrictEqual([members.includes(UserName), entries.length], [false, 0])
      } else {
        assert.deepStrictEqual(outcomes, ['200', 'DeleteConflict 409'])
        assert.deepStrictEqual([members.includes(UserName), entries.length], [true, 1])
        await root.do('RemoveUserFromGroup', { UserName, GroupName })
        await root.do('DeleteUser', { UserName })
      }
    }
  })

  test('the permission to change who is in it is one of the group', async () => {
    const arn = `arn:aws:iam::${account}:group/club-1`
    const by = await iam.userWith('doorman', allow(['iam:AddUserToGroup', 'iam:GetGroup'], arn))
    await by.do('AddUserToGroup', { GroupName: 'club-1', UserName: 'doorman' })
    await by.do('GetGroup', { GroupName: 'club-1' })
    for (const GroupName of ['club-2', 'no-such-club']) {
      const named = { GroupName, UserName: 'doorman' }
      assert.strictEqual((await by.ask('AddUserToGroup', named)).outcome, 'AccessDenied 403')
      assert.strictEqual((await by.ask('GetGroup', named)).outcome, 'AccessDenied 403')
    }
    const own = { GroupName: 'club-1', UserName: 'doorman' }
    assert.strictEqual((await by.ask('RemoveUserFromGroup', own)).outcome, 'AccessDenied 403')
    assert.strictEqual((await by.ask('ListGroups')).outcome, 'AccessDenied 403')
  })

  test('they are listed in pages, and an account has 300 at most', async () => {
    const { entries } = await iam.identities.list(tenantId, 'group', { limit: 1_000 })
    for (let i = entries.length; i < 300; i += 1) {
      await root.do('CreateGroup', { GroupName: `filler-${i}`, Path: '/filler/' })
    }
    const more = await root.ask('CreateGroup', { GroupName: 'one-more' })
    assert.deepStrictEqual(
      [more.outcome, more.message],
      ['LimitExceeded 409', 'Cannot exceed quota for GroupsPerAccount: 300'],
    )
    const names: string[] = []
    let page = await root.do('ListGroups', { PathPrefix: '/filler/' })
    names.push(...page.values('GroupName'))
    while (page.value('IsTruncated') === 'true') {
      const Marker = page.value('Marker')
      page = await root.do('ListGroups', { PathPrefix: '/filler/', Marker })
      names.push(...page.values('GroupName'))
    }
    assert.strictEqual(new Set(names).size, 300 - entries.length)
    assert.strictEqual(names.length, 300 - entries.length)
  })
})
