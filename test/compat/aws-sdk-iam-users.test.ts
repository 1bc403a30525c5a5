// The AWS SDK for JavaScript: users, groups, access keys, passwords and the account.
import assert from 'node:assert'
import {
  AddUserToGroupCommand,
  ChangePasswordCommand,
  CreateAccessKeyCommand,
  CreateAccountAliasCommand,
  CreateGroupCommand,
  CreateLoginProfileCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteAccountAliasCommand,
  DeleteAccountPasswordPolicyCommand,
  DeleteGroupCommand,
  DeleteLoginProfileCommand,
  DeleteUserCommand,
  GetAccessKeyLastUsedCommand,
  GetAccountPasswordPolicyCommand,
  GetAccountSummaryCommand,
  GetGroupCommand,
  GetLoginProfileCommand,
  GetUserCommand,
  type IAMClient,
  ListAccessKeysCommand,
  ListAccountAliasesCommand,
  ListGroupsCommand,
  ListGroupsForUserCommand,
  ListMFADevicesCommand,
  ListServiceSpecificCredentialsCommand,
  ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand,
  ListUsersCommand,
  ListUserTagsCommand,
  ListVirtualMFADevicesCommand,
  paginateGetGroup,
  paginateListUsers,
  RemoveUserFromGroupCommand,
  TagUserCommand,
  UntagUserCommand,
  UpdateAccessKeyCommand,
  UpdateAccountPasswordPolicyCommand,
  UpdateGroupCommand,
  UpdateLoginProfileCommand,
  UpdateUserCommand,
} from '@aws-sdk/client-iam'
import { ListBucketsCommand } from '@aws-sdk/client-s3'
import { until } from '../support/bounded-wait.ts'
import { describe } from '../support/describe.ts'
import { rejectsWith, sdkFor } from './aws-sdk-client.ts'
import { iamFor, refusedByIam } from './aws-sdk-iam-client.ts'
import { ClientServer, workerCounts } from './client-server.ts'

const Password = 'Correct-horse-1'

function iamTests(workers: number): void {
  describe(`the AWS SDK on users and groups, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let iam: IAMClient
    test.before(async () => {
      server = await ClientServer.start(workers)
      iam = iamFor(server)
    })
    test.after(async () => {
      iam.destroy()
      await server.close()
    })

    test('a user is made, found, tagged, renamed and deleted', async () => {
      const Tags = [{ Key: 'team', Value: 'red' }]
      const PermissionsBoundary = 'arn:aws:iam::aws:policy/AmazonS3FullAccess'
      const UserName = 'alice'
      const { User: made } = await iam.send(
        new CreateUserCommand({ UserName, Path: '/people/', Tags, PermissionsBoundary }),
      )
      assert.deepStrictEqual(
        [made?.UserName, made?.Path, made?.Tags, made?.PermissionsBoundary?.PermissionsBoundaryArn],
        [UserName, '/people/', Tags, PermissionsBoundary],
      )
      assert.match(made?.Arn ?? '', /^arn:aws:iam::\d{12}:user\/people\/alice$/)
      assert.ok(Math.abs((made?.CreateDate?.getTime() ?? 0) - Date.now()) < 600_000)
      const { User: found } = await iam.send(new GetUserCommand({ UserName }))
      assert.deepStrictEqual(found, made)
      await refusedByIam(iam.send(new CreateUserCommand({ UserName })), 'EntityAlreadyExists', 409)
      const more = [
        { Key: 'team', Value: 'blue' },
        { Key: 'cost center', Value: '' },
      ]
      await iam.send(new TagUserCommand({ UserName, Tags: more }))
      await iam.send(new UntagUserCommand({ UserName, TagKeys: ['cost center'] }))
      const { Tags: left } = await iam.send(new ListUserTagsCommand({ UserName }))
      assert.deepStrictEqual(left, [{ Key: 'team', Value: 'blue' }])
      await iam.send(new UpdateUserCommand({ UserName, NewUserName: 'Alicia', NewPath: '/' }))
      await refusedByIam(iam.send(new GetUserCommand({ UserName })), 'NoSuchEntity', 404)
      await iam.send(new DeleteUserCommand({ UserName: 'Alicia' }))
      await refusedByIam(
        iam.send(new DeleteUserCommand({ UserName: 'Alicia' })),
        'NoSuchEntity',
        404,
      )
    })

    test('without a name, the caller is told of himself', async () => {
      const { User: root } = await iam.send(new GetUserCommand({}))
      assert.match(root?.Arn ?? '', /^arn:aws:iam::\d{12}:root$/)
    })

    test('users and members of groups come in pages', async () => {
      const names = Array.from({ length: 7 }, (_, i) => `paged-${i}`)
      await iam.send(new CreateGroupCommand({ GroupName: 'paged' }))
      for (const UserName of names) {
        await iam.send(new CreateUserCommand({ UserName, Path: '/paged/' }))
        await iam.send(new AddUserToGroupCommand({ UserName, GroupName: 'paged' }))
      }
      const asked = { client: iam, pageSize: 3 }
      const users: (string | undefined)[] = []
      for await (const page of paginateListUsers(asked, { PathPrefix: '/paged/' })) {
        users.push(...(page.Users ?? []).map(({ UserName }) => UserName))
      }
      assert.deepStrictEqual(users, names)
      const members: (string | undefined)[] = []
      for await (const page of paginateGetGroup(asked, { GroupName: 'paged' })) {
        members.push(...(page.Users ?? []).map(({ UserName }) => UserName))
      }
      assert.deepStrictEqual(members, names)
    })

    test('a group is made, joined, renamed, left and deleted', async () => {
      const UserName = 'member'
      await iam.send(new CreateUserCommand({ UserName }))
      const { Group: made } = await iam.send(
        new CreateGroupCommand({ GroupName: 'Readers', Path: '/g/' }),
      )
      assert.match(made?.Arn ?? '', /:group\/g\/Readers$/)
      const joined = { UserName, GroupName: 'Readers' }
      await iam.send(new AddUserToGroupCommand(joined))
      const { Groups } = await iam.send(new ListGroupsForUserCommand({ UserName }))
      assert.deepStrictEqual(Groups, [made])
      await refusedByIam(
        iam.send(new DeleteGroupCommand({ GroupName: 'Readers' })),
        'DeleteConflict',
        409,
      )
      await refusedByIam(iam.send(new DeleteUserCommand({ UserName })), 'DeleteConflict', 409)
      await iam.send(new UpdateGroupCommand({ GroupName: 'Readers', NewGroupName: 'Writers' }))
      const { Group, Users } = await iam.send(new GetGroupCommand({ GroupName: 'Writers' }))
      assert.deepStrictEqual([Group?.GroupId, Users?.[0]?.UserName], [made?.GroupId, UserName])
      const { Groups: all } = await iam.send(new ListGroupsCommand({ PathPrefix: '/g/' }))
      assert.deepStrictEqual(
        all?.map(({ GroupName }) => GroupName),
        ['Writers'],
      )
      await iam.send(new RemoveUserFromGroupCommand({ UserName, GroupName: 'Writers' }))
      await iam.send(new DeleteGroupCommand({ GroupName: 'Writers' }))
      await refusedByIam(
        iam.send(new GetGroupCommand({ GroupName: 'Writers' })),
        'NoSuchEntity',
        404,
      )
    })

    test('a key opens at once in every process; made inactive, soon in none', async () => {
      const UserName = 'keyed'
      await iam.send(new CreateUserCommand({ UserName }))
      const { AccessKey: made } = await iam.send(new CreateAccessKeyCommand({ UserName }))
      const { AccessKeyId = '', SecretAccessKey = '' } = made ?? {}
      const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey }
      const s3 = sdkFor(server, { credentials })
      const outcomes = async () => {
        const all = await Promise.allSettled(
          Array.from({ length: 8 }, () => s3.send(new ListBucketsCommand({}))),
        )
        return new Set(
          all.map((each) => (each.status === 'rejected' ? String(each.reason.name) : 'done')),
        )
      }
      assert.deepStrictEqual(await outcomes(), new Set(['AccessDenied']))
      const { AccessKeyMetadata } = await iam.send(new ListAccessKeysCommand({ UserName }))
      assert.deepStrictEqual(
        AccessKeyMetadata?.map((key) => [key.UserName, key.AccessKeyId, key.Status]),
        [[UserName, AccessKeyId, 'Active']],
      )
      await until({
        for: 'a use of the key that is noted',
        holds: async () => {
          const used = await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }))
          return used.AccessKeyLastUsed?.ServiceName === 's3' && used.UserName === UserName
        },
      })
      await iam.send(new CreateAccessKeyCommand({ UserName }))
      await refusedByIam(iam.send(new CreateAccessKeyCommand({ UserName })), 'LimitExceeded', 409)
      await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Inactive' }))
      await until({
        for: 'a key that opens nothing in any process',
        holds: async () => {
          const told = await outcomes()
          return told.size === 1 && told.has('InvalidAccessKeyId')
        },
      })
      await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }))
      await rejectsWith(s3.send(new ListBucketsCommand({})), 'InvalidAccessKeyId', 403)
      s3.destroy()
    })

    test('a user has a password, which he may change himself where the policy says so', async () => {
      const UserName = 'signs-in'
      await iam.send(new CreateUserCommand({ UserName }))
      const { LoginProfile } = await iam.send(
        new CreateLoginProfileCommand({ UserName, Password, PasswordResetRequired: true }),
      )
      assert.strictEqual(LoginProfile?.PasswordResetRequired, true)
      const { LoginProfile: found } = await iam.send(new GetLoginProfileCommand({ UserName }))
      assert.deepStrictEqual(found, LoginProfile)
      await refusedByIam(
        iam.send(new UpdateLoginProfileCommand({ UserName, Password: 'short' })),
        'PasswordPolicyViolation',
        400,
      )
      await iam.send(new UpdateLoginProfileCommand({ UserName, PasswordResetRequired: false }))
      await refusedByIam(iam.send(new GetAccountPasswordPolicyCommand({})), 'NoSuchEntity', 404)
      await iam.send(
        new UpdateAccountPasswordPolicyCommand({
          ...{ AllowUsersToChangePassword: true, MinimumPasswordLength: 12, MaxPasswordAge: 30 },
        }),
      )
      const { PasswordPolicy } = await iam.send(new GetAccountPasswordPolicyCommand({}))
      assert.strictEqual(PasswordPolicy?.MinimumPasswordLength, 12)
      assert.strictEqual(PasswordPolicy?.ExpirePasswords, true)
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
      const own = iamFor(server, {
        accessKeyId: AccessKey?.AccessKeyId ?? '',
        secretAccessKey: AccessKey?.SecretAccessKey ?? '',
      })
      const change = { OldPassword: Password, NewPassword: 'another-horse' }
      await own.send(new ChangePasswordCommand(change))
      await refusedByIam(own.send(new ChangePasswordCommand(change)), 'AccessDenied', 403)
      own.destroy()
      await iam.send(new DeleteAccountPasswordPolicyCommand({}))
      await iam.send(new DeleteLoginProfileCommand({ UserName }))
      await refusedByIam(iam.send(new GetLoginProfileCommand({ UserName })), 'NoSuchEntity', 404)
    })

    test('the account has an alias and a summary, and lists of what there is none of', async () => {
      await iam.send(new CreateAccountAliasCommand({ AccountAlias: 'our-store' }))
      const { AccountAliases } = await iam.send(new ListAccountAliasesCommand({}))
      assert.deepStrictEqual(AccountAliases, ['our-store'])
      await iam.send(new DeleteAccountAliasCommand({ AccountAlias: 'our-store' }))
      const { SummaryMap } = await iam.send(new GetAccountSummaryCommand({}))
      const { Users = [] } = await iam.send(new ListUsersCommand({}))
      assert.strictEqual(SummaryMap?.Users, Users.length)
      const UserName = 'member'
      const { MFADevices } = await iam.send(new ListMFADevicesCommand({ UserName }))
      const { SSHPublicKeys } = await iam.send(new ListSSHPublicKeysCommand({ UserName }))
      const { Certificates } = await iam.send(new ListSigningCertificatesCommand({ UserName }))
      const { ServiceSpecificCredentials } = await iam.send(
        new ListServiceSpecificCredentialsCommand({ UserName }),
      )
      const { VirtualMFADevices } = await iam.send(new ListVirtualMFADevicesCommand({}))
      for (const list of [
        ...[MFADevices, SSHPublicKeys, Certificates, ServiceSpecificCredentials],
        VirtualMFADevices,
      ]) {
        assert.deepStrictEqual(list, [])
      }
    })
  })
}

for (const workers of workerCounts) iamTests(workers)
