// Several who change one account at once: what each is told is true, and what is left is sound. Each race is run many times.
import assert from 'node:assert'
import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  IAMServiceException,
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
  tenantId,
  trustText,
} from '../iam-server.ts'
import { assertSound } from './sound-account.ts'

const rounds = 12
const text = policyText(allow('s3:GetObject'))

/** `done`, or the code of the refusal. */
async function toldBy(answer: Promise<unknown>): Promise<string> {
  try {
    await answer
    return 'done'
  } catch (cause) {
    assert.ok(cause instanceof IAMServiceException, String(cause))
    return cause.name.replace(/Exception$/, '')
  }
}

describe('several who change one account at once', (test) => {
  let server: IamServer
  let iam: Clients['iam']
  test.before(async () => {
    server = await IamServer.start()
    iam = server.root.iam
    await server.addUser('Racer')
  })
  test.after(() => server.stop())
  test.afterEach(() => assertSound(server.identities))

  const create = (PolicyName: string) =>
    iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument: text }))
  const attach = (name: string) =>
    iam.send(new AttachUserPolicyCommand({ UserName: 'Racer', PolicyArn: own('policy', name) }))
  const detach = (name: string) =>
    iam.send(new DetachUserPolicyCommand({ UserName: 'Racer', PolicyArn: own('policy', name) }))
  const remove = (name: string) =>
    iam.send(new DeletePolicyCommand({ PolicyArn: own('policy', name) }))

  test('at the limit, of two who attach one does', async () => {
    for (let at = 0; at < 11; at += 1) await create(`L${at}`)
    for (let at = 0; at < 9; at += 1) await attach(`L${at}`)
    for (let round = 0; round < rounds; round += 1) {
      const told = await Promise.all([toldBy(attach('L9')), toldBy(attach('L10'))])
      assert.deepStrictEqual(told.toSorted(), ['LimitExceeded', 'done'])
      await detach(told[0] === 'done' ? 'L9' : 'L10')
    }
    for (let at = 0; at < 9; at += 1) await detach(`L${at}`)
  })

  test('a policy that is attached, or made a boundary, while it is deleted', async () => {
    for (let round = 0; round < rounds; round += 1) {
      await create('Going')
      const PolicyArn = own('policy', 'Going')
      const bound = () =>
        iam.send(
          new PutUserPermissionsBoundaryCommand({
            ...{ UserName: 'Racer', PermissionsBoundary: PolicyArn },
          }),
        )
      const take = round % 2 === 0 ? () => attach('Going') : bound
      const [taken, removed] = await Promise.all([toldBy(take()), toldBy(remove('Going'))])
      assert.ok(
        (taken === 'done' && removed === 'DeleteConflict') ||
          (taken === 'NoSuchEntity' && removed === 'done'),
        `${taken}, ${removed}`,
      )
      await assertSound(server.identities)
      if (taken !== 'done') continue
      if (round % 2 === 0) await detach('Going')
      else {
        const other = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
        const free = { UserName: 'Racer', PermissionsBoundary: other }
        await iam.send(new PutUserPermissionsBoundaryCommand(free))
      }
      await remove('Going')
    }
  })

  test('a name that several want is given once', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const told = await Promise.all(
        ['Wanted', 'wanted', 'WANTED', 'wAnted'].map((name) => toldBy(create(name))),
      )
      assert.equal(told.filter((each) => each === 'done').length, 1, told.join())
      const others = told.filter((each) => each !== 'done')
      assert.deepStrictEqual(new Set(others), new Set(['EntityAlreadyExists']))
      const [found] = (
        await server.identities.list(tenantId, 'policy', { prefix: 'wanted', limit: 1 })
      ).entries
      await remove(found?.document.name ?? '')
    }
  })

  test('versions that several add are five together, each with a number of its own', async () => {
    await create('Versions')
    const PolicyArn = own('policy', 'Versions')
    const told = await Promise.all(
      Array.from({ length: 8 }, () =>
        toldBy(iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: text }))),
      ),
    )
    assert.equal(told.filter((each) => each === 'done').length, 4)
    assert.equal(told.filter((each) => each === 'LimitExceeded').length, 4)
  })

  test('inline policies that several put are of the size together that one may have', async () => {
    const filler = policyText({ ...allow('s3:GetObject'), Sid: 'x'.repeat(900) })
    const told = await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        toldBy(
          iam.send(
            new PutUserPolicyCommand({
              ...{ UserName: 'Racer', PolicyName: `p${at}`, PolicyDocument: filler },
            }),
          ),
        ),
      ),
    )
    assert.equal(told.filter((each) => each === 'done').length, 2)
    const racer = await server.identities.get(tenantId, 'user', 'racer')
    assert.equal(racer?.inline.length, 2)
  })

  test('a role that is deleted while it gets a policy', async () => {
    await create('OfRole')
    const PolicyArn = own('policy', 'OfRole')
    const RoleName = 'Fleeting'
    for (let round = 0; round < rounds; round += 1) {
      const AssumeRolePolicyDocument = trustText()
      await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
      const [attached, removed] = await Promise.all([
        toldBy(iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }))),
        toldBy(iam.send(new DeleteRoleCommand({ RoleName }))),
      ])
      assert.ok(
        (attached === 'done' && removed === 'DeleteConflict') ||
          (attached === 'NoSuchEntity' && removed === 'done'),
        `${attached}, ${removed}`,
      )
      await assertSound(server.identities)
      if (attached !== 'done') continue
      await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }))
      await iam.send(new DeleteRoleCommand({ RoleName }))
    }
  })
})
