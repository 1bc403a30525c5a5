// Tags and source identities of sessions, and roles that assume roles.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, type AssumeRoleCommandInput } from '@aws-sdk/client-sts'
import { accountId } from '../../../gateway/access/owner.ts'
import { describe } from '../../support/describe.ts'
import {
  allow,
  type ClientCredentials,
  credentialsOf,
  IdentityAccount,
  outcome,
  s3For,
  stsFor,
  trusting,
} from '../../support/identity-account.ts'
import { RunningServer } from '../../support/start-server.ts'

describe('AssumeRole with tags, and of role by role', (test) => {
  let server: RunningServer
  let account: IdentityAccount
  let id: string
  let names = 0
  const fresh = (kind: string) => {
    names += 1
    return `${kind}-${names}`
  }

  test.before(async () => {
    server = await RunningServer.start()
    account = new IdentityAccount(server)
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

  test('tags of a session are what its policies see, where sts:TagSession is allowed', async () => {
    const user = await account.addUser(fresh('user'), [allow('sts:TagSession')])
    const policy = [allow('s3:GetObject', `arn:aws:s3:::kept/\${aws:PrincipalTag/Team}/*`)]
    const untagged = await account.addRole(fresh('role'), { trust: [trusting({ AWS: user.arn })] })
    const tagged = await account.addRole(fresh('role'), {
      policy,
      trust: [
        trusting({ AWS: user.arn }, ['sts:AssumeRole', 'sts:TagSession'], {
          StringLike: { 'aws:RequestTag/Team': ['a', 'b'] },
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['Team'] },
        }),
      ],
    })
    const Tags = [{ Key: 'Team', Value: 'a' }]
    assert.strictEqual(await outcome(assume(user, { RoleArn: untagged, Tags })), 'AccessDenied 403')
    assert.strictEqual(await outcome(assume(user, { RoleArn: tagged })), 'AccessDenied 403')
    const more = [...Tags, { Key: 'More', Value: 'x' }]
    assert.strictEqual(
      await outcome(assume(user, { RoleArn: tagged, Tags: more })),
      'AccessDenied 403',
    )
    const session = await assumed(user, { RoleArn: tagged, Tags })
    assert.strictEqual(await get(session, 'a/1'), 'done')
    assert.strictEqual(await get(session, 'b/1'), 'AccessDenied 403')
  })

  test('tags are refused that are there twice, reserved, too many, or too long together', async () => {
    const user = await account.addUser(fresh('user'))
    const RoleArn = await account.addRole(fresh('role'), {
      trust: [trusting({ AWS: user.arn }, ['sts:AssumeRole', 'sts:TagSession'])],
    })
    const tried = (Tags: readonly (readonly [string, string])[], TransitiveTagKeys?: string[]) =>
      outcome(
        assume(user, {
          RoleArn,
          Tags: Tags.map(([Key, Value]) => ({ Key, Value })),
          ...(TransitiveTagKeys === undefined ? {} : { TransitiveTagKeys }),
        }),
      )
    assert.strictEqual(
      await tried([
        ['a', '1'],
        ['A', '2'],
      ]),
      'InvalidParameterValue 400',
    )
    assert.strictEqual(await tried([['aws:a', '1']]), 'InvalidParameterValue 400')
    assert.strictEqual(await tried([['a', '1']], ['b']), 'InvalidParameterValue 400')
    assert.strictEqual(await tried([['a<', '1']]), 'ValidationError 400')
    const many = Array.from({ length: 51 }, (_, at) => [`k${at}`, ''] as const)
    assert.strictEqual(await tried(many), 'ValidationError 400')
    const big = many.slice(1).map(([key]) => [key, randomBytes(128).toString('hex')] as const)
    assert.strictEqual(await tried(big), 'PackedPolicyTooLargeException 400')
    assert.strictEqual(await tried([['a', '']], ['a']), 'done')
  })

  test('a role assumes another one for an hour at most, with the tags that go on and the source identity', async () => {
    const user = await account.addUser(fresh('user'), [allow('sts:*')])
    const all = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']
    const first = await account.addRole(fresh('role'), {
      trust: [trusting({ AWS: user.arn }, all)],
      policy: [allow('sts:*')],
      sessionSecondsMax: 43_200,
    })
    const second = await account.addRole(fresh('role'), {
      trust: [trusting({ AWS: first }, all)],
      policy: [allow('s3:GetObject', `arn:aws:s3:::kept/\${aws:PrincipalTag/Team}/*`)],
      sessionSecondsMax: 43_200,
    })
    const plain = await account.addRole(fresh('role'), { trust: [trusting({ AWS: first })] })
    const session = await assumed(user, {
      RoleArn: first,
      Tags: [
        { Key: 'Team', Value: 'b' },
        { Key: 'Other', Value: 'x' },
      ],
      TransitiveTagKeys: ['Team'],
      SourceIdentity: 'ann',
    })
    const tried = (input: Partial<AssumeRoleCommandInput>) =>
      outcome(assume(session, { ...input, RoleArn: input.RoleArn ?? second }))
    assert.strictEqual(await tried({ DurationSeconds: 3601 }), 'ValidationError 400')
    assert.strictEqual(await tried({ SourceIdentity: 'bob' }), 'ValidationError 400')
    assert.strictEqual(
      await tried({ Tags: [{ Key: 'team', Value: 'a' }] }),
      'InvalidParameterValue 400',
    )
    // It does not let tags and source identities in.
    assert.strictEqual(await tried({ RoleArn: plain }), 'AccessDenied 403')
    const chained = await assume(session, { RoleArn: second, DurationSeconds: 3600 })
    assert.strictEqual(chained.SourceIdentity, 'ann')
    assert.strictEqual(await get(credentialsOf(chained), 'b/1'), 'done')
    assert.strictEqual(await get(credentialsOf(chained), 'a/1'), 'AccessDenied 403')
  })

  test('a role that assumes itself, round and round, stays what it is', async () => {
    const name = fresh('role')
    const own = `arn:aws:iam::${id}:role/${name}`
    const user = await account.addUser(fresh('user'))
    await account.addRole(name, {
      trust: [trusting({ AWS: [user.arn, own] }, ['sts:AssumeRole', 'sts:TagSession'])],
      policy: [allow(['s3:GetObject', 'sts:*'])],
    })
    const RoleArn = own
    const Tags = [{ Key: 'Round', Value: '1' }]
    let session = await assumed(user, { RoleArn, Tags, TransitiveTagKeys: ['Round'] })
    const { length } = session.sessionToken
    for (let round = 0; round < 20; round += 1) session = await assumed(session, { RoleArn })
    assert.ok(Math.abs(session.sessionToken.length - length) < 64)
    assert.strictEqual(await get(session, 'a/1'), 'done')
  })

  test('a source identity has to be allowed', async () => {
    const user = await account.addUser(fresh('user'))
    const without = await account.addRole(fresh('role'), { trust: [trusting({ AWS: user.arn })] })
    const RoleArn = await account.addRole(fresh('role'), {
      trust: [
        trusting({ AWS: user.arn }, ['sts:AssumeRole', 'sts:SetSourceIdentity'], {
          StringEquals: { 'sts:SourceIdentity': 'ann' },
        }),
      ],
    })
    const tried = (SourceIdentity: string, arn = RoleArn) =>
      outcome(assume(user, { RoleArn: arn, SourceIdentity }))
    assert.strictEqual(await tried('ann', without), 'AccessDenied 403')
    assert.strictEqual(await tried('bob'), 'AccessDenied 403')
    assert.strictEqual(await tried('ann'), 'done')
    assert.strictEqual(await tried('aws:ann'), 'ValidationError 400')
  })
})
