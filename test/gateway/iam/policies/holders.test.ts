// Policies of users, groups and roles, attached and inline: limits, lists, and who is found to have them.
import assert from 'node:assert'
import {
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteGroupPolicyCommand,
  DeleteRolePolicyCommand,
  DeleteUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  GetAccountAuthorizationDetailsCommand,
  type GetAccountAuthorizationDetailsResponse,
  GetGroupPolicyCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListEntitiesForPolicyCommand,
  type ListEntitiesForPolicyCommandInput,
  ListGroupPoliciesCommand,
  ListRolePoliciesCommand,
  ListUserPoliciesCommand,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { describe } from '../../../support/describe.ts'
import {
  allow,
  type Clients,
  IamServer,
  own,
  policyText,
  refusedWith,
  trustText,
} from '../iam-server.ts'

const text = policyText(allow('s3:GetObject'))

describe('policies of users, groups and roles', (test) => {
  let server: IamServer
  let iam: Clients['iam']
  test.before(async () => {
    server = await IamServer.start()
    iam = server.root.iam
    await server.addUser('U1', { path: '/in/' })
    await server.addUser('U2')
    await server.addGroup('G1')
    await iam.send(new CreateRoleCommand({ RoleName: 'R1', AssumeRolePolicyDocument: trustText() }))
    for (let at = 0; at < 11; at += 1) {
      const input = { PolicyName: `P${at}`, Path: at === 0 ? '/zero/' : '/', PolicyDocument: text }
      await iam.send(new CreatePolicyCommand(input))
    }
  })
  test.after(() => server.stop())

  const arnOf = (at: number) => own('policy', at === 0 ? 'zero/P0' : `P${at}`)
  const attach = (kind: string, PolicyArn: string) => {
    if (kind === 'user') return iam.send(new AttachUserPolicyCommand({ UserName: 'U1', PolicyArn }))
    return kind === 'group'
      ? iam.send(new AttachGroupPolicyCommand({ GroupName: 'G1', PolicyArn }))
      : iam.send(new AttachRolePolicyCommand({ RoleName: 'R1', PolicyArn }))
  }
  const detach = (kind: string, PolicyArn: string) => {
    if (kind === 'user') return iam.send(new DetachUserPolicyCommand({ UserName: 'U1', PolicyArn }))
    return kind === 'group'
      ? iam.send(new DetachGroupPolicyCommand({ GroupName: 'G1', PolicyArn }))
      : iam.send(new DetachRolePolicyCommand({ RoleName: 'R1', PolicyArn }))
  }
  const listAttached = (kind: string, page: object = {}) => {
    if (kind === 'user') {
      return iam.send(new ListAttachedUserPoliciesCommand({ UserName: 'U1', ...page }))
    }
    return kind === 'group'
      ? iam.send(new ListAttachedGroupPoliciesCommand({ GroupName: 'G1', ...page }))
      : iam.send(new ListAttachedRolePoliciesCommand({ RoleName: 'R1', ...page }))
  }
  const kinds = ['user', 'group', 'role']

  for (const kind of kinds) {
    test(`a ${kind} has ten attached at most, each once, listed in pages and by path`, async () => {
      for (let at = 0; at < 10; at += 1) await attach(kind, arnOf(at))
      await attach(kind, arnOf(3))
      const message = await refusedWith(attach(kind, arnOf(10)), 'LimitExceeded', 409)
      assert.match(message, /PoliciesPer(User|Group|Role): 10/)
      const absent = await refusedWith(attach(kind, own('policy', 'none')), 'NoSuchEntity', 404)
      assert.match(absent, /does not exist or is not attachable/)
      const first = await listAttached(kind, { MaxItems: 8 })
      const rest = await listAttached(kind, { Marker: first.Marker })
      const all = [...(first.AttachedPolicies ?? []), ...(rest.AttachedPolicies ?? [])]
      assert.deepStrictEqual(
        all.map(({ PolicyName, PolicyArn }) => `${PolicyName} ${PolicyArn}`),
        Array.from({ length: 10 }, (_, at) => `P${at} ${arnOf(at)}`),
      )
      const { AttachedPolicies: below } = await listAttached(kind, { PathPrefix: '/zero/' })
      assert.deepStrictEqual(below, [{ PolicyName: 'P0', PolicyArn: arnOf(0) }])
      for (let at = 1; at < 10; at += 1) await detach(kind, arnOf(at))
      await refusedWith(detach(kind, arnOf(1)), 'NoSuchEntity', 404)
    })
  }

  test('who has a policy is found, by kind, by use and by path', async () => {
    const boundary = { UserName: 'u2', PermissionsBoundary: arnOf(0) }
    await iam.send(new PutUserPermissionsBoundaryCommand(boundary))
    const find = async (more: Partial<ListEntitiesForPolicyCommandInput> = {}) => {
      const input = { PolicyArn: arnOf(0), ...more }
      const found = await iam.send(new ListEntitiesForPolicyCommand(input))
      return [
        ...(found.PolicyGroups ?? []).map(({ GroupName, GroupId }) => `${GroupName} ${GroupId}`),
        ...(found.PolicyUsers ?? []).map(({ UserName, UserId }) => `${UserName} ${UserId}`),
        ...(found.PolicyRoles ?? []).map(({ RoleName }) => RoleName),
      ]
    }
    assert.deepStrictEqual(await find(), ['G1 AGPAG1', 'U2 AIDAU2', 'U1 AIDAU1', 'R1'])
    assert.deepStrictEqual(await find({ EntityFilter: 'User' }), ['U2 AIDAU2', 'U1 AIDAU1'])
    assert.deepStrictEqual(await find({ PolicyUsageFilter: 'PermissionsBoundary' }), ['U2 AIDAU2'])
    assert.deepStrictEqual(await find({ PathPrefix: '/in/' }), ['U1 AIDAU1'])
    const pages: string[] = []
    let Marker: string | undefined
    do {
      const page = { PolicyArn: arnOf(0), MaxItems: 1, ...(Marker === undefined ? {} : { Marker }) }
      const found = await iam.send(new ListEntitiesForPolicyCommand(page))
      pages.push(...(found.PolicyUsers ?? []).map(({ UserName = '' }) => UserName))
      Marker = found.Marker
    } while (Marker !== undefined)
    assert.deepStrictEqual(pages.toSorted(), ['U1', 'U2'])
  })

  const inlineOf = {
    user: {
      put: (PolicyName: string, PolicyDocument: string) =>
        iam.send(new PutUserPolicyCommand({ UserName: 'U1', PolicyName, PolicyDocument })),
      get: (PolicyName: string) =>
        iam.send(new GetUserPolicyCommand({ UserName: 'u1', PolicyName })),
      remove: (PolicyName: string) =>
        iam.send(new DeleteUserPolicyCommand({ UserName: 'U1', PolicyName })),
      list: (page: object) => iam.send(new ListUserPoliciesCommand({ UserName: 'U1', ...page })),
      max: 2048,
    },
    group: {
      put: (PolicyName: string, PolicyDocument: string) =>
        iam.send(new PutGroupPolicyCommand({ GroupName: 'G1', PolicyName, PolicyDocument })),
      get: (PolicyName: string) =>
        iam.send(new GetGroupPolicyCommand({ GroupName: 'g1', PolicyName })),
      remove: (PolicyName: string) =>
        iam.send(new DeleteGroupPolicyCommand({ GroupName: 'G1', PolicyName })),
      list: (page: object) => iam.send(new ListGroupPoliciesCommand({ GroupName: 'G1', ...page })),
      max: 5120,
    },
    role: {
      put: (PolicyName: string, PolicyDocument: string) =>
        iam.send(new PutRolePolicyCommand({ RoleName: 'R1', PolicyName, PolicyDocument })),
      get: (PolicyName: string) =>
        iam.send(new GetRolePolicyCommand({ RoleName: 'r1', PolicyName })),
      remove: (PolicyName: string) =>
        iam.send(new DeleteRolePolicyCommand({ RoleName: 'R1', PolicyName })),
      list: (page: object) => iam.send(new ListRolePoliciesCommand({ RoleName: 'R1', ...page })),
      max: 10_240,
    },
  }

  for (const [kind, { put, get, remove, list, max }] of Object.entries(inlineOf)) {
    test(`inline policies of a ${kind}: kept as they are put, of a size together, without white space`, async () => {
      const spaced = JSON.stringify(JSON.parse(text), undefined, 2)
      await put('b', spaced)
      const found = await get('b')
      assert.equal(decodeURIComponent(found.PolicyDocument ?? ''), spaced)
      assert.deepStrictEqual(
        [found.PolicyName, Object.values(found).some((each) => ['U1', 'G1', 'R1'].includes(each))],
        ['b', true],
      )
      await refusedWith(get('B'), 'NoSuchEntity', 404)
      const rest = max - text.length
      await put('a', sized(rest))
      const message = await refusedWith(put('c', text), 'LimitExceeded', 409)
      assert.match(message, new RegExp(`Maximum policy size of ${max} bytes exceeded for ${kind}`))
      await refusedWith(put('a', sized(rest + 1)), 'LimitExceeded', 409)
      // In the place of itself it counts once; and white space never.
      await put('a', sized(rest).replace('{', `{${' '.repeat(100_000)}`))
      assert.equal(decodeURIComponent((await get('a')).PolicyDocument ?? ''), sized(rest))
      const first = await list({ MaxItems: 1 })
      const second = await list({ Marker: first.Marker })
      assert.deepStrictEqual([first.PolicyNames, second.PolicyNames], [['a'], ['b']])
      await remove('a')
      await refusedWith(remove('a'), 'NoSuchEntity', 404)
      const bad = await refusedWith(
        put('c', policyText({ ...allow('s3:GetObject'), Effect: 'allow' })),
        ...(['MalformedPolicyDocument', 400] as const),
      )
      assert.match(bad, /Statement\[0\]\.Effect/)
      await refusedWith(put('c', trustText()), 'MalformedPolicyDocument', 400)
    })
  }

  test('all of the account together, filtered and in pages', async () => {
    const whole = await iam.send(new GetAccountAuthorizationDetailsCommand({}))
    assert.deepStrictEqual(namesIn(whole), [
      ...['U1', 'U2', 'G1', 'R1'],
      ...['P0', 'P1', 'P10', 'P2', 'P3', 'P4', 'P5', 'P6', 'P7', 'P8', 'P9'],
    ])
    const [first] = whole.UserDetailList ?? []
    const { CreateDate, ...user } = first ?? {}
    assert.ok(CreateDate instanceof Date)
    assert.deepStrictEqual(user, {
      ...{ Path: '/in/', UserName: 'U1', UserId: 'AIDAU1', Arn: own('user', 'in/U1') },
      ...{ GroupList: [], AttachedManagedPolicies: [{ PolicyName: 'P0', PolicyArn: arnOf(0) }] },
      UserPolicyList: [
        {
          PolicyName: 'b',
          PolicyDocument: whole.UserDetailList?.[0]?.UserPolicyList?.[0]?.PolicyDocument,
        },
      ],
    })
    assert.equal(whole.UserDetailList?.[1]?.PermissionsBoundary?.PermissionsBoundaryArn, arnOf(0))
    const [policy] = whole.Policies ?? []
    assert.deepStrictEqual([policy?.AttachmentCount, policy?.PermissionsBoundaryUsageCount], [3, 1])
    const [version] = policy?.PolicyVersionList ?? []
    assert.equal(decodeURIComponent(version?.Document ?? ''), text)
    const pages: string[] = []
    let Marker: string | undefined
    do {
      const page = await iam.send(
        new GetAccountAuthorizationDetailsCommand({
          ...{ MaxItems: 2, Filter: ['Role', 'User', 'AWSManagedPolicy', 'Group'] },
          ...(Marker === undefined ? {} : { Marker }),
        }),
      )
      pages.push(...namesIn(page))
      Marker = page.Marker
    } while (Marker !== undefined)
    assert.deepStrictEqual(pages, ['U1', 'U2', 'G1', 'R1'])
    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonS3FullAccess'
    await attach('user', PolicyArn)
    const ofAws = await iam.send(
      new GetAccountAuthorizationDetailsCommand({ Filter: ['AWSManagedPolicy'] }),
    )
    assert.deepStrictEqual(namesIn(ofAws), ['AmazonS3FullAccess'])
  })
})

function namesIn(details: GetAccountAuthorizationDetailsResponse): readonly string[] {
  return [
    ...(details.UserDetailList ?? []).map(({ UserName }) => UserName ?? ''),
    ...(details.GroupDetailList ?? []).map(({ GroupName }) => GroupName ?? ''),
    ...(details.RoleDetailList ?? []).map(({ RoleName }) => RoleName ?? ''),
    ...(details.Policies ?? []).map(({ PolicyName }) => PolicyName ?? ''),
  ]
}

/** A policy of so many characters. */
function sized(length: number): string {
  const bare = policyText({ ...allow('s3:GetObject'), Sid: '' })
  return policyText({ ...allow('s3:GetObject'), Sid: 'x'.repeat(length - bare.length) })
}
