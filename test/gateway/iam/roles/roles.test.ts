// Roles and the issuers of tokens that they trust, through AWS's client.
import assert from 'node:assert'
import {
  AddClientIDToOpenIDConnectProviderCommand,
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  type CreateRoleCommandInput,
  DeleteOpenIDConnectProviderCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  ListInstanceProfilesForRoleCommand,
  ListOpenIDConnectProvidersCommand,
  ListOpenIDConnectProviderTagsCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  paginateListRoles,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagOpenIDConnectProviderCommand,
  TagRoleCommand,
  UntagOpenIDConnectProviderCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
  UpdateRoleCommand,
  UpdateRoleDescriptionCommand,
} from '@aws-sdk/client-iam'
import { describe } from '../../../support/describe.ts'
import {
  account,
  allow,
  type Clients,
  IamServer,
  own,
  policyText,
  refusedWith,
  tenantId,
  trustText,
} from '../iam-server.ts'

const readOnly = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'

describe('roles', (test) => {
  let server: IamServer
  let iam: Clients['iam']
  test.before(async () => {
    server = await IamServer.start()
    iam = server.root.iam
  })
  test.after(() => server.stop())

  const create = (RoleName: string, more: Partial<CreateRoleCommandInput> = {}) =>
    iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustText(), ...more }))
  const get = async (RoleName: string) => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }))
    return Role ?? assert.fail('no role')
  }

  test('one is created with all that it can have, shown so, and its name is taken', async () => {
    const input = {
      ...{ RoleName: 'Worker', Path: '/team/x/', Description: 'Does <work>\nand more' },
      ...{ AssumeRolePolicyDocument: trustText(), MaxSessionDuration: 7200 },
      ...{ PermissionsBoundary: readOnly, Tags: [{ Key: 'a', Value: 'b' }] },
    }
    const { Role: created } = await iam.send(new CreateRoleCommand(input))
    assert.match(created?.RoleId ?? '', /^AROA[A-Z2-7]{17}$/)
    const { CreateDate, AssumeRolePolicyDocument, ...rest } = await get('worker')
    assert.ok(CreateDate instanceof Date)
    assert.equal(decodeURIComponent(AssumeRolePolicyDocument ?? ''), trustText())
    assert.deepStrictEqual(rest, {
      ...{ Path: '/team/x/', RoleName: 'Worker', RoleId: created?.RoleId },
      ...{ Arn: own('role', 'team/x/Worker'), Description: 'Does <work>\nand more' },
      ...{ MaxSessionDuration: 7200, Tags: [{ Key: 'a', Value: 'b' }] },
      PermissionsBoundary: {
        ...{ PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: readOnly },
      },
    })
    const message = await refusedWith(create('WORKER'), 'EntityAlreadyExists', 409)
    assert.equal(message, 'Role with name WORKER already exists.')
  })

  test('what is no trust policy is refused with the place; so is whom it names who is not there', async () => {
    const refuse = (principal: unknown) =>
      refusedWith(
        create('Refused', { AssumeRolePolicyDocument: trustText(principal) }),
        ...(['MalformedPolicyDocument', 400] as const),
      )
    assert.match(await refuse({ AWS: 'nobody' }), /^Invalid principal in policy: .*Principal\.AWS/)
    const absent = own('user', 'Absent')
    assert.equal(await refuse({ AWS: absent }), `Invalid principal in policy: "AWS":"${absent}"`)
    await refuse({ AWS: own('role', 'Absent') })
    await server.addUser('There')
    // Its ARN has another path.
    await refuse({ AWS: own('user', 'a/There') })
    await create('Trusting', {
      AssumeRolePolicyDocument: trustText({
        AWS: [own('user', 'There'), 'arn:aws:iam::999999999999:user/Whoever', account],
        Federated: `arn:aws:iam::${account}:oidc-provider/issuer.example`,
      }),
    })
    const PolicyDocument = policyText(allow('s3:GetObject'))
    const inputs = { RoleName: 'Trusting', PolicyDocument }
    const update = iam.send(new UpdateAssumeRolePolicyCommand(inputs))
    assert.match(await refusedWith(update, 'MalformedPolicyDocument', 400), /Principal/)
    const long = trustText({ AWS: Array.from({ length: 400 }, () => account) })
    const tooLong = create('Refused', { AssumeRolePolicyDocument: long })
    assert.match(await refusedWith(tooLong, 'LimitExceeded', 409), /ACLSizePerRole/)
  })

  test('it is updated: description, duration, whom it trusts', async () => {
    await create('Updated', { Description: 'before', MaxSessionDuration: 43_200 })
    const RoleName = 'Updated'
    await iam.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 5000 }))
    const shown = async () => {
      const { Description, MaxSessionDuration } = await get(RoleName)
      return [Description, MaxSessionDuration]
    }
    assert.deepStrictEqual(await shown(), ['before', 5000])
    await iam.send(new UpdateRoleCommand({ RoleName, Description: 'after' }))
    assert.deepStrictEqual(await shown(), ['after', 3600])
    const described = new UpdateRoleDescriptionCommand({ RoleName, Description: 'last' })
    assert.equal((await iam.send(described)).Role?.Description, 'last')
    const PolicyDocument = trustText({ AWS: '*' })
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }))
    const { AssumeRolePolicyDocument = '' } = await get(RoleName)
    assert.equal(decodeURIComponent(AssumeRolePolicyDocument), PolicyDocument)
    const short = iam.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 3599 }))
    await refusedWith(short, 'ValidationError', 400)
  })

  test('it is deleted when nothing is attached to it, and its boundary is free then', async () => {
    const RoleName = 'Leaving'
    const { Policy } = await iam.send(
      new CreatePolicyCommand({
        ...{ PolicyName: 'Bound', PolicyDocument: policyText(allow('s3:*')) },
      }),
    )
    const PolicyArn = Policy?.Arn ?? assert.fail('no ARN')
    await create(RoleName, { PermissionsBoundary: PolicyArn })
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: readOnly }))
    const inline = { RoleName, PolicyName: 'Own' }
    const PolicyDocument = policyText(allow('s3:*'))
    await iam.send(new PutRolePolicyCommand({ ...inline, PolicyDocument }))
    const remove = () => iam.send(new DeleteRoleCommand({ RoleName }))
    assert.match(await refusedWith(remove(), 'DeleteConflict', 409), /must detach all policies/)
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: readOnly }))
    assert.match(await refusedWith(remove(), 'DeleteConflict', 409), /must delete policies first/)
    await iam.send(new DeleteRolePolicyCommand(inline))
    await refusedWith(iam.send(new DeletePolicyCommand({ PolicyArn })), 'DeleteConflict', 409)
    await remove()
    await refusedWith(remove(), 'NoSuchEntity', 404)
    await iam.send(new DeletePolicyCommand({ PolicyArn }))
    const { entries } = await server.identities.list(tenantId, 'attachment', { limit: 100 })
    assert.deepStrictEqual(
      entries.filter(({ document }) => document.name === RoleName),
      [],
    )
  })

  test('a boundary is put, replaced and taken away', async () => {
    const RoleName = 'Bounded'
    await create(RoleName)
    const put = (PermissionsBoundary: string) =>
      iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }))
    const absent = own('policy', 'Absent')
    assert.match(await refusedWith(put(absent), 'NoSuchEntity', 404), /^Scope ARN: /)
    await put(readOnly)
    await put('arn:aws:iam::aws:policy/ReadOnlyAccess')
    const { PermissionsBoundary } = await get(RoleName)
    assert.match(PermissionsBoundary?.PermissionsBoundaryArn ?? '', /ReadOnlyAccess$/)
    const remove = () => iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }))
    await remove()
    await remove()
    assert.equal((await get(RoleName)).PermissionsBoundary, undefined)
    const { entries } = await server.identities.list(tenantId, 'attachment', { limit: 100 })
    assert.deepStrictEqual(
      entries.filter(({ document }) => document.name === RoleName),
      [],
    )
  })

  test('lists by path, in pages; tags; instance profiles, of which there are none', async () => {
    for (const name of ['a', 'b', 'c']) await create(`Listed-${name}`, { Path: '/listed/' })
    const names: (string | undefined)[] = []
    const asked = { PathPrefix: '/listed' }
    for await (const page of paginateListRoles({ client: iam, pageSize: 2 }, asked)) {
      names.push(...(page.Roles ?? []).map(({ RoleName }) => RoleName))
    }
    assert.deepStrictEqual(names, ['Listed-a', 'Listed-b', 'Listed-c'])
    const { Roles = [] } = await iam.send(new ListRolesCommand({ PathPrefix: '/none/' }))
    assert.deepStrictEqual(Roles, [])
    const RoleName = 'listed-A'
    const Tags = [
      { Key: 'x', Value: '1' },
      { Key: 'y', Value: '' },
    ]
    await iam.send(new TagRoleCommand({ RoleName, Tags }))
    await iam.send(new UntagRoleCommand({ RoleName, TagKeys: ['x'] }))
    const found = await iam.send(new ListRoleTagsCommand({ RoleName }))
    assert.deepStrictEqual(found.Tags, [{ Key: 'y', Value: '' }])
    const profiles = await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName }))
    assert.deepStrictEqual([profiles.InstanceProfiles, profiles.IsTruncated], [[], false])
    const none = iam.send(new ListRoleTagsCommand({ RoleName: 'none' }))
    const message = await refusedWith(none, 'NoSuchEntity', 404)
    assert.equal(message, 'The role with name none cannot be found.')
  })

  test('a description that XML could not hold, and names that are none, are refused', async () => {
    const wrong: Partial<CreateRoleCommandInput>[] = [
      ...[{ Description: 'a\u0001b' }, { RoleName: 'a b' }, { RoleName: 'a/b' }, { RoleName: 'ä' }],
      ...[{ RoleName: 'x'.repeat(65) }, { Path: 'no/slash' }, { Path: '/a b/' }],
      ...[{ MaxSessionDuration: 43_201 }, { AssumeRolePolicyDocument: '{"ü": "\u0142"}' }],
    ]
    for (const more of wrong) await refusedWith(create('Odd', more), 'ValidationError', 400)
  })
})

describe('issuers of tokens', (test) => {
  let server: IamServer
  let iam: Clients['iam']
  test.before(async () => {
    server = await IamServer.start()
    iam = server.root.iam
  })
  test.after(() => server.stop())

  const thumbprint = '0123456789abcdef0123456789ABCDEF01234567'

  test('one is created under its URL, shown, changed and deleted', async () => {
    const { OpenIDConnectProviderArn, Tags } = await iam.send(
      new CreateOpenIDConnectProviderCommand({
        ...{ Url: 'https://Login.Example:8443/realms/One', ClientIDList: ['app', 'app'] },
        ...{ ThumbprintList: [thumbprint], Tags: [{ Key: 'a', Value: 'b' }] },
      }),
    )
    const arn = `arn:aws:iam::${account}:oidc-provider/login.example:8443/realms/One`
    assert.deepStrictEqual([OpenIDConnectProviderArn, Tags], [arn, [{ Key: 'a', Value: 'b' }]])
    const named = { OpenIDConnectProviderArn: arn }
    await iam.send(new AddClientIDToOpenIDConnectProviderCommand({ ...named, ClientID: 'two' }))
    await iam.send(new AddClientIDToOpenIDConnectProviderCommand({ ...named, ClientID: 'two' }))
    await iam.send(
      new RemoveClientIDFromOpenIDConnectProviderCommand({ ...named, ClientID: 'app' }),
    )
    await iam.send(
      new RemoveClientIDFromOpenIDConnectProviderCommand({ ...named, ClientID: 'app' }),
    )
    const ThumbprintList = [thumbprint.toLowerCase()]
    await iam.send(new UpdateOpenIDConnectProviderThumbprintCommand({ ...named, ThumbprintList }))
    const newTag = [{ Key: 'c', Value: 'd' }]
    await iam.send(new TagOpenIDConnectProviderCommand({ ...named, Tags: newTag }))
    await iam.send(new UntagOpenIDConnectProviderCommand({ ...named, TagKeys: ['a'] }))
    const { CreateDate, $metadata, ...found } = await iam.send(
      new GetOpenIDConnectProviderCommand(named),
    )
    assert.ok(CreateDate instanceof Date && $metadata.httpStatusCode === 200)
    assert.deepStrictEqual(found, {
      ...{ Url: 'login.example:8443/realms/One', ClientIDList: ['two'], ThumbprintList },
      Tags: newTag,
    })
    const tags = await iam.send(new ListOpenIDConnectProviderTagsCommand(named))
    assert.deepStrictEqual(tags.Tags, newTag)
    const all = await iam.send(new ListOpenIDConnectProvidersCommand({}))
    assert.deepStrictEqual(all.OpenIDConnectProviderList, [{ Arn: arn }])
    await iam.send(new DeleteOpenIDConnectProviderCommand(named))
    await iam.send(new DeleteOpenIDConnectProviderCommand(named))
    await refusedWith(iam.send(new GetOpenIDConnectProviderCommand(named)), 'NoSuchEntity', 404)
  })

  test('what is no issuer, or there already, or too much, is refused', async () => {
    const create = (Url: string, more: object = {}) =>
      iam.send(new CreateOpenIDConnectProviderCommand({ Url, ...more }))
    for (const url of [
      ...['http://a.example', 'https://', 'https://a.example/?x=1', 'https://a.example/#x'],
      ...['https://user@a.example', 'https://a b', 'https://a.example/%2e', 'https://ä.example'],
    ]) {
      await refusedWith(create(url), 'ValidationError', 400)
    }
    await create('https://a.example/')
    await refusedWith(create('https://A.example/'), 'EntityAlreadyExists', 409)
    await create('https://a.example')
    const many = Array.from({ length: 101 }, (_, at) => `client-${at}`)
    await refusedWith(create('https://b.example', { ClientIDList: many }), 'LimitExceeded', 409)
    const ThumbprintList = ['no digest']
    await refusedWith(create('https://b.example', { ThumbprintList }), 'ValidationError', 400)
    const six = Array.from({ length: 6 }, () => thumbprint)
    await refusedWith(create('https://b.example', { ThumbprintList: six }), 'InvalidInput', 400)
    const wrong = { OpenIDConnectProviderArn: own('role', 'some-role') }
    await refusedWith(iam.send(new GetOpenIDConnectProviderCommand(wrong)), 'InvalidInput', 400)
    const other = { OpenIDConnectProviderArn: 'arn:aws:iam::999999999999:oidc-provider/a.example' }
    await refusedWith(iam.send(new GetOpenIDConnectProviderCommand(other)), 'NoSuchEntity', 404)
  })
})
