// What policies let a user do, on S3 and on IAM: attached, inline, of his groups, bounded; at once after each change.
import assert from 'node:assert'
import {
  AttachGroupPolicyCommand,
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeleteGroupPolicyCommand,
  DeleteUserPermissionsBoundaryCommand,
  DeleteUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachUserPolicyCommand,
  GetPolicyCommand,
  ListPoliciesCommand,
  ListUserPoliciesCommand,
  PutGroupPolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  SetDefaultPolicyVersionCommand,
} from '@aws-sdk/client-iam'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { describe } from '../../../support/describe.ts'
import {
  allow,
  type Clients,
  deny,
  IamServer,
  own,
  policyText,
  refusedWith,
  type Statement,
} from '../iam-server.ts'

describe('what policies let a user do', (test) => {
  let server: IamServer
  let iam: Clients['iam']
  let user: Clients
  test.before(async () => {
    server = await IamServer.start()
    iam = server.root.iam
    await server.addGroup('Readers')
    user = await server.addUser('Ulla', { groups: ['readers'] })
    for (const Bucket of ['one', 'two']) {
      await server.root.s3.send(new CreateBucketCommand({ Bucket }))
      await server.root.s3.send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'x' }))
    }
  })
  test.after(() => server.stop())

  const managed = async (PolicyName: string, ...statements: readonly Statement[]) => {
    const PolicyDocument = policyText(...statements)
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }))
    return Policy?.Arn ?? assert.fail('no ARN')
  }
  /** Each as `r` when he may read, `w` when he may write, `l` when he may list. */
  const may = async (Bucket: string) => {
    const { s3 } = user
    const answers = await Promise.all([
      allowed(read(s3, Bucket)),
      allowed(s3.send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'x' }))),
      allowed(s3.send(new ListObjectsV2Command({ Bucket }))),
    ])
    return ['r', 'w', 'l'].filter((_, at) => answers[at]).join('')
  }

  test('without a policy nothing; with one attached what it says; nothing when it is gone', async () => {
    assert.equal(await may('one'), '')
    const PolicyArn = await managed('ReadOne', allow('s3:GetObject', 'arn:aws:s3:::one/*'))
    await iam.send(new AttachUserPolicyCommand({ UserName: 'Ulla', PolicyArn }))
    assert.deepStrictEqual([await may('one'), await may('two')], ['r', ''])
    await iam.send(new DetachUserPolicyCommand({ UserName: 'Ulla', PolicyArn }))
    assert.equal(await may('one'), '')
  })

  test('another version in force is another policy', async () => {
    const PolicyArn = await managed('Changing', allow('s3:GetObject', 'arn:aws:s3:::one/*'))
    await iam.send(new AttachUserPolicyCommand({ UserName: 'ulla', PolicyArn }))
    const PolicyDocument = policyText(allow('s3:PutObject', 'arn:aws:s3:::two/*'))
    await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument }))
    assert.deepStrictEqual([await may('one'), await may('two')], ['r', ''])
    await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v2' }))
    assert.deepStrictEqual([await may('one'), await may('two')], ['', 'w'])
    await iam.send(new DetachUserPolicyCommand({ UserName: 'Ulla', PolicyArn }))
  })

  test("a group's policies are its members': inline and attached, of AWS too", async () => {
    const GroupName = 'Readers'
    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
    await iam.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn }))
    assert.deepStrictEqual([await may('one'), await may('two')], ['rl', 'rl'])
    const PolicyDocument = policyText(deny('s3:*', ['arn:aws:s3:::two', 'arn:aws:s3:::two/*']))
    const inline = { GroupName, PolicyName: 'NotTwo' }
    await iam.send(new PutGroupPolicyCommand({ ...inline, PolicyDocument }))
    assert.deepStrictEqual([await may('one'), await may('two')], ['rl', ''])
    await iam.send(new DetachGroupPolicyCommand({ GroupName, PolicyArn }))
    await iam.send(new DeleteGroupPolicyCommand(inline))
    assert.equal(await may('one'), '')
  })

  test('a boundary takes away and gives nothing; without it all is as before', async () => {
    const inline = { UserName: 'Ulla', PolicyName: 'All' }
    const PolicyDocument = policyText(allow('s3:*'))
    await iam.send(new PutUserPolicyCommand({ ...inline, PolicyDocument }))
    assert.deepStrictEqual([await may('one'), await may('two')], ['rwl', 'rwl'])
    const PermissionsBoundary = await managed(
      'AtMost',
      allow(['s3:GetObject', 'iam:*'], ['arn:aws:s3:::one/*', '*']),
      deny('s3:GetObject', 'arn:aws:s3:::two/*'),
    )
    await iam.send(new PutUserPermissionsBoundaryCommand({ UserName: 'Ulla', PermissionsBoundary }))
    assert.deepStrictEqual([await may('one'), await may('two')], ['r', ''])
    await refusedWith(user.iam.send(new ListPoliciesCommand({})), 'AccessDenied', 403)
    await iam.send(new DeleteUserPermissionsBoundaryCommand({ UserName: 'Ulla' }))
    assert.deepStrictEqual([await may('one'), await may('two')], ['rwl', 'rwl'])
    await iam.send(new DeleteUserPolicyCommand(inline))
    assert.equal(await may('one'), '')
  })

  test('on IAM itself: by resource, by the policy that is attached, by the boundary', async () => {
    await server.addUser('Helga')
    const PolicyArn = await managed('Harmless', allow('s3:GetObject'))
    const other = await managed('Harmful', allow('*'))
    const inline = { UserName: 'Ulla', PolicyName: 'Delegated' }
    const PolicyDocument = policyText(
      {
        ...allow('iam:AttachUserPolicy', own('user', 'H*')),
        Condition: { ArnEquals: { 'iam:PolicyARN': PolicyArn } },
      },
      {
        ...allow('iam:PutUserPolicy', own('user', 'Helga')),
        Condition: { StringEquals: { 'iam:PermissionsBoundary': PolicyArn } },
      },
    )
    await iam.send(new PutUserPolicyCommand({ ...inline, PolicyDocument }))
    const attach = (UserName: string, arn: string) =>
      user.iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: arn }))
    await attach('Helga', PolicyArn)
    const message = await refusedWith(attach('Helga', other), 'AccessDenied', 403)
    assert.equal(
      message,
      `User: ${own('user', 'Ulla')} is not authorized to perform: iam:AttachUserPolicy on resource: ${own('user', 'Helga')}`,
    )
    await refusedWith(attach('Ulla', PolicyArn), 'AccessDenied', 403)
    // Whether somebody is there is told to those alone who may ask.
    await refusedWith(attach('Nobody', PolicyArn), 'AccessDenied', 403)
    await refusedWith(attach('Hubert', PolicyArn), 'NoSuchEntity', 404)
    const put = () =>
      user.iam.send(
        new PutUserPolicyCommand({ UserName: 'Helga', PolicyName: 'p', PolicyDocument }),
      )
    await refusedWith(put(), 'AccessDenied', 403)
    await iam.send(
      new PutUserPermissionsBoundaryCommand({ UserName: 'Helga', PermissionsBoundary: PolicyArn }),
    )
    await put()
    const denied = [
      user.iam.send(new ListUserPoliciesCommand({ UserName: 'Helga' })),
      user.iam.send(new GetPolicyCommand({ PolicyArn })),
      user.iam.send(new GetPolicyCommand({ PolicyArn: own('policy', 'NoSuch') })),
    ]
    for (const each of denied) await refusedWith(each, 'AccessDenied', 403)
    await iam.send(new DeleteUserPolicyCommand(inline))
  })

  test('conditions on tags, given and there', async () => {
    const inline = { UserName: 'Ulla', PolicyName: 'Tags' }
    const PolicyDocument = policyText(
      {
        ...allow(['iam:CreatePolicy', 'iam:TagPolicy']),
        Condition: { StringEquals: { 'aws:RequestTag/team': 'blue' } },
      },
      {
        ...allow('iam:GetPolicy'),
        Condition: { StringEquals: { 'aws:ResourceTag/team': 'blue' } },
      },
    )
    await iam.send(new PutUserPolicyCommand({ ...inline, PolicyDocument }))
    const create = (PolicyName: string, ...teams: string[]) =>
      user.iam.send(
        new CreatePolicyCommand({
          ...{ PolicyName, PolicyDocument: policyText(allow('s3:GetObject')) },
          Tags: teams.map((Value) => ({ Key: 'team', Value })),
        }),
      )
    await create('Blue', 'blue')
    await refusedWith(create('Red', 'red'), 'AccessDenied', 403)
    await refusedWith(create('Plain'), 'AccessDenied', 403)
    await user.iam.send(new GetPolicyCommand({ PolicyArn: own('policy', 'Blue') }))
    const harmless = new GetPolicyCommand({ PolicyArn: own('policy', 'Harmless') })
    await refusedWith(user.iam.send(harmless), 'AccessDenied', 403)
    await iam.send(new DeleteUserPolicyCommand(inline))
  })
})

/** Whoever does not read to the end keeps a connection. */
async function read(s3: Clients['s3'], Bucket: string): Promise<void> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'key' }))
  await Body?.transformToByteArray()
}

async function allowed(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer
    return true
  } catch (cause) {
    assert.ok(cause instanceof S3ServiceException, String(cause))
    assert.equal(cause.name, 'AccessDenied')
    return false
  }
}
