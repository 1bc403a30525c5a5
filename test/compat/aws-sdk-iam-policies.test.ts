// The AWS SDK for JavaScript on policies, roles and issuers of tokens: every action there is, in the order in which somebody
// would set up an account and clear it away, in one process and in several.
import assert from 'node:assert'
import * as sdk from '@aws-sdk/client-iam'
import { ListBucketsCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { policyActions } from '../../gateway/iam/policies/policy-actions.ts'
import { providerActions } from '../../gateway/iam/providers/provider-actions.ts'
import { roleActions } from '../../gateway/iam/roles/role-actions.ts'
import { simulationActions } from '../../gateway/iam/simulation/simulation-actions.ts'
import { until } from '../support/bounded-wait.ts'
import { describe } from '../support/describe.ts'
import { ClientServer, clientKey, clientRegion, workerCounts } from './client-server.ts'

const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }
const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statement })
const trusted = { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }
const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: trusted })
const fullAccess = 'arn:aws:iam::aws:policy/AmazonS3FullAccess'
const readOnly = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
const Tags = [{ Key: 'team', Value: 'a b' }]

type Step = readonly [command: object, expected?: string]

/** Of an account in which there are no users and no groups. */
function stepsIn(account: string): readonly Step[] {
  const PolicyArn = `arn:aws:iam::${account}:policy/Compat`
  const [RoleName, UserName, GroupName, PolicyName] = ['Compat', 'nobody', 'none', 'Inline']
  const issuer = {
    OpenIDConnectProviderArn: `arn:aws:iam::${account}:oidc-provider/issuer.example`,
  }
  const inline = { PolicyName, PolicyDocument }
  const asked = { ActionNames: ['s3:GetObject'], ResourceArns: ['arn:aws:s3:::a/b'] }
  const PolicyInputList = [PolicyDocument]
  const PolicySourceArn = `arn:aws:iam::${account}:role/Compat`
  const absent = 'NoSuchEntity'
  return [
    [new sdk.CreatePolicyCommand({ PolicyName: 'Compat', PolicyDocument, Tags })],
    [new sdk.GetPolicyCommand({ PolicyArn })],
    [new sdk.ListPoliciesCommand({ Scope: 'Local' })],
    [new sdk.CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: true })],
    [new sdk.ListPolicyVersionsCommand({ PolicyArn })],
    [new sdk.GetPolicyVersionCommand({ PolicyArn, VersionId: 'v2' })],
    [new sdk.SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v1' })],
    [new sdk.DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' })],
    [new sdk.TagPolicyCommand({ PolicyArn, Tags })],
    [new sdk.ListPolicyTagsCommand({ PolicyArn })],
    [new sdk.UntagPolicyCommand({ PolicyArn, TagKeys: ['team'] })],

    [new sdk.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument, Tags })],
    [new sdk.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }), 'EntityAlreadyExists'],
    [new sdk.GetRoleCommand({ RoleName })],
    [new sdk.ListRolesCommand({})],
    [new sdk.UpdateRoleCommand({ RoleName, Description: 'x', MaxSessionDuration: 3600 })],
    [new sdk.UpdateRoleDescriptionCommand({ RoleName, Description: 'y' })],
    [new sdk.UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: AssumeRolePolicyDocument })],
    [new sdk.TagRoleCommand({ RoleName, Tags })],
    [new sdk.ListRoleTagsCommand({ RoleName })],
    [new sdk.UntagRoleCommand({ RoleName, TagKeys: ['team'] })],
    [new sdk.ListInstanceProfilesForRoleCommand({ RoleName })],
    [new sdk.PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: readOnly })],
    [new sdk.DeleteRolePermissionsBoundaryCommand({ RoleName })],
    [new sdk.AttachRolePolicyCommand({ RoleName, PolicyArn })],
    [new sdk.ListAttachedRolePoliciesCommand({ RoleName })],
    [new sdk.ListEntitiesForPolicyCommand({ PolicyArn })],
    [new sdk.PutRolePolicyCommand({ RoleName, ...inline })],
    [new sdk.GetRolePolicyCommand({ RoleName, PolicyName })],
    [new sdk.ListRolePoliciesCommand({ RoleName })],

    [new sdk.AttachUserPolicyCommand({ UserName, PolicyArn }), absent],
    [new sdk.DetachUserPolicyCommand({ UserName, PolicyArn }), absent],
    [new sdk.ListAttachedUserPoliciesCommand({ UserName }), absent],
    [new sdk.PutUserPolicyCommand({ UserName, ...inline }), absent],
    [new sdk.GetUserPolicyCommand({ UserName, PolicyName }), absent],
    [new sdk.ListUserPoliciesCommand({ UserName }), absent],
    [new sdk.DeleteUserPolicyCommand({ UserName, PolicyName }), absent],
    [
      new sdk.PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary: readOnly }),
      absent,
    ],
    [new sdk.DeleteUserPermissionsBoundaryCommand({ UserName }), absent],
    [new sdk.AttachGroupPolicyCommand({ GroupName, PolicyArn }), absent],
    [new sdk.DetachGroupPolicyCommand({ GroupName, PolicyArn }), absent],
    [new sdk.ListAttachedGroupPoliciesCommand({ GroupName }), absent],
    [new sdk.PutGroupPolicyCommand({ GroupName, ...inline }), absent],
    [new sdk.GetGroupPolicyCommand({ GroupName, PolicyName }), absent],
    [new sdk.ListGroupPoliciesCommand({ GroupName }), absent],
    [new sdk.DeleteGroupPolicyCommand({ GroupName, PolicyName }), absent],

    [new sdk.SimulateCustomPolicyCommand({ PolicyInputList, ...asked })],
    [new sdk.SimulatePrincipalPolicyCommand({ PolicySourceArn, ...asked })],
    [new sdk.GetContextKeysForCustomPolicyCommand({ PolicyInputList })],
    [new sdk.GetContextKeysForPrincipalPolicyCommand({ PolicySourceArn })],
    [new sdk.GetAccountAuthorizationDetailsCommand({})],

    [new sdk.CreateOpenIDConnectProviderCommand({ Url: 'https://issuer.example', Tags })],
    [new sdk.GetOpenIDConnectProviderCommand(issuer)],
    [new sdk.ListOpenIDConnectProvidersCommand({})],
    [new sdk.AddClientIDToOpenIDConnectProviderCommand({ ...issuer, ClientID: 'app' })],
    [new sdk.RemoveClientIDFromOpenIDConnectProviderCommand({ ...issuer, ClientID: 'app' })],
    [new sdk.UpdateOpenIDConnectProviderThumbprintCommand({ ...issuer, ThumbprintList: [] })],
    [new sdk.TagOpenIDConnectProviderCommand({ ...issuer, Tags })],
    [new sdk.ListOpenIDConnectProviderTagsCommand(issuer)],
    [new sdk.UntagOpenIDConnectProviderCommand({ ...issuer, TagKeys: ['team'] })],
    [new sdk.DeleteOpenIDConnectProviderCommand(issuer)],

    [new sdk.DeletePolicyCommand({ PolicyArn }), 'DeleteConflict'],
    [new sdk.DeleteRoleCommand({ RoleName }), 'DeleteConflict'],
    [new sdk.DetachRolePolicyCommand({ RoleName, PolicyArn })],
    [new sdk.DeleteRolePolicyCommand({ RoleName, PolicyName })],
    [new sdk.DeleteRoleCommand({ RoleName })],
    [new sdk.DeletePolicyCommand({ PolicyArn })],
    [new sdk.GetPolicyCommand({ PolicyArn }), absent],
  ]
}

const everyAction = Object.keys({
  ...policyActions,
  ...roleActions,
  ...providerActions,
  ...simulationActions,
})

function sdkTests(workers: number): void {
  describe(`the AWS SDK on policies and roles, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    let iam: sdk.IAMClient
    test.before(async () => {
      server = await ClientServer.start(workers)
      iam = new sdk.IAMClient({
        ...{ endpoint: server.endpoint, region: clientRegion, credentials: clientKey },
        maxAttempts: 1,
      })
    })
    test.after(async () => {
      iam.destroy()
      await server.close()
    })
    const create = async (PolicyName: string) => {
      const created = new sdk.CreatePolicyCommand({ PolicyName, PolicyDocument })
      return (await iam.send(created)).Policy?.Arn ?? assert.fail('no ARN')
    }

    test('every action answers as it should, one after the other', async () => {
      const arn = await create('First')
      await iam.send(new sdk.DeletePolicyCommand({ PolicyArn: arn }))
      const steps = stepsIn(arn.split(':')[4] ?? '')
      for (const [command, expected = 'done'] of steps) {
        const told = await toldBy(iam.send(command as sdk.GetRoleCommand))
        assert.strictEqual(told, expected, command.constructor.name)
      }
      const asked = steps.map(([command]) => command.constructor.name.replace(/Command$/, ''))
      assert.deepStrictEqual([...new Set(asked)].toSorted(), everyAction.toSorted())
    })

    test('what is given counts at once in every process, and what is taken away soon does', async () => {
      const UserName = 'reader'
      await iam.send(new sdk.CreateUserCommand({ UserName }))
      const { AccessKey } = await iam.send(new sdk.CreateAccessKeyCommand({ UserName }))
      const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey ?? {}
      const s3 = new S3Client({
        ...{
          endpoint: server.endpoint,
          region: clientRegion,
          forcePathStyle: true,
          maxAttempts: 1,
        },
        credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey },
      })
      /** What several processes answer. */
      const answers = async () => {
        const asked = Array.from({ length: 8 }, () => toldByS3(s3.send(new ListBucketsCommand({}))))
        return [...new Set(await Promise.all(asked))]
      }
      assert.deepStrictEqual(await answers(), ['AccessDenied'])
      await iam.send(new sdk.AttachUserPolicyCommand({ UserName, PolicyArn: fullAccess }))
      assert.deepStrictEqual(await answers(), ['done'])
      await iam.send(new sdk.DetachUserPolicyCommand({ UserName, PolicyArn: fullAccess }))
      const isRefused = async () => (await answers()).join() === 'AccessDenied'
      await until({ for: 'every process to refuse', holds: isRefused })
      s3.destroy()
    })

    test('a policy that is attached while it is deleted is either there and held, or gone', async () => {
      const RoleName = 'holder'
      await iam.send(new sdk.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
      for (let round = 0; round < 6; round += 1) {
        const PolicyArn = await create('Going')
        const told = await Promise.all([
          toldBy(iam.send(new sdk.AttachRolePolicyCommand({ RoleName, PolicyArn }))),
          toldBy(iam.send(new sdk.DeletePolicyCommand({ PolicyArn }))),
        ])
        const { AttachedPolicies } = await iam.send(
          new sdk.ListAttachedRolePoliciesCommand({ RoleName }),
        )
        if (told[0] === 'done') {
          assert.deepStrictEqual([told[1], AttachedPolicies?.length], ['DeleteConflict', 1])
          await iam.send(new sdk.DetachRolePolicyCommand({ RoleName, PolicyArn }))
          await iam.send(new sdk.DeletePolicyCommand({ PolicyArn }))
        } else {
          assert.deepStrictEqual([...told, AttachedPolicies], ['NoSuchEntity', 'done', []])
        }
      }
      await iam.send(new sdk.DeleteRoleCommand({ RoleName }))
    })

    test('of several who want the last place, whatever process answers them, so many get it as there are', async () => {
      const PolicyArn = await create('Versions')
      const versions = Array.from({ length: 8 }, () =>
        toldBy(iam.send(new sdk.CreatePolicyVersionCommand({ PolicyArn, PolicyDocument }))),
      )
      const told = await Promise.all(versions)
      assert.deepStrictEqual(told.toSorted(), [
        ...Array.from({ length: 4 }, () => 'LimitExceeded'),
        ...Array.from({ length: 4 }, () => 'done'),
      ])
      const { Versions = [] } = await iam.send(new sdk.ListPolicyVersionsCommand({ PolicyArn }))
      assert.strictEqual(new Set(Versions.map(({ VersionId }) => VersionId)).size, 5)
    })
  })
}

async function toldByS3(answer: Promise<unknown>): Promise<string> {
  try {
    await answer
    return 'done'
  } catch (cause) {
    assert.ok(cause instanceof S3ServiceException, String(cause))
    return cause.name
  }
}

/** `done`, or the code of the refusal. */
async function toldBy(answer: Promise<unknown>): Promise<string> {
  try {
    await answer
    return 'done'
  } catch (cause) {
    assert.ok(cause instanceof sdk.IAMServiceException, String(cause))
    return cause.name.replace(/Exception$/, '')
  }
}

for (const workers of workerCounts) sdkTests(workers)
