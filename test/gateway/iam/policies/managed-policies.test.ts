// Managed policies of an account, and AWS's, through AWS's client.
import assert from 'node:assert'
import {
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListEntitiesForPolicyCommand,
  ListPoliciesCommand,
  type ListPoliciesCommandInput,
  ListPolicyTagsCommand,
  ListPolicyVersionsCommand,
  PutUserPermissionsBoundaryCommand,
  paginateListPolicies,
  SetDefaultPolicyVersionCommand,
  TagPolicyCommand,
  UntagPolicyCommand,
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
} from '../iam-server.ts'

const readOnly = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
const text = policyText(allow('s3:GetObject', 'arn:aws:s3:::a/*'))

describe('managed policies', (test) => {
  let server: IamServer
  let iam: Clients['iam']
  test.before(async () => {
    server = await IamServer.start()
    iam = server.root.iam
  })
  test.after(() => server.stop())

  const create = async (PolicyName: string, more: object = {}) => {
    const input = { PolicyName, PolicyDocument: text, ...more }
    const { Policy } = await iam.send(new CreatePolicyCommand(input))
    return Policy?.Arn ?? assert.fail('no ARN')
  }
  const listed = async (input: ListPoliciesCommandInput) => {
    const { Policies = [] } = await iam.send(new ListPoliciesCommand(input))
    return Policies.map(({ PolicyName }) => PolicyName)
  }

  test('one is created with path, description and tags, and shown so', async () => {
    const tags = [{ Key: 'Team', Value: 'a b' }]
    const { Policy: created } = await iam.send(
      new CreatePolicyCommand({
        ...{ PolicyName: 'First', Path: '/team/x/', PolicyDocument: text },
        ...{ Description: 'Reads <a> & more', Tags: tags },
      }),
    )
    const arn = `arn:aws:iam::${account}:policy/team/x/First`
    assert.match(created?.PolicyId ?? '', /^ANPA[A-Z2-7]{17}$/)
    const { Policy: found } = await iam.send(new GetPolicyCommand({ PolicyArn: arn }))
    const { CreateDate, UpdateDate, ...rest } = found ?? {}
    assert.ok(CreateDate !== undefined && CreateDate.getTime() === UpdateDate?.getTime())
    assert.deepStrictEqual(rest, {
      ...{ PolicyName: 'First', PolicyId: created?.PolicyId, Arn: arn, Path: '/team/x/' },
      ...{ DefaultVersionId: 'v1', AttachmentCount: 0, PermissionsBoundaryUsageCount: 0 },
      ...{ IsAttachable: true, Description: 'Reads <a> & more', Tags: tags },
    })
    const { PolicyVersion } = await iam.send(
      new GetPolicyVersionCommand({ PolicyArn: arn, VersionId: 'v1' }),
    )
    assert.equal(decodeURIComponent(PolicyVersion?.Document ?? ''), text)
    assert.equal(PolicyVersion?.IsDefaultVersion, true)
  })

  test('names are taken whatever their case and path; another path is another ARN', async () => {
    const arn = await create('Taken', { Path: '/a/' })
    const again = { PolicyName: 'tAKEN', PolicyDocument: text }
    const message = await refusedWith(
      iam.send(new CreatePolicyCommand(again)),
      ...(['EntityAlreadyExists', 409] as const),
    )
    assert.match(message, /A policy called tAKEN already exists/)
    for (const wrong of [own('policy', 'Taken'), arn.toLowerCase(), own('policy', 'b/Taken')]) {
      const asked = iam.send(new GetPolicyCommand({ PolicyArn: wrong }))
      assert.equal(await refusedWith(asked, 'NoSuchEntity', 404), `Policy ${wrong} was not found.`)
    }
    const other = arn.replace(account, '999999999999')
    await refusedWith(iam.send(new GetPolicyCommand({ PolicyArn: other })), 'NoSuchEntity', 404)
    const none = iam.send(new GetPolicyCommand({ PolicyArn: 'arn:aws:s3:::bucket/some/key' }))
    await refusedWith(none, 'InvalidInput', 400)
  })

  test('the policies of AWS are there under their ARNs and cannot be changed', async () => {
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn: readOnly }))
    assert.deepStrictEqual(
      [Policy?.PolicyId, Policy?.DefaultVersionId, Policy?.Path],
      ['ANPAIZTJ4DXE7G6AGAE6M', 'v1', '/'],
    )
    const version = { PolicyArn: readOnly, VersionId: 'v1' }
    const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand(version))
    const document = JSON.parse(decodeURIComponent(PolicyVersion?.Document ?? ''))
    assert.ok(document.Statement[0].Action.includes('s3:Get*'))
    const changes = [
      new DeletePolicyCommand({ PolicyArn: readOnly }),
      new TagPolicyCommand({ PolicyArn: readOnly, Tags: [{ Key: 'a', Value: 'b' }] }),
      new CreatePolicyVersionCommand({ PolicyArn: readOnly, PolicyDocument: text }),
      new DeletePolicyVersionCommand(version),
    ]
    for (const change of changes) {
      await refusedWith(iam.send(change as DeletePolicyCommand), 'AccessDenied', 403)
    }
    const absent = { PolicyArn: 'arn:aws:iam::aws:policy/NoSuchPolicy' }
    await refusedWith(iam.send(new GetPolicyCommand(absent)), 'NoSuchEntity', 404)
  })

  test('versions: five at most, one is in force, and that one stays', async () => {
    const PolicyArn = await create('Versioned')
    const add = (SetAsDefault: boolean) =>
      iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: text, SetAsDefault }))
    assert.equal((await add(false)).PolicyVersion?.IsDefaultVersion, false)
    assert.equal((await add(true)).PolicyVersion?.VersionId, 'v3')
    await add(false)
    await add(false)
    await refusedWith(add(true), 'LimitExceeded', 409)
    const inForce = { PolicyArn, VersionId: 'v3' }
    await refusedWith(iam.send(new DeletePolicyVersionCommand(inForce)), 'DeleteConflict', 409)
    await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v2' }))
    await iam.send(new DeletePolicyVersionCommand(inForce))
    // A number never comes again.
    assert.equal((await add(false)).PolicyVersion?.VersionId, 'v6')
    const first = await iam.send(new ListPolicyVersionsCommand({ PolicyArn, MaxItems: 3 }))
    const rest = await iam.send(
      new ListPolicyVersionsCommand({
        PolicyArn,
        ...(first.Marker ? { Marker: first.Marker } : {}),
      }),
    )
    const all = [...(first.Versions ?? []), ...(rest.Versions ?? [])]
    assert.deepStrictEqual(
      all.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion]),
      [
        ['v6', false],
        ['v5', false],
        ['v4', false],
        ['v2', true],
        ['v1', false],
      ],
    )
    const gone = await refusedWith(
      iam.send(new GetPolicyVersionCommand(inForce)),
      'NoSuchEntity',
      404,
    )
    assert.match(gone, /version v3 does not exist/)
    await refusedWith(iam.send(new SetDefaultPolicyVersionCommand(inForce)), 'NoSuchEntity', 404)
    await refusedWith(iam.send(new DeletePolicyCommand({ PolicyArn })), 'DeleteConflict', 409)
    for (const VersionId of ['v1', 'v4', 'v5', 'v6']) {
      await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }))
    }
    await iam.send(new DeletePolicyCommand({ PolicyArn }))
    const left = await server.identities.list(tenantId, 'policyVersion', {
      prefix: 'versioned/',
      limit: 9,
    })
    assert.deepStrictEqual(left.entries, [])
  })

  test('one that somebody has, or is bounded by, is not deleted', async () => {
    await server.addUser('Ann')
    await server.addUser('Bea')
    for (const PolicyName of ['Held', 'HeldAlso']) {
      const PolicyArn = await create(PolicyName)
      await iam.send(new AttachUserPolicyCommand({ UserName: 'ann', PolicyArn }))
      await iam.send(
        new PutUserPermissionsBoundaryCommand({ UserName: 'Bea', PermissionsBoundary: PolicyArn }),
      )
      await refusedWith(iam.send(new DeletePolicyCommand({ PolicyArn })), 'DeleteConflict', 409)
      const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }))
      assert.deepStrictEqual(
        [Policy?.AttachmentCount, Policy?.PermissionsBoundaryUsageCount],
        [1, 1],
      )
    }
    // Bea has another boundary now, and so nothing holds this one but Ann.
    const found = await iam.send(
      new ListEntitiesForPolicyCommand({ PolicyArn: own('policy', 'Held') }),
    )
    assert.deepStrictEqual(
      found.PolicyUsers?.map(({ UserName }) => UserName),
      ['Ann'],
    )
  })

  test('lists are filtered by scope, path, use and who has them, and paged', async () => {
    await server.addUser('Lister')
    const PolicyArn = await create('InPath', { Path: '/lists/' })
    await create('Unused', { Path: '/lists/' })
    const prefix = { PathPrefix: '/lists/' }
    assert.deepStrictEqual(await listed(prefix), ['InPath', 'Unused'])
    assert.deepStrictEqual(await listed({ ...prefix, OnlyAttached: true }), [])
    await iam.send(new AttachUserPolicyCommand({ UserName: 'Lister', PolicyArn }))
    assert.deepStrictEqual(await listed({ ...prefix, OnlyAttached: true }), ['InPath'])
    const bounds = { ...prefix, PolicyUsageFilter: 'PermissionsBoundary' as const }
    assert.deepStrictEqual(await listed(bounds), [])
    const permits = { ...prefix, PolicyUsageFilter: 'PermissionsPolicy' as const }
    assert.deepStrictEqual(await listed(permits), ['InPath'])
    assert.deepStrictEqual(await listed({ Scope: 'AWS' }), [
      ...['AdministratorAccess', 'AmazonS3FullAccess', 'AmazonS3ReadOnlyAccess', 'ReadOnlyAccess'],
    ])
    const names: (string | undefined)[] = []
    for await (const page of paginateListPolicies({ client: iam, pageSize: 2 }, {})) {
      assert.ok((page.Policies?.length ?? 0) <= 2)
      names.push(...(page.Policies ?? []).map(({ PolicyName }) => PolicyName))
    }
    const local = await listed({ Scope: 'Local' })
    assert.deepStrictEqual(names.slice(4), local)
    assert.ok(local.includes('Unused'))
    await refusedWith(iam.send(new ListPoliciesCommand({ MaxItems: 1001 })), 'ValidationError', 400)
    await refusedWith(iam.send(new ListPoliciesCommand({ Marker: '%%%' })), 'ValidationError', 400)
  })

  test('tags are added, replaced by key without case, taken away and paged', async () => {
    const PolicyArn = await create('Tagged')
    const tag = (...pairs: [string, string][]) =>
      iam.send(
        new TagPolicyCommand({ PolicyArn, Tags: pairs.map(([Key, Value]) => ({ Key, Value })) }),
      )
    await tag(['b', '1'], ['a', '2'])
    await tag(['B', '3'], ['c', ''])
    const listTags = async (MaxItems: number, Marker?: string) =>
      iam.send(new ListPolicyTagsCommand({ PolicyArn, MaxItems, ...(Marker ? { Marker } : {}) }))
    const first = await listTags(2)
    assert.deepStrictEqual(first.Tags, [
      { Key: 'B', Value: '3' },
      { Key: 'a', Value: '2' },
    ])
    const second = await listTags(2, first.Marker)
    assert.deepStrictEqual([second.Tags, second.IsTruncated], [[{ Key: 'c', Value: '' }], false])
    await iam.send(new UntagPolicyCommand({ PolicyArn, TagKeys: ['A', 'c', 'none'] }))
    assert.deepStrictEqual((await listTags(9)).Tags, [{ Key: 'B', Value: '3' }])
    const many = Array.from({ length: 50 }, (_, i): [string, string] => [`k${i}`, 'v'])
    await refusedWith(tag(...many), 'LimitExceeded', 409)
  })
})
