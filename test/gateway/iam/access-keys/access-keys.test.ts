// CreateAccessKey, ListAccessKeys, UpdateAccessKey, DeleteAccessKey and GetAccessKeyLastUsed, by signed forms.
import assert from 'node:assert'
import { until } from '../../../support/bounded-wait.ts'
import { describe } from '../../../support/describe.ts'
import { FormClient, type FormKey } from '../../../support/form-client.ts'
import { account, allow, IamAccount, tenantId } from '../../../support/iam-account.ts'
import { serverKey } from '../../../support/start-server.ts'

describe('access keys', (test) => {
  let iam: IamAccount
  let root: FormClient
  test.before(async () => {
    iam = await IamAccount.start({ gateways: 4 })
    root = iam.root
  })
  test.after(() => iam.stop())

  const idsOf = async (parameters: Readonly<Record<string, string>> = {}) =>
    (await root.do('ListAccessKeys', parameters)).values('AccessKeyId')
  /** `InvalidClientTokenId 403`: it opens nothing. */
  const opens = async (key: FormKey) => (await iam.clientOf(key).ask('GetUser')).outcome

  test('the secret is shown once, and never again', async () => {
    await root.do('CreateUser', { UserName: 'keyed' })
    const made = await root.do('CreateAccessKey', { UserName: 'KEYED' })
    const elements = [...made.body.matchAll(/<(\w+)>/g)].map(([, name]) => name)
    assert.deepStrictEqual(elements, [
      ...['CreateAccessKeyResult', 'AccessKey', 'UserName', 'AccessKeyId', 'Status'],
      ...['SecretAccessKey', 'CreateDate', 'ResponseMetadata', 'RequestId'],
    ])
    assert.deepStrictEqual([made.value('UserName'), made.value('Status')], ['keyed', 'Active'])
    const secret = made.value('SecretAccessKey')
    for (const action of ['ListAccessKeys', 'GetUser', 'ListUsers']) {
      assert.ok(!(await root.do(action, { UserName: 'keyed' })).body.includes(secret), action)
    }
    const row = await iam.tenants.getAccessKey(made.value('AccessKeyId'))
    assert.ok(row !== undefined && !Buffer.from(row.sealedSecret).includes(secret))
  })

  test('one opens at once; inactive or deleted, at once nothing any more', async () => {
    const UserName = 'holder'
    await root.do('CreateUser', { UserName })
    const key = await iam.newKey({ UserName })
    const named = { UserName, AccessKeyId: key.accessKeyId }
    assert.strictEqual(await opens(key), 'AccessDenied 403')
    await root.do('UpdateAccessKey', { ...named, Status: 'Inactive' })
    assert.strictEqual(await opens(key), 'InvalidClientTokenId 403')
    const listed = await root.do('ListAccessKeys', { UserName })
    assert.deepStrictEqual(listed.values('Status'), ['Inactive'])
    await root.do('UpdateAccessKey', { ...named, Status: 'Active' })
    assert.strictEqual(await opens(key), 'AccessDenied 403')
    await root.do('DeleteAccessKey', named)
    assert.strictEqual(await opens(key), 'InvalidClientTokenId 403')
    assert.strictEqual(await iam.tenants.getAccessKey(key.accessKeyId), undefined)
    for (const action of ['DeleteAccessKey', 'UpdateAccessKey']) {
      const gone = await root.ask(action, { ...named, Status: 'Active' })
      assert.deepStrictEqual(
        [gone.outcome, gone.message],
        ['NoSuchEntity 404', `The Access Key with id ${key.accessKeyId} cannot be found.`],
      )
    }
  })

  test('a row that no user lists opens nothing, and nor does one of a user made anew', async () => {
    await root.do('CreateUser', { UserName: 'again' })
    const key = await iam.newKey({ UserName: 'again' })
    const row = await iam.tenants.getAccessKey(key.accessKeyId)
    assert.ok(row !== undefined)
    await root.do('DeleteAccessKey', { UserName: 'again', AccessKeyId: key.accessKeyId })
    await iam.tenants.putAccessKey(row)
    assert.strictEqual(await opens(key), 'InvalidClientTokenId 403')
    await root.do('DeleteUser', { UserName: 'again' })
    await root.do('CreateUser', { UserName: 'again' })
    assert.strictEqual(await opens(key), 'InvalidClientTokenId 403')
    assert.deepStrictEqual(await idsOf({ UserName: 'again' }), [])
    const unlisted = { UserName: 'again', AccessKeyId: key.accessKeyId, Status: 'Active' }
    assert.strictEqual((await root.ask('UpdateAccessKey', unlisted)).outcome, 'NoSuchEntity 404')
    const used = await root.ask('GetAccessKeyLastUsed', { AccessKeyId: key.accessKeyId })
    assert.strictEqual(used.outcome, 'AccessDenied 403')
  })

  test('of twenty made at once there are two, and none else opens or is left behind', async () => {
    await root.do('CreateUser', { UserName: 'greedy' })
    const asked = Array.from({ length: 20 }, () =>
      iam.spread.ask('CreateAccessKey', { UserName: 'greedy' }),
    )
    const answers = await Promise.all(asked)
    const outcomes = answers.map(({ outcome }) => outcome).sort()
    assert.deepStrictEqual(outcomes, [
      ...['200', '200'],
      ...Array.from({ length: 18 }, () => 'LimitExceeded 409'),
    ])
    const made = answers.filter(({ status }) => status === 200)
    const ids = made.map((answer) => answer.value('AccessKeyId')).sort()
    assert.deepStrictEqual([...(await idsOf({ UserName: 'greedy' }))].sort(), ids)
    const rows = await iam.tenants.listAccessKeys(tenantId, { limit: 1_000 })
    const own = rows.filter(({ userName }) => userName === 'greedy')
    assert.deepStrictEqual(own.map(({ accessKeyId }) => accessKeyId).sort(), ids)
  })

  test('while keys are made and the user is renamed to and fro, those that were made open', async () => {
    const by = await iam.userWith('shifty', allow('iam:GetUser'))
    const names = ['shifty', 'nifty', 'Thrifty', 'shifty', 'drifty']
    const rename = async () => {
      for (const [at, UserName] of names.entries()) {
        const NewUserName = names[at + 1]
        if (NewUserName !== undefined) await iam.spread.do('UpdateUser', { UserName, NewUserName })
      }
    }
    const made: FormKey[] = []
    const make = async () => {
      for (const UserName of [...names, ...names]) {
        const answer = await iam.spread.ask('CreateAccessKey', { UserName })
        if (answer.status !== 200) continue
        const accessKeyId = answer.value('AccessKeyId')
        made.push({ accessKeyId, secretAccessKey: answer.value('SecretAccessKey') })
      }
    }
    await Promise.all([rename(), make()])
    await root.do('UpdateUser', { UserName: 'drifty' })
    await by.do('GetUser')
    for (const key of made) assert.strictEqual(await opens(key), '200')
    assert.strictEqual((await idsOf({ UserName: 'drifty' })).length, 1 + made.length)
  })

  test('without a name, the caller’s own are meant', async () => {
    const by = await iam.userWith(
      'selfish',
      allow('iam:*AccessKey*', `arn:aws:iam::${account}:user/selfish`),
    )
    const made = await by.do('CreateAccessKey')
    assert.strictEqual(made.value('UserName'), 'selfish')
    const AccessKeyId = made.value('AccessKeyId')
    await by.do('UpdateAccessKey', { AccessKeyId, Status: 'Inactive' })
    assert.strictEqual((await by.do('ListAccessKeys')).values('AccessKeyId').length, 2)
    await by.do('DeleteAccessKey', { AccessKeyId })
    const others = await by.ask('ListAccessKeys', { UserName: 'greedy' })
    assert.strictEqual(others.outcome, 'AccessDenied 403')
    const absent = await by.ask('CreateAccessKey', { UserName: 'nobody' })
    assert.strictEqual(absent.outcome, 'AccessDenied 403')
  })

  test('what is no key or no status is refused', async () => {
    const UserName = 'greedy'
    const AccessKeyId = (await idsOf({ UserName }))[0] ?? ''
    for (const wrong of [
      { AccessKeyId: 'short', Status: 'Active' },
      { AccessKeyId: 'a'.repeat(129), Status: 'Active' },
      { AccessKeyId: 'AKIA/AAAAAAAAAAAAAAA', Status: 'Active' },
      { AccessKeyId, Status: 'active' },
      { AccessKeyId },
      { Status: 'Active' },
    ]) {
      const answer = await root.ask('UpdateAccessKey', { UserName, ...wrong })
      assert.strictEqual(answer.outcome, 'ValidationError 400', JSON.stringify(wrong))
    }
  })

  test('the root user has two, of which one stays active', async () => {
    const first = serverKey.accessKeyId
    assert.deepStrictEqual(await idsOf(), [first])
    const lone = { AccessKeyId: 'AKIAWIRETEST'.padEnd(16, '_') }
    assert.strictEqual((await root.ask('DeleteAccessKey', lone)).outcome, 'NoSuchEntity 404')
    const key = await iam.newKey()
    assert.strictEqual(await opens(key), '200')
    const listed = await root.do('ListAccessKeys')
    assert.strictEqual(listed.values('AccessKeyId').length, 2)
    assert.deepStrictEqual(listed.values('UserName'), [])
    assert.strictEqual((await root.ask('CreateAccessKey')).outcome, 'LimitExceeded 409')
    const AccessKeyId = key.accessKeyId
    await root.do('UpdateAccessKey', { AccessKeyId, Status: 'Inactive' })
    assert.strictEqual(await opens(key), 'InvalidClientTokenId 403')
    await root.do('UpdateAccessKey', { AccessKeyId, Status: 'Active' })
    await root.do('DeleteAccessKey', { AccessKeyId })
    assert.strictEqual(await opens(key), 'InvalidClientTokenId 403')
    assert.deepStrictEqual(await idsOf(), [first])
    // Users' keys are none of the root user's.
    const [ofUser] = (await iam.user('greedy'))?.accessKeys ?? []
    const strange = await root.ask('DeleteAccessKey', { AccessKeyId: ofUser?.accessKeyId ?? '' })
    assert.strictEqual(strange.outcome, 'NoSuchEntity 404')
  })

  test('of two root keys that are taken away at once, one stays', async () => {
    for (const [action, refusal] of [
      ['UpdateAccessKey', 'UnmodifiableEntity 400'],
      ['DeleteAccessKey', 'DeleteConflict 409'],
    ] as const) {
      const rows = await iam.tenants.listAccessKeys(tenantId, { limit: 1_000 })
      for (const row of rows.filter(({ userName }) => userName === 'root')) {
        if (row.accessKeyId !== serverKey.accessKeyId) {
          await root.do('DeleteAccessKey', { AccessKeyId: row.accessKeyId })
        }
      }
      const second = await iam.newKey()
      const third = await iam.tenants.getAccessKey(second.accessKeyId)
      const wire = await iam.tenants.getAccessKey(serverKey.accessKeyId)
      assert.ok(third !== undefined && wire !== undefined)
      // The key of the test has an id that is too short for IAM: it is inactive, and two others stand for the root user.
      const spare = { ...third, accessKeyId: `${third.accessKeyId.slice(0, -1)}9` }
      await iam.tenants.putAccessKey(spare)
      await iam.tenants.putAccessKey({ ...wire, status: 'inactive' })
      const by = iam.clientOf(second)
      const ids = [third.accessKeyId, spare.accessKeyId]
      const answers = await Promise.all(
        ids.map((AccessKeyId) => by.ask(action, { AccessKeyId, Status: 'Inactive' })),
      )
      const after = await iam.tenants.listAccessKeys(tenantId, { limit: 1_000 })
      const active = after.filter(
        ({ userName, status }) => userName === 'root' && status === 'active',
      )
      assert.ok(active.length > 0, 'a root key is active')
      assert.ok(answers.some(({ outcome }) => outcome === refusal))
      const [last] = active
      if (active.length === 1 && last?.accessKeyId === second.accessKeyId) {
        const refused = await by.ask(action, { AccessKeyId: last.accessKeyId, Status: 'Inactive' })
        assert.strictEqual(refused.outcome, refusal)
      }
      await iam.tenants.putAccessKey(wire)
      await iam.tenants.removeAccessKey(tenantId, spare.accessKeyId)
      await iam.tenants.removeAccessKey(tenantId, third.accessKeyId)
    }
  })

  test('of twenty root keys made at once there is never one too many', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => iam.spread.ask('CreateAccessKey')),
    )
    const made = answers.filter(({ status }) => status === 200)
    assert.ok(made.length <= 1)
    assert.strictEqual((await idsOf()).length, 1 + made.length)
    for (const answer of made) {
      await root.do('DeleteAccessKey', { AccessKeyId: answer.value('AccessKeyId') })
    }
  })

  test('what a key was used for last is told, and of keys of which there are none as of others’', async () => {
    const by = await iam.userWith('seen', allow('iam:GetUser'))
    const AccessKeyId = (await idsOf({ UserName: 'seen' }))[0] ?? ''
    const before = await root.do('GetAccessKeyLastUsed', { AccessKeyId })
    assert.deepStrictEqual(
      [before.value('UserName'), before.value('Region'), before.value('ServiceName')],
      ['seen', 'N/A', 'N/A'],
    )
    assert.deepStrictEqual(before.values('LastUsedDate'), [])
    const since = Date.now()
    await by.do('GetUser')
    const use = () => root.do('GetAccessKeyLastUsed', { AccessKeyId })
    await until({
      for: 'a use that was noted',
      holds: async () => (await use()).value('ServiceName') === 'iam',
    })
    const after = await use()
    assert.strictEqual(after.value('Region'), 'us-east-1')
    assert.ok(Date.parse(after.value('LastUsedDate')) >= since - 1_000)
    const [others = ''] = await idsOf({ UserName: 'greedy' })
    for (const AccessKeyId of ['AKIAIOSFODNN7EXAMPLE', others]) {
      const refused = await by.ask('GetAccessKeyLastUsed', { AccessKeyId })
      assert.deepStrictEqual(
        [refused.outcome, refused.message],
        [
          'AccessDenied 403',
          `User: arn:aws:iam::${account}:user/seen is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key ${AccessKeyId}`,
        ],
      )
    }
    const none = await root.ask('GetAccessKeyLastUsed', { AccessKeyId: 'AKIAIOSFODNN7EXAMPLE' })
    assert.strictEqual(none.outcome, 'AccessDenied 403')
  })

  test('a wrong signature is no use', async () => {
    await root.do('CreateUser', { UserName: 'unused' })
    const key = await iam.newKey({ UserName: 'unused' })
    const wrong = new FormClient(iam.server.port, { ...key, secretAccessKey: 'guessed' })
    assert.strictEqual((await wrong.ask('GetUser')).outcome, 'SignatureDoesNotMatch 403')
    const used = await root.do('GetAccessKeyLastUsed', { AccessKeyId: key.accessKeyId })
    assert.strictEqual(used.value('ServiceName'), 'N/A')
  })
})
