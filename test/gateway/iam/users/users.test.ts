// CreateUser, GetUser, ListUsers, UpdateUser, DeleteUser and the tags of users, by signed forms.
import assert from 'node:assert'
import { describe } from '../../../support/describe.ts'
import type { FormClient } from '../../../support/form-client.ts'
import { account, allow, IamAccount, tenantId } from '../../../support/iam-account.ts'

describe('users', (test) => {
  let iam: IamAccount
  let root: FormClient
  test.before(async () => {
    iam = await IamAccount.start()
    root = iam.root
  })
  test.after(() => iam.stop())

  test('a new one is answered with its id, its path and its ARN, and then found', async () => {
    const made = await root.do('CreateUser', {
      ...{ UserName: 'Alice', Path: '/people/' },
      ...{ 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'red = blue' },
    })
    assert.match(made.value('UserId'), /^AIDA[A-Z2-7]{17}$/)
    assert.strictEqual(made.value('Arn'), `arn:aws:iam::${account}:user/people/Alice`)
    assert.match(made.value('CreateDate'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const elements = [...made.body.matchAll(/<(\w+)>/g)].map(([, name]) => name)
    assert.deepStrictEqual(elements, [
      ...['CreateUserResult', 'User', 'Path', 'UserName', 'UserId', 'Arn', 'CreateDate'],
      ...['Tags', 'member', 'Key', 'Value', 'ResponseMetadata', 'RequestId'],
    ])
    const found = await root.do('GetUser', { UserName: 'aLICE' })
    const user = /<User>.*<\/User>/s
    assert.strictEqual(user.exec(found.body)?.[0], user.exec(made.body)?.[0])
    assert.strictEqual(found.value('Value'), 'red = blue')
  })

  test('a name that differs in case alone is taken', async () => {
    const again = await root.ask('CreateUser', { UserName: 'ALICE' })
    assert.strictEqual(again.outcome, 'EntityAlreadyExists 409')
    assert.strictEqual(again.message, 'User with name ALICE already exists.')
  })

  test('who is not there is not found', async () => {
    for (const action of [
      'GetUser',
      'UpdateUser',
      'DeleteUser',
      'ListUserTags',
      'ListAccessKeys',
    ]) {
      const answer = await root.ask(action, { UserName: 'nobody' })
      assert.strictEqual(answer.outcome, 'NoSuchEntity 404', action)
      assert.strictEqual(answer.message, 'The user with name nobody cannot be found.')
    }
  })

  test('nobody is called root, in whatever case', async () => {
    for (const UserName of ['root', 'Root', 'ROOT']) {
      assert.strictEqual((await root.ask('CreateUser', { UserName })).outcome, 'InvalidInput 400')
      const renamed = await root.ask('UpdateUser', { UserName: 'Alice', NewUserName: UserName })
      assert.strictEqual(renamed.outcome, 'InvalidInput 400')
      assert.strictEqual((await root.ask('GetUser', { UserName })).outcome, 'NoSuchEntity 404')
      const key = await root.ask('CreateAccessKey', { UserName })
      assert.strictEqual(key.outcome, 'NoSuchEntity 404')
    }
  })

  test('names, paths and tags that IAM does not take are refused', async () => {
    const bad: readonly Readonly<Record<string, string>>[] = [
      {},
      { UserName: '' },
      { UserName: 'a'.repeat(65) },
      { UserName: 'a b' },
      { UserName: 'ümlaut' },
      { UserName: 'a\u0000' },
      { UserName: 'line\n' },
      { UserName: '\u202egnp.exe' },
      { UserName: 'a/b' },
      { UserName: 'x', Path: 'people/' },
      { UserName: 'x', Path: '/people' },
      { UserName: 'x', Path: '/two words/' },
      { UserName: 'x', Path: `/${'p'.repeat(511)}/` },
      { UserName: 'x', PermissionsBoundary: 'short' },
      { UserName: 'x', 'Tags.member.1.Key': '', 'Tags.member.1.Value': 'v' },
      { UserName: 'x', 'Tags.member.1.Key': 'k' },
      { UserName: 'x', 'Tags.member.1.Key': 'k'.repeat(129), 'Tags.member.1.Value': 'v' },
      { UserName: 'x', 'Tags.member.1.Key': 'k', 'Tags.member.1.Value': 'v'.repeat(257) },
      { UserName: 'x', 'Tags.member.1.Key': 'k*', 'Tags.member.1.Value': 'v' },
    ]
    for (const parameters of bad) {
      const answer = await root.ask('CreateUser', parameters)
      assert.strictEqual(answer.outcome, 'ValidationError 400', JSON.stringify(parameters))
    }
    const twice = { 'Tags.member.1.Key': 'k', 'Tags.member.1.Value': '' }
    const doubled = { ...twice, 'Tags.member.2.Key': 'K', 'Tags.member.2.Value': '' }
    const tagged = await root.ask('CreateUser', { UserName: 'x', ...doubled })
    assert.strictEqual(tagged.outcome, 'InvalidInput 400')
    const reserved = { 'Tags.member.1.Key': 'aws:team', 'Tags.member.1.Value': '' }
    const named = await root.ask('CreateUser', { UserName: 'x', ...reserved })
    assert.strictEqual(named.outcome, 'InvalidInput 400')
    assert.strictEqual((await root.ask('GetUser', { UserName: 'x' })).outcome, 'NoSuchEntity 404')
  })

  test('a user may have 50 tags, and not one more', async () => {
    await root.do('CreateUser', { UserName: 'tagged' })
    const tags = (from: number, to: number) =>
      Object.fromEntries(
        Array.from({ length: to - from }, (_, i) => [
          [`Tags.member.${i + 1}.Key`, `key ${from + i}`],
          [`Tags.member.${i + 1}.Value`, `${from + i}`],
        ]).flat(),
      )
    const UserName = 'tagged'
    assert.strictEqual(
      (await root.ask('TagUser', { UserName, ...tags(0, 51) })).outcome,
      'LimitExceeded 409',
    )
    await root.do('TagUser', { UserName, ...tags(0, 50) })
    assert.strictEqual(
      (await root.ask('TagUser', { UserName, ...tags(50, 51) })).outcome,
      'LimitExceeded 409',
    )
    const other = { 'Tags.member.1.Key': 'KEY 7', 'Tags.member.1.Value': 'new' }
    await root.do('TagUser', { UserName, ...other })
    const first = await root.do('ListUserTags', { UserName, MaxItems: '30' })
    assert.strictEqual(first.value('IsTruncated'), 'true')
    const rest = await root.do('ListUserTags', { UserName, Marker: first.value('Marker') })
    assert.strictEqual(rest.value('IsTruncated'), 'false')
    const keys = [...first.values('Key'), ...rest.values('Key')]
    assert.strictEqual(new Set(keys).size, 50)
    assert.ok(keys.includes('KEY 7') && !keys.includes('key 7'))
    const gone = { 'TagKeys.member.1': 'key 7', 'TagKeys.member.2': 'never there' }
    await root.do('UntagUser', { UserName, ...gone })
    const left = await root.do('ListUserTags', { UserName })
    assert.strictEqual(left.values('Key').length, 49)
  })

  test('they are listed in pages, also below a path', async () => {
    for (const name of ['p1', 'p2', 'p3']) {
      await root.do('CreateUser', { UserName: name, Path: '/paged/' })
    }
    const asked = { PathPrefix: '/paged/', MaxItems: '2' }
    const first = await root.do('ListUsers', asked)
    assert.deepStrictEqual(first.values('UserName'), ['p1', 'p2'])
    const second = await root.do('ListUsers', { ...asked, Marker: first.value('Marker') })
    assert.deepStrictEqual(second.values('UserName'), ['p3'])
    assert.strictEqual(second.value('IsTruncated'), 'false')
    for (const wrong of [
      { MaxItems: '0' },
      { MaxItems: '1001' },
      { Marker: '!' },
      { MaxItems: 'x' },
    ]) {
      assert.strictEqual((await root.ask('ListUsers', wrong)).outcome, 'ValidationError 400')
    }
  })

  test('a renamed one keeps id, keys, groups and attachments, and the old name is free', async () => {
    const by = await iam.userWith('Before', allow('iam:GetUser'))
    await root.do('CreateGroup', { GroupName: 'Renamers' })
    await root.do('AddUserToGroup', { GroupName: 'renamers', UserName: 'before' })
    const id = (await iam.user('before'))?.id
    await root.do('UpdateUser', { UserName: 'before', NewUserName: 'After', NewPath: '/new/' })
    const own = await by.do('GetUser')
    assert.deepStrictEqual([own.value('UserName'), own.value('UserId')], ['After', id])
    assert.strictEqual(own.value('Arn'), `arn:aws:iam::${account}:user/new/After`)
    const members = await root.do('GetGroup', { GroupName: 'Renamers' })
    assert.deepStrictEqual(members.values('UserName'), ['After'])
    const groups = await root.do('ListGroupsForUser', { UserName: 'after' })
    assert.deepStrictEqual(groups.values('GroupName'), ['Renamers'])
    assert.strictEqual(
      (await root.ask('GetUser', { UserName: 'before' })).outcome,
      'NoSuchEntity 404',
    )
    // Who is made under the old name gets nothing of it.
    await root.do('CreateUser', { UserName: 'before' })
    assert.deepStrictEqual(
      (await root.do('ListAccessKeys', { UserName: 'before' })).values('AccessKeyId'),
      [],
    )
    assert.strictEqual((await by.do('GetUser')).value('UserName'), 'After')
    const taken = await root.ask('UpdateUser', { UserName: 'before', NewUserName: 'AFTER' })
    assert.strictEqual(taken.outcome, 'EntityAlreadyExists 409')
    await root.do('UpdateUser', { UserName: 'after', NewUserName: 'AFTER' })
    assert.strictEqual((await by.do('GetUser')).value('UserName'), 'AFTER')
  })

  test('a key whose row was left behind by a rename works again after the next change of the user', async () => {
    const by = await iam.userWith('left', allow('iam:GetUser'))
    const [key] = (await iam.user('left'))?.accessKeys ?? []
    const row = await iam.tenants.getAccessKey(key?.accessKeyId ?? '')
    assert.ok(row !== undefined)
    await root.do('UpdateUser', { UserName: 'left', NewUserName: 'moved' })
    await iam.tenants.putAccessKey({ ...row, userName: 'left' })
    await root.do('UpdateUser', { UserName: 'moved' })
    assert.strictEqual((await by.do('GetUser')).value('UserName'), 'moved')
  })

  test('only one who has nothing is deleted', async () => {
    const UserName = 'used'
    await root.do('CreateUser', { UserName })
    await root.do('CreateGroup', { GroupName: 'users-of-it' })
    const refused = async (message: string) => {
      const answer = await root.ask('DeleteUser', { UserName })
      assert.deepStrictEqual([answer.outcome, answer.message], ['DeleteConflict 409', message])
    }
    await root.do('AddUserToGroup', { UserName, GroupName: 'users-of-it' })
    await refused('Cannot delete entity, must remove users from group first.')
    await root.do('RemoveUserFromGroup', { UserName, GroupName: 'users-of-it' })
    await iam.allow(UserName, allow('s3:*'))
    await refused('Cannot delete entity, must delete policies first.')
    await iam.change(UserName, (user) => ({
      ...{ ...user, inline: [] },
      attached: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
    }))
    await refused('Cannot delete entity, must detach all policies first.')
    await iam.change(UserName, (user) => ({ ...user, attached: [] }))
    const { accessKeyId } = await iam.newKey({ UserName })
    await refused('Cannot delete entity, must delete access keys first.')
    await root.do('DeleteAccessKey', { UserName, AccessKeyId: accessKeyId })
    await root.do('CreateLoginProfile', { UserName, Password: 'Correct-horse-1' })
    await refused('Cannot delete entity, must delete login profile first.')
    await root.do('DeleteLoginProfile', { UserName })
    await root.do('DeleteUser', { UserName })
    assert.strictEqual((await root.ask('DeleteUser', { UserName })).outcome, 'NoSuchEntity 404')
  })

  test('a boundary has to be a policy that is there, and goes with the user', async () => {
    const missing = `arn:aws:iam::${account}:policy/none`
    const refused = await root.ask('CreateUser', {
      UserName: 'bounded',
      PermissionsBoundary: missing,
    })
    assert.strictEqual(refused.outcome, 'NoSuchEntity 404')
    const boundary = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
    const made = await root.do('CreateUser', { UserName: 'bounded', PermissionsBoundary: boundary })
    assert.strictEqual(made.value('PermissionsBoundaryArn'), boundary)
    const attachments = async () =>
      (await iam.identities.list(tenantId, 'attachment', { limit: 10 })).entries.map(
        ({ document }) => document,
      )
    const stands = { policyArn: boundary, of: 'user', as: 'boundary' }
    assert.deepStrictEqual(await attachments(), [{ ...stands, name: 'bounded' }])
    await root.do('UpdateUser', { UserName: 'bounded', NewUserName: 'bound' })
    assert.deepStrictEqual(await attachments(), [{ ...stands, name: 'bound' }])
    await root.do('DeleteUser', { UserName: 'bound' })
    assert.deepStrictEqual(await attachments(), [])
  })

  test('without a name, the caller is meant: a user, or the root user, who has none', async () => {
    const by = await iam.userWith(
      'myself',
      allow('iam:GetUser', `arn:aws:iam::${account}:user/myself`),
    )
    assert.strictEqual((await by.do('GetUser')).value('UserName'), 'myself')
    const own = await root.do('GetUser')
    assert.strictEqual(own.value('Arn'), `arn:aws:iam::${account}:root`)
    assert.deepStrictEqual([own.value('UserId'), own.values('UserName')], [account, []])
  })

  test('permission is asked before it is told who exists, with path, tags and boundary', async () => {
    const by = await iam.userWith(
      'warden',
      allow(
        ['iam:GetUser', 'iam:UpdateUser', 'iam:DeleteUser'],
        `arn:aws:iam::${account}:user/cell/*`,
      ),
      {
        ...allow('iam:CreateUser'),
        Condition: {
          StringEquals: { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/ReadOnlyAccess' },
        },
      },
      { ...allow('iam:TagUser'), Condition: { StringEquals: { 'aws:RequestTag/team': 'red' } } },
      {
        ...allow(['iam:UntagUser', 'iam:ListUserTags']),
        Condition: { StringEquals: { 'aws:ResourceTag/team': 'red' } },
      },
    )
    for (const UserName of ['Alice', 'nobody']) {
      const answer = await by.ask('GetUser', { UserName })
      assert.strictEqual(answer.outcome, 'AccessDenied 403')
      const shown = UserName === 'Alice' ? 'people/Alice' : 'nobody'
      assert.strictEqual(
        answer.message,
        `User: arn:aws:iam::${account}:user/warden is not authorized to perform: iam:GetUser on resource: arn:aws:iam::${account}:user/${shown}`,
      )
    }
    const boundary = { PermissionsBoundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }
    const inmate = { UserName: 'inmate', Path: '/cell/' }
    assert.strictEqual((await by.ask('CreateUser', inmate)).outcome, 'AccessDenied 403')
    const tag = (Value: string) => ({ 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': Value })
    const wrong = await by.ask('CreateUser', { ...inmate, ...boundary, ...tag('blue') })
    assert.deepStrictEqual(wrong.outcome, 'AccessDenied 403')
    assert.match(wrong.message, /iam:TagUser/)
    await by.do('CreateUser', { ...inmate, ...boundary, ...tag('red') })
    await by.do('GetUser', { UserName: 'inmate' })
    // Both the old and the new name have to be allowed.
    const away = await by.ask('UpdateUser', { UserName: 'inmate', NewPath: '/free/' })
    assert.strictEqual(away.outcome, 'AccessDenied 403')
    await by.do('UpdateUser', { UserName: 'inmate', NewPath: '/cell/2/' })
    await by.do('ListUserTags', { UserName: 'inmate' })
    const strange = await by.ask('ListUserTags', { UserName: 'Alice' })
    assert.strictEqual(strange.outcome, 'AccessDenied 403')
    await by.do('UntagUser', { UserName: 'inmate', 'TagKeys.member.1': 'team' })
    const untagged = await by.ask('ListUserTags', { UserName: 'inmate' })
    assert.strictEqual(untagged.outcome, 'AccessDenied 403')
    await by.do('DeleteUser', { UserName: 'inmate' })
  })

  test('of a hundred made at once, all are made', async () => {
    const asked = Array.from({ length: 100 }, (_, i) =>
      root.ask('CreateUser', { UserName: `at-once-${i}` }),
    )
    const outcomes = new Set((await Promise.all(asked)).map(({ outcome }) => outcome))
    assert.deepStrictEqual(outcomes, new Set(['200']))
  })

  test('many tags, long forms and forms that are none are answered, and soon others too', async () => {
    const tags = Array.from({ length: 2_400 }, (_, i) => {
      const before = `Tags.member.${i + 1}`
      return `${before}.Key=${i}&${before}.Value=`
    }).join('&')
    const head = 'Action=TagUser&Version=2010-05-08&UserName=Alice'
    assert.strictEqual((await root.post(`${head}&${tags}`)).outcome, 'LimitExceeded 409')
    const many = Array.from({ length: 5_000 }, (_, i) => `p${i}=`).join('&')
    assert.strictEqual((await root.post(`${head}&${many}`)).outcome, 'MalformedQueryString 404')
    assert.strictEqual(
      (await root.post(`${head}&UserName=Bob`)).outcome,
      'MalformedQueryString 404',
    )
    assert.strictEqual((await root.post(`${head}&Path=%ff%fe`)).outcome, 'MalformedQueryString 404')
    const megabytes = `Action=CreateUser&Version=2010-05-08&UserName=${'a'.repeat(2 * 1024 * 1024)}`
    assert.notStrictEqual((await root.post(megabytes)).status, 200)
    const long = `Action=CreateUser&Version=2010-05-08&UserName=${'%F0%9F%92%A9'.repeat(20_000)}`
    const refused = await root.post(long)
    assert.strictEqual(refused.outcome, 'ValidationError 400')
    assert.ok(refused.body.length < 2_000)
    const unknown = await root.ask('CreateUsers')
    assert.strictEqual(unknown.outcome, 'InvalidAction 400')
    for (const name of ['constructor', '__proto__', 'toString']) {
      assert.strictEqual((await root.ask(name)).outcome, 'InvalidAction 400')
    }
  })

  test('an account has 5,000 users at most', async () => {
    const there = (await iam.identities.list(tenantId, 'user', { limit: 1_000 })).entries.length
    const ifRevision = await iam.identities.revision(tenantId)
    const put = Array.from({ length: 5_000 - there - 1 }, (_, i) => ({
      ...{ kind: 'user' as const, name: `filler-${i}` },
      document: {
        ...{ id: `AIDA${i}`, name: `filler-${i}`, path: '/filler/', createdMs: 0, inline: [] },
        ...{ attached: [], tags: [], accessKeys: [], groups: [] },
      },
    }))
    await iam.identities.commit(tenantId, { ifRevision, put, remove: [] })
    await root.do('CreateUser', { UserName: 'the-last' })
    const more = await root.ask('CreateUser', { UserName: 'one-more' })
    assert.strictEqual(more.outcome, 'LimitExceeded 409')
    assert.strictEqual(more.message, 'Cannot exceed quota for UsersPerAccount: 5000')
    // Of many, a page looks at so many: what is sought comes on a later one.
    let sought = await root.do('ListUsers', { PathPrefix: '/people/', MaxItems: '1' })
    while (sought.values('UserName').length === 0 && sought.value('IsTruncated') === 'true') {
      const Marker = sought.value('Marker')
      sought = await root.do('ListUsers', { PathPrefix: '/people/', MaxItems: '1', Marker })
    }
    assert.deepStrictEqual(sought.values('UserName'), ['Alice'])
  })
})
