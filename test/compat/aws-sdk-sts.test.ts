// Temporary credentials as AWS's SDK and command line get and use them: in one process of the server and used in another, by a
// profile that names a role, and by a token in a file, as in a pod of Kubernetes.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import {
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts'
import { until } from '../support/bounded-wait.ts'
import { describe } from '../support/describe.ts'
import {
  allow,
  type ClientCredentials,
  credentialsOf,
  outcome,
  policyOf,
  postForm,
  s3For,
  trusting,
} from '../support/identity-account.ts'
import { OidcIssuer } from '../support/oidc-issuer.ts'
import { RunningServer, serverKey } from '../support/start-server.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { sdkFor } from './aws-sdk-client.ts'
import { ClientServer, clientKey, clientRegion, workerCounts } from './client-server.ts'
import { Client, describeWithClient } from './run-client.ts'

for (const workers of workerCounts) {
  describe(`sessions, ${workers} worker(s)`, (test) => {
    let server: ClientServer
    test.before(async () => {
      server = await ClientServer.start(workers)
      const s3 = sdkFor(server)
      await s3.send(new CreateBucketCommand({ Bucket: 'kept' }))
      await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'a', Body: 'a' }))
    })
    test.after(() => server.close())

    const sts = (credentials: ClientCredentials = clientKey) =>
      new STSClient({
        endpoint: server.endpoint,
        region: clientRegion,
        credentials,
        maxAttempts: 1,
      })
    const list = (credentials: ClientCredentials) => {
      // A client of its own has connections of its own, which other workers may get.
      const client = sdkFor(server, { credentials })
      return outcome(client.send(new ListObjectsV2Command({ Bucket: 'kept' })))
    }

    test('are good in every process of the server', async () => {
      const session = credentialsOf(await sts().send(new GetSessionTokenCommand({})))
      for (let at = 0; at < 8; at += 1) assert.strictEqual(await list(session), 'done')
      const who = await sts(session).send(new GetCallerIdentityCommand({}))
      assert.match(who.Arn ?? '', /^arn:aws:iam::\d{12}:root$/)
    })

    test('of a federated user are bounded by the policy that came with them', async () => {
      const ask = (Policy: string) =>
        sts().send(new GetFederationTokenCommand({ Name: 'ann', Policy }))
      const read = credentialsOf(await ask(policyOf(allow('s3:ListBucket'))))
      assert.strictEqual(await list(read), 'done')
      const put = new PutObjectCommand({ Bucket: 'kept', Key: 'b', Body: 'b' })
      const client = sdkFor(server, { credentials: read })
      assert.strictEqual(await outcome(client.send(put)), 'AccessDenied 403')
    })

    test('end in every process soon after they are revoked', async () => {
      const session = credentialsOf(await sts().send(new GetSessionTokenCommand({})))
      assert.strictEqual(await list(session), 'done')
      const form = 'Action=RevokeSessions&Version=2011-06-15&RootUser=true'
      assert.strictEqual((await postForm(sts(), form)).status, 200)
      await until({
        for: 'a revoked session to be refused by all',
        holds: async () => {
          const answers = await Promise.all(Array.from({ length: 12 }, () => list(session)))
          return answers.every((answer) => answer === 'ExpiredToken 400')
        },
      })
    })
  })
}

describeWithClient({ name: 'aws cli', probe: ['aws', '--version'] }, () => {
  describe('the AWS command line with roles', (test) => {
    let server: RunningServer
    let account: string
    let issuer: OidcIssuer
    let user: ClientCredentials & { readonly arn: string }
    let RoleArn: string
    const { path: folder, remove } = makeTemporaryDirectory()

    test.before(async () => {
      server = await RunningServer.start({ oidc: { issuers: 'public', http: true } })
      issuer = await OidcIssuer.start()
      const iam = async (...argv: readonly string[]) =>
        JSON.parse((await aws(keyOf(serverKey)).run('iam', ...argv)) || '{}')
      const { User } = await iam('create-user', '--user-name', 'ann')
      const { AccessKey } = await iam('create-access-key', '--user-name', 'ann')
      const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = AccessKey
      user = { accessKeyId, secretAccessKey, arn: User.Arn }
      account = User.Arn.split(':')[4]
      // Issuers have TLS; that this one has none is what the server was told.
      const { OpenIDConnectProviderArn } = await iam(
        ...['create-open-id-connect-provider', '--url', `https://${issuer.name}`],
        ...['--client-id-list', 'sts.amazonaws.com'],
      )
      const trust = policyOf(
        trusting({ AWS: user.arn }, ['sts:AssumeRole', 'sts:TagSession']),
        trusting({ Federated: OpenIDConnectProviderArn }, 'sts:AssumeRoleWithWebIdentity', {
          StringEquals: { [`${issuer.name}:sub`]: 'system:serviceaccount:jobs:reader' },
        }),
      )
      const { Role } = await iam(
        ...['create-role', '--role-name', 'Reader', '--assume-role-policy-document', trust],
      )
      RoleArn = Role.Arn
      await iam(
        ...['put-role-policy', '--role-name', 'Reader', '--policy-name', 'read'],
        ...['--policy-document', policyOf(allow(['s3:ListBucket', 's3:GetObject']))],
      )
      const s3 = s3For(server)
      await s3.send(new CreateBucketCommand({ Bucket: 'kept' }))
      await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'a', Body: 'a' }))
    })
    test.after(async () => {
      await issuer.stop()
      server.assertNoFailure()
      await server.stop()
      remove()
    })

    const aws = (env: Readonly<Record<string, string>>) =>
      new Client({
        command: ['aws', '--output', 'json'],
        cwd: folder,
        env: {
          ...{ PATH: process.env.PATH ?? '', HOME: folder, LANG: 'C.UTF-8' },
          ...{ AWS_DEFAULT_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' },
          AWS_ENDPOINT_URL: `http://127.0.0.1:${server.port}`,
          ...env,
        },
      })
    const keyOf = ({ accessKeyId, secretAccessKey, sessionToken }: ClientCredentials) => ({
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
    })

    test('assumes one, and is it', async () => {
      const printed = await aws(keyOf(user)).run(
        ...['sts', 'assume-role', '--role-arn', RoleArn, '--role-session-name', 'work'],
        ...['--tags', 'Key=Team,Value=x', '--transitive-tag-keys', 'Team'],
        ...['--duration-seconds', '900'],
      )
      const session = credentialsOf(JSON.parse(printed))
      const who = JSON.parse(await aws(keyOf(session)).run('sts', 'get-caller-identity'))
      assert.match(who.Arn, /:assumed-role\/Reader\/work$/)
      assert.match(await aws(keyOf(session)).run('s3', 'ls', 's3://kept/'), / 1 a/)
      const refused = await aws(keyOf(session)).fails('s3', 'rm', 's3://kept/a')
      assert.match(refused, /AccessDenied/)
      const chained = await aws(keyOf(session)).fails(
        ...['sts', 'assume-role', '--role-arn', RoleArn, '--role-session-name', 'more'],
      )
      assert.match(chained, /AccessDenied.*not authorized to perform: sts:AssumeRole/)
    })

    test('gets sessions of users', async () => {
      const own = JSON.parse(await aws(keyOf(user)).run('sts', 'get-session-token'))
      const who = await aws(keyOf(credentialsOf(own))).run('sts', 'get-caller-identity')
      assert.strictEqual(JSON.parse(who).Arn, user.arn)
      const info = await aws(keyOf(serverKey)).run(
        ...['sts', 'get-access-key-info', '--access-key-id', user.accessKeyId],
      )
      assert.strictEqual(JSON.parse(info).Account, account)
      const lent = await aws(keyOf(serverKey)).run(
        ...['sts', 'get-federation-token', '--name', 'bob'],
        ...['--policy', policyOf(allow('s3:ListBucket'))],
      )
      assert.match(
        await aws(keyOf(credentialsOf(JSON.parse(lent)))).run('s3', 'ls', 's3://kept/'),
        / 1 a/,
      )
    })

    test('takes the role that a profile names', async () => {
      const lines = [
        ...['[profile ann]', `aws_access_key_id = ${user.accessKeyId}`],
        ...[`aws_secret_access_key = ${user.secretAccessKey}`, 'region = us-east-1'],
        ...['[profile reader]', `role_arn = ${RoleArn}`, 'source_profile = ann'],
        ...['region = us-east-1', ''],
      ]
      writeFileSync(`${folder}/config`, lines.join('\n'))
      const reader = aws({ AWS_CONFIG_FILE: `${folder}/config`, AWS_PROFILE: 'reader' })
      const who = JSON.parse(await reader.run('sts', 'get-caller-identity'))
      assert.match(who.Arn, /:assumed-role\/Reader\//)
      assert.match(await reader.run('s3', 'ls', 's3://kept/'), / 1 a/)
    })

    test('takes the role for which there is a token in a file', async () => {
      const token = await issuer.token({ sub: 'system:serviceaccount:jobs:reader' })
      writeFileSync(`${folder}/token`, token)
      const tokenFile = {
        AWS_WEB_IDENTITY_TOKEN_FILE: `${folder}/token`,
        AWS_ROLE_ARN: RoleArn,
      }
      const pod = aws(tokenFile)
      assert.match(await pod.run('s3', 'ls', 's3://kept/'), / 1 a/)
      writeFileSync(`${folder}/token`, await issuer.token({ sub: 'system:serviceaccount:jobs:x' }))
      // Under the same name, the command line would take what it has kept.
      const another = aws({ ...tokenFile, AWS_ROLE_SESSION_NAME: 'another' })
      assert.match(await another.fails('s3', 'ls', 's3://kept/'), /AccessDenied/)
    })
  })
})
