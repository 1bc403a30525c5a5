// Session tokens as they come over the wire: with headers, URLs and forms; expired, revoked, of somebody who has gone; and what
// somebody makes of one who wants more.
import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import type { Session } from '../../gateway/access/identity.ts'
import { drawId, issueSession } from '../../gateway/access/keys/session-token.ts'
import { presignUrl } from '../../protocol/s3/sigv4/sign-request.ts'
import { until } from '../support/bounded-wait.ts'
import { describe } from '../support/describe.ts'
import {
  allow,
  type ClientCredentials,
  credentialsOf,
  IdentityAccount,
  outcome,
  policyOf,
  postForm,
  s3For,
  stsFor,
  trusting,
} from '../support/identity-account.ts'
import { addTenant } from '../support/more-tenants.ts'
import { signedForm } from '../support/signed-form.ts'
import { RunningServer, serverRegion } from '../support/start-server.ts'
import { codeOf, exchange, exchangeBytes, signingContext } from '../support/wire-request.ts'

type Temporary = Required<ClientCredentials>

describe('session tokens', (test) => {
  let server: RunningServer
  let account: IdentityAccount
  let user: ClientCredentials & { readonly arn: string }
  let RoleArn: string
  let session: Temporary
  const lines: string[] = []
  /** That nobody answers at. */
  const ldap = {
    ...{ url: 'ldap://127.0.0.1:1', startTls: false, userBase: 'dc=x', userFilter: '(uid=%s)' },
    ...{ groupFilter: '(member=%d)', roles: [] },
  }

  test.before(async () => {
    server = await RunningServer.start({ ldap, audit: (line) => lines.push(line) })
    account = new IdentityAccount(server)
    const s3 = s3For(server)
    await s3.send(new CreateBucketCommand({ Bucket: 'kept' }))
    await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'a', Body: 'of a' }))
    user = await account.addUser('ann')
    RoleArn = await account.addRole('all', role())
    session = await assume()
  })
  test.after(async () => {
    const events = server.logged.map(({ event }) => event)
    assert.deepStrictEqual(events, ['the LDAP server could not be asked'])
    await server.stop()
  })

  const role = () => ({ trust: [trusting({ AWS: user.arn })], policy: [allow('s3:*')] })
  const assume = async (arn = RoleArn) => {
    const input = { RoleArn: arn, RoleSessionName: 'work' }
    return credentialsOf(await stsFor(server, user).send(new AssumeRoleCommand(input)))
  }
  /** As the server would have made it. */
  const issue = (changes: Partial<Session> = {}, userName = 'all', tenant = account.tenantId) =>
    issueSession(
      server.masterKey,
      {
        ...{ tenantId: tenant, userName },
        session: {
          ...{ of: 'role', name: 'work', ownerId: 'AROAX', issuedMs: Date.now() },
          ...{ expiresMs: Date.now() + 60_000, ...changes },
        },
      },
      randomBytes,
    )
  const get = async (by: Temporary, target = '/kept/a') => {
    const context = signingContext({ credentials: { ...by, region: serverRegion } })
    const headers = { 'x-amz-security-token': by.sessionToken }
    const response = await exchange(server.port, { target, headers, context })
    return response.status === 200 ? response.body.toString() : codeOf(response)
  }
  const ofSts = (by: Temporary) =>
    outcome(stsFor(server, by).send(new GetCallerIdentityCommand({})))

  test('open what their session may do', async () => {
    assert.strictEqual(await get(session), 'of a')
  })

  test('are needed with their key, and are good for no other', async () => {
    const other = await assume()
    assert.strictEqual(await get({ ...session, sessionToken: other.sessionToken }), 'InvalidToken')
    const { accessKeyId, secretAccessKey } = session
    const credentials = { accessKeyId, secretAccessKey, region: serverRegion }
    const bare = await exchange(server.port, {
      target: '/kept/a',
      context: signingContext({ credentials }),
    })
    assert.strictEqual(codeOf(bare), 'InvalidAccessKeyId')
    const wrongSecret = { ...session, secretAccessKey: 'x'.repeat(40) }
    assert.strictEqual(await get(wrongSecret), 'SignatureDoesNotMatch')
    const mixed = { ...session, ...user, sessionToken: session.sessionToken }
    assert.strictEqual(await get(mixed), 'InvalidToken')
  })

  test('open nothing with a bit of theirs turned, or a piece cut off or added', async () => {
    const bytes = Buffer.from(session.sessionToken, 'base64')
    const spoilt = Array.from({ length: 30 }, () => {
      const at = randomInt(bytes.length)
      const copy = Buffer.from(bytes)
      copy[at] = (copy[at] ?? 0) ^ (1 << randomInt(8))
      return copy
    })
    for (const length of [0, 1, 12, 13, 28, 29, 30, bytes.length - 1]) {
      spoilt.push(Buffer.from(bytes.subarray(0, length)))
    }
    spoilt.push(Buffer.concat([bytes, Buffer.of(0)]))
    for (const each of spoilt) {
      const sessionToken = each.toString('base64') || 'A'
      assert.strictEqual(await get({ ...session, sessionToken }), 'InvalidToken', sessionToken)
      assert.strictEqual(await ofSts({ ...session, sessionToken }), 'InvalidClientTokenId 403')
    }
  })

  test('may be of any length and spelling', async () => {
    for (const sessionToken of ['x'.repeat(12_000), '=', '%00', '\u00e9', '..', '{}']) {
      assert.strictEqual(await get({ ...session, sessionToken }), 'InvalidToken')
    }
    // Longer than a head may be: it is the connection that is refused.
    const long = { ...session, sessionToken: 'x'.repeat(1_000_000) }
    const refused = await exchange(server.port, {
      target: '/kept/a',
      headers: { 'x-amz-security-token': long.sessionToken },
      context: signingContext({ credentials: { ...long, region: serverRegion } }),
    }).catch(() => undefined)
    assert.ok(refused === undefined || refused.status >= 400)
    assert.strictEqual(await get(session), 'of a')
  })

  test('of another master key are none', async () => {
    const other = await RunningServer.start()
    try {
      const theirs = issueSession(
        other.masterKey,
        { tenantId: account.tenantId, userName: 'root', session: rootSession() },
        randomBytes,
      )
      assert.strictEqual(await get(theirs), 'InvalidToken')
    } finally {
      await other.stop()
    }
  })

  const rootSession = (): Session => ({
    ...{ of: 'user', name: 'root', ownerId: 'root' },
    ...{ issuedMs: Date.now(), expiresMs: Date.now() + 60_000 },
  })

  test('expire while they are in use, and say so', async () => {
    const found = await account.addRole('short', role())
    const { AssumedRoleUser } = await stsFor(server, user).send(
      new AssumeRoleCommand({ RoleArn: found, RoleSessionName: 'work' }),
    )
    const ownerId = (AssumedRoleUser?.AssumedRoleId ?? '').split(':')[0] ?? ''
    const brief = issue({ ownerId, expiresMs: Date.now() + 3_000 }, 'short')
    assert.strictEqual(await get(brief), 'of a')
    await until({
      for: 'a session to expire',
      holds: async () => (await get(brief)) === 'ExpiredToken',
    })
    assert.strictEqual(await ofSts(brief), 'ExpiredToken 403')
  })

  test('do not outlive their role, or open another one of its name', async () => {
    const arn = await account.addRole('gone', role())
    const of = await assume(arn)
    assert.strictEqual(await get(of), 'of a')
    await account.remove('role', 'gone')
    const isRefused = async () => (await get(of)) === 'AccessDenied'
    await until({ for: 'the session of a role that is gone to be refused', holds: isRefused })
    await account.addRole('gone', role())
    assert.strictEqual(await get(await assume(arn)), 'of a')
    assert.strictEqual(await get(of), 'AccessDenied')
  })

  test('of a tenant that was suspended open nothing, and its roles cannot be assumed', async () => {
    const { tenantId } = await addTenant(server, '345678901234')
    const theirs = new IdentityAccount(server, '345678901234')
    const caller = await account.addUser('crossing', [allow('sts:AssumeRole')])
    const arn = await theirs.addRole('open', {
      trust: [trusting({ AWS: caller.arn })],
      policy: [allow('s3:*')],
    })
    const input = { RoleArn: arn, RoleSessionName: 'work' }
    const sts = stsFor(server, caller)
    const of = credentialsOf(await sts.send(new AssumeRoleCommand(input)))
    const list = () => get(of, '/')
    assert.match(await list(), /ListAllMyBucketsResult/)
    const { tenants } = server.stores.metadata
    const tenant = await tenants.get(tenantId)
    assert.ok(tenant !== undefined)
    await tenants.update({ ...tenant, status: 'suspended', revision: tenant.revision + 1 })
    await until({
      for: 'a suspended tenant to be refused',
      holds: async () => (await list()) === 'AccountProblem',
    })
    assert.strictEqual(await outcome(sts.send(new AssumeRoleCommand(input))), 'AccessDenied 403')
  })

  test('go into URLs', async () => {
    const presigned = async (by: Temporary, sessionToken: string) => {
      const url = presignUrl(
        {
          ...{ method: 'GET', origin: `http://127.0.0.1:${server.port}`, path: '/kept/a' },
          expiresSeconds: 60,
        },
        signingContext({ credentials: { ...by, sessionToken, region: serverRegion } }),
      )
      const response = await fetch(url)
      const body = await response.text()
      return response.ok ? body : /<Code>(\w+)/.exec(body)?.[1]
    }
    assert.strictEqual(await presigned(session, session.sessionToken), 'of a')
    const other = await assume()
    assert.strictEqual(await presigned(session, other.sessionToken), 'InvalidToken')
  })

  test('go into forms', async () => {
    const post = async (sessionToken: string, key: string) => {
      const credentials = { ...session, sessionToken, region: serverRegion }
      const bytes = signedForm({ bucket: 'kept', fields: { key }, credentials })
      const response = await exchangeBytes(server.port, bytes, 'POST')
      return response.status < 300 ? 'done' : codeOf(response)
    }
    assert.strictEqual(await post(session.sessionToken, 'of-a-form'), 'done')
    assert.strictEqual(await get(session, '/kept/of-a-form'), 'of a form')
    const other = await assume()
    assert.strictEqual(await post(other.sessionToken, 'no'), 'InvalidToken')
    const long = 'x'.repeat(1_000_000)
    assert.strictEqual(await post(long, 'no'), 'MaxPostPreDataLengthExceededError')
  })

  test('end when they are revoked, in their role, their user and the root user', async () => {
    const arn = await account.addRole('ended', role())
    const of = await assume(arn)
    const root = issueSession(
      server.masterKey,
      { tenantId: account.tenantId, userName: 'root', session: rootSession() },
      randomBytes,
    )
    assert.strictEqual(await get(of), 'of a')
    assert.strictEqual(await get(root), 'of a')
    assert.match(await query('Action=RevokeSessions&RoleName=Ended'), /<NotBefore>20/)
    assert.match(await query('Action=RevokeSessions&RootUser=true'), /<NotBefore>20/)
    const isOver = async () =>
      (await get(of)) === 'AccessDenied' && (await get(root)) === 'ExpiredToken'
    await until({ for: 'sessions that were revoked to be refused', holds: isOver })
    assert.strictEqual(await get(await assume(arn)), 'of a')
    assert.strictEqual(await get(session), 'of a')
  })

  /** Signed by the server's key, or by another one. */
  const query = async (form: string, by?: ClientCredentials) =>
    (await postForm(stsFor(server, by), `${form}&Version=2011-06-15`)).body

  test('are revoked by whoever may, with a time that has been, and nothing else', async () => {
    const allowed = await account.addUser('ending', [
      allow('iam:RevokeSessions', 'arn:aws:iam::*:role/only'),
    ])
    await account.addRole('only', role())
    await account.addRole('not-this', role())
    const tried = async (form: string, by?: ClientCredentials) =>
      /<Code>(\w+)/.exec(await query(`Action=RevokeSessions&${form}`, by))?.[1] ?? 'done'
    assert.strictEqual(await tried('RoleName=only', allowed), 'done')
    assert.strictEqual(await tried('RoleName=not-this', allowed), 'AccessDenied')
    assert.strictEqual(await tried('RoleName=absent', allowed), 'AccessDenied')
    assert.strictEqual(await tried('UserName=ann', allowed), 'AccessDenied')
    assert.strictEqual(await tried('RoleName=absent'), 'NoSuchEntity')
    assert.strictEqual(await tried('UserName=absent'), 'NoSuchEntity')
    assert.strictEqual(await tried(''), 'ValidationError')
    assert.strictEqual(await tried('RoleName=only&UserName=ann'), 'ValidationError')
    for (const time of ['soon', '2999-01-01T00:00:00Z', '2020-13-01T00:00:00Z']) {
      assert.strictEqual(await tried(`RoleName=only&NotBefore=${time}`), 'ValidationError')
    }
    // What has ended does not come back.
    const { identities } = server.stores.metadata
    const before = (await identities.get(account.tenantId, 'role', 'only'))?.revokedBeforeMs
    assert.strictEqual(await tried('RoleName=only&NotBefore=2020-01-01T00:00:00Z'), 'done')
    const after = (await identities.get(account.tenantId, 'role', 'only'))?.revokedBeforeMs
    assert.strictEqual(after, before)
  })

  test('end by a policy that denies older ones, as the console of AWS writes it', async () => {
    const older = (moment: string) => ({
      ...{ Effect: 'Deny', Action: '*', Resource: '*' },
      Condition: { DateLessThan: { 'aws:TokenIssueTime': moment } },
    })
    const { trust, policy } = role()
    const arn = await account.addRole('by-policy', {
      trust,
      policy: [...policy, older('2020-01-01T00:00:00Z')],
    })
    const of = await assume(arn)
    assert.strictEqual(await get(of), 'of a')
    const { identities } = server.stores.metadata
    const found = await identities.get(account.tenantId, 'role', 'by-policy')
    assert.ok(found !== undefined)
    const document = policyOf(...policy, older('2999-01-01T00:00:00Z'))
    const inline = [{ name: 'AWSRevokeOlderSessions', document }]
    await account.put('role', 'by-policy', { ...found, inline })
    await until({
      for: 'older sessions to be denied',
      holds: async () => (await get(of)) === 'AccessDenied',
    })
  })

  test('are given to nobody who has not signed', async () => {
    for (const action of ['AssumeRole', 'GetSessionToken', 'GetCallerIdentity', 'RevokeSessions']) {
      const body = `Action=${action}&Version=2011-06-15`
      const head = [
        'POST / HTTP/1.1',
        'host: s3.test',
        'content-type: application/x-www-form-urlencoded',
        `content-length: ${body.length}`,
      ].join('\r\n')
      const bytes = Buffer.from(`${head}\r\n\r\n${body}`)
      const response = await exchangeBytes(server.port, bytes, 'POST')
      assert.strictEqual(response.status, 403)
      assert.match(response.body.toString(), /<Code>MissingAuthenticationToken<\/Code>/)
    }
  })

  test('stand for a user who is another one now', async () => {
    const stale = issue({ of: 'user', ownerId: drawId('AIDA', randomBytes, 17) }, 'ann')
    assert.strictEqual(await get(stale), 'AccessDenied')
    assert.strictEqual(await ofSts(stale), 'InvalidClientTokenId 403')
  })

  test('are in no log, and neither is a secret, a password or a token from elsewhere', async () => {
    const hidden = [
      'password-of-ann',
      'aaaa.bbbb.cccc',
      session.sessionToken,
      session.secretAccessKey,
    ]
    const before = lines.length
    const unsigned = async (parameters: Readonly<Record<string, string>>) => {
      const form = new URLSearchParams({ Version: '2011-06-15', ...parameters })
      const url = `http://127.0.0.1:${server.port}/`
      await fetch(`${url}?${form}`, { method: 'POST' })
      await fetch(url, { method: 'POST', body: form })
    }
    const Action = 'AssumeRoleWithLDAPIdentity'
    await unsigned({ Action, LDAPUsername: 'ann', LDAPPassword: hidden[0] ?? '' })
    const web = { RoleArn, RoleSessionName: 'work', WebIdentityToken: hidden[1] ?? '' }
    await unsigned({ Action: 'AssumeRoleWithWebIdentity', ...web })
    await get(session)
    await get({ ...session, secretAccessKey: 'x'.repeat(40) })
    await ofSts(session)
    // A line is made when its answer has gone.
    await until({ for: 'seven lines', holds: () => lines.length >= before + 7 })
    const all = lines.join('\n')
    for (const each of hidden) assert.ok(!all.includes(each), each.slice(0, 20))
    assert.match(all, /"operation":"sts:AssumeRoleWithWebIdentity"/)
    assert.match(all, /"operation":"sts:GetCallerIdentity"/)
  })
})
