// AssumeRoleWithWebIdentity with issuers over real connections: one like that of GitHub Actions, one like Keycloak's.
import assert from 'node:assert/strict'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import {
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleWithWebIdentityCommandInput,
} from '@aws-sdk/client-sts'
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { accountId } from '../../../gateway/access/owner.ts'
import { describe } from '../../support/describe.ts'
import {
  allow,
  credentialsOf,
  IdentityAccount,
  outcome,
  policyOf,
  type StatementJson,
  s3For,
  stsFor,
  trusting,
} from '../../support/identity-account.ts'
import { addTenant } from '../../support/more-tenants.ts'
import { type Claims, OidcIssuer } from '../../support/oidc-issuer.ts'
import { RunningServer } from '../../support/start-server.ts'

const action = 'sts:AssumeRoleWithWebIdentity'
const workflow: Claims = {
  sub: 'repo:octo/app:ref:refs/heads/main',
  repository: 'octo/app',
  repository_owner: 'octo',
  ref: 'refs/heads/main',
  run_number: 17,
}

describe('AssumeRoleWithWebIdentity', (test) => {
  let server: RunningServer
  let account: IdentityAccount
  let github: OidcIssuer
  let keycloak: OidcIssuer
  let id: string
  let names = 0

  test.before(async () => {
    server = await RunningServer.start({ oidc: { issuers: 'public', http: true } })
    account = new IdentityAccount(server)
    id = accountId(account.tenantId)
    github = await OidcIssuer.start()
    keycloak = await OidcIssuer.start({ path: '/realms/demo', algorithm: 'ES256' })
    await register(github, ['sts.amazonaws.com'])
    await register(keycloak, ['uploader', 'another'])
    const s3 = s3For(server)
    await s3.send(new CreateBucketCommand({ Bucket: 'builds' }))
    for (const Key of ['octo/app/1', 'other/1']) {
      await s3.send(new PutObjectCommand({ Bucket: 'builds', Key, Body: Key }))
    }
  })
  test.after(async () => {
    await github.stop()
    await keycloak.stop()
    server.assertNoFailure()
    await server.stop()
  })

  const register = ({ name }: Pick<OidcIssuer, 'name'>, clientIds: readonly string[]) =>
    account.put('oidcProvider', name, {
      ...{ url: name, clientIds, thumbprints: [], tags: [], createdMs: 0 },
    })
  const arnOf = ({ name }: Pick<OidcIssuer, 'name'>) => `arn:aws:iam::${id}:oidc-provider/${name}`
  const addRole = (
    issuer: OidcIssuer,
    condition?: StatementJson,
    actions: string | readonly string[] = action,
  ) => {
    names += 1
    return account.addRole(`web-${names}`, {
      trust: [trusting({ Federated: arnOf(issuer) }, actions, condition)],
      policy: [allow('s3:GetObject', 'arn:aws:s3:::builds/*')],
    })
  }
  type Input = Partial<AssumeRoleWithWebIdentityCommandInput> &
    Pick<AssumeRoleWithWebIdentityCommandInput, 'RoleArn' | 'WebIdentityToken'>
  const assume = (input: Input) =>
    stsFor(server).send(
      new AssumeRoleWithWebIdentityCommand({ RoleSessionName: 'build', ...input }),
    )
  const tried = (RoleArn: string, WebIdentityToken: string) =>
    outcome(assume({ RoleArn, WebIdentityToken }))
  const get = (session: ReturnType<typeof credentialsOf>, Key: string) =>
    outcome(s3For(server, session).send(new GetObjectCommand({ Bucket: 'builds', Key })))

  test('a workflow gets the role that trusts its repository', async () => {
    const RoleArn = await addRole(github, {
      StringEquals: { [`${github.name}:aud`]: 'sts.amazonaws.com' },
      StringLike: { [`${github.name}:sub`]: 'repo:octo/app:*' },
    })
    const token = await github.token(workflow)
    const answer = await assume({ RoleArn, WebIdentityToken: token })
    assert.strictEqual(answer.SubjectFromWebIdentityToken, workflow.sub)
    assert.strictEqual(answer.Audience, 'sts.amazonaws.com')
    assert.strictEqual(answer.Provider, github.issuer)
    assert.match(answer.AssumedRoleUser?.Arn ?? '', /:assumed-role\/web-\d+\/build$/)
    assert.strictEqual(await get(credentialsOf(answer), 'octo/app/1'), 'done')
    const elsewhere = await github.token({ ...workflow, sub: 'repo:evil/app:ref:refs/heads/main' })
    assert.strictEqual(await tried(RoleArn, elsewhere), 'AccessDenied 403')
  })

  test('any claim can be a condition, in one case or another', async () => {
    const RoleArn = await addRole(github, {
      StringEquals: { [`${github.name}:Repository_Owner`]: 'octo' },
      NumericEquals: { [`${github.name}:run_number`]: '17' },
      'ForAnyValue:StringEquals': { [`${github.name}:teams`]: ['release'] },
    })
    const token = (claims: Claims) => github.token({ ...workflow, ...claims })
    assert.strictEqual(await tried(RoleArn, await token({ teams: ['docs', 'release'] })), 'done')
    assert.strictEqual(await tried(RoleArn, await token({ teams: ['docs'] })), 'AccessDenied 403')
    assert.strictEqual(await tried(RoleArn, await token({})), 'AccessDenied 403')
    const twoNames = await token({ teams: ['release'], REPOSITORY_OWNER: 'octo' })
    assert.strictEqual(await tried(RoleArn, twoNames), 'AccessDenied 403')
  })

  test('policies of the session know who it was made for', async () => {
    const RoleArn = await account.addRole('by-subject', {
      trust: [trusting({ Federated: arnOf(github) }, action)],
      policy: [allow('s3:GetObject', `arn:aws:s3:::builds/\${${github.name}:sub}/*`)],
    })
    const token = await github.token({ ...workflow, sub: 'octo/app' })
    const session = credentialsOf(await assume({ RoleArn, WebIdentityToken: token }))
    assert.strictEqual(await get(session, 'octo/app/1'), 'done')
    assert.strictEqual(await get(session, 'other/1'), 'AccessDenied 403')
  })

  test('session policies narrow it', async () => {
    const RoleArn = await addRole(github)
    const session = credentialsOf(
      await assume({
        RoleArn,
        WebIdentityToken: await github.token(workflow),
        Policy: policyOf(allow('s3:*', 'arn:aws:s3:::builds/other/*')),
      }),
    )
    assert.strictEqual(await get(session, 'other/1'), 'done')
    assert.strictEqual(await get(session, 'octo/app/1'), 'AccessDenied 403')
  })

  test('of Keycloak, the client that a token was issued to is its audience', async () => {
    const RoleArn = await addRole(keycloak, {
      StringEquals: {
        [`${keycloak.name}:aud`]: 'uploader',
        [`${keycloak.name}:oaud`]: 'account',
      },
      'ForAnyValue:StringEquals': { [`${keycloak.name}:groups`]: '/writers' },
    })
    const of = (claims: Claims) =>
      keycloak.token({
        ...{ sub: 'f:1:ann', aud: 'account', azp: 'uploader', preferred_username: 'ann' },
        ...{ groups: ['/writers', '/all'], ...claims },
      })
    const answer = await assume({ RoleArn, WebIdentityToken: await of({}) })
    assert.strictEqual(answer.Audience, 'uploader')
    assert.strictEqual(answer.Provider, keycloak.issuer)
    const another = await of({ azp: 'another' })
    assert.strictEqual(await tried(RoleArn, another), 'AccessDenied 403')
    const stranger = await of({ azp: 'stranger', aud: ['uploader'] })
    assert.strictEqual(await tried(RoleArn, stranger), 'InvalidIdentityTokenException 400')
    assert.strictEqual(await tried(RoleArn, await of({ groups: ['/all'] })), 'AccessDenied 403')
  })

  test('tags and a source identity come in the token', async () => {
    const all = [action, 'sts:TagSession', 'sts:SetSourceIdentity']
    const tagged = await addRole(github, undefined, all)
    const plain = await addRole(github)
    const tags = (Team: unknown) => ({
      principal_tags: { Team },
      transitive_tag_keys: ['Team'],
    })
    const token = (claims: Claims) => github.token({ ...workflow, ...claims })
    const withTags = await token({ 'https://aws.amazon.com/tags': tags(['x']) })
    assert.strictEqual(await tried(plain, withTags), 'AccessDenied 403')
    assert.strictEqual(await tried(tagged, withTags), 'done')
    const named = await token({ 'https://aws.amazon.com/source_identity': 'ann' })
    assert.strictEqual(await tried(plain, named), 'AccessDenied 403')
    const answer = await assume({ RoleArn: tagged, WebIdentityToken: named })
    assert.strictEqual(answer.SourceIdentity, 'ann')
    for (const Team of [['x', 'y'], 7, ['<']]) {
      const wrong = await token({ 'https://aws.amazon.com/tags': tags(Team) })
      assert.strictEqual(await tried(tagged, wrong), 'InvalidIdentityTokenException 400')
    }
  })

  test('what is no token of a provider of the account is refused', async () => {
    const RoleArn = await addRole(github)
    const token = await github.token(workflow)
    const [head = '', body = '', signature = ''] = token.split('.')
    const changed = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), sub: 'me' }),
    ).toString('base64url')
    const claims = { ...workflow, aud: 'sts.amazonaws.com', iss: github.issuer }
    const unsecured = new UnsecuredJWT(claims).setIssuedAt().setExpirationTime('5m').encode()
    const hmac = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(Buffer.alloc(32))
    const { privateKey } = await generateKeyPair('RS256')
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)
    const ofKeycloak = await keycloak.token({ ...workflow, iss: github.issuer })
    const unknown = await new SignJWT({ ...claims, iss: 'https://unknown.example.org' })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)
    const nested = `{"iss":"${github.issuer}","x":${'['.repeat(7_000)}${']'.repeat(7_000)}}`
    const deep = `${head}.${Buffer.from(nested).toString('base64url')}.${signature}`
    const wrong = [
      deep,
      ...['xxxx', '....', `${head}.${changed}.${signature}`, `${head}.${body}.`, `${head}.${body}`],
      ...[unsecured, hmac, forged, ofKeycloak, unknown],
      await github.token({ ...workflow, aud: 'someone-else' }),
      await github.token({ ...workflow, iss: `${github.issuer}/` }),
      await github.token({ ...workflow, iss: `${github.issuer}?x` }),
      await github.token({ ...workflow, sub: '' }),
      await github.token({ ...workflow, sub: undefined }),
      await github.token({ ...workflow, nbf: Math.floor(Date.now() / 1000) + 600 }),
      await github.token({ ...workflow, exp: undefined }),
    ]
    for (const [at, each] of wrong.entries()) {
      assert.strictEqual(await tried(RoleArn, each), 'InvalidIdentityTokenException 400', `${at}`)
    }
    const expired = await github.token({ ...workflow, exp: Math.floor(Date.now() / 1000) - 60 })
    assert.strictEqual(await tried(RoleArn, expired), 'ExpiredTokenException 400')
    assert.strictEqual(await tried(RoleArn, 'x'), 'ValidationError 400')
    assert.strictEqual(await tried(RoleArn, 'x'.repeat(20_001)), 'ValidationError 400')
    const ProviderId = 'www.amazon.com'
    const oauth = assume({ RoleArn, WebIdentityToken: token, ProviderId })
    assert.strictEqual(await outcome(oauth), 'ValidationError 400')
  })

  test('a role that is not there says no more than one that does not trust', async () => {
    const WebIdentityToken = await github.token(workflow)
    const messages = new Set<string>()
    for (const RoleArn of [await addRole(keycloak), `arn:aws:iam::${id}:role/nothing`]) {
      await assert.rejects(assume({ RoleArn, WebIdentityToken }), (cause: Error) => {
        messages.add(`${cause.name}: ${cause.message}`)
        return true
      })
    }
    assert.deepStrictEqual([...messages], [`AccessDenied: Not authorized to perform ${action}`])
    const nowhere = 'arn:aws:iam::999999999999:role/nothing'
    assert.strictEqual(await tried(nowhere, WebIdentityToken), 'InvalidIdentityTokenException 400')
  })

  test('an issuer of one account is none of another', async () => {
    await addTenant(server, '210987654321')
    const other = new IdentityAccount(server, '210987654321')
    const provider = arnOf(github).replace(id, '210987654321')
    const trust = [trusting({ Federated: [arnOf(github), provider] }, action)]
    const RoleArn = await other.addRole('theirs', { trust })
    const token = await github.token(workflow)
    assert.strictEqual(await tried(RoleArn, token), 'InvalidIdentityTokenException 400')
    await other.put('oidcProvider', github.name, {
      ...{ url: github.name, clientIds: ['sts.amazonaws.com'], thumbprints: [] },
      ...{ tags: [], createdMs: 0 },
    })
    assert.strictEqual(await tried(RoleArn, token), 'done')
  })

  test('keys are kept, and looked for no more than now and then', async () => {
    const RoleArn = await addRole(github)
    await tried(RoleArn, await github.token(workflow))
    const asked = () => github.asked.filter((url) => !url.includes('token')).length
    const before = asked()
    for (let at = 0; at < 5; at += 1) {
      assert.strictEqual(await tried(RoleArn, await github.token(workflow)), 'done')
    }
    const { privateKey } = await generateKeyPair('RS256')
    for (let at = 0; at < 5; at += 1) {
      const stranger = await new SignJWT({ ...workflow, aud: 'x', iss: github.issuer })
        .setProtectedHeader({ alg: 'RS256', kid: `stranger-${at}` })
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey)
      assert.strictEqual(await tried(RoleArn, stranger), 'InvalidIdentityTokenException 400')
    }
    assert.strictEqual(asked(), before)
  })

  test('an issuer that does not answer is told as such, or leads where it may not', async () => {
    const gone = await OidcIssuer.start()
    await register(gone, ['sts.amazonaws.com'])
    const RoleArn = await addRole(gone)
    const token = await gone.token(workflow)
    await gone.stop()
    assert.strictEqual(await tried(RoleArn, token), 'IDPCommunicationErrorException 400')
    // Of https, addresses of this machine are not asked: nobody has said that issuers are there.
    const { privateKey } = await generateKeyPair('RS256')
    const inside = { name: gone.name }
    const forged = await new SignJWT({ ...workflow, iss: `https://${inside.name}` })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)
    assert.strictEqual(await tried(RoleArn, forged), 'IDPCommunicationErrorException 400')
  })
})
