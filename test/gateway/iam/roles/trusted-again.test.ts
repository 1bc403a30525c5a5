// Whom a role trusts: somebody, and not his name.
import assert from 'node:assert'
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { AssumeRoleCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts'
import { describe } from '../../../support/describe.ts'
import { serverRegion } from '../../../support/start-server.ts'
import { allow, IamServer, own, policyText, trustText } from '../iam-server.ts'

type Key = { readonly accessKeyId: string; readonly secretAccessKey: string }

describe('whom a role trusts', (test) => {
  let server: IamServer
  test.before(async () => {
    server = await IamServer.start()
  })
  test.after(() => server.stop())

  const assume = async (credentials: Key & { readonly sessionToken?: string }, role: string) => {
    const sts = new STSClient({
      ...{ endpoint: `http://127.0.0.1:${server.server.port}`, region: serverRegion },
      ...{ credentials, maxAttempts: 1 },
    })
    try {
      const input = { RoleArn: own('role', role), RoleSessionName: 'session' }
      const { Credentials } = await sts.send(new AssumeRoleCommand(input))
      const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {}
      return {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
      }
    } catch (cause) {
      assert.ok(cause instanceof STSServiceException, String(cause))
      assert.equal(cause.name.replace(/Exception$/, ''), 'AccessDenied')
      return undefined
    } finally {
      sts.destroy()
    }
  }
  const keyOf = (name: string, called = name.toUpperCase()) => ({
    ...{ accessKeyId: `AKIA${called}`, secretAccessKey: `secret of ${name}` },
  })

  test('a user who is made again under his name is another, until the policy is put anew', async () => {
    const { iam } = server.root
    await server.addUser('Again')
    const PolicyDocument = trustText({ AWS: own('user', 'Again') })
    const RoleName = 'OfUser'
    const created = { RoleName, AssumeRolePolicyDocument: PolicyDocument }
    await iam.send(new CreateRoleCommand(created))
    assert.notEqual(await assume(keyOf('Again'), RoleName), undefined)
    await server.addUser('Again', { id: 'AIDAANOTHER' })
    const another = keyOf('Again', 'ANOTHER')
    // He has gone, whatever becomes of his name.
    assert.equal(await assume(keyOf('Again'), RoleName), undefined)
    assert.equal(await assume(another, RoleName), undefined)
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }))
    assert.notEqual(await assume(another, RoleName), undefined)
  })

  test('so is a role; what leaves it to the account does not mind', async () => {
    const { iam } = server.root
    const first = () =>
      iam.send(
        new CreateRoleCommand({
          RoleName: 'First',
          AssumeRolePolicyDocument: trustText({ AWS: own('user', 'Caller') }),
        }),
      )
    const inline = [{ name: 'All', document: policyText(allow('sts:AssumeRole')) }]
    await server.addUser('Caller', { inline })
    await first()
    const trust = trustText({ AWS: own('role', 'First') })
    const created = { RoleName: 'Second', AssumeRolePolicyDocument: trust }
    await iam.send(new CreateRoleCommand(created))
    const open = { RoleName: 'Open', AssumeRolePolicyDocument: trustText() }
    await iam.send(new CreateRoleCommand(open))
    const before = (await assume(keyOf('Caller'), 'First')) ?? assert.fail('not trusted')
    assert.notEqual(await assume(before, 'Second'), undefined)
    await iam.send(new DeleteRoleCommand({ RoleName: 'First' }))
    await first()
    const after = (await assume(keyOf('Caller'), 'First')) ?? assert.fail('not trusted')
    assert.equal(await assume(after, 'Second'), undefined)
    await server.addUser('Caller', { inline, id: 'AIDACALLERAGAIN' })
    const again = keyOf('Caller', 'CALLERAGAIN')
    assert.notEqual(await assume(again, 'Open'), undefined)
    assert.equal(await assume(again, 'First'), undefined)
  })
})
