// The lines of the audit log that come of requests of IAM and STS, and of those that users and sessions send.
import assert from 'node:assert/strict'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { accountId } from '../../gateway/access/owner.ts'
import { AuditedServer, type Line } from '../gateway/audit/audited-fixture.ts'
import { describe } from '../support/describe.ts'
import { askQuery, elementIn } from '../support/query-client.ts'
import { serverKey, serverRegion } from '../support/start-server.ts'
import { exchange, signingContext } from '../support/wire-request.ts'

const root = { ...serverKey, region: serverRegion }
const account = accountId(rootTenantId)
const allowAll = JSON.stringify({
  ...{ Version: '2012-10-17' },
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
})

describe('the audit log of identities', (test) => {
  let server: AuditedServer
  test.before(async () => {
    server = await AuditedServer.start()
  })
  test.after(() => server.stop())

  const ask = async (
    action: string,
    parameters: Readonly<Record<string, string>>,
    more: Partial<Parameters<typeof askQuery>[1]> = {},
  ) => {
    let answered: Awaited<ReturnType<typeof askQuery>> | undefined
    const line = await server.lineOf(async () => {
      answered = await askQuery(server.port, {
        ...{ service: 'iam', action, parameters, credentials: root, ...more },
      })
    })
    assert.ok(answered !== undefined)
    return { line, answered }
  }

  test('tells which action was asked of what, and never a secret', async () => {
    const { line, answered } = await ask('CreateUser', { UserName: 'ann', Path: '/team/' })
    assert.equal(answered.status, 200)
    assert.deepEqual([line.operation, line.method, line.status], ['iam:CreateUser', 'POST', 200])
    assert.deepEqual(line.actions, ['iam:CreateUser'])
    assert.deepEqual(line.resource, { arn: `arn:aws:iam::${account}:user/team/ann` })
    assert.deepEqual([line.verdict, line.decidedBy], ['allowed', { type: 'root' }])
    const password = 'A-Secret.Password9'
    const login = await ask('CreateLoginProfile', { UserName: 'ann', Password: password })
    assert.equal(login.answered.status, 200, login.answered.body.toString())
    assert.ok(!JSON.stringify(login.line).includes(password))
    const key = await ask('CreateAccessKey', { UserName: 'ann' })
    const secret = elementIn(key.answered, 'SecretAccessKey') ?? ''
    assert.ok(secret.length === 40 && !JSON.stringify(key.line).includes(secret))
    const missing = await ask('GetUser', { UserName: 'nobody' })
    assert.deepEqual([missing.line.status, missing.line.errorCode], [404, 'NoSuchEntity'])
  })

  test('tells who has asked: users with their paths, and what was refused to them', async () => {
    const key = await ask('CreateAccessKey', { UserName: 'ann' })
    const credentials = {
      accessKeyId: elementIn(key.answered, 'AccessKeyId') ?? '',
      secretAccessKey: elementIn(key.answered, 'SecretAccessKey') ?? '',
      region: serverRegion,
    }
    const refused = await ask('ListUsers', {}, { credentials })
    const arn = `arn:aws:iam::${account}:user/team/ann`
    assert.deepEqual(refused.line.identity, {
      ...{ type: 'user', tenant: 'root', account, arn, user: 'ann' },
      accessKeyId: credentials.accessKeyId,
    })
    assert.deepEqual(
      [refused.line.verdict, refused.line.deniedAction, refused.line.errorCode],
      ['denied', 'iam:ListUsers', 'AccessDenied'],
    )
    const unknown = await ask('Fly', {})
    assert.deepEqual([unknown.line.status, unknown.line.errorCode], [400, 'InvalidAction'])
  })

  test('tells whose session was begun, and then who uses it by which statement', async () => {
    const trust = JSON.stringify({
      ...{ Version: '2012-10-17' },
      Statement: [
        {
          ...{ Effect: 'Allow', Action: 'sts:AssumeRole' },
          Principal: { AWS: `arn:aws:iam::${account}:user/team/bob` },
        },
      ],
    })
    await ask('CreateUser', { UserName: 'bob', Path: '/team/' })
    const made = await ask('CreateRole', { RoleName: 'Worker', AssumeRolePolicyDocument: trust })
    assert.equal(made.answered.status, 200, made.answered.body.toString())
    const policy = { PolicyName: 'all', PolicyDocument: allowAll }
    await ask('PutRolePolicy', { RoleName: 'Worker', ...policy })
    const key = await ask('CreateAccessKey', { UserName: 'bob' })
    const bob = {
      accessKeyId: elementIn(key.answered, 'AccessKeyId') ?? '',
      secretAccessKey: elementIn(key.answered, 'SecretAccessKey') ?? '',
      region: serverRegion,
    }
    const wanted = { RoleArn: `arn:aws:iam::${account}:role/Worker`, RoleSessionName: 'night' }
    const assumed = await ask('AssumeRole', wanted, { service: 'sts', credentials: bob })
    assert.equal(assumed.answered.status, 200, assumed.answered.body.toString())
    const arn = `arn:aws:sts::${account}:assumed-role/Worker/night`
    const issued = assumed.line.issued as Line
    const session = {
      accessKeyId: elementIn(assumed.answered, 'AccessKeyId') ?? '',
      secretAccessKey: elementIn(assumed.answered, 'SecretAccessKey') ?? '',
      sessionToken: elementIn(assumed.answered, 'SessionToken') ?? '',
      region: serverRegion,
    }
    assert.deepEqual([issued.arn, issued.accessKeyId], [arn, session.accessKeyId])
    const line = await server.lineOf(() =>
      exchange(server.port, {
        ...{ method: 'PUT', target: '/made-by-a-session', body: '' },
        context: signingContext({ credentials: session }),
      }),
    )
    assert.equal(line.status, 200)
    const who = line.identity as Line
    assert.deepEqual([who.arn, who.role, who.user], [arn, 'Worker', undefined])
    assert.equal((who.session as Line).name, 'night')
    assert.deepEqual(line.decidedBy, { type: 'statement', policy: 'role/Worker/all', index: 0 })
    for (const told of [assumed.line, line]) {
      const text = JSON.stringify(told)
      assert.ok(!text.includes(session.sessionToken) && !text.includes(session.secretAccessKey))
    }
  })
})
