// AssumeRole over real connections: who may, what the session may then do, and what is refused.
import assert from 'node:assert/strict'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
} from '@aws-sdk/client-sts'
import { accountId } from '../../../gateway/access/owner.ts'
import { describe } from '../../support/describe.ts'
import {
  allow,
  type ClientCredentials,
  credentialsOf,
  IdentityAccount,
  outcome,
  policyOf,
  s3For,
  stsFor,
  trusting,
} from '../../support/identity-account.ts'
import { addTenant } from '../../support/more-tenants.ts'
import { RunningServer } from '../../support/start-server.ts'

const otherAccount = '210987654321'

describe('AssumeRole', (test) => {
  let server: RunningServer
  let account: IdentityAccount
  let other: IdentityAccount
  let id: string
  let names = 0
  const fresh = (kind: string) => {
    names += 1
    return `${kind}-${names}`
  }

  test.before(async () => {
    server = await RunningServer.start()
    account = new IdentityAccount(server)
    await addTenant(server, otherAccount)
    other = new IdentityAccount(server, otherAccount)
    id = accountId(account.tenantId)
    const s3 = s3For(server)
    await s3.send(new CreateBucketCommand({ Bucket: 'kept' }))
    for (const Key of ['a/1', 'b/1']) {
      await s3.send(new PutObjectCommand({ Bucket: 'kept', Key, Body: Key }))
    }
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  type Assumed = Partial<AssumeRoleCommandInput> & { readonly RoleArn: string }
  const assume = (by: ClientCredentials, input: Assumed) =>
    stsFor(server, by).send(new AssumeRoleCommand({ RoleSessionName: 'work', ...input }))
  const assumed = async (by: ClientCredentials, input: Assumed) =>
    credentialsOf(await assume(by, input))
  const get = (by: ClientCredentials, Key: string) =>
    outcome(s3For(server, by).send(new GetObjectCommand({ Bucket: 'kept', Key })))

  test('gives what the role has, under the name of the session', async () => {
    const user = await account.addUser(fresh('user'))
    const RoleArn = await account.addRole('Reader', {
      trust: [trusting({ AWS: user.arn })],
      policy: [allow('s3:GetObject', 'arn:aws:s3:::kept/*')],
    })
    const before = Date.now()
    const answer = await assume(user, { RoleArn })
    const session = credentialsOf(answer)
    assert.match(session.accessKeyId, /^ASIA[A-Z2-7]{16}$/)
    assert.strictEqual(answer.AssumedRoleUser?.Arn, `arn:aws:sts::${id}:assumed-role/Reader/work`)
    assert.match(answer.AssumedRoleUser.AssumedRoleId ?? '', /^AROA\w+:work$/)
    const lives = (answer.Credentials?.Expiration?.getTime() ?? 0) - before
    assert.ok(Math.abs(lives - 3_600_000) < 60_000, String(lives))
    assert.strictEqual(answer.PackedPolicySize, undefined)
    assert.strictEqual(await get(user, 'a/1'), 'AccessDenied 403')
    assert.strictEqual(await get(session, 'a/1'), 'done')
    assert.strictEqual(
      await outcome(s3For(server, session).send(new ListBucketsCommand({}))),
      'AccessDenied 403',
    )
    const who = await stsFor(server, session).send(new GetCallerIdentityCommand({}))
    assert.deepStrictEqual(
      [who.Arn, who.Account, who.UserId],
      [answer.AssumedRoleUser.Arn, id, answer.AssumedRoleUser.AssumedRoleId],
    )
  })

  test('within an account, a trust policy that names the user is enough, one that names the account is not', async () => {
    const named = await account.addUser(fresh('user'))
    const allowed = await account.addUser(fresh('user'), [allow('sts:AssumeRole')])
    const denied = await account.addUser(fresh('user'), [
      { Effect: 'Deny', Action: 'sts:*', Resource: '*' },
    ])
    const forAll = await account.addRole(fresh('role'), { trust: [trusting({ AWS: id })] })
    const forTwo = await account.addRole(fresh('role'), {
      trust: [trusting({ AWS: [named.arn, denied.arn] })],
    })
    const tried = async (by: ClientCredentials, RoleArn: string) => outcome(assume(by, { RoleArn }))
    assert.strictEqual(await tried(named, forTwo), 'done')
    assert.strictEqual(await tried(named, forAll), 'AccessDenied 403')
    assert.strictEqual(await tried(allowed, forAll), 'done')
    assert.strictEqual(await tried(allowed, forTwo), 'AccessDenied 403')
    assert.strictEqual(await tried(denied, forTwo), 'AccessDenied 403')
  })

  test('across accounts, both sides have to allow it', async () => {
    const plain = await other.addUser(fresh('user'))
    const allowed = await other.addUser(fresh('user'), [allow('sts:AssumeRole')])
    const forUser = await account.addRole(fresh('role'), {
      trust: [trusting({ AWS: [plain.arn, allowed.arn] })],
      policy: [allow('s3:GetObject')],
    })
    const forNobody = await account.addRole(fresh('role'), { trust: [trusting({ AWS: id })] })
    assert.strictEqual(await outcome(assume(plain, { RoleArn: forUser })), 'AccessDenied 403')
    assert.strictEqual(await outcome(assume(allowed, { RoleArn: forNobody })), 'AccessDenied 403')
    const session = await assumed(allowed, { RoleArn: forUser })
    assert.strictEqual(await get(session, 'a/1'), 'done')
    const who = await stsFor(server, session).send(new GetCallerIdentityCommand({}))
    assert.strictEqual(who.Account, id)
  })

  test('says the same of a role that is not there, of a tenant that is not, and of one that does not trust', async () => {
    const user = await account.addUser(fresh('user'), [allow('sts:*')])
    const closed = await account.addRole(fresh('role'), {
      trust: [trusting({ AWS: otherAccount })],
    })
    const messages = new Set<string>()
    for (const RoleArn of [
      closed,
      `arn:aws:iam::${id}:role/nothing`,
      'arn:aws:iam::999999999999:role/nothing',
      closed.replace('role/', 'role/path/'),
      closed.toUpperCase().replace(/^.*ROLE\//, `arn:aws:iam::${id}:role/`),
    ]) {
      await assert.rejects(assume(user, { RoleArn }), (cause: Error) => {
        assert.strictEqual(cause.name, 'AccessDenied')
        messages.add(cause.message.replace(RoleArn, 'ROLE'))
        return true
      })
    }
    assert.deepStrictEqual(
      [...messages],
      [`User: ${user.arn} is not authorized to perform: sts:AssumeRole on resource: ROLE`],
    )
  })

  test('root users assume no roles', async () => {
    const RoleArn = await account.addRole(fresh('role'), { trust: [trusting({ AWS: id })] })
    await assert.rejects(
      stsFor(server).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'work' })),
      /AccessDenied: Roles may not be assumed by root accounts/,
    )
  })

  test('an external id is demanded where the trust policy has one', async () => {
    const user = await account.addUser(fresh('user'))
    const RoleArn = await account.addRole(fresh('role'), {
      trust: [
        trusting({ AWS: user.arn }, 'sts:AssumeRole', {
          StringEquals: { 'sts:ExternalId': 'order:66' },
        }),
      ],
    })
    assert.strictEqual(await outcome(assume(user, { RoleArn })), 'AccessDenied 403')
    assert.strictEqual(
      await outcome(assume(user, { RoleArn, ExternalId: 'order:65' })),
      'AccessDenied 403',
    )
    assert.strictEqual(await outcome(assume(user, { RoleArn, ExternalId: 'order:66' })), 'done')
  })

  test('a session lasts from 15 minutes to what the role allows', async () => {
    const user = await account.addUser(fresh('user'))
    const RoleArn = await account.addRole(fresh('role'), {
      trust: [trusting({ AWS: user.arn })],
      sessionSecondsMax: 7200,
    })
    const tried = (DurationSeconds: number) => outcome(assume(user, { RoleArn, DurationSeconds }))
    assert.strictEqual(await tried(899), 'ValidationError 400')
    assert.strictEqual(await tried(900), 'done')
    assert.strictEqual(await tried(7200), 'done')
    assert.strictEqual(await tried(7201), 'ValidationError 400')
    assert.strictEqual(await tried(43_201), 'ValidationError 400')
  })

  test('how long, and under which name, can be a condition', async () => {
    const user = await account.addUser(fresh('user'))
    const RoleArn = await account.addRole(fresh('role'), {
      trust: [
        trusting({ AWS: user.arn }, 'sts:AssumeRole', {
          NumericLessThanEquals: { 'sts:DurationSeconds': '1800' },
          StringLike: { 'sts:RoleSessionName': 'job-*' },
        }),
      ],
    })
    const tried = (RoleSessionName: string, DurationSeconds?: number) =>
      outcome(
        assume(user, {
          ...{ RoleArn, RoleSessionName },
          ...(DurationSeconds === undefined ? {} : { DurationSeconds }),
        }),
      )
    assert.strictEqual(await tried('job-1', 1800), 'done')
    assert.strictEqual(await tried('job-1', 1801), 'AccessDenied 403')
    assert.strictEqual(await tried('job-1'), 'AccessDenied 403')
    assert.strictEqual(await tried('work', 1800), 'AccessDenied 403')
  })

  test('session policies narrow what the role has, and add nothing', async () => {
    const user = await account.addUser(fresh('user'))
    const RoleArn = await account.addRole(fresh('role'), {
      trust: [trusting({ AWS: user.arn })],
      policy: [allow('s3:GetObject')],
    })
    const narrow = await assumed(user, {
      RoleArn,
      Policy: policyOf(allow('s3:*', 'arn:aws:s3:::kept/a/*')),
    })
    assert.strictEqual(await get(narrow, 'a/1'), 'done')
    assert.strictEqual(await get(narrow, 'b/1'), 'AccessDenied 403')
    const put = new PutObjectCommand({ Bucket: 'kept', Key: 'a/2', Body: 'no' })
    assert.strictEqual(await outcome(s3For(server, narrow).send(put)), 'AccessDenied 403')
    const own = await account.addPolicy(fresh('policy'), allow('s3:*', 'arn:aws:s3:::kept/b/*'))
    const byArn = await assume(user, { RoleArn, PolicyArns: [{ arn: own }] })
    assert.ok((byArn.PackedPolicySize ?? 0) > 0)
    assert.strictEqual(await get(credentialsOf(byArn), 'a/1'), 'AccessDenied 403')
    assert.strictEqual(await get(credentialsOf(byArn), 'b/1'), 'done')
    const managed = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
    const read = await assumed(user, { RoleArn, PolicyArns: [{ arn: managed }] })
    assert.strictEqual(await get(read, 'a/1'), 'done')
  })

  test('session policies are refused that are none, too long, or not of the account', async () => {
    const user = await account.addUser(fresh('user'))
    const RoleArn = await account.addRole(fresh('role'), { trust: [trusting({ AWS: user.arn })] })
    const tried = (input: Partial<AssumeRoleCommandInput>) =>
      outcome(assume(user, { ...input, RoleArn: input.RoleArn ?? RoleArn }))
    assert.strictEqual(await tried({ Policy: '{' }), 'MalformedPolicyDocumentException 400')
    assert.strictEqual(
      await tried({ Policy: policyOf(trusting('*', 's3:*')) }),
      'MalformedPolicyDocumentException 400',
    )
    const long = policyOf(allow('s3:*', `arn:aws:s3:::kept/${'x'.repeat(2000)}`))
    assert.strictEqual(await tried({ Policy: long }), 'PackedPolicyTooLargeException 400')
    const theirs = await other.addPolicy(fresh('policy'), allow('*'))
    for (const arn of [theirs, `arn:aws:iam::${id}:policy/nothing`, `arn:aws:iam::${id}:policy/`]) {
      assert.strictEqual(await tried({ PolicyArns: [{ arn }] }), 'ValidationError 400')
    }
    const many = Array.from({ length: 11 }, () => ({ arn: `arn:aws:iam::${id}:policy/x` }))
    assert.strictEqual(await tried({ PolicyArns: many }), 'ValidationError 400')
  })

  test('parameters that cannot be are refused', async () => {
    const user = await account.addUser(fresh('user'))
    const RoleArn = await account.addRole(fresh('role'), { trust: [trusting({ AWS: user.arn })] })
    const tried = (input: Partial<AssumeRoleCommandInput>) =>
      outcome(assume(user, { ...input, RoleArn: input.RoleArn ?? RoleArn }))
    for (const RoleSessionName of ['x', 'a b', 'x'.repeat(65), 'ü-ü']) {
      assert.strictEqual(await tried({ RoleSessionName }), 'ValidationError 400')
    }
    for (const arn of ['short', user.arn, `arn:aws:s3:::kept/${'x'.repeat(20)}`]) {
      assert.strictEqual(await tried({ RoleArn: arn }), 'ValidationError 400')
    }
    const mfa = { SerialNumber: 'arn:aws:iam::1:mfa/x', TokenCode: '123456' }
    assert.strictEqual(await tried(mfa), 'AccessDenied 403')
  })
})
