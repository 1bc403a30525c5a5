// Passwords of users and the account's password policy, by signed forms.
import assert from 'node:assert'
import { describe } from '../../../support/describe.ts'
import type { FormClient } from '../../../support/form-client.ts'
import { account, allow, IamAccount } from '../../../support/iam-account.ts'

const good = 'Correct-horse-1'

describe('passwords of users', (test) => {
  let iam: IamAccount
  let root: FormClient
  test.before(async () => {
    iam = await IamAccount.start()
    root = iam.root
  })
  test.after(() => iam.stop())

  test('one is set, shown as set, and removed; never shown, and kept as a hash', async () => {
    const UserName = 'Alice'
    await root.do('CreateUser', { UserName })
    const none = await root.ask('GetLoginProfile', { UserName })
    assert.deepStrictEqual(
      [none.outcome, none.message],
      ['NoSuchEntity 404', 'Login Profile for User Alice cannot be found.'],
    )
    const given = { UserName, Password: good, PasswordResetRequired: 'true' }
    const made = await root.do('CreateLoginProfile', given)
    assert.strictEqual(made.value('PasswordResetRequired'), 'true')
    const again = await root.ask('CreateLoginProfile', given)
    assert.deepStrictEqual(
      [again.outcome, again.message],
      ['EntityAlreadyExists 409', 'Login Profile for user Alice already exists.'],
    )
    const shown = await root.do('GetLoginProfile', { UserName: 'alice' })
    assert.strictEqual(shown.value('UserName'), 'Alice')
    const { hash = '' } = (await iam.user(UserName))?.login ?? {}
    assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    for (const { body } of [made, shown]) assert.ok(!body.includes(hash) && !body.includes(good))
    await root.do('UpdateLoginProfile', { UserName, PasswordResetRequired: 'false' })
    const { login } = (await iam.user(UserName)) ?? {}
    assert.deepStrictEqual([login?.hash, login?.changeRequired], [hash, false])
    await root.do('UpdateLoginProfile', { UserName, Password: `${good}2` })
    assert.notStrictEqual((await iam.user(UserName))?.login?.hash, hash)
    await root.do('DeleteLoginProfile', { UserName })
    for (const action of ['DeleteLoginProfile', 'UpdateLoginProfile', 'GetLoginProfile']) {
      const gone = await root.ask(action, { UserName, Password: good })
      assert.strictEqual(gone.outcome, 'NoSuchEntity 404', action)
    }
  })

  test('without a policy, 8 characters of three kinds will do', async () => {
    const UserName = 'Bob'
    await root.do('CreateUser', { UserName })
    for (const Password of ['Short-1', 'alllowercase', 'lowercase1', 'UPPER-UPPER']) {
      const answer = await root.ask('CreateLoginProfile', { UserName, Password })
      assert.strictEqual(answer.outcome, 'PasswordPolicyViolation 400', Password)
    }
    for (const Password of ['', 'x'.repeat(129), 'Pass\u0000word1', 'Pass\u20acword1', undefined]) {
      const given = Password === undefined ? { UserName } : { UserName, Password }
      const answer = await root.ask('CreateLoginProfile', given)
      assert.strictEqual(answer.outcome, 'ValidationError 400', Password)
      // A refusal does not repeat a password.
      assert.ok(!answer.body.includes('word1') && !answer.body.includes('xxx'))
    }
    await root.do('CreateLoginProfile', { UserName, Password: 'lower-1x' })
  })

  test('a policy is put, read and removed, and holds for the next password', async () => {
    const none = await root.ask('GetAccountPasswordPolicy')
    assert.deepStrictEqual(
      [none.outcome, none.message],
      ['NoSuchEntity 404', `The Password Policy with domain name ${account} cannot be found.`],
    )
    await root.do('UpdateAccountPasswordPolicy', {
      ...{ MinimumPasswordLength: '10', RequireSymbols: 'true', RequireNumbers: 'true' },
      ...{ RequireUppercaseCharacters: 'true', RequireLowercaseCharacters: 'true' },
      ...{ MaxPasswordAge: '90', PasswordReusePrevention: '3', HardExpiry: 'true' },
    })
    const put = await root.do('GetAccountPasswordPolicy')
    const elements = [...put.body.matchAll(/<(\w+)>([^<]+)</g)].map(([, name, value]) => [
      name,
      value,
    ])
    assert.deepStrictEqual(Object.fromEntries(elements.slice(0, -1)), {
      ...{ MinimumPasswordLength: '10', RequireSymbols: 'true', RequireNumbers: 'true' },
      ...{ RequireUppercaseCharacters: 'true', RequireLowercaseCharacters: 'true' },
      ...{ AllowUsersToChangePassword: 'false', ExpirePasswords: 'true', MaxPasswordAge: '90' },
      ...{ PasswordReusePrevention: '3', HardExpiry: 'true' },
    })
    const UserName = 'Bob'
    const refused = async (Password: string, message: string) => {
      const answer = await root.ask('UpdateLoginProfile', { UserName, Password })
      const expected = ['PasswordPolicyViolation 400', message]
      assert.deepStrictEqual([answer.outcome, answer.message], expected)
    }
    await refused('Short-1', 'Password should have a minimum length of 10')
    await refused('lowercase-1', 'Password should have at least one uppercase letter')
    await refused('UPPERCASE-1', 'Password should have at least one lowercase letter')
    await refused('Without-Any', 'Password should have at least one number')
    await refused('Without1Any', 'Password should have at least one symbol')
    for (const Password of [`${good}a`, `${good}b`, `${good}c`]) {
      await root.do('UpdateLoginProfile', { UserName, Password })
    }
    for (const Password of [`${good}a`, `${good}b`, `${good}c`]) {
      await refused(Password, 'Password should not be one of the last 3 passwords')
    }
    await root.do('UpdateLoginProfile', { UserName, Password: `${good}d` })
    await root.do('UpdateLoginProfile', { UserName, Password: `${good}a` })
    for (const wrong of [
      { MinimumPasswordLength: '5' },
      { MinimumPasswordLength: '129' },
      { MaxPasswordAge: '0' },
      { MaxPasswordAge: '1096' },
      { PasswordReusePrevention: '25' },
      { RequireSymbols: 'yes' },
    ]) {
      const answer = await root.ask('UpdateAccountPasswordPolicy', wrong)
      assert.strictEqual(answer.outcome, 'ValidationError 400', JSON.stringify(wrong))
    }
    await root.do('DeleteAccountPasswordPolicy')
    assert.strictEqual((await root.ask('DeleteAccountPasswordPolicy')).outcome, 'NoSuchEntity 404')
    await root.do('UpdateLoginProfile', { UserName, Password: `${good}a` })
  })

  test('a user changes his own, who knows the old one and may', async () => {
    const by = await iam.userWith('carol')
    const change = { OldPassword: good, NewPassword: `${good}2` }
    assert.strictEqual((await by.ask('ChangePassword', change)).outcome, 'AccessDenied 403')
    assert.strictEqual((await by.ask('GetAccountPasswordPolicy')).outcome, 'AccessDenied 403')
    await root.do('UpdateAccountPasswordPolicy', { AllowUsersToChangePassword: 'true' })
    await by.do('GetAccountPasswordPolicy')
    const none = await by.ask('ChangePassword', change)
    assert.strictEqual(none.outcome, 'NoSuchEntity 404')
    const first = { UserName: 'carol', Password: good, PasswordResetRequired: 'true' }
    await root.do('CreateLoginProfile', first)
    await by.do('ChangePassword', change)
    assert.strictEqual((await iam.user('carol'))?.login?.changeRequired, false)
    const wrong = await by.ask('ChangePassword', change)
    assert.deepStrictEqual(
      [wrong.outcome, wrong.message],
      ['AccessDenied 403', 'The old password was incorrect.'],
    )
    const back = { OldPassword: `${good}2`, NewPassword: 'short' }
    const weak = await by.ask('ChangePassword', back)
    assert.strictEqual(weak.outcome, 'PasswordPolicyViolation 400')
    await iam.allow('carol', { ...allow('iam:ChangePassword'), Effect: 'Deny' })
    await root.do('TagUser', {
      ...{ UserName: 'carol', 'Tags.member.1.Key': 'k', 'Tags.member.1.Value': 'v' },
    })
    const denied = await by.ask('ChangePassword', { ...back, NewPassword: good })
    assert.match(denied.message, /not authorized to perform: iam:ChangePassword/)
    await root.do('DeleteAccountPasswordPolicy')
    assert.strictEqual((await root.ask('ChangePassword', change)).outcome, 'InvalidUserType 400')
  })

  test('of two who change one password at once, the one is told to try again', async () => {
    const UserName = 'dave'
    await root.do('CreateUser', { UserName })
    await root.do('CreateLoginProfile', { UserName, Password: good })
    const asked = Array.from({ length: 4 }, (_, i) =>
      root.ask('UpdateLoginProfile', { UserName, Password: `${good}${i}` }),
    )
    const outcomes = (await Promise.all(asked)).map(({ outcome }) => outcome)
    assert.ok(outcomes.includes('200'))
    for (const outcome of outcomes) {
      assert.ok(['200', 'EntityTemporarilyUnmodifiable 409'].includes(outcome), outcome)
    }
  })

  test('when too many are changed at once, those that wait are bounded', async () => {
    const UserName = 'erin'
    await root.do('CreateUser', { UserName })
    const asked = Array.from({ length: 60 }, (_, i) =>
      root.ask('CreateLoginProfile', { UserName, Password: `${good}${i}` }),
    )
    const outcomes = (await Promise.all(asked)).map(({ outcome }) => outcome)
    assert.strictEqual(outcomes.filter((outcome) => outcome === '200').length, 1)
    const others = new Set(outcomes.filter((outcome) => outcome !== '200'))
    others.delete('SlowDown 503')
    others.delete('EntityAlreadyExists 409')
    assert.deepStrictEqual(others, new Set())
    await root.do('GetLoginProfile', { UserName })
  })
})
