// Users, roles and managed policies of a tenant of a server under test, put into its metadata as IAM's actions would, and
// AWS's clients for those who have credentials.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { S3Client } from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { sealSecret } from '../../gateway/access/keys/seal-secret.ts'
import { drawId } from '../../gateway/access/keys/session-token.ts'
import { iamArn } from '../../gateway/access/owner.ts'
import type {
  IdentityDocuments,
  IdentityEntry,
  IdentityKind,
  RoleDocument,
  UserDocument,
} from '../../metadata/identity-records.ts'
import { parseTenantId } from '../../metadata/record-ids.ts'
import type { TenantId } from '../../metadata/records.ts'
import { type RunningServer, serverKey, serverRegion } from './start-server.ts'

export type ClientCredentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export type StatementJson = Readonly<Record<string, unknown>>

export function policyOf(...statements: readonly StatementJson[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

export function allow(action: string | readonly string[], resource = '*'): StatementJson {
  return { Effect: 'Allow', Action: action, Resource: resource }
}

/** Statement of a trust policy. */
export function trusting(
  principal: StatementJson | string,
  action: string | readonly string[] = 'sts:AssumeRole',
  condition?: StatementJson,
): StatementJson {
  const statement = { Effect: 'Allow', Principal: principal, Action: action }
  return condition === undefined ? statement : { ...statement, Condition: condition }
}

type RoleParts = Partial<Pick<RoleDocument, 'sessionSecondsMax' | 'tags' | 'boundary' | 'path'>> & {
  readonly trust: readonly StatementJson[]
  readonly policy?: readonly StatementJson[]
}

export class IdentityAccount {
  readonly #server: RunningServer
  readonly tenantId: TenantId

  constructor(server: RunningServer, tenant = 'root') {
    const tenantId = parseTenantId(tenant)
    assert.ok(tenantId !== undefined)
    this.#server = server
    this.tenantId = tenantId
  }

  async put<Kind extends IdentityKind>(
    kind: Kind,
    name: string,
    document: IdentityDocuments[Kind],
  ): Promise<void> {
    const { identities } = this.#server.stores.metadata
    const ifRevision = await identities.revision(this.tenantId)
    const put = [{ kind, name, document } as IdentityEntry]
    const { is } = await identities.commit(this.tenantId, { ifRevision, put, remove: [] })
    assert.strictEqual(is, 'done')
  }

  async remove(kind: IdentityKind, name: string): Promise<void> {
    const { identities } = this.#server.stores.metadata
    const ifRevision = await identities.revision(this.tenantId)
    const remove = [{ kind, name }]
    await identities.commit(this.tenantId, { ifRevision, put: [], remove })
  }

  /** With a key of his own. */
  async addUser(
    name: string,
    policy: readonly StatementJson[] = [],
    parts: Partial<UserDocument> = {},
  ): Promise<ClientCredentials & { readonly arn: string }> {
    const accessKeyId = drawId('AKIA', randomBytes)
    const secretAccessKey = randomBytes(30).toString('base64')
    const { tenantId } = this
    const createdMs = Date.now()
    const user: UserDocument = {
      ...{
        id: drawId('AIDA', randomBytes, 17),
        name,
        path: '/',
        createdMs,
        attached: [],
        tags: [],
      },
      inline: policy.length === 0 ? [] : [{ name: 'own', document: policyOf(...policy) }],
      ...{ accessKeys: [{ accessKeyId, status: 'active', createdMs }], groups: [], ...parts },
    }
    await this.#server.stores.metadata.tenants.putAccessKey({
      ...{ accessKeyId, tenantId, userName: name, status: 'active', createdMs },
      sealedSecret: sealSecret(
        this.#server.masterKey,
        {
          name: { is: 'secretAccessKey', tenantId, accessKeyId },
          plaintext: Buffer.from(secretAccessKey),
        },
        randomBytes,
      ),
    })
    await this.put('user', name.toLowerCase(), user)
    return { accessKeyId, secretAccessKey, arn: iamArn(tenantId, 'user', user) }
  }

  /** Its ARN. */
  async addRole(name: string, { trust, policy = [], ...parts }: RoleParts): Promise<string> {
    const role: RoleDocument = {
      ...{ id: drawId('AROA', randomBytes, 17), name, path: '/', createdMs: Date.now() },
      ...{ attached: [], tags: [], description: '', sessionSecondsMax: 3600 },
      inline: policy.length === 0 ? [] : [{ name: 'own', document: policyOf(...policy) }],
      ...{ trust: policyOf(...trust), ...parts },
    }
    await this.put('role', name.toLowerCase(), role)
    return iamArn(this.tenantId, 'role', role)
  }

  /** Its ARN. */
  async addPolicy(name: string, ...statements: readonly StatementJson[]): Promise<string> {
    const createdMs = Date.now()
    const policy = {
      ...{ id: drawId('ANPA', randomBytes, 17), name, path: '/', createdMs, updatedMs: createdMs },
      ...{ description: '', tags: [], defaultVersion: 1, newest: 1 },
      versions: [{ number: 1, createdMs }],
    }
    const document = policyOf(...statements)
    await this.put('policyVersion', `${name.toLowerCase()}/v1`, { document })
    await this.put('policy', name.toLowerCase(), policy)
    return iamArn(this.tenantId, 'policy', policy)
  }
}

/** Of any of AWS's clients. */
export function clientOptions(
  { port }: Pick<RunningServer, 'port'>,
  credentials: ClientCredentials,
) {
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: serverRegion,
    credentials,
    // A retry would hide an answer that should not have been.
    maxAttempts: 1,
  }
}

export function stsFor(
  server: Pick<RunningServer, 'port'>,
  credentials: ClientCredentials = serverKey,
): STSClient {
  return new STSClient(clientOptions(server, credentials))
}

export function s3For(
  server: Pick<RunningServer, 'port'>,
  credentials: ClientCredentials = serverKey,
): S3Client {
  return new S3Client({ ...clientOptions(server, credentials), forcePathStyle: true })
}

/** As clients take them, out of an answer. */
export function credentialsOf({
  Credentials: given,
}: {
  readonly Credentials?:
    | {
        readonly AccessKeyId: string | undefined
        readonly SecretAccessKey: string | undefined
        readonly SessionToken: string | undefined
      }
    | undefined
}): Required<ClientCredentials> {
  assert.ok(given?.AccessKeyId && given.SecretAccessKey && given.SessionToken)
  return {
    accessKeyId: given.AccessKeyId,
    secretAccessKey: given.SecretAccessKey,
    sessionToken: given.SessionToken,
  }
}

/** `AccessDenied 403`, of what a client's call ended with; `done`. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'done'
  } catch (cause) {
    if (!(cause instanceof Error) || !('$metadata' in cause)) throw cause
    const { httpStatusCode } = cause.$metadata as { readonly httpStatusCode?: number }
    return `${cause.name} ${httpStatusCode}`
  }
}

export type FormAnswer = { readonly status: number; readonly body: string }

/** Posts any form that STS's client signs, also of actions that it does not know. */
export async function postForm(client: STSClient, form: string): Promise<FormAnswer> {
  const command = new GetCallerIdentityCommand({})
  let answer: FormAnswer | undefined
  command.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as { body: string; headers: Record<string, string> }
      request.body = form
      request.headers['content-length'] = String(Buffer.byteLength(form))
      return next(args)
    },
    { step: 'build', priority: 'low', name: 'otherForm' },
  )
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const response = result.response as { statusCode: number; body: Readable }
      answer = { status: response.statusCode, body: await text(response.body) }
      response.body = Readable.from(['<GetCallerIdentityResponse/>'])
      response.statusCode = 200
      return result
    },
    { step: 'deserialize', priority: 'low', name: 'rawAnswer' },
  )
  await client.send(command)
  assert.ok(answer !== undefined)
  return answer
}
