// `aws iam` as an administrator types it: a user who may read one bucket by way of a group, from his first key to his last.
import assert from 'node:assert'
import { writeFileSync } from 'node:fs'
import { describe } from '../support/describe.ts'
import { awsFor } from './aws-cli-client.ts'
import { ClientServer } from './client-server.ts'
import { type Client, describeWithClient } from './run-client.ts'

function iamCliTests(): void {
  describe('the AWS command line on users and groups', (test) => {
    let server: ClientServer
    let aws: Client
    const iam = async (...argv: readonly string[]) => {
      const printed = await aws.run('iam', ...argv)
      return printed === '' ? {} : JSON.parse(printed)
    }
    test.before(async () => {
      server = await ClientServer.start(1)
      aws = awsFor(server)
    })
    test.after(() => server.close())

    test('a new user reads the bucket that his group may read, and nothing else', async () => {
      await aws.run('s3', 'mb', 's3://reports')
      writeFileSync(server.path('report'), 'all is well')
      await aws.run('s3', 'cp', '--no-progress', 'report', 's3://reports/report')
      const user = ['--user-name', 'ann']
      const { User } = await iam('create-user', ...user, '--tags', 'Key=team,Value=red')
      assert.match(User.Arn, /^arn:aws:iam::\d{12}:user\/ann$/)
      await iam('create-group', '--group-name', 'readers')
      const policy = JSON.stringify({
        Version: '2012-10-17',
        Statement: {
          ...{ Effect: 'Allow', Action: ['s3:GetObject', 's3:ListBucket'] },
          Resource: ['arn:aws:s3:::reports', 'arn:aws:s3:::reports/*'],
        },
      })
      await iam(
        ...['put-group-policy', '--group-name', 'readers', '--policy-name', 'read'],
        ...['--policy-document', policy],
      )
      await iam('add-user-to-group', ...user, '--group-name', 'readers')
      const { AccessKey } = await iam('create-access-key', ...user)
      const own = awsFor(server, '--profile', 'ann')
      for (const [setting, value] of [
        ['aws_access_key_id', AccessKey.AccessKeyId],
        ['aws_secret_access_key', AccessKey.SecretAccessKey],
      ]) {
        await own.run('configure', 'set', setting, value)
      }
      assert.strictEqual(await own.run('s3', 'cp', 's3://reports/report', '-'), 'all is well')
      assert.match(await own.fails('s3', 'cp', 'report', 's3://reports/other'), /AccessDenied/)
      assert.match(await own.fails('iam', 'list-users'), /AccessDenied/)
      await iam('remove-user-from-group', ...user, '--group-name', 'readers')
      assert.match(await own.fails('s3', 'cp', 's3://reports/report', '-'), /40[34]|AccessDenied/)
    })

    test('he is shown with all he has, and deleted when he has nothing any more', async () => {
      const user = ['--user-name', 'ann']
      const { Users } = await iam('list-users')
      assert.deepStrictEqual(
        Users.map(({ UserName }: { readonly UserName: string }) => UserName),
        ['ann'],
      )
      assert.deepStrictEqual((await iam('list-user-tags', ...user)).Tags, [
        { Key: 'team', Value: 'red' },
      ])
      await iam('update-user', ...user, '--new-user-name', 'anna')
      const now = ['--user-name', 'anna']
      assert.match(await aws.fails('iam', 'delete-user', ...now), /DeleteConflict/)
      const { AccessKeyMetadata } = await iam('list-access-keys', ...now)
      const [{ AccessKeyId }] = AccessKeyMetadata
      const key = ['--access-key-id', AccessKeyId]
      const used = await iam('get-access-key-last-used', ...key)
      assert.strictEqual(used.UserName, 'anna')
      await iam('update-access-key', ...now, ...key, '--status', 'Inactive')
      await iam('delete-access-key', ...now, ...key)
      await iam('create-login-profile', ...now, '--password', 'Correct-horse-1')
      await iam('delete-login-profile', ...now)
      await iam('delete-user', ...now)
      assert.match(await aws.fails('iam', 'get-user', ...now), /NoSuchEntity/)
      await iam('delete-group-policy', '--group-name', 'readers', '--policy-name', 'read')
      await iam('delete-group', '--group-name', 'readers')
      const { SummaryMap } = await iam('get-account-summary')
      assert.deepStrictEqual([SummaryMap.Users, SummaryMap.Groups], [0, 0])
    })
  })
}

describeWithClient({ name: 'aws cli', probe: ['aws', '--version'] }, iamCliTests)
