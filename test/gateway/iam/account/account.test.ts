// The account's alias, its summary, and the lists of what there is none of, by signed forms.
import assert from 'node:assert'
import { describe } from '../../../support/describe.ts'
import type { FormClient } from '../../../support/form-client.ts'
import { allow, IamAccount } from '../../../support/iam-account.ts'

describe('the account as a whole', (test) => {
  let iam: IamAccount
  let root: FormClient
  test.before(async () => {
    iam = await IamAccount.start()
    root = iam.root
  })
  test.after(() => iam.stop())

  test('it has one alias at most, the last that was given', async () => {
    const aliases = async () => (await root.do('ListAccountAliases')).values('member')
    assert.deepStrictEqual(await aliases(), [])
    await root.do('CreateAccountAlias', { AccountAlias: 'first-one' })
    await root.do('CreateAccountAlias', { AccountAlias: 'second' })
    assert.deepStrictEqual(await aliases(), ['second'])
    const again = await root.ask('CreateAccountAlias', { AccountAlias: 'second' })
    assert.strictEqual(again.outcome, 'EntityAlreadyExists 409')
    const gone = await root.ask('DeleteAccountAlias', { AccountAlias: 'first-one' })
    assert.strictEqual(gone.outcome, 'NoSuchEntity 404')
    await root.do('DeleteAccountAlias', { AccountAlias: 'second' })
    assert.deepStrictEqual(await aliases(), [])
    for (const AccountAlias of ['ab', 'a'.repeat(64), 'Upper', '-a-', 'a--b', 'a_b', 'abc-']) {
      const answer = await root.ask('CreateAccountAlias', { AccountAlias })
      assert.strictEqual(answer.outcome, 'ValidationError 400', AccountAlias)
    }
  })

  test('it counts what there is', async () => {
    for (const UserName of ['one', 'two', 'three']) await root.do('CreateUser', { UserName })
    await root.do('CreateGroup', { GroupName: 'group' })
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [allow('s3:*')] })
    const made = await root.do('CreatePolicy', { PolicyName: 'policy', PolicyDocument })
    await root.do('CreatePolicyVersion', { PolicyArn: made.value('Arn'), PolicyDocument })
    const { body } = await root.do('GetAccountSummary')
    const entries = [...body.matchAll(/<entry><key>(\w+)<\/key><value>(\d+)<\/value><\/entry>/g)]
    const summary = Object.fromEntries(entries.map(([, key, value]) => [key, Number(value)]))
    const { Users, Groups, Roles, Policies, PolicyVersionsInUse, Providers } = summary
    assert.deepStrictEqual(
      { Users, Groups, Roles, Policies, PolicyVersionsInUse, Providers },
      { Users: 3, Groups: 1, Roles: 0, Policies: 1, PolicyVersionsInUse: 2, Providers: 0 },
    )
    assert.deepStrictEqual(
      [summary.AccountAccessKeysPresent, summary.UsersQuota, summary.GroupsPerUserQuota],
      [1, 5_000, 10],
    )
  })

  test('what users never have here is an empty list, of users who are there', async () => {
    for (const [action, list] of [
      ['ListMFADevices', 'MFADevices'],
      ['ListSSHPublicKeys', 'SSHPublicKeys'],
      ['ListSigningCertificates', 'Certificates'],
      ['ListServiceSpecificCredentials', 'ServiceSpecificCredentials'],
    ] as const) {
      const empty = `<${list}></${list}><IsTruncated>false</IsTruncated>`
      assert.ok((await root.do(action, { UserName: 'one' })).body.includes(empty))
      assert.ok((await root.do(action)).body.includes(empty))
      const nobody = await root.ask(action, { UserName: 'nobody' })
      assert.strictEqual(nobody.outcome, 'NoSuchEntity 404')
    }
    const devices = await root.do('ListVirtualMFADevices', { AssignmentStatus: 'Any' })
    assert.ok(devices.body.includes('<VirtualMFADevices></VirtualMFADevices>'))
  })

  test('each action has to be allowed, before anything is said of what it asks for', async () => {
    const by = await iam.userWith('outsider')
    const Password = 'Correct-horse-1'
    const asked: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      ['CreateAccountAlias', { AccountAlias: 'alias' }],
      ['ListAccountAliases', {}],
      ['DeleteAccountAlias', { AccountAlias: 'alias' }],
      ['GetAccountSummary', {}],
      ['GetAccountPasswordPolicy', {}],
      ['UpdateAccountPasswordPolicy', {}],
      ['DeleteAccountPasswordPolicy', {}],
      ['ChangePassword', { OldPassword: Password, NewPassword: Password }],
      ['ListMFADevices', {}],
      ['ListSSHPublicKeys', {}],
      ['ListSigningCertificates', {}],
      ['ListServiceSpecificCredentials', {}],
      ['ListVirtualMFADevices', {}],
      ['CreateLoginProfile', { UserName: 'one', Password }],
      ['GetLoginProfile', { UserName: 'nobody' }],
      ['UpdateLoginProfile', { UserName: 'nobody' }],
      ['DeleteLoginProfile', { UserName: 'nobody' }],
      ['CreateUser', { UserName: 'one' }],
      ['ListUsers', {}],
      ['CreateGroup', { GroupName: 'group' }],
      ['ListGroupsForUser', { UserName: 'nobody' }],
      ['DeleteGroup', { GroupName: 'group' }],
      ['UpdateGroup', { GroupName: 'nothing' }],
    ]
    for (const [action, parameters] of asked) {
      await iam.root.do('PutUserPolicy', nothingMuch)
      const answer = await by.ask(action, parameters)
      assert.strictEqual(answer.outcome, 'AccessDenied 403', action)
      assert.ok(answer.message.includes(`not authorized to perform: iam:${action} on`), action)
      await iam.allow('outsider', allow(`iam:${action}`))
      const allowed = await by.ask(action, parameters)
      assert.ok(!allowed.message.includes('not authorized'), `${action}: ${allowed.message}`)
    }
  })
})

const nothingMuch = {
  ...{ UserName: 'outsider', PolicyName: 'own' },
  PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [allow('s3:*')] }),
}
