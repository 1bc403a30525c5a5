// GetSessionToken, GetFederationToken, GetAccessKeyInfo, DecodeAuthorizationMessage, GetCallerIdentity over real connections.
import assert from 'node:assert/strict'
import { IAMClient, ListUsersCommand } from '@aws-sdk/client-iam'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import {
  AssumeRoleCommand,
  DecodeAuthorizationMessageCommand,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  type GetFederationTokenCommandInput,
  GetSessionTokenCommand,
} from '@aws-sdk/client-sts'
import { accountId } from '../../../gateway/access/owner.ts'
import { until } from '../../support/bounded-wait.ts'
import { describe } from '../../support/describe.ts'
import {
  allow,
  type ClientCredentials,
  clientOptions,
  credentialsOf,
  IdentityAccount,
  outcome,
  policyOf,
  postForm,
  s3For,
  stsFor,
  trusting,
} from '../../support/identity-account.ts'
import { addTenant } from '../../support/more-tenants.ts'
import { RunningServer, serverKey } from '../../support/start-server.ts'

describe('sessions that users get for themselves and for others', (test) => {
  let server: RunningServer
  let account: IdentityAccount
  let id: string

  test.before(async () => {
    server = await RunningServer.start()
    account = new IdentityAccount(server)
    id = accountId(account.tenantId)
    const s3 = s3For(server)
    await s3.send(new CreateBucketCommand({ Bucket: 'kept' }))
    await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'a', Body: 'a' }))
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  const get = (by: ClientCredentials) =>
    outcome(s3For(server, by).send(new GetObjectCommand({ Bucket: 'kept', Key: 'a' })))
  const own = async (by: ClientCredentials, DurationSeconds?: number) => {
    const input = DurationSeconds === undefined ? {} : { DurationSeconds }
    return credentialsOf(await stsFor(server, by).send(new GetSessionTokenCommand(input)))
  }
  const iam = (by: ClientCredentials) =>
    outcome(new IAMClient(clientOptions(server, by)).send(new ListUsersCommand({})))

  test('a user gets temporary credentials that are worth what he is', async () => {
    const user = await account.addUser('plain', [allow('s3:GetObject')])
    const session = await own(user)
    assert.strictEqual(await get(session), 'done')
    const who = await stsFor(server, session).send(new GetCallerIdentityCommand({}))
    assert.strictEqual(who.Arn, user.arn)
    await account.remove('user', 'plain')
    await until({
      for: 'the session of a user who is gone to be refused',
      holds: async () => (await get(session)) === 'AccessDenied 403',
    })
  })

  test('they end no sessions, as they change nothing else in the account', async () => {
    const user = await account.addUser('ender', [allow('iam:*'), allow('sts:*')])
    const revoke = async (by: ClientCredentials) => {
      const form = 'Action=RevokeSessions&Version=2011-06-15&UserName=ender'
      return (await postForm(stsFor(server, by), form)).body
    }
    assert.match(await revoke(await own(user)), /<Code>AccessDenied/)
    assert.match(await revoke(user), /<NotBefore>/)
  })

  test('they last 12 hours unless said otherwise, those of the root user one', async () => {
    const user = await account.addUser('lasting')
    const hours = async (by: ClientCredentials, DurationSeconds?: number) => {
      const input = DurationSeconds === undefined ? {} : { DurationSeconds }
      const answer = await stsFor(server, by).send(new GetSessionTokenCommand(input))
      const ends = answer.Credentials?.Expiration?.getTime() ?? 0
      return Math.round((ends - Date.now()) / 360_000) / 10
    }
    assert.strictEqual(await hours(user), 12)
    assert.strictEqual(await hours(user, 129_600), 36)
    assert.strictEqual(await hours(serverKey), 1)
    assert.strictEqual(await hours(serverKey, 129_600), 1)
    assert.strictEqual(await outcome(own(user, 129_601)), 'ValidationError 400')
    assert.strictEqual(await outcome(own(user, 899)), 'ValidationError 400')
  })

  test('they open neither IAM nor further sessions, but roles', async () => {
    const user = await account.addUser('bound', [allow('*')])
    const role = { trust: [trusting({ AWS: user.arn })] }
    const RoleArn = await account.addRole('of-bound', role)
    const session = await own(user)
    const sts = stsFor(server, session)
    assert.strictEqual(await outcome(own(session)), 'AccessDenied 403')
    const federation = new GetFederationTokenCommand({ Name: 'ann' })
    assert.strictEqual(await outcome(sts.send(federation)), 'AccessDenied 403')
    const role1 = new AssumeRoleCommand({ RoleArn, RoleSessionName: 'work' })
    assert.strictEqual(await outcome(sts.send(role1)), 'done')
    assert.strictEqual(await iam(session), 'InvalidClientTokenId 403')
  })

  test('the root user gets some that can do what he can', async () => {
    const session = await own(serverKey)
    assert.strictEqual(await get(session), 'done')
    const who = await stsFor(server, session).send(new GetCallerIdentityCommand({}))
    assert.strictEqual(who.Arn, `arn:aws:iam::${id}:root`)
  })

  const federate = (by: ClientCredentials, input: Partial<GetFederationTokenCommandInput> = {}) =>
    stsFor(server, by).send(new GetFederationTokenCommand({ Name: 'ann', ...input }))
  const readsOnly = policyOf(allow('s3:GetObject'))

  test('a federated user may do what the user and the given policies allow together', async () => {
    const user = await account.addUser('lender', [allow(['sts:GetFederationToken', 's3:Get*'])])
    const answer = await federate(user, { Policy: readsOnly })
    const arn = `arn:aws:sts::${id}:federated-user/ann`
    assert.deepStrictEqual(answer.FederatedUser, { Arn: arn, FederatedUserId: `${id}:ann` })
    assert.ok((answer.PackedPolicySize ?? 0) > 0)
    const session = credentialsOf(answer)
    assert.strictEqual(await get(session), 'done')
    const put = new PutObjectCommand({ Bucket: 'kept', Key: 'b', Body: 'b' })
    assert.strictEqual(await outcome(s3For(server, session).send(put)), 'AccessDenied 403')
    const more = credentialsOf(await federate(user, { Policy: policyOf(allow('s3:*')) }))
    assert.strictEqual(await get(more), 'done')
    assert.strictEqual(await outcome(s3For(server, more).send(put)), 'AccessDenied 403')
    const nothing = credentialsOf(await federate(user))
    assert.strictEqual(await get(nothing), 'AccessDenied 403')
    const who = await stsFor(server, nothing).send(new GetCallerIdentityCommand({}))
    assert.strictEqual(who.Arn, arn)
    const RoleArn = await account.addRole('of-lender', { trust: [trusting({ AWS: id })] })
    const role = new AssumeRoleCommand({ RoleArn, RoleSessionName: 'work' })
    assert.strictEqual(await outcome(stsFor(server, session).send(role)), 'AccessDenied 403')
    assert.strictEqual(await iam(session), 'InvalidClientTokenId 403')
  })

  test('lending has to be allowed, and so has tagging', async () => {
    const without = await account.addUser('miser', [allow('s3:*')])
    assert.strictEqual(await outcome(federate(without)), 'AccessDenied 403')
    const user = await account.addUser('generous', [
      allow('sts:GetFederationToken', `arn:aws:sts::${id}:federated-user/ann`),
    ])
    assert.strictEqual(await outcome(federate(user)), 'done')
    assert.strictEqual(await outcome(federate(user, { Name: 'bob' })), 'AccessDenied 403')
    const Tags = [{ Key: 'Team', Value: 'x' }]
    assert.strictEqual(await outcome(federate(user, { Tags })), 'AccessDenied 403')
    assert.strictEqual(await outcome(federate(serverKey, { Tags })), 'done')
    assert.strictEqual(
      await outcome(federate(user, { Name: 'x'.repeat(33) })),
      'ValidationError 400',
    )
  })

  test('whom the root user lends to gets no more than the policy says', async () => {
    const session = credentialsOf(await federate(serverKey, { Policy: readsOnly }))
    assert.strictEqual(await get(session), 'done')
    const list = s3For(server, session).send(new ListBucketsCommand({}))
    assert.strictEqual(await outcome(list), 'AccessDenied 403')
    assert.strictEqual(await get(credentialsOf(await federate(serverKey))), 'AccessDenied 403')
  })

  test('GetAccessKeyInfo tells whose a key is', async () => {
    const other = await addTenant(server, '210987654321')
    const user = await account.addUser('asking', [allow('sts:GetAccessKeyInfo')])
    const ask = async (by: ClientCredentials, AccessKeyId: string) =>
      (await stsFor(server, by).send(new GetAccessKeyInfoCommand({ AccessKeyId }))).Account
    assert.strictEqual(await ask(user, user.accessKeyId), id)
    assert.strictEqual(await ask(serverKey, other.credentials.accessKeyId), '210987654321')
    const unknown = `AKIA${'Z'.repeat(16)}`
    assert.strictEqual(await outcome(ask(user, unknown)), 'ValidationError 400')
    const silent = await account.addUser('not-asking')
    assert.strictEqual(await outcome(ask(silent, user.accessKeyId)), 'AccessDenied 403')
  })

  test('no message has ever been encoded that could be decoded', async () => {
    const EncodedMessage = 'x'.repeat(100)
    const decode = (by: ClientCredentials) =>
      outcome(stsFor(server, by).send(new DecodeAuthorizationMessageCommand({ EncodedMessage })))
    assert.strictEqual(await decode(serverKey), 'InvalidAuthorizationMessageException 400')
    const user = await account.addUser('decoding')
    assert.strictEqual(await decode(user), 'AccessDenied 403')
  })
})
